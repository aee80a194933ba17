package apicred

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Limits of a credential's members.
const (
	// MaxScopesText is how long a credential's scopes together may be, in
	// bytes, joined by single spaces.
	MaxScopesText = 2048
	// MaxScopes is how many scopes one request may name (S34).
	MaxScopes = 100
	// MaxCIDRs is how many address ranges a credential may allow.
	MaxCIDRs = 64
)

// AuthenticationMethod is how a credential proves itself at the token endpoint.
type AuthenticationMethod string

// The methods. A credential has one, for its whole life: there is no falling
// back to another.
const (
	// AuthenticationClientSecret covers Basic and body (RFC 6749 section 2.3.1).
	AuthenticationClientSecret AuthenticationMethod = "client_secret"
	// AuthenticationPrivateKeyJWT is an assertion signed with a key whose public
	// part was uploaded (RFC 7523).
	AuthenticationPrivateKeyJWT AuthenticationMethod = "private_key_jwt"
	// AuthenticationTLSClientAuth is a client certificate of a trusted authority
	// that names the client (RFC 8705 section 2.1).
	AuthenticationTLSClientAuth AuthenticationMethod = "tls_client_auth"
)

// Suspension is why a credential gets no tokens although nobody disabled it.
// It is stored, and recomputed by the change that causes it.
type Suspension string

// The reasons of a suspension; the empty one is none.
const (
	SuspensionNone     Suspension = ""
	SuspensionOwner    Suspension = "owner"    // the owner is gone or not active
	SuspensionScopes   Suspension = "scopes"   // no effective scope is left
	SuspensionRestored Suspension = "restored" // restored from a backup, not yet confirmed
)

// DisabledUnused stands in DisabledBy where nobody but the account's rule for
// unused credentials disabled it (R9). No ID is spelt like it.
const DisabledUnused = "unused"

// Status of a credential as shown: disabled > expired > suspended > active.
type Status string

// The states of a credential.
const (
	StatusActive    Status = "active"
	StatusDisabled  Status = "disabled"
	StatusExpired   Status = "expired"
	StatusSuspended Status = "suspended"
)

// Credential is an API credential: client ID, name and scopes. Its secrets
// stand beside it (Secret).
type Credential struct {
	ClientID  string // UUID, never reused
	AccountID string
	Name      string
	Level     Level
	OwnerID   string   // user ID; empty for account-level
	Scopes    []string // sorted, no duplicates
	API       string   // ID of the API it introspects for; empty: none

	AuthenticationMethod AuthenticationMethod
	KeySet               string         // public keys as a JWK Set; empty: none
	TLSClientSubject     string         // the name in its certificate, canonical (proof.ParseSubject); empty: none
	AllowedCIDRs         []netip.Prefix // empty: any address
	TokenLifetime        time.Duration  // 0: the server's
	RequestsPerSecond    int            // 0: no limit

	DisabledAt time.Time // zero: not disabled
	DisabledBy string    // user ID or client ID of who disabled it, or DisabledUnused
	EnabledAt  time.Time // when it was enabled last; zero: never
	ExpiresAt  time.Time // zero: never
	Suspension Suspension

	// Generation is the minimum a token's gen must have to be alive.
	Generation int64
	Version    int64 // for ETag

	CreatedAt       time.Time
	CreatedBy       string // user ID or client ID of the maker
	UpdatedAt       time.Time
	LastUsedAt      time.Time // zero: never
	LastUsedAddress string
}

// Disabled tells whether somebody switched the credential off.
func (c *Credential) Disabled() bool { return !c.DisabledAt.IsZero() }

// Expired tells whether the credential's end has come.
func (c *Credential) Expired(now time.Time) bool {
	return !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt)
}

// IdleSince is when something happened with the credential last: it was made,
// used or enabled. What counts for "unused" counts from here.
func (c *Credential) IdleSince() time.Time {
	since := c.CreatedAt
	for _, t := range []time.Time{c.LastUsedAt, c.EnabledAt} {
		if t.After(since) {
			since = t
		}
	}
	return since
}

// StatusAt returns the state at a moment: disabled > expired > suspended > active.
func (c *Credential) StatusAt(now time.Time) Status {
	switch {
	case c.Disabled():
		return StatusDisabled
	case c.Expired(now):
		return StatusExpired
	case c.Suspension != SuspensionNone:
		return StatusSuspended
	}
	return StatusActive
}

// AddressAllowed tells whether address is in one of ranges; no ranges allow all.
func AddressAllowed(ranges []netip.Prefix, address netip.Addr) bool {
	if len(ranges) == 0 {
		return true
	}
	address = address.Unmap()
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(address) })
}

// NormalizeScopes sorts scopes, drops duplicates and empty values.
func NormalizeScopes(scopes []string) []string {
	out := slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == "" })
	slices.Sort(out)
	return slices.Compact(out)
}

// JoinScopes writes scopes as RFC 6749 section 3.3 does: separated by one space.
func JoinScopes(scopes []string) string { return strings.Join(scopes, " ") }
