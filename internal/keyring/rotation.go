package keyring

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

const (
	// publishedAhead is how long a key is published before it signs: everybody
	// who keeps the JWK Set as long as it says has fetched it anew by then. The
	// minute is for the transaction and for clocks of nodes that differ.
	publishedAhead = accesstoken.KeySetMaxAge + time.Minute
	// kept is how long a retired key verifies. The longest token is a
	// people-token. A node without the database does not hear of the rotation and
	// signs on for max_offline, 24 hours at most, tokens of 300 seconds.
	kept = accesstoken.MaxPersonTokenLifetime + 15*time.Minute
	// lookEvery is how often a node looks whether something is due. What is
	// looked at is memory.
	lookEvery = time.Minute
)

var _ lifecycle.KeyRing = (*Ring)(nil)

// Run rotates by the setting signing_key_rotation and removes keys whose last
// token has expired, until ctx ends. Each node runs it.
func (r *Ring) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := r.Maintain(ctx); err != nil && ctx.Err() == nil {
			r.logger.WarnContext(ctx, "the signing keys were not rotated or cleared; this is tried again in a minute", slog.Any("error", err))
		}
	}
}

// Maintain does what is due now. What is due is decided inside the transaction,
// which holds the lock of the head row: of any number of nodes that call it at
// once, or that slept in between, one does it and the others find it done.
func (r *Ring) Maintain(ctx context.Context) error {
	if due := r.state.Load().due; due.IsZero() || r.clock().Before(due) {
		return nil
	}
	fresh, err := r.NewKey()
	if err != nil {
		return err
	}
	err = r.store.ChangeSigningKeys(ctx, func(tx Tx) error {
		keys, err := tx.SigningKeys(ctx)
		if err != nil {
			return err
		}
		own := systemTx{tx, r.clock}
		if at := r.rotationDue(keys); !at.IsZero() && !r.clock().Before(at) {
			if err := r.rotate(ctx, own, keys, fresh); err != nil {
				return err
			}
		}
		return r.clear(ctx, own, keys)
	})
	if err != nil {
		return err
	}
	return r.Reload(ctx)
}

// due is the moment at which Maintain has something to do; zero: never.
func (r *Ring) due(keys []apicred.SigningKey) time.Time {
	due := r.rotationDue(keys)
	for _, k := range keys {
		if !k.ExpiresAt.IsZero() && (due.IsZero() || k.ExpiresAt.Before(due)) {
			due = k.ExpiresAt
		}
	}
	return due
}

// rotationDue is when the active key has signed as long as it should and the
// next one may take over; zero: never.
func (r *Ring) rotationDue(keys []apicred.SigningKey) time.Time {
	active, next := find(keys, apicred.SigningKeyActive), find(keys, apicred.SigningKeyNext)
	if r.rotation == 0 || active == nil || next == nil {
		return time.Time{}
	}
	due := active.NotBefore.Add(r.rotation)
	if due.Before(next.NotBefore) {
		return next.NotBefore
	}
	return due
}

func find(keys []apicred.SigningKey, status apicred.SigningKeyStatus) *apicred.SigningKey {
	i := slices.IndexFunc(keys, func(k apicred.SigningKey) bool { return k.Status == status })
	if i < 0 {
		return nil
	}
	return &keys[i]
}

// clear deletes keys whose last token has expired.
func (r *Ring) clear(ctx context.Context, tx lifecycle.KeyTx, keys []apicred.SigningKey) error {
	for i := range keys {
		if !keys[i].Ended(r.clock()) {
			continue
		}
		if err := tx.DeleteSigningKey(ctx, keys[i].KID); err != nil {
			return err
		}
		if err := tx.RecordKey(ctx, lifecycle.KeyEvent{Action: "signing_key.expire", KID: keys[i].KID, Before: recordOf(&keys[i])}); err != nil {
			return err
		}
	}
	return nil
}

// RotateKeys promotes the next key to sign, retires the one that signed, and
// publishes fresh as the next. Unless force is set, it is a conflict while
// others may keep a JWK Set without the next key.
func (r *Ring) RotateKeys(ctx context.Context, tx lifecycle.KeyTx, fresh apicred.SigningKey, force bool) error {
	keys, err := tx.SigningKeys(ctx)
	if err != nil {
		return err
	}
	if next := find(keys, apicred.SigningKeyNext); next != nil && !force && r.clock().Before(next.NotBefore) {
		return apicred.Conflict(fmt.Sprintf("The next key was published moments ago, and verifiers may not know it yet. Rotate again from %s on. "+
			"If a key has leaked, remove that key instead: then it stops at once.", next.NotBefore.UTC().Format(time.RFC3339)))
	}
	return r.rotate(ctx, tx, keys, fresh)
}

func (r *Ring) rotate(ctx context.Context, tx lifecycle.KeyTx, keys []apicred.SigningKey, fresh apicred.SigningKey) error {
	active, next := find(keys, apicred.SigningKeyActive), find(keys, apicred.SigningKeyNext)
	if active == nil || next == nil {
		return apicred.Internal(fmt.Errorf("of %d signing keys none is active, or none is next", len(keys)))
	}
	retired := *active
	retired.Status, retired.ExpiresAt = apicred.SigningKeyRetired, r.now().Add(kept)
	if err := tx.UpdateSigningKey(ctx, retired); err != nil {
		return err
	}
	promoted := r.promoted(next)
	if err := tx.UpdateSigningKey(ctx, promoted); err != nil {
		return err
	}
	err := tx.RecordKey(ctx, lifecycle.KeyEvent{
		Action: "signing_key.rotate", KID: next.KID,
		Before: succession{Active: recordOf(active), Next: recordOf(next)},
		After:  succession{Active: recordOf(&promoted), Retired: recordOf(&retired)},
	})
	if err != nil {
		return err
	}
	return r.publish(ctx, tx, fresh)
}

func (r *Ring) promoted(next *apicred.SigningKey) apicred.SigningKey {
	promoted := *next
	promoted.Status, promoted.NotBefore = apicred.SigningKeyActive, r.now()
	return promoted
}

// publish adds fresh as the next key. Its times count from this transaction, not
// from when it was made.
func (r *Ring) publish(ctx context.Context, tx lifecycle.KeyTx, fresh apicred.SigningKey) error {
	fresh.Status, fresh.CreatedAt = apicred.SigningKeyNext, r.now()
	fresh.NotBefore = fresh.CreatedAt.Add(publishedAhead)
	return r.insert(ctx, tx, fresh)
}

func (r *Ring) insert(ctx context.Context, tx lifecycle.KeyTx, key apicred.SigningKey) error {
	if err := tx.InsertSigningKey(ctx, key); err != nil {
		return err
	}
	return tx.RecordKey(ctx, lifecycle.KeyEvent{Action: "signing_key.create", KID: key.KID, After: recordOf(&key)})
}

// RemoveKey removes a key at once, with every token that it signed. In the place
// of the active one the next signs immediately: those who do not know it yet
// fetch the set anew, and that is better than a leaked key. Error: not_found.
func (r *Ring) RemoveKey(ctx context.Context, tx lifecycle.KeyTx, fresh apicred.SigningKey, kid string) error {
	keys, err := tx.SigningKeys(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(keys, func(k apicred.SigningKey) bool { return k.KID == kid })
	if i < 0 {
		return apicred.NotFound()
	}
	removed, next := keys[i], find(keys, apicred.SigningKeyNext)
	if err := tx.DeleteSigningKey(ctx, kid); err != nil {
		return err
	}
	event := lifecycle.KeyEvent{Action: "signing_key.delete", KID: kid, Before: recordOf(&removed)}
	if removed.Status == apicred.SigningKeyActive {
		if next == nil {
			return apicred.Internal(fmt.Errorf("there is no key to sign in the place of %s", kid))
		}
		promoted := r.promoted(next)
		if err := tx.UpdateSigningKey(ctx, promoted); err != nil {
			return err
		}
		event.After = succession{Active: recordOf(&promoted)}
	}
	if err := tx.RecordKey(ctx, event); err != nil || removed.Status == apicred.SigningKeyRetired {
		return err
	}
	return r.publish(ctx, tx, fresh)
}

// now is the present moment in the precision that is stored.
func (r *Ring) now() time.Time { return r.clock().UTC().Truncate(time.Microsecond) }

// keyRecord is what an audit event says of a key.
type keyRecord struct {
	KID       string                   `json:"kid"`
	Algorithm apicred.SigningAlgorithm `json:"alg"`
	Status    apicred.SigningKeyStatus `json:"status"`
	ExpiresAt *time.Time               `json:"expires_at,omitempty"`
}

// succession is what an audit event says of a change of the key that signs.
type succession struct {
	Active  *keyRecord `json:"active,omitempty"`
	Next    *keyRecord `json:"next,omitempty"`
	Retired *keyRecord `json:"retired,omitempty"`
}

func recordOf(k *apicred.SigningKey) *keyRecord {
	out := &keyRecord{KID: k.KID, Algorithm: k.Algorithm, Status: k.Status}
	if !k.ExpiresAt.IsZero() {
		end := k.ExpiresAt.UTC()
		out.ExpiresAt = &end
	}
	return out
}

// systemTx audits what the server does by itself.
type systemTx struct {
	Tx
	clock func() time.Time
}

// RecordKey implements lifecycle.KeyTx.
func (t systemTx) RecordKey(ctx context.Context, e lifecycle.KeyEvent) error {
	id, err := uuid.NewV7()
	if err != nil {
		return apicred.Internal(err)
	}
	event := apicred.AuditEvent{
		EventID: id.String(), At: t.clock(), ActorType: apicred.ActorSystem, Action: e.Action,
		TargetType: apicred.TargetSigningKey, TargetID: e.KID, Outcome: apicred.OutcomeDone, Count: 1,
	}
	if event.Before, err = auditJSON(e.Before); err != nil {
		return err
	}
	if event.After, err = auditJSON(e.After); err != nil {
		return err
	}
	return t.Record(ctx, event)
}

func auditJSON(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, apicred.Internal(err)
	}
	return text, nil
}
