package gateway_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/gateway"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore"
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
    audience: "urn:stats"
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

// installation is everything behind the surface, on a real database.
type installation struct {
	service   *lifecycle.Service
	directory *accesstoken.Directory
	issuer    *accesstoken.Issuer
	operator  apicred.Actor
	admin     apicred.Actor
	away      atomic.Bool // the database does not answer
	public    http.Handler
	gateway   http.Handler
	log       *bytes.Buffer
}

// flakyStore is a store whose database can be away.
type flakyStore struct {
	accesstoken.Store
	away *atomic.Bool
}

func (s flakyStore) Head(ctx context.Context) (accesstoken.Head, error) {
	if s.away.Load() {
		return accesstoken.Head{}, apicred.Unavailable(io.ErrUnexpectedEOF)
	}
	return s.Store.Head(ctx)
}

// install makes an installation; upstream is where the gateway sends calls.
func install(t testing.TB, upstream string) *installation {
	t.Helper()
	ctx := t.Context()
	store, err := sqlstore.Open(ctx, sqlstore.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "claviger.db")})
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	must(t, store.Migrate(ctx))
	master := keyring.NewMaster([keyring.MasterKeySize]byte{1})
	ring, err := keyring.Open(ctx, store.Keyring(), master, time.Now)
	must(t, err)

	i := &installation{operator: apicred.Actor{Type: apicred.ActorOperator, Unlimited: true}, log: new(bytes.Buffer)}
	i.directory = accesstoken.NewDirectory(flakyStore{store.AccessToken(), &i.away}, master.Hasher(), accesstoken.Options{
		Issuer: issuerURL, MaxOffline: 15 * time.Minute,
	})
	i.issuer = accesstoken.NewIssuer(i.directory, ring)
	i.service = lifecycle.New(lifecycle.Options{
		Store: store.Lifecycle(), Hasher: master.Hasher(), Sealer: master, Clock: time.Now, Random: rand.Reader,
		ManagementAudience: accesstoken.ManagementAudience(issuerURL),
		Changed:            func(ctx context.Context) { _ = i.directory.CatchUp(ctx) },
	})
	account, err := i.service.EnsureOperatorAccount(ctx, i.operator)
	must(t, err)
	i.apply(t, fmt.Sprintf(catalogueFile, upstream))
	user, err := i.service.CreateUser(ctx, i.operator, account.ID, lifecycle.NewUser{Email: "ada@example.com", Role: apicred.RoleAdmin})
	must(t, err)
	i.admin = apicred.Actor{Type: apicred.ActorUser, ID: user.ID, UserID: user.ID, AccountID: account.ID, Role: apicred.RoleAdmin, Unlimited: true}
	must(t, i.directory.Load(ctx))
	i.serve(t, gateway.NewDecider(i.directory, accesstoken.NewVerifier(i.directory, ring), issuerURL))
	return i
}

func (i *installation) serve(t testing.TB, d *gateway.Decider) {
	t.Helper()
	logger := slog.New(slog.NewJSONHandler(i.log, nil))
	proxy := gateway.NewProxy(d, logger)
	t.Cleanup(proxy.Close)
	public, behind := web.NewRouter(), web.NewRouter()
	public.Add(gateway.Routes(d)...)
	behind.Add(proxy.Routes()...)
	config := web.Config{Logger: logger, Metrics: web.NewMetrics(), Listener: "public", Proxies: web.NewProxies(web.Loopback())}
	i.public = web.NewShell(config, public)
	config.Listener, config.Bare = "gateway", true
	i.gateway = web.NewShell(config, behind)
}

func (i *installation) apply(t testing.TB, file string) {
	t.Helper()
	catalogue, err := lifecycle.DecodeCatalogue([]byte(file))
	must(t, err)
	_, _, err = i.service.ApplyCatalogue(t.Context(), i.operator, catalogue, -1)
	must(t, err)
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
	made, err := i.service.CreateCredential(t.Context(), i.admin, in)
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
	client, err := i.directory.Authenticate(t.Context(), accesstoken.ClientAuth{
		ClientID: p.id, Secret: p.secret, Address: netip.AddrFrom4([4]byte{192, 0, 2, 1}),
	})
	must(t, err)
	token, err := i.issuer.Issue(t.Context(), client, accesstoken.IssueRequest{Scope: scope, ScopePresent: scope != "", Resource: resource})
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
