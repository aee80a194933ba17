package keyring

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
)

const purposeSigningKey = "signing key"

// Ring is the set of signing keys in force. It is read without a lock and safe
// for concurrent use.
type Ring struct {
	store  Store
	master *Master
	clock  func() time.Time
	state  atomic.Pointer[ringState]
}

var _ accesstoken.Signer = (*Ring)(nil)

// ringState is one immutable reading of the keys.
type ringState struct {
	active *signingKey
	keys   []publishedKey // published ones, oldest first
	jwks   []byte
	until  time.Time // when the first of keys ends; zero: none does
}

type publishedKey struct {
	jwk     jwk
	public  *publicKey
	expires time.Time // of retired ones; zero: no end yet
}

// Open reads the signing keys. At the very first start it makes one that signs
// and the next one, which is published long before it will. A master key that
// does not open them gives ErrMasterKey.
func Open(ctx context.Context, store Store, master *Master, clock func() time.Time) (*Ring, error) {
	r := &Ring{store: store, master: master, clock: clock}
	records, err := store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	if len(missing(records)) > 0 {
		if err := r.makeKeys(ctx); err != nil {
			return nil, err
		}
	}
	return r, r.Reload(ctx)
}

// missing returns the statuses that some key must have and none has.
func missing(records []Record) []Status {
	var none []Status
	for _, s := range []Status{StatusActive, StatusNext} {
		if !slices.ContainsFunc(records, func(r Record) bool { return r.Status == s }) {
			none = append(none, s)
		}
	}
	return none
}

// makeKeys adds the keys that are missing. Other nodes may start at the same
// time: what is missing is looked up again inside the transaction.
func (r *Ring) makeKeys(ctx context.Context) error {
	fresh := map[Status]Record{}
	for _, s := range []Status{StatusActive, StatusNext} {
		record, err := r.newRecord(s)
		if err != nil {
			return apicred.Internal(err)
		}
		fresh[s] = record
	}
	return r.store.ChangeSigningKeys(ctx, func(tx Tx) error {
		records, err := tx.SigningKeys(ctx)
		if err != nil {
			return err
		}
		for _, s := range missing(records) {
			if err := tx.InsertSigningKey(ctx, fresh[s]); err != nil {
				return err
			}
			if err := tx.Record(ctx, created(fresh[s])); err != nil {
				return err
			}
		}
		return nil
	})
}

// newRecord makes a key and seals its private part, bound to its kid.
func (r *Ring) newRecord(status Status) (Record, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Record{}, err
	}
	public, err := newJWK(&private.PublicKey)
	if err != nil {
		return Record{}, err
	}
	published, err := json.Marshal(public)
	if err != nil {
		return Record{}, err
	}
	scalar, err := private.Bytes()
	if err != nil {
		return Record{}, err
	}
	now := r.clock()
	return Record{
		KID: public.KID, Algorithm: algorithmES256, Status: status, PublicJWK: published,
		Sealed: r.master.Seal(purposeSigningKey, scalar, []byte(public.KID)), MasterKeyID: r.master.ID(),
		CreatedAt: now, NotBefore: now,
	}, nil
}

func created(r Record) apicred.AuditEvent {
	after, err := json.Marshal(map[string]string{"kid": r.KID, "alg": r.Algorithm, "status": string(r.Status)})
	if err != nil {
		panic(err) // strings always encode
	}
	return apicred.AuditEvent{
		EventID: uuid.Must(uuid.NewV7()).String(), At: r.CreatedAt, ActorType: apicred.ActorSystem,
		Action: "signing_key.create", TargetType: apicred.TargetSigningKey, TargetID: r.KID,
		Outcome: apicred.OutcomeDone, Count: 1, After: after,
	}
}

// Reload reads the keys anew; call it when the feed says that they changed. On
// an error the keys read before stay in force.
func (r *Ring) Reload(ctx context.Context) error {
	records, err := r.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	state := &ringState{}
	for i := range records {
		if err := r.take(state, &records[i]); err != nil {
			return err
		}
	}
	if state.active == nil {
		return apicred.Internal(fmt.Errorf("none of %d signing keys is active", len(records)))
	}
	r.state.Store(state.at(r.clock()))
	return nil
}

// take adds a stored key to a state.
func (r *Ring) take(state *ringState, record *Record) error {
	described, public, err := parseJWK(record.PublicJWK, record.KID)
	if err != nil {
		return apicred.Internal(fmt.Errorf("signing key %s: %w", record.KID, err))
	}
	// Every key is opened, not only the one that signs: a wrong master key must
	// show at start, not on the day of the next rotation.
	if record.Status != StatusRetired {
		scalar, err := r.master.Open(purposeSigningKey, record.Sealed, []byte(record.KID))
		if err != nil {
			return ErrMasterKey
		}
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
		if err != nil || !private.PublicKey.Equal(public) {
			return apicred.Internal(fmt.Errorf("signing key %s: private and public part differ", record.KID))
		}
		if record.Status == StatusActive {
			state.active = newSigningKey(private, record.KID)
		}
	}
	key := publishedKey{jwk: described, public: &publicKey{public}}
	if record.Status == StatusRetired {
		key.expires = record.ExpiresAt
	}
	state.keys = append(state.keys, key)
	return nil
}

// at returns the state without the keys that have ended.
func (s *ringState) at(now time.Time) *ringState {
	current := &ringState{active: s.active}
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, k := range s.keys {
		if !k.expires.IsZero() {
			if !now.Before(k.expires) {
				continue
			}
			if current.until.IsZero() || k.expires.Before(current.until) {
				current.until = k.expires
			}
		}
		current.keys = append(current.keys, k)
		set.Keys = append(set.Keys, k.jwk)
	}
	encoded, err := json.Marshal(set)
	if err != nil {
		panic(err) // strings always encode
	}
	current.jwks = encoded
	return current
}

// present returns the keys in force now.
func (r *Ring) present() *ringState {
	s := r.state.Load()
	if s.until.IsZero() || r.clock().Before(s.until) {
		return s
	}
	current := s.at(r.clock())
	r.state.CompareAndSwap(s, current)
	return current
}

// Current returns the key that signs.
func (r *Ring) Current() accesstoken.SigningKey { return r.state.Load().active }

// Public finds a published key by its kid.
func (r *Ring) Public(kid string) (accesstoken.PublicKey, bool) {
	for _, k := range r.present().keys { // a handful
		if k.jwk.KID == kid {
			return k.public, true
		}
	}
	return nil, false
}

// JWKSet returns the published keys as a JWK Set (RFC 7517 section 5): the one
// that signs, the next one, and retired ones until their last token has
// expired. The slice is shared: do not change it.
func (r *Ring) JWKSet() []byte { return r.present().jwks }
