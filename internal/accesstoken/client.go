package accesstoken

import (
	"net/netip"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// Client is an API credential at one moment: its row, its owner, its account
// and the scopes that work now. It is a snapshot; ask again for a newer one.
// The zero value is no client and must not be asked anything.
type Client struct {
	entry   held
	id      string
	account *apicred.Account
	owner   *Member // nil for account-level, and when the owner is gone
	plan    *plan
	secret  int    // index of the secret presented; noSecret when none was
	key     string // thumbprint of the key that signed; empty when none did
	address netip.Addr
	// certificate that proved the client; nil when none did.
	certificate *proof.Certificate
}

const noSecret = -1

// proved tells whether the client proved itself in this request, and not a token
// of it before.
func (c *Client) proved() bool {
	return c.secret != noSecret || c.key != "" || c.certificate != nil
}

// ID is the client ID.
func (c *Client) ID() string { return c.id }

// AccountID is the account that the credential belongs to.
func (c *Client) AccountID() string { return c.account.ID }

// OwnerID is the user ID of the owner; empty for account-level credentials.
func (c *Client) OwnerID() string {
	if c.owner == nil {
		return ""
	}
	return c.owner.UserID
}

// Level tells whether the credential is a user's or the account's.
func (c *Client) Level() apicred.Level {
	if c.entry.owner == 0 {
		return apicred.LevelAccount
	}
	return apicred.LevelUser
}

// Role is the role whose ceiling binds the scopes: the owner's present one, and
// admin for account-level credentials.
func (c *Client) Role() apicred.Role { return roleOf(c.entry, c.owner) }

// EffectiveScopes are the scopes that work now (R10), sorted. The slice is
// shared: do not change it.
func (c *Client) EffectiveScopes() []string { return c.plan.effective }

// API names the API that the credential introspects tokens for; empty for most.
func (c *Client) API() string {
	if c.entry.rare == nil {
		return ""
	}
	return c.entry.rare.api
}

// Holds tells whether scope is among the effective ones.
func (c *Client) Holds(scope string) bool {
	_, held := slices.BinarySearch(c.plan.effective, scope)
	return held
}

// AllowsAddress tells whether the credential may be used from address.
func (c *Client) AllowsAddress(address netip.Addr) bool {
	return apicred.AddressAllowed(c.entry.ranges(), address)
}

// TakeCall counts one call against the credential's requests_per_second (per
// node, burst twice the rate) and refuses with rate_limited when it is too fast.
// Authenticate does this itself; call it for calls made with a token.
func (c *Client) TakeCall(now time.Time) error {
	if c.entry.rare == nil || c.entry.rare.limiter == nil || c.entry.rare.limiter.AllowN(now, 1) {
		return nil
	}
	// At one call a second or faster, the next one is at most a second away.
	return apicred.RateLimited(time.Second)
}

// StatusAt is the credential's state at a moment, from live facts: an owner who
// is gone or has no scope left suspends it whatever its row says.
func (c *Client) StatusAt(now time.Time) apicred.Status {
	e := c.entry
	switch {
	case e.flags&flagDisabled != 0:
		return apicred.StatusDisabled
	case e.expires != 0 && now.UnixMicro() >= e.expires:
		return apicred.StatusExpired
	case e.flags&(flagSuspendedOwner|flagSuspendedScopes|flagSuspendedRestored) != 0,
		e.owner != 0 && !c.owner.Active(),
		len(c.plan.effective) == 0:
		return apicred.StatusSuspended
	}
	return apicred.StatusActive
}

// Actor is the credential as it acts in the management API, with the scopes of
// the acting token. Address and request ID are the surface's to fill in.
func (c *Client) Actor(scopes []string) apicred.Actor {
	return apicred.Actor{
		Type: apicred.ActorCredential, ID: c.id, UserID: c.OwnerID(), AccountID: c.account.ID,
		Role: c.Role(), Level: c.Level(), Scopes: scopes, OperatorAccount: c.account.Operator,
		Generation: c.entry.generation,
	}
}

func roleOf(e held, owner *Member) apicred.Role {
	switch {
	case e.owner == 0:
		return apicred.RoleAdmin
	case owner.Active():
		return owner.Role
	}
	return "" // gone or not active: no role, hence no scope
}
