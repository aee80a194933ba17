package lifecycle_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// A supervisor who was an admin still holds orders:write: they may tighten the
// credential in every way and loosen it in none (contract.md "Ceiling").
func TestCeiling_LetsADemotedOwnerTightenAndNotLoosen(t *testing.T) {
	i := install(t)
	end := i.clock.Add(90 * 24 * time.Hour)
	made := i.createBounded(i.as("alan"), "orders:read", "orders:write")
	i.setRole("alan", apicred.RoleSupervisor)
	ranges := func(texts ...string) *[]netip.Prefix {
		out := []netip.Prefix{}
		for _, text := range texts {
			out = append(out, netip.MustParsePrefix(text))
		}
		return &out
	}
	for what, loosening := range map[string]lifecycle.CredentialChange{
		"later end":           {ExpiresAt: new(end.Add(time.Hour))},
		"no end":              {ExpiresAt: new(time.Time{})},
		"any address":         {AllowedCIDRs: ranges()},
		"another range":       {AllowedCIDRs: ranges("192.0.2.0/24", "198.51.100.0/24")},
		"a wider range":       {AllowedCIDRs: ranges("192.0.0.0/16")},
		"longer tokens":       {TokenLifetime: new(11 * time.Minute)},
		"the server's tokens": {TokenLifetime: new(time.Duration(0))},
		"a higher rate":       {RequestsPerSecond: new(51)},
		"no rate":             {RequestsPerSecond: new(0)},
		"tighter and looser":  {RequestsPerSecond: new(10), TokenLifetime: new(time.Hour)},
	} {
		_, err := i.service.EditCredential(t.Context(), i.as("alan"), made.ClientID, loosening)
		wantKind(t, what, err, apicred.KindForbidden)
	}
	for _, tightening := range []struct {
		what   string
		change lifecycle.CredentialChange
	}{
		{"the same", lifecycle.CredentialChange{ExpiresAt: &end, AllowedCIDRs: ranges("192.0.2.0/24", "2001:db8::/32"), RequestsPerSecond: new(50)}},
		{"sooner end", lifecycle.CredentialChange{ExpiresAt: new(end.Add(-time.Hour))}},
		{"fewer addresses", lifecycle.CredentialChange{AllowedCIDRs: ranges("192.0.2.128/25", "2001:db8:1::/48")}},
		{"shorter tokens", lifecycle.CredentialChange{TokenLifetime: new(time.Minute)}},
		{"a lower rate", lifecycle.CredentialChange{RequestsPerSecond: new(1)}},
	} {
		_, err := i.service.EditCredential(t.Context(), i.as("alan"), made.ClientID, tightening.change)
		wantKind(t, tightening.what, err, "")
	}
}
