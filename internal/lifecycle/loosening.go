package lifecycle

import (
	"net/netip"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// loosens tells whether an edit gives the credential more room than it has: a
// later end, an address it could not be used from, longer tokens, a higher rate,
// another key or certificate, or an API whose tokens it may learn of (contract.md "Ceiling"). Somebody who was demoted may still tighten.
func loosens(before *apicred.Credential, in *CredentialChange) bool {
	return in.ExpiresAt != nil && laterEnd(before.ExpiresAt, *in.ExpiresAt) ||
		in.AllowedCIDRs != nil && widens(before.AllowedCIDRs, *in.AllowedCIDRs) ||
		in.TokenLifetime != nil && above(before.TokenLifetime, *in.TokenLifetime) ||
		in.RequestsPerSecond != nil && above(before.RequestsPerSecond, *in.RequestsPerSecond) ||
		in.KeySet != nil && addsKeys(before, *in.KeySet) ||
		in.TLSClientSubject != nil && renames(before, *in.TLSClientSubject) ||
		in.API != nil && *in.API != "" && *in.API != before.API
}

// laterEnd: the zero time is no end at all.
func laterEnd(before, after time.Time) bool {
	return !before.IsZero() && (after.IsZero() || after.After(before))
}

// above: zero is no bound of the credential's own.
func above[N int | time.Duration](before, after N) bool {
	return before != 0 && (after == 0 || after > before)
}

// widens tells whether after allows an address that before does not; no ranges
// allow every address. A range counts as allowed when one of before holds it
// whole: two halves that together hold it are not added up.
func widens(before, after []netip.Prefix) bool {
	if len(before) == 0 {
		return false
	}
	return len(after) == 0 || slices.ContainsFunc(after, func(p netip.Prefix) bool {
		return !slices.ContainsFunc(before, func(b netip.Prefix) bool { return b.Bits() <= p.Bits() && b.Contains(p.Addr()) })
	})
}
