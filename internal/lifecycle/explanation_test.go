package lifecycle_test

import (
	"net/netip"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// explain asks what would become of a call.
func (i *installation) explain(actor apicred.Actor, in lifecycle.ExplainedCall) (lifecycle.Explanation, error) {
	return i.service.Explain(i.t.Context(), actor, lifecycle.ExplainRequest{Call: &in})
}

// R20: would this credential pass, and if not, what would allow it?
func TestExplain_JudgesACallThatNobodyMade(t *testing.T) {
	i := install(t)
	i.apply(`
apis:
  - {id: shop, audience: "urn:shop", base_path: /shop, routes: [{methods: [GET], path: /orders, scopes: [both, admins]}, {methods: [POST], path: /orders, scopes: [admins]}, {path: /old, scopes: [old]}]}
scopes:
  - {value: both, description: Both, api: shop, roles: [admin, supervisor]}
  - {value: admins, description: Admins, api: shop}
  - {value: old, description: Old, api: shop, roles: [admin, supervisor]}
`)
	supervisors := i.create(i.as("sue"), "both", "old")
	i.apply(`
apis:
  - {id: shop, audience: "urn:shop", base_path: /shop, routes: [{methods: [GET], path: /orders, scopes: [both, admins]}, {methods: [POST], path: /orders, scopes: [admins]}, {path: /old, scopes: [old]}]}
scopes:
  - {value: both, description: Both, api: shop, roles: [admin, supervisor]}
  - {value: admins, description: Admins, api: shop}
  - {value: old, description: Old, api: shop, roles: [admin, supervisor], retired: true}
`)
	mine := i.create(i.as("ada"), "both")
	disabled := i.create(i.as("ada"), "both")
	_, err := i.service.DisableCredential(t.Context(), i.as("ada"), disabled.ClientID)
	must(t, err)
	bound, cidrs := i.create(i.as("ada"), "both"), []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	_, err = i.service.EditCredential(t.Context(), i.as("ada"), bound.ClientID, lifecycle.CredentialChange{AllowedCIDRs: &cidrs})
	must(t, err)
	for name, tt := range map[string]struct {
		client, method, path, address string
		code, rule, who               string
	}{
		"a call that passes":       {supervisors.ClientID, "GET", "/shop/orders", "", "", "allowed", "nobody"},
		"HEAD counts as GET":       {supervisors.ClientID, "HEAD", "/shop/orders", "", "", "allowed", "nobody"},
		"a scope above the role":   {supervisors.ClientID, "POST", "/shop/orders", "", "insufficient_scope", "scope_above_role", "an admin of the account"},
		"a scope it could hold":    {mine.ClientID, "POST", "/shop/orders", "", "insufficient_scope", "scope_not_held", "its owner, ada@example.com"},
		"a retired scope":          {supervisors.ClientID, "GET", "/shop/old", "", "insufficient_scope", "scope_retired", "the operator, or an admin of the operator account"},
		"no route":                 {mine.ClientID, "GET", "/shop", "", "no_route", "no_route", "the operator, or an admin of the operator account"},
		"an odd path":              {mine.ClientID, "GET", "/shop//orders", "", "bad_path", "path_spelling", "the program"},
		"a disabled credential":    {disabled.ClientID, "GET", "/shop/orders", "", "invalid_client", "credential_disabled", "its owner, ada@example.com"},
		"an address that is not":   {bound.ClientID, "GET", "/shop/orders", "203.0.113.1", "address_not_allowed", "address", "its owner, ada@example.com"},
		"an address that is":       {bound.ClientID, "GET", "/shop/orders", "192.0.2.9", "", "allowed", "nobody"},
		"no address is said there": {bound.ClientID, "GET", "/shop/orders", "", "", "allowed", "nobody"},
	} {
		in := lifecycle.ExplainedCall{ClientID: tt.client, API: "shop", Method: tt.method, Path: tt.path}
		if tt.address != "" {
			in.Address = netip.MustParseAddr(tt.address)
		}
		e, err := i.explain(i.as("ada"), in)
		if err != nil || e.Code != tt.code || e.Rule != tt.rule || e.Who != tt.who || e.Why == "" || e.Remedy == "" {
			t.Errorf("%s: %s %s by %q, %v; want %s %s by %q", name, e.Code, e.Rule, e.Who, err, tt.code, tt.rule, tt.who)
		}
	}
}

// Whoever asks has a URL, and need not know which API it belongs to.
func TestExplain_FindsTheAPIOfACallByHostAndPath(t *testing.T) {
	i := install(t)
	i.apply(`
apis:
  - {id: shop, audience: "urn:shop", base_path: /shop, routes: [{path: /orders, scopes: [any]}]}
  - {id: inner, audience: "urn:inner", hosts: [inner.example.com], base_path: /shop, routes: [{path: /orders, scopes: [inside]}, {path: /stock, scopes: [inside]}]}
scopes:
  - {value: any, description: Any, api: shop}
  - {value: inside, description: Inside, api: inner}
`)
	made := i.create(i.as("ada"), "any")
	for name, tt := range map[string]struct{ host, path, api, code string }{
		"a host that an API names goes first": {"inner.example.com:443", "/shop/orders", "inner", "insufficient_scope"},
		"another host":                        {"api.example.com", "/shop/orders", "shop", ""},
		"no host said":                        {"", "/shop/orders", "shop", ""},
		"no host said, and only one has it":   {"", "/shop/stock", "inner", "insufficient_scope"},
		"the wrong host":                      {"api.example.com", "/shop/stock", "", "no_route"},
		"a path that nobody has":              {"", "/nowhere", "", "no_route"},
	} {
		e, err := i.explain(i.as("ada"), lifecycle.ExplainedCall{ClientID: made.ClientID, Host: tt.host, Method: "GET", Path: tt.path})
		if err != nil || e.API != tt.api || e.Code != tt.code {
			t.Errorf("%s: %s of %s, %v; want %q of %q", name, e.Code, e.API, err, tt.code, tt.api)
		}
	}
}

func TestExplain_IsForAdminsOfTheCredentialsAccount(t *testing.T) {
	i := install(t)
	made := i.create(i.as("ada"), "orders:read")
	in := lifecycle.ExplainedCall{ClientID: made.ClientID, API: "orders", Method: "GET", Path: "/orders"}
	for name, kind := range map[string]apicred.Kind{"sue": apicred.KindNotFound, "olga": apicred.KindNotFound} {
		if e, err := i.explain(i.as(name), in); !apicred.IsKind(err, kind) {
			t.Errorf("%s learns %+v, %v", name, e, err)
		}
	}
	if _, err := i.explain(i.with("ada"), in); !apicred.IsKind(err, apicred.KindForbidden) {
		t.Errorf("without the scope: %v", err)
	}
	if _, err := i.explain(i.as("ada"), in); err != nil {
		t.Error(err)
	}
	if _, err := i.service.Explain(t.Context(), i.as("ada"), lifecycle.ExplainRequest{JTI: "nobody's"}); !apicred.IsKind(err, apicred.KindNotFound) {
		t.Errorf("an unknown token: %v", err)
	}
}
