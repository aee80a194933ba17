package keyring

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// NewKey makes a key of the configured algorithm with its private part sealed,
// bound to its kid. It is the next one until it is put elsewhere. An RSA key may
// take a second: call this outside a transaction.
func (r *Ring) NewKey() (apicred.SigningKey, error) {
	private, err := generate(r.algorithm)
	if err != nil {
		return apicred.SigningKey{}, apicred.Internal(err)
	}
	described, err := newJWK(private.Public())
	if err != nil {
		return apicred.SigningKey{}, apicred.Internal(err)
	}
	published, err := json.Marshal(described)
	if err != nil {
		return apicred.SigningKey{}, apicred.Internal(err)
	}
	encoded, err := encodePrivate(private)
	if err != nil {
		return apicred.SigningKey{}, apicred.Internal(err)
	}
	now := r.now()
	return apicred.SigningKey{
		KID: described.KID, Algorithm: described.Algorithm, Status: apicred.SigningKeyNext, PublicJWK: published,
		Sealed: r.master.Seal(purposeSigningKey, encoded, []byte(described.KID)), MasterKeyID: r.master.ID(),
		CreatedAt: now, NotBefore: now,
	}, nil
}

// mend makes the stored keys what the configuration wants: an active and a next
// key, the next of the configured algorithm, everything sealed under the current
// master key. Other nodes may start at the same time, so what is wanting is
// looked up again inside the transaction.
func (r *Ring) mend(ctx context.Context) error {
	keys, err := r.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	// Before anything is changed: with a wrong master key nothing may be.
	if err := r.opens(keys); err != nil {
		return err
	}
	if !r.wanting(keys) {
		return nil
	}
	var spare []apicred.SigningKey
	for range r.keysWanting(keys) {
		key, err := r.NewKey()
		if err != nil {
			return err
		}
		spare = append(spare, key)
	}
	return r.store.ChangeSigningKeys(ctx, func(tx Tx) error {
		keys, err := tx.SigningKeys(ctx)
		if err != nil {
			return err
		}
		own := systemTx{tx, r.clock}
		if err := r.reseal(ctx, own, keys); err != nil {
			return err
		}
		return r.fill(ctx, own, keys, slices.Clone(spare))
	})
}

// opens tells whether the master key opens every key that signs or will.
func (r *Ring) opens(keys []apicred.SigningKey) error {
	for i := range keys {
		if err := r.take(&ringState{}, &keys[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Ring) wanting(keys []apicred.SigningKey) bool {
	return r.keysWanting(keys) > 0 || slices.ContainsFunc(keys, r.sealedUnderOld)
}

// keysWanting is how many keys must be made.
func (r *Ring) keysWanting(keys []apicred.SigningKey) int {
	n := 0
	if find(keys, apicred.SigningKeyActive) == nil {
		n++
	}
	if next := find(keys, apicred.SigningKeyNext); next == nil || next.Algorithm != r.algorithm {
		n++
	}
	return n
}

// sealedUnderOld leaves retired keys out: their private part is used no more.
func (r *Ring) sealedUnderOld(k apicred.SigningKey) bool {
	return k.Status != apicred.SigningKeyRetired && k.MasterKeyID != r.master.ID()
}

// fill puts spare keys where one is wanting.
func (r *Ring) fill(ctx context.Context, tx systemTx, keys, spare []apicred.SigningKey) error {
	take := func() (apicred.SigningKey, error) {
		if len(spare) == 0 { // another node removed one meanwhile
			return r.NewKey()
		}
		key := spare[0]
		spare = spare[1:]
		return key, nil
	}
	first := len(keys) == 0
	if find(keys, apicred.SigningKeyActive) == nil {
		key, err := take()
		if err != nil {
			return err
		}
		key.Status = apicred.SigningKeyActive
		if err := r.insert(ctx, tx, key); err != nil {
			return err
		}
	}
	next := find(keys, apicred.SigningKeyNext)
	if next != nil && next.Algorithm == r.algorithm {
		return nil
	}
	key, err := take()
	if err != nil {
		return err
	}
	if first {
		// Nobody can have a JWK Set that has the first key without the second.
		return r.insert(ctx, tx, key)
	}
	if next != nil {
		if err := r.withdraw(ctx, tx, next); err != nil {
			return err
		}
	}
	return r.publish(ctx, tx, key)
}

// withdraw removes a next key, which has signed nothing.
func (r *Ring) withdraw(ctx context.Context, tx systemTx, next *apicred.SigningKey) error {
	if err := tx.DeleteSigningKey(ctx, next.KID); err != nil {
		return err
	}
	return tx.RecordKey(ctx, lifecycle.KeyEvent{Action: "signing_key.delete", KID: next.KID, Before: recordOf(next)})
}

// masterRecord is what an audit event says of a key sealed anew.
type masterRecord struct {
	MasterKeyID string `json:"master_key_id"`
}

// reseal seals what an old master key sealed under the current one, so that the
// old one can be taken out of the configuration.
func (r *Ring) reseal(ctx context.Context, tx systemTx, keys []apicred.SigningKey) error {
	for _, key := range keys {
		if !r.sealedUnderOld(key) {
			continue
		}
		encoded, err := r.master.Open(purposeSigningKey, key.Sealed, []byte(key.KID))
		if err != nil {
			return ErrMasterKey
		}
		event := lifecycle.KeyEvent{
			Action: "signing_key.reseal", KID: key.KID, Before: masterRecord{key.MasterKeyID}, After: masterRecord{r.master.ID()},
		}
		key.Sealed, key.MasterKeyID = r.master.Seal(purposeSigningKey, encoded, []byte(key.KID)), r.master.ID()
		if err := tx.ResealSigningKey(ctx, key); err != nil {
			return err
		}
		if err := tx.RecordKey(ctx, event); err != nil {
			return err
		}
	}
	return nil
}
