package accesstoken

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// entry is a credential as the hot path needs it, small because a million of
// them are kept. It is replaced, never changed, but for lastUse and plan.
type entry struct {
	id      uid
	account *accountCell
	owner   *memberCell // nil for account-level
	holding *holding
	// plan is the last plan worked out for this entry; checked before use.
	plan       atomic.Pointer[plan]
	rare       *rare
	generation int64
	expires    int64 // Unix microseconds; 0: never
	lastUse    int64 // Unix seconds, atomic: the last use written or due
	lifetime   int32 // seconds; 0: the server's
	flags      flags
	secret     secretSlot // the first; the others are in rare
}

// rare holds what few credentials have.
type rare struct {
	secrets []secretSlot // those after the first
	ranges  []netip.Prefix
	limiter *rate.Limiter
	api     string        // the API that introspects with it
	keys    *proof.KeySet // that it signs assertions with; nil: none
	subject string        // name in its certificate (tls_client_auth); empty: none
}

// secretSlot is one secret's keyed hash.
type secretSlot struct {
	sum     SecretSum
	id      uid
	created int64 // Unix microseconds
	expires int64 // Unix microseconds; 0: never
	lastUse int64 // Unix seconds, atomic
	pepper  int8  // index; noPepper when the slot is empty or its pepper is gone
}

const noPepper = -1

type flags uint16

const (
	flagDisabled flags = 1 << iota
	flagSuspendedOwner
	flagSuspendedScopes
	flagSuspendedRestored
	flagOtherMethod // authenticates by something else than a client secret
)

// holding is a list of scopes, shared by every credential that holds the same.
type holding struct {
	scopes []string // sorted
	// management: nothing but claviger: scopes are held.
	management bool
}

// newEntry packs a record. IDs must be UUIDs in their usual spelling: a
// credential that cannot be found by its ID must not be half loaded.
func newEntry(r *CredentialRecord, hasher Hasher) (*entry, error) {
	c := &r.Credential
	id, ok := parseUID(c.ClientID)
	if !ok {
		return nil, fmt.Errorf("client ID %q is not a UUID", c.ClientID)
	}
	if len(r.Secrets) > apicred.MaxSecrets {
		return nil, fmt.Errorf("client ID %s has %d secrets", c.ClientID, len(r.Secrets))
	}
	e := &entry{
		id: id, generation: c.Generation, expires: micros(c.ExpiresAt), flags: flagsOf(c),
		lifetime: int32(min(c.TokenLifetime/time.Second, 1<<30)), //nolint:gosec // bounded on the line itself
		secret:   secretSlot{pepper: noPepper},
	}
	if !c.LastUsedAt.IsZero() {
		e.lastUse = c.LastUsedAt.Unix()
	}
	var more []secretSlot
	var err error
	for i := range r.Secrets {
		slot, err := newSecretSlot(&r.Secrets[i], hasher)
		if err != nil {
			return nil, fmt.Errorf("client ID %s: %w", c.ClientID, err)
		}
		if i == 0 {
			e.secret = slot
		} else {
			more = append(more, slot)
		}
	}
	if len(more) > 0 || len(c.AllowedCIDRs) > 0 || c.RequestsPerSecond > 0 || c.API != "" || c.KeySet != "" || c.TLSClientSubject != "" {
		e.rare = &rare{secrets: more, ranges: slices.Clone(c.AllowedCIDRs), api: strings.Clone(c.API)}
		if c.AuthenticationMethod == apicred.AuthenticationTLSClientAuth {
			e.rare.subject = strings.Clone(c.TLSClientSubject)
		}
		if e.rare.keys, err = keysOf(c); err != nil {
			return nil, err
		}
		if c.RequestsPerSecond > 0 {
			e.rare.limiter = rate.NewLimiter(rate.Limit(c.RequestsPerSecond), 2*c.RequestsPerSecond)
		}
	}
	return e, nil
}

// keysOf reads the keys that a credential signs with; nil when it has none.
func keysOf(c *apicred.Credential) (*proof.KeySet, error) {
	if c.AuthenticationMethod != apicred.AuthenticationPrivateKeyJWT {
		return nil, nil //nolint:nilnil // most have none
	}
	set, _ := proof.ParseKeySet([]byte(c.KeySet))
	if set == nil {
		return nil, fmt.Errorf("client ID %s has keys that cannot be read", c.ClientID)
	}
	return set, nil
}

func newSecretSlot(s *apicred.Secret, hasher Hasher) (secretSlot, error) {
	id, ok := parseUID(s.ID)
	if !ok {
		return secretSlot{}, fmt.Errorf("secret ID %q is not a UUID", s.ID)
	}
	slot := secretSlot{id: id, created: micros(s.CreatedAt), expires: micros(s.ExpiresAt), pepper: noPepper}
	if !s.LastUsedAt.IsZero() {
		slot.lastUse = s.LastUsedAt.Unix()
	}
	if i := hasher.PepperIndex(s.PepperID); i >= 0 && i < maxPeppers && copy(slot.sum[:], s.Hash) == len(slot.sum) && len(s.Hash) == len(slot.sum) {
		slot.pepper = int8(i)
	}
	return slot, nil
}

// expired tells whether the secret's end has come, or it has grown older than
// maxAge, the account's bound (0: none). It says what apicred.Secret.EndUnder says.
func (s *secretSlot) expired(maxAge time.Duration, now time.Time) bool {
	at := now.UnixMicro()
	return s.expires != 0 && at >= s.expires || maxAge > 0 && at-s.created >= maxAge.Microseconds()
}

func flagsOf(c *apicred.Credential) flags {
	var f flags
	if c.Disabled() {
		f |= flagDisabled
	}
	switch c.Suspension {
	case apicred.SuspensionNone:
	case apicred.SuspensionOwner:
		f |= flagSuspendedOwner
	case apicred.SuspensionScopes:
		f |= flagSuspendedScopes
	default: // an unknown reason suspends too
		f |= flagSuspendedRestored
	}
	if c.AuthenticationMethod != apicred.AuthenticationClientSecret {
		f |= flagOtherMethod
	}
	return f
}

// keepFrom carries over what belongs to the credential's use, not to its row:
// the rate limiter, and when a use was last written.
func (e *entry) keepFrom(old *entry) {
	e.lastUse = max(e.lastUse, atomic.LoadInt64(&old.lastUse))
	for i := range e.secretCount() {
		slot := e.slot(i)
		for j := range old.secretCount() {
			if from := old.slot(j); from.id == slot.id {
				slot.lastUse = max(slot.lastUse, atomic.LoadInt64(&from.lastUse))
			}
		}
	}
	if e.rare == nil || e.rare.limiter == nil || old.rare == nil || old.rare.limiter == nil {
		return
	}
	if old.rare.limiter.Limit() == e.rare.limiter.Limit() {
		e.rare.limiter = old.rare.limiter
	}
}

// ownerNow is the owner's membership; nil without one.
func (e *entry) ownerNow() *Member {
	if e.owner == nil {
		return nil
	}
	return e.owner.now.Load()
}

func (e *entry) secretCount() int {
	if e.rare == nil {
		return 1
	}
	return 1 + len(e.rare.secrets)
}

// slot returns the i-th secret, or nil behind the last.
func (e *entry) slot(i int) *secretSlot {
	if i == 0 {
		return &e.secret
	}
	if e.rare == nil || i > len(e.rare.secrets) {
		return nil
	}
	return &e.rare.secrets[i-1]
}

func (e *entry) ranges() []netip.Prefix {
	if e.rare == nil {
		return nil
	}
	return e.rare.ranges
}

// keys are those that the credential signs assertions with; nil: none.
func (e *entry) keys() *proof.KeySet {
	if e.rare == nil {
		return nil
	}
	return e.rare.keys
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
