package enforce_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claviger/claviger/enforce"
	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/oauth"
	"github.com/claviger/claviger/internal/testserver"
	"github.com/claviger/claviger/internal/web"
)

const (
	audience      = "urn:orders"
	catalogueFile = `
apis:
  - {id: orders, audience: "urn:orders", direct_credentials: true, routes: [{path: /orders, scopes: ["orders:read", "orders:write"]}]}
  - {id: stats, audience: "urn:stats", routes: [{path: /stats, scopes: [stats]}]}
scopes:
  - {value: "orders:read", description: Read orders, api: orders}
  - {value: "orders:write", description: Write orders, api: orders}
  - {value: stats, description: View stats, api: stats}
`
)

// installation is a real Claviger server on loopback.
type installation struct {
	*testserver.Installation
	t     testing.TB
	admin apicred.Actor
	url   string
	// asked counts requests, by path.
	asked map[string]*atomic.Int64
	// down makes the server answer nothing.
	down   atomic.Bool
	server *httptest.Server
}

// CloseConnections cuts every connection to the server.
func (i *installation) CloseConnections() { i.server.CloseClientConnections() }

func install(t testing.TB) *installation {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	i := &installation{t: t, url: "http://" + listener.Addr().String(), asked: map[string]*atomic.Int64{}}
	for _, path := range []string{"/.well-known/jwks.json", "/oauth2/token", "/oauth2/introspect", "/revocations"} {
		i.asked[path] = new(atomic.Int64)
	}
	i.Installation = testserver.New(t, i.url)
	i.Apply(t, []byte(catalogueFile))
	ada := i.AddUser(t, "ada", i.Account.ID, apicred.RoleAdmin)
	i.admin = testserver.SignedIn(&ada)
	router := web.NewRouter()
	router.Add(oauth.Routes(oauth.Config{IssuerURL: i.url, Clients: i.Directory, Issuer: i.Tokens, Keys: i.Ring.JWKSet, Verifier: i.Verifier})...)
	shell := web.NewShell(i.ShellConfig(), router)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := i.asked[r.URL.Path]; n != nil {
			n.Add(1)
		}
		if i.down.Load() {
			panic(http.ErrAbortHandler)
		}
		shell.ServeHTTP(w, r)
	}))
	must(t, server.Listener.Close())
	server.Listener = listener
	server.Start()
	i.server = server
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return i
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// credential is a new one of the admin.
func (i *installation) credential(scopes ...string) (id, secret string) {
	i.t.Helper()
	made, err := i.Lifecycle.CreateCredential(i.t.Context(), i.admin, lifecycle.NewCredential{Name: "test", Scopes: scopes})
	must(i.t, err)
	return made.ClientID, made.Secret.Reveal()
}

// token is a new access token of a credential.
func (i *installation) token(id string, scopes ...string) string {
	i.t.Helper()
	client, found := i.Directory.Client(id)
	if !found {
		i.t.Fatalf("no client %s", id)
	}
	token, err := i.Tokens.Issue(i.t.Context(), client, accesstoken.IssueRequest{Scope: strings.Join(scopes, " "), ScopePresent: len(scopes) > 0})
	must(i.t, err)
	return token.Raw
}

// verifier is one of the orders API; change may be nil.
func (i *installation) verifier(change func(*enforce.Config)) *enforce.Verifier {
	i.t.Helper()
	c := enforce.Config{Issuer: i.url, Audience: audience}
	if change != nil {
		change(&c)
	}
	v, err := enforce.New(c)
	must(i.t, err)
	return v
}

// following is a verifier that runs and has heard the feed.
func (i *installation) following(change func(*enforce.Config)) *enforce.Verifier {
	i.t.Helper()
	id, secret := i.credential(apicred.ScopeFeed, apicred.ScopeIntrospect)
	v := i.verifier(func(c *enforce.Config) {
		c.ClientID, c.ClientSecret = id, secret
		if change != nil {
			change(c)
		}
	})
	ctx, cancel := context.WithCancel(i.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); v.Run(ctx) }()
	i.t.Cleanup(func() { cancel(); <-done })
	i.soon("the feed is heard", func() bool { _, ok := v.Staleness(); return ok })
	return v
}

// soon waits for what another process would see within seconds.
func (i *installation) soon(what string, seen func() bool) {
	i.t.Helper()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for !seen() {
		select {
		case <-look.C:
		case <-limit.C:
			i.t.Fatalf("never: %s", what)
		}
	}
}

// call sends a request to a handler behind Require.
func call(v *enforce.Verifier, change func(*http.Request), scopes ...string) *httptest.ResponseRecorder {
	handler := v.Require(scopes...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := enforce.FromContext(r.Context())
		_, _ = w.Write([]byte(claims.ClientID))
	}))
	r := httptest.NewRequest(http.MethodGet, "/orders", http.NoBody) //nolint:noctx // the request's own context will do
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}
