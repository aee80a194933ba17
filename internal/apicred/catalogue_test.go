package apicred

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func orders() Catalogue {
	return Catalogue{
		APIs: []API{
			{ID: "orders", Audience: "urn:orders", BasePath: "/orders", Routes: []Route{
				{Methods: []string{"get"}, Path: "/{id}", Scopes: []string{"orders:read", "orders:write"}},
			}},
			{ID: "reports", Audience: "urn:reports", BasePath: "/reports", Accounts: []string{"acc-1"}, Routes: []Route{
				{Path: "/**", Scopes: []string{"orders:read"}},
			}},
		},
		Scopes: []Scope{
			{Value: "orders:read", Description: "Read orders", API: "orders", Roles: []Role{RoleAdmin, RoleSupervisor}},
			{Value: "orders:write", Description: "Write orders", API: "orders"},
			{Value: "reports:old", Description: "Old reports", API: "reports", Retired: true},
			{Value: "reports:read", Description: "Read reports", API: "reports"},
		},
	}
}

func TestNormalize_NamesEveryFaultWithItsPlace(t *testing.T) {
	faults := map[string]func(*Catalogue){
		"apis[0].id":                   func(c *Catalogue) { c.APIs[0].ID = "Orders!" },
		"apis[1].id":                   func(c *Catalogue) { c.APIs[1].ID = "orders" },
		"apis[0].audience":             func(c *Catalogue) { c.APIs[0].Audience = "orders" },
		"apis[1].audience":             func(c *Catalogue) { c.APIs[1].Audience = "urn:orders" },
		"apis[0].hosts[0]":             func(c *Catalogue) { c.APIs[0].Hosts = []string{"http://x/"} },
		"apis[0].base_path":            func(c *Catalogue) { c.APIs[0].BasePath = "/a/../b" },
		"apis[0].upstream":             func(c *Catalogue) { c.APIs[0].Upstream = "ftp://x" },
		"apis[0].routes[0].path":       func(c *Catalogue) { c.APIs[0].Routes[0].Path = "/a/**/b" },
		"apis[0].routes[0].methods[0]": func(c *Catalogue) { c.APIs[0].Routes[0].Methods = []string{"TRACE"} },
		"apis[0].routes[0].scopes":     func(c *Catalogue) { c.APIs[0].Routes[0].Scopes = nil },
		"apis[0].routes[0].scopes[0]":  func(c *Catalogue) { c.APIs[0].Routes[0].Scopes = []string{"Orders:read"} },
		"scopes[0].value":              func(c *Catalogue) { c.Scopes[0].Value = "two words" },
		"scopes[1].value":              func(c *Catalogue) { c.Scopes[1].Value = "claviger:mine" },
		"scopes[3].value":              func(c *Catalogue) { c.Scopes[3].Value = "reports:old" },
		"scopes[2].api":                func(c *Catalogue) { c.Scopes[2].API = "nowhere" },
		"scopes[2].roles[0]":           func(c *Catalogue) { c.Scopes[2].Roles = []Role{"agent"} },
		"scopes[2].description":        func(c *Catalogue) { c.Scopes[2].Description = "" },
	}
	for at, spoil := range faults {
		c := orders()
		spoil(&c)
		_, err := c.Normalize()
		found := false
		for _, f := range AsError(err).Fields {
			found = found || f.Location == at && len(f.Message) > 20
		}
		if !IsKind(err, KindInvalid) || !found {
			t.Errorf("%s: got %v", at, AsError(err).Fields)
		}
	}
}

func TestNormalize_RefusesTwoRoutesForTheSameCall(t *testing.T) {
	c := orders()
	c.APIs[0].Routes = append(c.APIs[0].Routes, Route{Methods: []string{"GET"}, Path: "/{other}", Scopes: []string{"orders:write"}})
	if _, err := c.Normalize(); !IsKind(err, KindInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestNormalize_IsStable(t *testing.T) {
	once, err := orders().Normalize()
	if err != nil {
		t.Fatal(err)
	}
	twice, err := once.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(once, twice); diff != "" {
		t.Error(diff)
	}
	if once.APIs[0].Routes[0].Methods[0] != "GET" || once.Scopes[1].Roles[0] != RoleAdmin || once.APIs[0].Name != "orders" {
		t.Errorf("defaults missing: %+v", once)
	}
}

func TestEffectiveScopes_AreWhatTheOwnersPresentRoleAllows(t *testing.T) {
	n, err := orders().Normalize()
	if err != nil {
		t.Fatal(err)
	}
	c := Compile(n, "https://h/api/v1", 1)
	held := []string{"claviger:catalogue:write", "claviger:credentials:read", "gone", "orders:read", "orders:write", "reports:old", "reports:read"}
	for _, x := range []struct {
		role    Role
		account Account
		want    []string
	}{
		{RoleAdmin, Account{ID: "acc-1", Operator: true}, []string{"claviger:catalogue:write", "claviger:credentials:read", "orders:read", "orders:write", "reports:read"}},
		{RoleAdmin, Account{ID: "acc-2"}, []string{"claviger:credentials:read", "orders:read", "orders:write"}},
		{RoleSupervisor, Account{ID: "acc-1"}, []string{"claviger:credentials:read", "orders:read"}},
		{RoleAgent, Account{ID: "acc-1", Operator: true}, []string{}},
		{"", Account{ID: "acc-1", Operator: true}, []string{}},
	} {
		if diff := cmp.Diff(x.want, c.EffectiveScopes(held, x.role, &x.account)); diff != "" {
			t.Errorf("%s in %s: %s", x.role, x.account.ID, diff)
		}
	}
}

func TestAudiences_AreTheScopesAPIAndEveryAPIWithARouteForIt(t *testing.T) {
	n, err := orders().Normalize()
	if err != nil {
		t.Fatal(err)
	}
	c := Compile(n, "https://h/api/v1", 1)
	if diff := cmp.Diff([]string{"urn:orders", "urn:reports"}, c.Audiences([]string{"orders:read"})); diff != "" {
		t.Error(diff)
	}
	n.APIs[1].Retired = true
	c = Compile(n, "https://h/api/v1", 2)
	if diff := cmp.Diff([]string{"urn:orders"}, c.Audiences([]string{"orders:read"})); diff != "" {
		t.Error(diff)
	}
	if c.Scope("reports:read").Live {
		t.Error("a scope of a retired API must not be live")
	}
	if got := find(c, "GET", "h", "/reports/x"); got != "none" {
		t.Errorf("a retired API still routes: %s", got)
	}
}

func FuzzNormalizeCatalogue(f *testing.F) {
	seed, err := json.Marshal(orders())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"apis":[{"id":"a","audience":"urn:a","routes":[{"path":"/{","scopes":["s"]}]}],"scopes":[{"value":"s"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Catalogue
		if json.Unmarshal(data, &c) != nil {
			return
		}
		n, err := c.Normalize()
		if err != nil {
			return
		}
		if _, err := n.Normalize(); err != nil {
			t.Fatalf("normal form is not normal: %v", err)
		}
		Compile(n, "https://h/api/v1", 1).Match("GET", "h", []string{"a", "b"})
	})
}
