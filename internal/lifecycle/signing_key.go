package lifecycle

import (
	"context"
	"slices"

	"github.com/claviger/claviger/internal/apicred"
)

// KeyRing makes signing keys and moves them (internal/keyring).
type KeyRing interface {
	// NewKey makes a key of the configured algorithm. An RSA key may take a
	// second: call it outside a transaction.
	NewKey() (apicred.SigningKey, error)
	// RotateKeys promotes the next key and publishes fresh behind it; conflict
	// while verifiers may not know the next key yet, unless force.
	RotateKeys(ctx context.Context, tx KeyTx, fresh apicred.SigningKey, force bool) error
	// RemoveKey removes a key at once. Where it was active the next one signs;
	// fresh becomes the next where none is left. Error: not_found.
	RemoveKey(ctx context.Context, tx KeyTx, fresh apicred.SigningKey, kid string) error
}

// KeyTx is a transaction as a KeyRing sees it.
type KeyTx interface {
	SigningKeys(ctx context.Context) ([]apicred.SigningKey, error)
	InsertSigningKey(ctx context.Context, k apicred.SigningKey) error
	// UpdateSigningKey writes status, not-before and end.
	UpdateSigningKey(ctx context.Context, k apicred.SigningKey) error
	DeleteSigningKey(ctx context.Context, kid string) error
	// RecordKey audits a step in the name of whoever asked for it.
	RecordKey(ctx context.Context, e KeyEvent) error
}

// KeyEvent is what the audit log says of one step.
type KeyEvent struct {
	Action        string // as "signing_key.rotate"
	KID           string
	Before, After any // nil: absent
}

// keyTx audits in the actor's name.
type keyTx struct {
	Tx
	service *Service
	actor   *apicred.Actor
}

// RecordKey implements KeyTx.
func (t keyTx) RecordKey(ctx context.Context, e KeyEvent) error {
	return t.service.record(ctx, t.Tx, t.actor, recorded{
		action: e.Action, target: apicred.TargetSigningKey, id: e.KID, before: e.Before, after: e.After,
	})
}

// SigningKeys lists the published signing keys, oldest first. They belong to the
// installation: only the operator account's admins may see them, and the
// operator at the machine. Errors: not_found, forbidden (the token's scope).
func (s *Service) SigningKeys(ctx context.Context, actor apicred.Actor) ([]apicred.SigningKey, error) {
	var keys []apicred.SigningKey
	err := s.store.View(ctx, func(r Reader) error {
		if err := s.keyRight(ctx, r, &actor, recorded{action: "signing_key.list"}); err != nil {
			return err
		}
		var err error
		keys, err = s.publishedKeys(ctx, r)
		return err
	})
	return keys, err
}

// publishedKeys leaves out those whose last token has expired, which wait for
// being cleared.
func (s *Service) publishedKeys(ctx context.Context, r Reader) ([]apicred.SigningKey, error) {
	keys, err := r.SigningKeys(ctx)
	now := s.now()
	return slices.DeleteFunc(keys, func(k apicred.SigningKey) bool { return k.Ended(now) }), err
}

// RotateSigningKeys makes the next key sign and returns the keys as they are
// then. Errors: as SigningKeys; conflict when the next key was published too
// short a time ago, unless force.
func (s *Service) RotateSigningKeys(ctx context.Context, actor apicred.Actor, force bool) ([]apicred.SigningKey, error) {
	return s.changeKeys(ctx, actor, recorded{action: "signing_key.rotate"}, func(tx keyTx, fresh apicred.SigningKey) error {
		return s.keys.RotateKeys(ctx, tx, fresh, force)
	})
}

// RemoveSigningKey removes a key at once, and with it every token that it
// signed: the emergency. It returns the keys as they are then. Errors: as
// SigningKeys, and not_found for a key that is not there.
func (s *Service) RemoveSigningKey(ctx context.Context, actor apicred.Actor, kid string) ([]apicred.SigningKey, error) {
	return s.changeKeys(ctx, actor, recorded{action: "signing_key.delete", id: kid}, func(tx keyTx, fresh apicred.SigningKey) error {
		return s.keys.RemoveKey(ctx, tx, fresh, kid)
	})
}

func (s *Service) changeKeys(ctx context.Context, actor apicred.Actor, attempt recorded, do func(keyTx, apicred.SigningKey) error) ([]apicred.SigningKey, error) {
	// Asked before a key is made, which costs, and again where it counts.
	err := s.store.View(ctx, func(r Reader) error { return s.keyRight(ctx, r, &actor, attempt) })
	if err != nil {
		return nil, err
	}
	fresh, err := s.keys.NewKey()
	if err != nil {
		return nil, err
	}
	var keys []apicred.SigningKey
	err = s.change(ctx, func(tx Tx) error {
		if err := s.keyRight(ctx, tx, &actor, attempt); err != nil {
			return err
		}
		if err := do(keyTx{tx, s, &actor}, fresh); err != nil {
			return err
		}
		keys, err = s.publishedKeys(ctx, tx)
		return err
	})
	return keys, err
}

// keyRight decides by role, then by existence where the attempt names a key,
// then by the acting token's scope (contract.md "Order of refusals").
func (s *Service) keyRight(ctx context.Context, r Reader, actor *apicred.Actor, attempt recorded) error {
	if actor.Type == apicred.ActorOperator {
		return nil
	}
	attempt.target = apicred.TargetSigningKey
	f, err := s.facts(ctx, r, actor)
	if err != nil {
		return err
	}
	if !f.account.Operator || accountActor(actor) || actor.Role != apicred.RoleAdmin {
		s.refuse(actor, "signing_keys", attempt)
		return apicred.NotFound()
	}
	if attempt.id != "" {
		keys, err := s.publishedKeys(ctx, r)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(keys, func(k apicred.SigningKey) bool { return k.KID == attempt.id }) {
			return apicred.NotFound()
		}
	}
	return s.needScope(actor, apicred.ScopeKeysWrite, attempt)
}
