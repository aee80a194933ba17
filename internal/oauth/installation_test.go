package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/oauth"
	"github.com/claviger/claviger/internal/testserver"
	"github.com/claviger/claviger/internal/web"
)

const issuerURL = "https://login.example.com"

const catalogueFile = `
apis:
  - {id: orders, name: Orders, audience: "urn:orders", routes: [{path: /orders, scopes: ["orders:read", "orders:write"]}]}
  - {id: stats, name: Stats, audience: "urn:stats", routes: [{path: "/stats/**", scopes: [stats, "orders:read"]}]}
scopes:
  - {value: "orders:read", description: Read orders, api: orders}
  - {value: "orders:write", description: Write orders, api: orders}
  - {value: stats, description: View stats, api: stats}
  - {value: old, description: Old, api: stats, retired: true}
`

// installation is everything behind the surface, and the surface.
type installation struct {
	*testserver.Installation
	admin apicred.Actor
	shell http.Handler
}

func install(t testing.TB) *installation {
	t.Helper()
	i := &installation{Installation: testserver.New(t, issuerURL)}
	i.Apply(t, []byte(catalogueFile))
	ada := i.AddUser(t, "ada", i.Account.ID, apicred.RoleAdmin)
	i.admin = testserver.SignedIn(&ada)
	router := web.NewRouter()
	router.Add(oauth.Routes(oauth.Config{IssuerURL: issuerURL, Clients: i.Directory, Issuer: i.Tokens, Keys: i.Ring.JWKSet, Verifier: i.Verifier})...)
	i.shell = web.NewShell(i.ShellConfig(), router)
	return i
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// credential makes a credential of the admin.
func (i *installation) credential(t testing.TB, change func(*lifecycle.NewCredential), scopes ...string) (clientID, secret string) {
	t.Helper()
	in := lifecycle.NewCredential{Name: "test", Scopes: scopes}
	if change != nil {
		change(&in)
	}
	made, err := i.Lifecycle.CreateCredential(t.Context(), i.admin, in)
	must(t, err)
	return made.ClientID, made.Secret.Reveal()
}

// post sends a form as a program at 198.51.100.9 would.
func (i *installation) post(t testing.TB, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, 9}), 4711).String()
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	i.shell.ServeHTTP(w, r)
	return w
}

func basic(clientID, secret string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(clientID, secret) }
}
