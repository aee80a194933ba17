package accesstoken

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// entry is a credential as the hot path needs it: small, and without a pointer,
// because a million of them are kept and the garbage collector must not look at
// each. What it names by number its table has. It is replaced, never changed, but
// for the times of use behind facts, which are atomic.
type entry struct {
	facts
	// Unix seconds: the last use that was written or is due, without a secret and
	// with the first one.
	used, secretUsed uint32
}

// facts are what a credential's row says.
type facts struct {
	id         uid
	secret     secretSlot // the first; the others are in rare
	generation int64
	expires    int64  // Unix microseconds; 0: never
	class      uint32 // place in table.classes: scopes and account
	owner      uint32 // place in table.owners; 0 for account-level
	lifetime   int32  // seconds; 0: the server's
	rareAt     uint32 // place in its shard's rares, counted from 1; 0: none
	flags      flags
}

// held is an entry together with what only few have, both of one moment. The
// zero value is no credential.
type held struct {
	*entry
	rare *rare
}

func (h held) known() bool { return h.entry != nil }

// rare holds what few credentials have.
type rare struct {
	secrets []secretSlot // those after the first
	used    []uint32     // Unix seconds, atomic: of each of secrets
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

// class is what the credentials of one account with the same scopes have in
// common.
type class struct {
	holding *holding
	account *accountCell
	// plans are the last ones worked out, by role; checked before use.
	plans [knownRoles + 1]atomic.Pointer[plan]
}

// newEntry packs a record. IDs must be UUIDs in their usual spelling: a
// credential that cannot be found by its ID must not be half loaded.
func newEntry(r *CredentialRecord, hasher Hasher) (held, error) {
	c := &r.Credential
	id, ok := parseUID(c.ClientID)
	if !ok {
		return held{}, fmt.Errorf("client ID %q is not a UUID", c.ClientID)
	}
	if len(r.Secrets) > apicred.MaxSecrets {
		return held{}, fmt.Errorf("client ID %s has %d secrets", c.ClientID, len(r.Secrets))
	}
	e := &entry{used: seconds(c.LastUsedAt), facts: facts{
		id: id, generation: c.Generation, expires: micros(c.ExpiresAt), flags: flagsOf(c),
		lifetime: int32(min(c.TokenLifetime/time.Second, 1<<30)), //nolint:gosec // bounded on the line itself
		secret:   secretSlot{pepper: noPepper},
	}}
	var more rare
	for i := range r.Secrets {
		slot, err := newSecretSlot(&r.Secrets[i], hasher)
		if err != nil {
			return held{}, fmt.Errorf("client ID %s: %w", c.ClientID, err)
		}
		used := seconds(r.Secrets[i].LastUsedAt)
		if slot.pepper > 0 {
			used = 0 // the very next use is noted, and its hash made anew with it
		}
		if i == 0 {
			e.secret, e.secretUsed = slot, used
		} else {
			more.secrets, more.used = append(more.secrets, slot), append(more.used, used)
		}
	}
	err := more.take(c)
	if err != nil || !more.anything() {
		return held{entry: e}, err
	}
	return held{e, &more}, nil
}

// take takes what few credentials have out of c.
func (r *rare) take(c *apicred.Credential) (err error) {
	r.ranges, r.api = slices.Clone(c.AllowedCIDRs), strings.Clone(c.API)
	if c.AuthenticationMethod == apicred.AuthenticationTLSClientAuth {
		r.subject = strings.Clone(c.TLSClientSubject)
	}
	if c.RequestsPerSecond > 0 {
		r.limiter = rate.NewLimiter(rate.Limit(c.RequestsPerSecond), 2*c.RequestsPerSecond)
	}
	r.keys, err = keysOf(c)
	return err
}

func (r *rare) anything() bool {
	return len(r.secrets) > 0 || len(r.ranges) > 0 || r.limiter != nil || r.api != "" || r.keys != nil || r.subject != ""
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
func (h held) keepFrom(old held) {
	h.used = max(h.used, atomic.LoadUint32(&old.used))
	for i := range h.secretCount() {
		for j := range old.secretCount() {
			if old.slot(j).id == h.slot(i).id {
				*h.usedAt(i) = max(*h.usedAt(i), atomic.LoadUint32(old.usedAt(j)))
			}
		}
	}
	if h.rare == nil || h.rare.limiter == nil || old.rare == nil || old.rare.limiter == nil {
		return
	}
	if old.rare.limiter.Limit() == h.rare.limiter.Limit() {
		h.rare.limiter = old.rare.limiter
	}
}

// copyTo copies an entry that others may be using. A use that is noted meanwhile
// may be noted again; nothing else of it changes.
func (e *entry) copyTo(to *entry) {
	to.facts = e.facts
	to.used, to.secretUsed = atomic.LoadUint32(&e.used), atomic.LoadUint32(&e.secretUsed)
}

func (h held) secretCount() int {
	if h.rare == nil {
		return 1
	}
	return 1 + len(h.rare.secrets)
}

// slot returns the i-th secret, or nil behind the last.
func (h held) slot(i int) *secretSlot {
	if i == 0 {
		return &h.secret
	}
	if h.rare == nil || i > len(h.rare.secrets) {
		return nil
	}
	return &h.rare.secrets[i-1]
}

// usedAt is when the i-th secret was used last, in Unix seconds, atomic. There
// must be one.
func (h held) usedAt(i int) *uint32 {
	if i == 0 {
		return &h.secretUsed
	}
	return &h.rare.used[i-1]
}

func (h held) ranges() []netip.Prefix {
	if h.rare == nil {
		return nil
	}
	return h.rare.ranges
}

// keys are those that the credential signs assertions with; nil: none.
func (h held) keys() *proof.KeySet {
	if h.rare == nil {
		return nil
	}
	return h.rare.keys
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// seconds is t in Unix seconds, 0 for the zero time. It lasts until 2106.
func seconds(t time.Time) uint32 {
	if t.IsZero() {
		return 0
	}
	return uint32(min(max(t.Unix(), 0), math.MaxUint32)) //nolint:gosec // bounded on the line itself
}
