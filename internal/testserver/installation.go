// Package testserver puts an installation together for the tests of surfaces,
// as internal/server does for the program: a real database, keys, memory
// and use cases. It listens nowhere; a test puts its surface before it.
//
// Call New, then Apply a catalogue and AddUser. Only tests may import it, and it
// must not know any surface.
package testserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/sqlstore"
	"github.com/claviger/claviger/internal/web"
)

// Installation is everything behind a surface, with the operator account and
// nothing else in it.
type Installation struct {
	Store     *sqlstore.Store
	Ring      *keyring.Ring
	Directory *accesstoken.Directory
	Tokens    *accesstoken.Issuer
	Verifier  *accesstoken.Verifier
	Lifecycle *lifecycle.Service
	Login     *login.Service
	Account   apicred.Account // the operator account
	// Away keeps the directory from the database while it is true.
	Away atomic.Bool
	// Log is what Logger wrote: lines of JSON.
	Log    *bytes.Buffer
	Logger *slog.Logger
}

// New makes an installation on a database of its own. issuer is its setting
// issuer.
func New(t testing.TB, issuer string) *Installation {
	t.Helper()
	ctx := t.Context()
	store := NewStore(t)
	master := keyring.NewMaster([keyring.MasterKeySize]byte{1})
	ring, err := keyring.Open(ctx, keyring.Options{Store: store.Keyring(), Master: master, Clock: time.Now})
	must(t, err)

	i := &Installation{Store: store, Ring: ring, Log: new(bytes.Buffer)}
	i.Logger = slog.New(slog.NewJSONHandler(i.Log, nil))
	i.Directory = accesstoken.NewDirectory(cuttable{store.AccessToken(), &i.Away}, master.Hasher(), accesstoken.Options{
		Issuer: issuer, MaxOffline: 15 * time.Minute, OnKeysChanged: ring.Reload,
	})
	i.Tokens = accesstoken.NewIssuer(i.Directory, ring)
	i.Verifier = accesstoken.NewVerifier(i.Directory, ring)
	i.Lifecycle = lifecycle.New(lifecycle.Options{
		Store: store.Lifecycle(), Hasher: master.Hasher(), Sealer: master, Keys: ring, Clock: time.Now, Random: rand.Reader,
		ManagementAudience: accesstoken.ManagementAudience(issuer),
		Changed:            func(ctx context.Context) { _ = i.Directory.CatchUp(ctx) }, // as the program: the poll follows
	})
	i.Login = login.New(login.Options{
		Store: store.Login(), Clock: time.Now, Random: rand.Reader, Sealer: master, Logger: i.Logger, Refusals: i.Lifecycle, PasswordSignIn: true,
	})
	i.Account, err = i.Lifecycle.EnsureOperatorAccount(ctx, Operator())
	must(t, err)
	must(t, i.Directory.Load(ctx))
	return i
}

// cuttable is a store whose database can be away.
type cuttable struct {
	accesstoken.Store
	away *atomic.Bool
}

func (s cuttable) Head(ctx context.Context) (accesstoken.Head, error) {
	if s.away.Load() {
		return accesstoken.Head{}, apicred.Unavailable(io.ErrUnexpectedEOF)
	}
	return s.Store.Head(ctx)
}

// Operator is the operator at the machine.
func Operator() apicred.Actor { return apicred.Actor{Type: apicred.ActorOperator, Unlimited: true} }

// SignedIn is a member at the console.
func SignedIn(u *apicred.User) apicred.Actor {
	return apicred.Actor{Type: apicred.ActorUser, ID: u.ID, UserID: u.ID, AccountID: u.AccountID, Role: u.Role, Unlimited: true}
}

// Apply replaces the catalogue by a file, as the operator does.
func (i *Installation) Apply(t testing.TB, file []byte) {
	t.Helper()
	document, err := lifecycle.DecodeCatalogue(file)
	must(t, err)
	_, _, err = i.Lifecycle.ApplyCatalogue(t.Context(), Operator(), document, -1)
	must(t, err)
}

// AddUser makes a member of an account, name@example.com.
func (i *Installation) AddUser(t testing.TB, name, accountID string, role apicred.Role) apicred.User {
	t.Helper()
	user, err := i.Lifecycle.CreateUser(t.Context(), Operator(), accountID, lifecycle.NewUser{Email: name + "@example.com", Name: name, Role: role})
	must(t, err)
	return user
}

// ShellConfig is that of a public listener which trusts proxies on loopback.
func (i *Installation) ShellConfig() web.Config {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	return web.Config{Logger: i.Logger, Metrics: web.NewMetrics(), Listener: "public", Proxies: web.NewProxies(loopback), SealRefusal: i.Lifecycle.SealRefusal}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
