package accesstoken_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const issuer = "https://keys.example.com"

// rig is everything of the hot path on a real database, changed through the
// real use cases.
type rig struct {
	t         testing.TB
	clock     *clock
	store     *cuttable
	keys      keyring.Store
	life      *lifecycle.Service
	ring      *keyring.Ring
	directory *accesstoken.Directory
	issuer    *accesstoken.Issuer
	verifier  *accesstoken.Verifier
	account   apicred.Account
	admin     apicred.User
	second    apicred.User // another admin
	// follows: changes are live when their maker is answered, as on the node
	// that made them. Off, this node is any other.
	follows bool
}

// clock stands still unless it is moved.
type clock struct{ now atomic.Int64 }

func (c *clock) Now() time.Time          { return time.UnixMicro(c.now.Load()) }
func (c *clock) Advance(d time.Duration) { c.now.Add(d.Microseconds()) }

// cuttable is a store whose connection can be cut.
type cuttable struct {
	accesstoken.Store
	cut   atomic.Bool
	heads atomic.Int64
	// revocations is why none can be kept; nil: they can.
	revocations error
}

var errCut = errors.New("the connection is cut")

func (s *cuttable) Head(ctx context.Context) (accesstoken.Head, error) {
	if s.cut.Load() {
		return accesstoken.Head{}, apicred.Unavailable(errCut)
	}
	s.heads.Add(1)
	return s.Store.Head(ctx)
}

func (s *cuttable) AddUsage(ctx context.Context, id apicred.BatchID, batch accesstoken.UsageBatch) error {
	if s.cut.Load() {
		return apicred.Unavailable(errCut)
	}
	return s.Store.AddUsage(ctx, id, batch)
}

// operator may do everything.
func operator() apicred.Actor { return apicred.Actor{Type: apicred.ActorOperator, Unlimited: true} }

func newRig(t testing.TB) *rig {
	t.Helper()
	ctx := t.Context()
	r := &rig{t: t, clock: &clock{}, follows: true}
	r.clock.now.Store(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC).UnixMicro())
	store := testserver.NewStore(t)
	r.store = &cuttable{Store: store.AccessToken()}
	r.keys = store.Keyring()
	master := keyring.NewMaster([32]byte{1})
	var err error
	r.ring, err = keyring.Open(ctx, keyring.Options{Store: r.keys, Master: master, Clock: r.clock.Now})
	must(t, err)
	hasher := master.Hasher()
	r.directory = accesstoken.NewDirectory(r.store, hasher, accesstoken.Options{
		Issuer: issuer, MaxOffline: 15 * time.Minute, Clock: r.clock.Now, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		OnKeysChanged: r.ring.Reload,
	})
	r.life = lifecycle.New(lifecycle.Options{
		Store: store.Lifecycle(), Hasher: hasher, Sealer: master, Clock: r.clock.Now, Random: rand.Reader,
		ManagementAudience: accesstoken.ManagementAudience(issuer), Changed: r.changed,
	})
	r.issuer = accesstoken.NewIssuer(r.directory, r.ring)
	r.verifier = accesstoken.NewVerifier(r.directory, r.ring)
	r.account, err = r.life.EnsureOperatorAccount(ctx, operator())
	must(t, err)
	must(t, r.directory.Load(ctx))
	_, _, err = r.life.ApplyCatalogue(ctx, operator(), testCatalogue(), -1)
	must(t, err)
	r.admin = r.user("ada@example.com", apicred.RoleAdmin)
	r.second = r.user("bob@example.com", apicred.RoleAdmin)
	return r
}

// hasher is the one that the rig's secrets are under.
func (r *rig) hasher() accesstoken.Hasher { return keyring.NewMaster([32]byte{1}).Hasher() }

func (r *rig) changed(ctx context.Context) {
	if r.follows {
		must(r.t, r.directory.CatchUp(ctx))
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (cause: %v)", err, errors.Unwrap(err))
	}
}

// testCatalogue: orders opens two APIs, reports is for supervisors too.
func testCatalogue() apicred.Catalogue {
	both, admin := []apicred.Role{apicred.RoleAdmin, apicred.RoleSupervisor}, []apicred.Role{apicred.RoleAdmin}
	return apicred.Catalogue{
		APIs: []apicred.API{
			{ID: "orders", Name: "Orders", Audience: "urn:example:orders", Routes: []apicred.Route{{Path: "/orders", Scopes: []string{"orders:read", "orders:write"}}}},
			{ID: "reports", Name: "Reports", Audience: `urn:example:reports"\`, Routes: []apicred.Route{{Path: "/reports", Scopes: []string{"reports", "orders:read"}}}},
		},
		Scopes: []apicred.Scope{
			{Value: "orders:read", Description: "Read orders", API: "orders", Roles: both},
			{Value: "orders:write", Description: "Change orders", API: "orders", Roles: admin},
			{Value: "reports", Description: "Read reports", API: "reports", Roles: both},
		},
	}
}

func (r *rig) user(email string, role apicred.Role) apicred.User {
	r.t.Helper()
	u, err := r.life.CreateUser(r.t.Context(), operator(), r.account.ID, lifecycle.NewUser{Email: email, Role: role})
	must(r.t, err)
	return u
}

func actorOf(u apicred.User) apicred.Actor {
	return apicred.Actor{Type: apicred.ActorUser, ID: u.ID, UserID: u.ID, AccountID: u.AccountID, Role: u.Role, Unlimited: true}
}

// credential is a new one with what its program holds.
type credential struct {
	id, secret string
	owner      apicred.User
}

func (c credential) auth() accesstoken.ClientAuth {
	return accesstoken.ClientAuth{ClientID: c.id, Secret: c.secret, Address: netip.MustParseAddr("192.0.2.7")}
}

func (r *rig) credential(scopes ...string) credential {
	r.t.Helper()
	return r.create(r.admin, lifecycle.NewCredential{Scopes: scopes})
}

func (r *rig) create(owner apicred.User, in lifecycle.NewCredential) credential {
	r.t.Helper()
	in.Name = "test"
	created, err := r.life.CreateCredential(r.t.Context(), actorOf(owner), in)
	must(r.t, err)
	return credential{created.ClientID, created.Secret.Reveal(), owner}
}

func (r *rig) client(c credential) accesstoken.Client {
	r.t.Helper()
	client, err := r.directory.Authenticate(r.t.Context(), c.auth())
	must(r.t, err)
	return client
}

// issue asks for scopes, or with none leaves the parameter out.
func (r *rig) issue(c credential, scope string) (accesstoken.Token, error) {
	r.t.Helper()
	return r.issuer.Issue(r.t.Context(), r.client(c), accesstoken.IssueRequest{Scope: scope, ScopePresent: scope != ""})
}

func (r *rig) token(c credential, scope string) string {
	r.t.Helper()
	token, err := r.issue(c, scope)
	must(r.t, err)
	return token.Raw
}

func (r *rig) verify(raw, audience string) (*accesstoken.Verified, error) {
	r.t.Helper()
	return r.verifier.Verify(r.t.Context(), raw, audience, time.Time{})
}

func wantKind(t testing.TB, err error, kind apicred.Kind, cause string) {
	t.Helper()
	if !apicred.IsKind(err, kind) {
		t.Fatalf("got %v, want an error of kind %s", err, kind)
	}
	inner := errors.Unwrap(err)
	if cause != "" && (inner == nil || inner.Error() != cause) {
		t.Fatalf("the cause is %v, want %s", inner, cause)
	}
}
