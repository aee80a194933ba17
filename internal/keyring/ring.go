package keyring

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
)

const purposeSigningKey = "signing key"

// Options are what a Ring works with. Store and Master are required.
type Options struct {
	Store  Store
	Master *Master
	Clock  func() time.Time // nil: time.Now
	// Algorithm of the keys made from now on; empty: ES256.
	Algorithm apicred.SigningAlgorithm
	// Rotation is how long a key signs; 0: until somebody rotates.
	Rotation time.Duration
	Logger   *slog.Logger // nil discards
}

// Ring is the set of signing keys in force. It is read without a lock and safe
// for concurrent use.
type Ring struct {
	store     Store
	master    *Master
	clock     func() time.Time
	algorithm apicred.SigningAlgorithm
	rotation  time.Duration
	logger    *slog.Logger
	state     atomic.Pointer[ringState]
}

var _ accesstoken.Signer = (*Ring)(nil)

// ringState is one immutable reading of the keys.
type ringState struct {
	active accesstoken.SigningKey
	keys   []publishedKey // published ones, oldest first
	jwks   []byte
	until  time.Time // when the first of keys ends; zero: none does
	// due is when Maintain has something to do; zero: never.
	due  time.Time
	life Life
}

// Life is what the operator's metrics tell of the signing keys.
type Life struct {
	// SigningSince is when the active key began to sign; Rotation when the next
	// one takes over, zero: only when somebody rotates.
	SigningSince, Rotation time.Time
	// Keys counts the stored keys by status.
	Keys map[apicred.SigningKeyStatus]int
}

// Life describes the keys that were last read. Do not change its map.
func (r *Ring) Life() Life { return r.state.Load().life }

type publishedKey struct {
	jwk     jwk
	public  accesstoken.PublicKey
	expires time.Time // of retired ones; zero: no end yet
}

// Open reads the signing keys. At the very first start it makes one that signs
// and the next one, which is published long before it will. Where the next one
// is of another algorithm than the configured one, another takes its place; what
// an old master key sealed is sealed anew. A master key that does not open the
// keys gives ErrMasterKey.
func Open(ctx context.Context, o Options) (*Ring, error) {
	r := newRing(o)
	return r, r.Mend(ctx)
}

// Recall returns a ring of keys that were stored when the database last answered;
// it is not asked. Call Mend when it answers again. Error: ErrMasterKey.
func Recall(o Options, keys []apicred.SigningKey) (*Ring, error) {
	r := newRing(o)
	return r, r.use(keys)
}

func newRing(o Options) *Ring {
	r := &Ring{store: o.Store, master: o.Master, clock: o.Clock, algorithm: o.Algorithm, rotation: o.Rotation, logger: o.Logger}
	if r.clock == nil {
		r.clock = time.Now
	}
	if r.algorithm == "" {
		r.algorithm = apicred.AlgorithmES256
	}
	if r.logger == nil {
		r.logger = slog.New(slog.DiscardHandler)
	}
	return r
}

// Mend makes the stored keys what the configuration wants, as Open does, and
// reads them.
func (r *Ring) Mend(ctx context.Context) error {
	if err := r.mend(ctx); err != nil {
		return err
	}
	return r.Reload(ctx)
}

// Reload reads the keys anew; call it when the feed says that they changed. On
// an error the keys read before stay in force.
func (r *Ring) Reload(ctx context.Context) error {
	keys, err := r.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	return r.use(keys)
}

// use puts keys in force.
func (r *Ring) use(keys []apicred.SigningKey) error {
	state := &ringState{due: r.due(keys), life: Life{Rotation: r.rotationDue(keys), Keys: map[apicred.SigningKeyStatus]int{}}}
	for i := range keys {
		state.life.Keys[keys[i].Status]++
		if keys[i].Status == apicred.SigningKeyActive {
			state.life.SigningSince = keys[i].NotBefore
		}
		if err := r.take(state, &keys[i]); err != nil {
			return err
		}
	}
	if state.active == nil {
		return apicred.Internal(fmt.Errorf("none of %d signing keys is active", len(keys)))
	}
	r.state.Store(state.at(r.clock()))
	return nil
}

// take adds a stored key to a state.
func (r *Ring) take(state *ringState, key *apicred.SigningKey) error {
	described, public, err := parseJWK(key.PublicJWK, key.KID)
	if err != nil {
		return apicred.Internal(fmt.Errorf("signing key %s: %w", key.KID, err))
	}
	// Every key is opened, not only the one that signs: a wrong master key must
	// show at start, not on the day of the next rotation.
	if key.Status != apicred.SigningKeyRetired {
		private, err := r.openPrivate(key, public)
		if err != nil {
			return err
		}
		if key.Status == apicred.SigningKeyActive {
			if state.active, err = newSigner(private, described); err != nil {
				return apicred.Internal(err)
			}
		}
	}
	published := publishedKey{jwk: described}
	if published.public, err = r.verifier(key.KID, public); err != nil {
		return apicred.Internal(err)
	}
	if key.Status == apicred.SigningKeyRetired {
		published.expires = key.ExpiresAt
	}
	state.keys = append(state.keys, published)
	return nil
}

// verifier is the one that the reading before had, where it had one: verified
// tokens are remembered with it, and a rotation must not make every node verify
// every token anew.
func (r *Ring) verifier(kid string, public crypto.PublicKey) (accesstoken.PublicKey, error) {
	if before := r.state.Load(); before != nil {
		for _, k := range before.keys {
			if k.jwk.KID == kid {
				return k.public, nil
			}
		}
	}
	return newVerifier(public)
}

// openPrivate opens the private part of a key, whose public part is known.
func (r *Ring) openPrivate(key *apicred.SigningKey, public crypto.PublicKey) (crypto.Signer, error) {
	encoded, err := r.master.Open(purposeSigningKey, key.Sealed, []byte(key.KID))
	if err != nil {
		return nil, ErrMasterKey
	}
	private, err := parsePrivate(key.Algorithm, encoded)
	if err != nil {
		return nil, apicred.Internal(fmt.Errorf("signing key %s: %w", key.KID, err))
	}
	if same, ok := private.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(public) {
		return nil, apicred.Internal(fmt.Errorf("signing key %s: private and public part differ", key.KID))
	}
	return private, nil
}

// at returns the state without the keys that have ended.
func (s *ringState) at(now time.Time) *ringState {
	current := &ringState{active: s.active, due: s.due, life: s.life}
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
