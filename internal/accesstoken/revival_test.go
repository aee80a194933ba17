package accesstoken_test

import (
	"slices"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// What the catalogue took away stays away from the tokens that had it.
func TestVerify_ScopesThatComeBackDoNotComeBackToOldTokens(t *testing.T) {
	for name, test := range map[string]struct {
		away func(c *apicred.Catalogue, other string)
		role apicred.Role
		// spared: a token of an admin from before never lost the scope, and keeps it.
		spared bool
	}{
		"a scope":  {func(c *apicred.Catalogue, _ string) { c.Scopes[2].Retired = true }, apicred.RoleSupervisor, false},
		"an API":   {func(c *apicred.Catalogue, _ string) { c.APIs[1].Retired = true }, apicred.RoleSupervisor, false},
		"a role":   {func(c *apicred.Catalogue, _ string) { c.Scopes[2].Roles = []apicred.Role{apicred.RoleAdmin} }, apicred.RoleSupervisor, true},
		"accounts": {func(c *apicred.Catalogue, other string) { c.APIs[1].Accounts = []string{other} }, apicred.RoleSupervisor, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			other, err := r.life.CreateAccount(t.Context(), operator(), "other")
			must(t, err)
			sue := r.user("sue@example.com", test.role)
			theirs, admins := r.create(sue, lifecycle.NewCredential{Scopes: []string{"reports", "orders:read"}}), r.credential("reports", "orders:read")
			old, oldAdmins := r.token(theirs, "reports orders:read"), r.token(admins, "reports orders:read")
			r.clock.Advance(time.Minute)
			less := testCatalogue()
			test.away(&less, other.ID)
			r.applyCatalogue(less)
			r.wantScopes("while it is away", old, "orders:read")
			r.clock.Advance(time.Minute)
			r.applyCatalogue(testCatalogue())
			r.wantScopes("come back", old, "orders:read")
			if test.spared {
				r.wantScopes("never lost", oldAdmins, "reports", "orders:read")
			} else {
				r.wantScopes("come back to an admin", oldAdmins, "orders:read")
			}
			r.wantScopes("a new token", r.token(theirs, "reports orders:read"), "reports", "orders:read")
			must(t, r.directory.Load(t.Context()))
			r.applyCatalogue(relabelled())
			r.wantScopes("after another change", old, "orders:read")
		})
	}
}

func relabelled() apicred.Catalogue {
	c := testCatalogue()
	c.Scopes[0].Description = "Read all orders"
	return c
}

func (r *rig) applyCatalogue(c apicred.Catalogue) {
	r.t.Helper()
	_, _, err := r.life.ApplyCatalogue(r.t.Context(), operator(), c, -1)
	must(r.t, err)
}

func (r *rig) wantScopes(when, token string, want ...string) {
	r.t.Helper()
	v, err := r.verifier.VerifyAnyAudience(r.t.Context(), token, time.Time{})
	must(r.t, err)
	if !slices.Equal(v.EffectiveScopes, want) {
		r.t.Errorf("%s: effective are %v, want %v", when, v.EffectiveScopes, want)
	}
}
