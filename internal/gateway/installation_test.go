package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/gateway"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/testserver"
	"github.com/claviger/claviger/internal/web"
)

const issuerURL = "https://login.example.com"

// catalogueFile wants the upstream of the APIs behind the gateway.
const catalogueFile = `
apis:
  - id: orders
    audience: "urn:orders"
    base_path: /orders
    upstream: %[1]q
    direct_credentials: true
    routes:
      - {methods: [GET], path: "/{id}", scopes: ["orders:read", "orders:write"]}
      - {methods: [POST, DELETE], path: "/{id}", scopes: ["orders:write"]}
      - {path: "/files/**", scopes: ["orders:read"]}
  - id: stats
    audience: "https://stats.example.com"
    hosts: [stats.example.com]
    upstream: %[1]q
    forward_authorization: true
    routes:
      - {path: "/**", scopes: [stats]}
  - id: dark
    audience: "urn:dark"
    base_path: /dark
    routes:
      - {path: "/**", scopes: [stats]}
  - id: gone
    audience: "urn:gone"
    base_path: /gone
    upstream: "http://127.0.0.1:1"
    routes:
      - {path: "/**", scopes: [stats]}
scopes:
  - {value: "orders:read", description: Read orders, api: orders, roles: [admin, supervisor]}
  - {value: "orders:write", description: Write orders, api: orders}
  - {value: stats, description: View stats, api: stats}
`

// installation is everything behind the surface, and its two doors.
type installation struct {
	*testserver.Installation
	admin   apicred.Actor
	public  http.Handler
	gateway http.Handler
}

// install makes an installation; upstream is where the gateway sends calls.
func install(t testing.TB, upstream string) *installation {
	t.Helper()
	i := &installation{Installation: testserver.New(t, issuerURL)}
	i.Apply(t, []byte(fmt.Sprintf(catalogueFile, upstream)))
	ada := i.AddUser(t, "ada", i.Account.ID, apicred.RoleAdmin)
	i.admin = testserver.SignedIn(&ada)
	i.serve(t, gateway.NewDecider(i.Directory, i.Verifier, issuerURL))
	return i
}

func (i *installation) serve(t testing.TB, d *gateway.Decider) {
	t.Helper()
	proxy := gateway.NewProxy(d, i.Logger, "")
	t.Cleanup(proxy.Close)
	public, behind := web.NewRouter(), web.NewRouter()
	public.Add(gateway.Routes(d)...)
	behind.Add(proxy.Routes()...)
	config := i.ShellConfig()
	i.public = web.NewShell(config, public)
	config.Listener, config.Bare = "gateway", true
	i.gateway = web.NewShell(config, behind)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// program is a credential of the admin with a token for all its scopes.
type program struct{ id, secret, token string }

func (p program) bearer() string { return "Bearer " + p.token }

func (i *installation) program(t testing.TB, change func(*lifecycle.NewCredential), scopes ...string) program {
	t.Helper()
	in := lifecycle.NewCredential{Name: "test", Scopes: scopes}
	if change != nil {
		change(&in)
	}
	made, err := i.Lifecycle.CreateCredential(t.Context(), i.admin, in)
	must(t, err)
	p := program{id: made.ClientID, secret: made.Secret.Reveal()}
	p.token = i.token(t, p, "")
	return p
}

func (i *installation) token(t testing.TB, p program, scope string) string {
	t.Helper()
	return i.tokenFor(t, p, scope, "")
}

// tokenFor gets a token for one resource; empty: whatever the scopes open.
func (i *installation) tokenFor(t testing.TB, p program, scope, resource string) string {
	t.Helper()
	client, err := i.Directory.Authenticate(t.Context(), accesstoken.ClientAuth{
		ClientID: p.id, Secret: p.secret, Address: netip.AddrFrom4([4]byte{192, 0, 2, 1}),
	})
	must(t, err)
	token, err := i.Tokens.Issue(t.Context(), client, accesstoken.IssueRequest{Scope: scope, ScopePresent: scope != "", Resource: resource})
	must(t, err)
	return token.Raw
}

// call is what a proxy at 127.0.0.1 asks about.
type call struct {
	method, host, uri string
	authorization     []string
	options           string
	change            func(*http.Request)
}

func (i *installation) ask(t testing.TB, c call) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/forward-auth"+c.options, nil)
	r.RemoteAddr = "127.0.0.1:4711"
	r.Header.Set("X-Forwarded-Method", or(c.method, "GET"))
	r.Header.Set("X-Forwarded-Host", or(c.host, "api.example.com"))
	r.Header.Set("X-Forwarded-Uri", or(c.uri, "/orders/7"))
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("X-Forwarded-For", "198.51.100.9")
	r.Header["Authorization"] = c.authorization
	if c.change != nil {
		c.change(r)
	}
	w := httptest.NewRecorder()
	i.public.ServeHTTP(w, r)
	return w
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// problem decodes a denial.
func problem(t testing.TB, w *httptest.ResponseRecorder) web.Problem {
	t.Helper()
	var p web.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d %q: %v", w.Code, w.Body, err)
	}
	return p
}

func basicValue(id, secret string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(id, secret)
	return r.Header.Get("Authorization")
}
