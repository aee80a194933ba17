package gateway_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/testserver"
)

// explained reads why a call was refused out of its answer, as an admin.
func (i *installation) explained(t *testing.T, w *httptest.ResponseRecorder, actor apicred.Actor) lifecycle.Explanation {
	t.Helper()
	id := w.Header().Get("Claviger-Request-Id")
	var problem struct {
		RequestID string `json:"request_id"`
	}
	must(t, json.Unmarshal(w.Body.Bytes(), &problem))
	if problem.RequestID != id || !strings.Contains(id, ".") {
		t.Fatalf("the header says %s, the body %s", id, problem.RequestID)
	}
	e, err := i.Lifecycle.Explain(t.Context(), actor, lifecycle.ExplainRequest{RequestID: id})
	must(t, err)
	if e.Why == "" || e.Remedy == "" || e.Who == "" || e.At.IsZero() || !strings.HasPrefix(id, e.RequestID+".") {
		t.Errorf("%s is explained by %+v", id, e)
	}
	return e
}

// R20: every denial names the rule that refused and the way out.
func TestDenial_IsExplainedByItsRequestID(t *testing.T) {
	i := install(t, "http://127.0.0.1:1")
	reader := i.program(t, nil, "orders:read")
	bound := i.program(t, func(in *lifecycle.NewCredential) {
		in.AllowedCIDRs = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	}, "orders:read")
	disabled := i.program(t, nil, "orders:read")
	_, err := i.Lifecycle.DisableCredential(t.Context(), i.admin, disabled.id)
	must(t, err)
	get := func(uri string, authorization ...string) call {
		return call{method: "GET", uri: uri, authorization: authorization}
	}
	key := testserver.NewProver(t)
	token := i.bound(t, reader, key)
	proved := func(change func(header, claims testserver.Members)) call {
		c := get("/orders/1", "DPoP "+token)
		c.change = proving(key.Proof("GET", "https://api.example.com/orders/1", token, change))
		return c
	}
	again := proved(nil)
	if w := i.ask(t, again); w.Code != 200 {
		t.Fatalf("a good proof: %d %s", w.Code, w.Body)
	}
	lengths := map[int]bool{}
	for name, tt := range map[string]struct {
		call       call
		code, rule string
		client     string
		route      string
	}{
		"nothing presented":  {get("/orders/1"), "unauthenticated", "no_token", "", "/orders/{id}"},
		"no token of ours":   {get("/orders/1", "Bearer x.y.z"), "invalid_token", "token_invalid", "", "/orders/{id}"},
		"an ended token":     {get("/orders/1", disabled.bearer()), "invalid_token", "token_ended", disabled.id, "/orders/{id}"},
		"a missing scope":    {call{method: "POST", uri: "/orders/1", authorization: []string{reader.bearer()}}, "insufficient_scope", "scope_not_held", reader.id, "/orders/{id}"},
		"another network":    {get("/orders/1", bound.bearer()), "address_not_allowed", "address", bound.id, "/orders/{id}"},
		"no route":           {get("/nowhere", reader.bearer()), "no_route", "no_route", "", ""},
		"an odd path":        {get("/orders//1", reader.bearer()), "bad_path", "path_spelling", "", ""},
		"a wrong secret":     {get("/orders/1", basicValue(reader.id, "wrong")), "invalid_token", "secret_wrong", reader.id, "/orders/{id}"},
		"a bound token":      {get("/orders/1", "Bearer "+token), "invalid_token", "token_bound", reader.id, "/orders/{id}"},
		"a plain one":        {get("/orders/1", "DPoP "+reader.token), "invalid_token", "token_not_bound", reader.id, "/orders/{id}"},
		"no proof":           {get("/orders/1", "DPoP "+token), "invalid_token", "proof_missing", reader.id, "/orders/{id}"},
		"an old proof":       {proved(func(_, c testserver.Members) { c["iat"] = 1 }), "invalid_token", "proof_time", reader.id, "/orders/{id}"},
		"another address":    {proved(func(_, c testserver.Members) { c["htu"] = issuerURL }), "invalid_token", "proof_address", reader.id, "/orders/{id}"},
		"a proof again":      {again, "invalid_token", "proof_replayed", reader.id, "/orders/{id}"},
		"another method":     {proved(func(_, c testserver.Members) { c["htm"] = "PUT" }), "invalid_token", "proof", reader.id, "/orders/{id}"},
		"nobody's client ID": {get("/orders/1", basicValue("0195c000-0000-7000-8000-000000000009", "wrong")), "invalid_token", "client_unknown", "", "/orders/{id}"},
	} {
		w := i.ask(t, tt.call)
		e := i.explained(t, w, i.admin)
		if e.Code != tt.code || e.Rule != tt.rule || e.Credential.ClientID != tt.client || e.Route != tt.route {
			t.Errorf("%s: %s %s of %q at %q, want %s %s of %q at %q", name, e.Code, e.Rule, e.Credential.ClientID, e.Route, tt.code, tt.rule, tt.client, tt.route)
		}
		lengths[len(w.Header().Get("Claviger-Request-Id"))] = true
	}
	if len(lengths) != 1 {
		t.Errorf("the request IDs have the lengths %v: they tell what is sealed", lengths)
	}
}

// Nobody but the account's own admins learns anything from a request ID.
func TestDenial_IsExplainedToItsAccountAlone(t *testing.T) {
	i := install(t, "http://127.0.0.1:1")
	reader := i.program(t, nil, "orders:read")
	w := i.ask(t, call{method: "POST", uri: "/orders/1", authorization: []string{reader.bearer()}})
	id := w.Header().Get("Claviger-Request-Id")
	other, err := i.Lifecycle.CreateAccount(t.Context(), testserver.Operator(), "other")
	must(t, err)
	stranger, sam := i.AddUser(t, "eve", other.ID, apicred.RoleAdmin), i.AddUser(t, "sam", i.Account.ID, apicred.RoleSupervisor)
	for name, actor := range map[string]apicred.Actor{"another account's admin": testserver.SignedIn(&stranger), "a supervisor": testserver.SignedIn(&sam)} {
		if e, err := i.Lifecycle.Explain(t.Context(), actor, lifecycle.ExplainRequest{RequestID: id}); !apicred.IsKind(err, apicred.KindNotFound) {
			t.Errorf("%s learns %+v, %v", name, e, err)
		}
	}
	// S25: whether a client ID exists elsewhere shows in nothing.
	answers := map[string]lifecycle.Explanation{}
	for name, clientID := range map[string]string{"another account's": reader.id, "nobody's": "0195c000-0000-7000-8000-000000000009"} {
		w := i.ask(t, call{method: "GET", uri: "/orders/1", authorization: []string{basicValue(clientID, "wrong")}})
		e := i.explained(t, w, testserver.SignedIn(&stranger))
		e.At, e.RequestID = time.Time{}, ""
		answers[name] = e
		_, err := i.Lifecycle.Explain(t.Context(), testserver.SignedIn(&stranger), lifecycle.ExplainRequest{Call: &lifecycle.ExplainedCall{ClientID: clientID, API: "orders", Method: "GET", Path: "/orders/1"}})
		if !apicred.IsKind(err, apicred.KindNotFound) || err.Error() != apicred.NotFound().Error() {
			t.Errorf("a call of %s: %v", name, err)
		}
	}
	if diff := cmp.Diff(answers["nobody's"], answers["another account's"], cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("another account's client ID answers otherwise than nobody's:\n%s", diff)
	}
	plain, sealed, _ := strings.Cut(id, ".")
	for name, spoiled := range map[string]string{
		"the plain ID": plain, "another request's seal": "01k6sc8vqe9v7n4h2m5x3a1btd." + sealed, "cut": id[:len(id)-4], "lengthened": id + "AAAA",
		"with a line break": id[:60] + "\n" + id[60:], "nothing": ".", "rubbish": "a.b",
	} {
		if e, err := i.Lifecycle.Explain(t.Context(), i.admin, lifecycle.ExplainRequest{RequestID: spoiled}); !apicred.IsKind(err, apicred.KindNotFound) {
			t.Errorf("%s gives %+v, %v", name, e, err)
		}
	}
}

func TestAllowance_HasAPlainRequestID(t *testing.T) {
	i := install(t, "http://127.0.0.1:1")
	reader := i.program(t, nil, "orders:read")
	w := i.ask(t, call{method: "GET", uri: "/orders/1", authorization: []string{reader.bearer()}})
	if id := w.Header().Get("Claviger-Request-Id"); w.Code != 200 || len(id) != 26 {
		t.Errorf("%d %q", w.Code, id)
	}
}
