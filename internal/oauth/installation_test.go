package oauth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/oauth"
	"github.com/claviger/claviger/internal/sqlstore"
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

// installation is everything behind the surface, on a real database.
type installation struct {
	service   *lifecycle.Service
	directory *accesstoken.Directory
	verifier  *accesstoken.Verifier
	admin     apicred.Actor
	away      *atomic.Bool // the database does not answer
	shell     http.Handler
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

func install(t testing.TB) *installation {
	t.Helper()
	ctx := t.Context()
	store, err := sqlstore.Open(ctx, sqlstore.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "claviger.db")})
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	must(t, store.Migrate(ctx))
	master := keyring.NewMaster([keyring.MasterKeySize]byte{1})
	ring, err := keyring.Open(ctx, store.Keyring(), master, time.Now)
	must(t, err)

	i := &installation{away: new(atomic.Bool), log: new(bytes.Buffer)}
	i.directory = accesstoken.NewDirectory(flakyStore{store.AccessToken(), i.away}, master.Hasher(), accesstoken.Options{
		Issuer: issuerURL, MaxOffline: 15 * time.Minute,
	})
	i.verifier = accesstoken.NewVerifier(i.directory, ring)
	i.service = lifecycle.New(lifecycle.Options{
		Store: store.Lifecycle(), Hasher: master.Hasher(), Sealer: master, Clock: time.Now, Random: rand.Reader,
		ManagementAudience: accesstoken.ManagementAudience(issuerURL),
		Changed:            func(ctx context.Context) { _ = i.directory.CatchUp(ctx) },
	})
	operator := apicred.Actor{Type: apicred.ActorOperator, Unlimited: true}
	account, err := i.service.EnsureOperatorAccount(ctx, operator)
	must(t, err)
	catalogue, err := lifecycle.DecodeCatalogue([]byte(catalogueFile))
	must(t, err)
	_, _, err = i.service.ApplyCatalogue(ctx, operator, catalogue, -1)
	must(t, err)
	user, err := i.service.CreateUser(ctx, operator, account.ID, lifecycle.NewUser{Email: "ada@example.com", Role: apicred.RoleAdmin})
	must(t, err)
	i.admin = apicred.Actor{Type: apicred.ActorUser, ID: user.ID, UserID: user.ID, AccountID: account.ID, Role: apicred.RoleAdmin, Unlimited: true}
	must(t, i.directory.Load(ctx))

	router := web.NewRouter()
	router.Add(oauth.Routes(oauth.Config{
		IssuerURL: issuerURL, Clients: i.directory, Issuer: accesstoken.NewIssuer(i.directory, ring), Keys: ring.JWKSet,
	})...)
	i.shell = web.NewShell(web.Config{
		Logger: slog.New(slog.NewJSONHandler(i.log, nil)), Metrics: web.NewMetrics(), Listener: "public", Proxies: web.NewProxies(web.Loopback()),
	}, router)
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
	made, err := i.service.CreateCredential(t.Context(), i.admin, in)
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
