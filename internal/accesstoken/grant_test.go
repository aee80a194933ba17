package accesstoken

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/claviger/claviger/internal/apicred"
)

// world is a catalogue, an account, a role and a credential's scopes, at random.
type world struct {
	catalogue *apicred.CompiledCatalogue
	account   *apicred.Account
	role      apicred.Role
	plan      *plan
	values    []string
}

func drawWorld(t *rapid.T) world {
	w := world{account: &apicred.Account{ID: "here", Operator: rapid.Bool().Draw(t, "operator")}}
	var document apicred.Catalogue
	for _, id := range []string{"a", "b", "c"} {
		api := apicred.API{ID: id, Name: id, Audience: "urn:" + id, Retired: rapid.IntRange(0, 5).Draw(t, "retired") == 0}
		if rapid.IntRange(0, 4).Draw(t, "elsewhere") == 0 {
			api.Accounts = []string{"elsewhere"}
		}
		for _, s := range []string{"x", "y", "z"} {
			value := id + ":" + s
			w.values = append(w.values, value)
			scope := apicred.Scope{Value: value, Description: value, API: id, Roles: []apicred.Role{apicred.RoleAdmin}, Retired: rapid.IntRange(0, 5).Draw(t, "retired") == 0}
			if rapid.Bool().Draw(t, "supervisor") {
				scope.Roles = append(scope.Roles, apicred.RoleSupervisor)
			}
			document.Scopes = append(document.Scopes, scope)
			if rapid.Bool().Draw(t, "routed") {
				api.Routes = append(api.Routes, apicred.Route{Path: "/" + s, Scopes: []string{value, "a:x"}})
			}
		}
		document.APIs = append(document.APIs, api)
	}
	w.catalogue = apicred.Compile(document, "urn:management", 1)
	for _, s := range apicred.BuiltInScopes() {
		w.values = append(w.values, s.Value)
	}
	w.role = rapid.SampledFrom([]apicred.Role{apicred.RoleAdmin, apicred.RoleSupervisor, apicred.RoleAgent, ""}).Draw(t, "role")
	table := newTable()
	cell := table.accountCell("here")
	cell.now.Store(w.account)
	held := rapid.SliceOfDistinct(rapid.SampledFrom(append(w.values, "gone:x")), func(s string) string { return s }).Draw(t, "held")
	c := &class{account: cell, holding: table.holdingOf(held)}
	w.plan = newLandscape(w.catalogue).planFor(c, w.account, w.role)
	return w
}

func subset(inner, outer []string) bool {
	return !slices.ContainsFunc(inner, func(s string) bool { return !slices.Contains(outer, s) })
}

// The algebra of R10: granted ⊆ requested ⊆ credential ⊆ what the
// owner may give now.
func TestGrant_NeverExceedsRequestCredentialOrRole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		key := grantKey{present: rapid.Bool().Draw(t, "present")}
		requested := rapid.SliceOfN(rapid.SampledFrom(append(w.values, "gone:x", "A:X", "nonsense")), 0, 4).Draw(t, "requested")
		if key.present {
			key.scope = strings.Join(requested, " ")
		}
		key.resource = rapid.SampledFrom([]string{"", "", "urn:a", "urn:b", "urn:management", "urn:none"}).Draw(t, "resource")
		var offered []string
		for _, s := range w.catalogue.Offered(w.role, w.account) {
			offered = append(offered, s.Value)
		}
		g, err := w.plan.grant(key, "https://issuer")
		if err != nil {
			checkRefusal(t, &w, key, err)
			return
		}
		switch {
		case len(g.scopes) == 0:
			t.Fatal("granted nothing")
		case key.present && (!subset(g.scopes, requested) || !subset(requested, g.scopes)):
			t.Fatalf("granted %v for %v: narrowed or widened silently", g.scopes, requested)
		case !subset(g.scopes, w.plan.holding.scopes):
			t.Fatalf("granted %v of a credential with %v", g.scopes, w.plan.holding.scopes)
		case !subset(g.scopes, offered):
			t.Fatalf("granted %v where the role may give %v", g.scopes, offered)
		case slices.ContainsFunc(g.scopes, apicred.IsManagement) && !allManagement(g.scopes):
			t.Fatalf("granted %v: claviger: scopes never mix", g.scopes)
		}
		for _, s := range g.scopes {
			if key.resource != "" && !slices.Contains(w.catalogue.Scope(s).Audiences, key.resource) {
				t.Fatalf("granted %s, which does not open %s", s, key.resource)
			}
		}
		if again, err := w.plan.grant(key, "https://issuer"); err != nil || again != g {
			t.Fatalf("the same request is granted %v, %v the second time", again, err)
		}
	})
}

// checkRefusal: a refusal names a scope of the request that is really bad.
func checkRefusal(t *rapid.T, w *world, key grantKey, err error) {
	var scope *ScopeError
	var resource *ResourceError
	switch {
	case errors.As(err, &resource):
		if key.resource == "" {
			t.Fatalf("a resource is refused where none was asked for: %v", err)
		}
	case errors.As(err, &scope):
		named := strings.Fields(key.scope)
		if scope.Scope != "" && !slices.Contains(named, scope.Scope) {
			t.Fatalf("%q is refused, which was not asked for", scope.Scope)
		}
		first := slices.IndexFunc(named, func(s string) bool { return !slices.Contains(w.plan.effective, s) })
		if first >= 0 && scope.Scope != named[first] {
			t.Fatalf("%q is refused, but %q is the first bad one of %q", scope.Scope, named[first], key.scope)
		}
	default:
		t.Fatalf("refused by %v", err)
	}
}

func TestGrant_KeepsABoundedNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		for i := range maxGrants + 10 {
			_, _ = w.plan.grant(grantKey{scope: strings.Repeat(" ", i) + strings.Join(w.plan.effective[:min(1, len(w.plan.effective))], " "), present: true}, "https://issuer")
		}
		if kept := w.plan.grants.Load(); kept != nil && len(*kept) > maxGrants {
			t.Fatalf("%d grants are kept", len(*kept))
		}
	})
}

// Usage is kept by scopes for a year: a program that thinks up ever new
// combinations must not fill the disk with it (S34).
func TestGrant_IsCountedUnderABoundedNumberOfNames(t *testing.T) {
	document := apicred.Catalogue{APIs: []apicred.API{{ID: "a", Audience: "urn:a"}}}
	for i := range 8 {
		document.Scopes = append(document.Scopes, apicred.Scope{Value: string(rune('a' + i)), API: "a"})
	}
	table := newTable()
	held := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	c := &class{account: table.accountCell("here"), holding: table.holdingOf(held)}
	account := &apicred.Account{ID: "here"}
	p := newLandscape(apicred.Compile(document, "urn:management", 1)).planFor(c, account, apicred.RoleAdmin)
	counted := map[string]bool{}
	grants := func(scope string) *grant {
		g, err := p.grant(grantKey{scope: scope, present: true}, "https://issuer")
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	if one, other := grants("b a").counted, grants("a b").counted; one != "a b" || other != one {
		t.Errorf("the order of asking makes two names: %q and %q", one, other)
	}
	for set := 1; set < 1<<len(held); set++ {
		var scopes []string
		for i, s := range held {
			if set&(1<<i) != 0 {
				scopes = append(scopes, s)
			}
		}
		counted[grants(apicred.JoinScopes(scopes)).counted] = true
	}
	if len(counted) > maxGrants+1 {
		t.Errorf("%d names are counted under, want %d at most", len(counted), maxGrants+1)
	}
}

func FuzzSplitScopes(f *testing.F) {
	f.Add("a b")
	f.Add("  a  b a ")
	f.Add("a\tb")
	f.Fuzz(func(t *testing.T, text string) {
		scopes := splitScopes(text)
		if len(scopes) > apicred.MaxScopes+1 {
			t.Fatalf("%d scopes", len(scopes))
		}
		for i, s := range scopes {
			if s == "" || strings.Contains(s, " ") || slices.Index(scopes, s) != i || !strings.Contains(text, s) {
				t.Fatalf("%q gives %q", text, scopes)
			}
		}
		if len(scopes) <= apicred.MaxScopes && strings.Trim(text, " ") != "" && len(scopes) == 0 {
			t.Fatalf("%q gives nothing", text)
		}
	})
}
