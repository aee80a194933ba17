package lifecycle_test

import (
	"crypto/rand"
	"net/netip"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore"
	"github.com/claviger/claviger/internal/testserver"
)

const testCatalogue = `
apis:
  - {id: orders, audience: "urn:orders", routes: [{path: /orders, scopes: ["orders:read", "orders:write"]}]}
  - {id: stats, audience: "urn:stats", routes: [{path: /stats, scopes: [stats]}]}
scopes:
  - {value: "orders:read", description: Read orders, api: orders, roles: [admin, supervisor]}
  - {value: "orders:write", description: Write orders, api: orders}
  - {value: stats, description: View stats, api: stats, roles: [admin, supervisor]}
`

// installation is the use cases on a real database, with a clock that stands
// still until it is moved. Account first has two admins, two supervisors and an
// agent, account second an admin.
type installation struct {
	t       testing.TB
	store   *sqlstore.Store
	service *lifecycle.Service
	clock   time.Time
	first   apicred.Account
	second  apicred.Account
	users   map[string]apicred.User
}

func operator() apicred.Actor { return apicred.Actor{Type: apicred.ActorOperator, Unlimited: true} }

func install(t testing.TB) *installation {
	t.Helper()
	ctx := t.Context()
	i := &installation{t: t, store: testserver.NewStore(t), clock: time.Date(2026, time.November, 2, 9, 30, 0, 0, time.UTC), users: map[string]apicred.User{}}
	i.service = i.restart()
	var err error
	i.first, err = i.service.EnsureOperatorAccount(ctx, operator())
	must(t, err)
	i.second, err = i.service.CreateAccount(ctx, operator(), "second")
	must(t, err)
	i.apply(testCatalogue)
	for name, role := range map[string]apicred.Role{
		"ada": apicred.RoleAdmin, "alan": apicred.RoleAdmin, "sue": apicred.RoleSupervisor, "sam": apicred.RoleSupervisor, "abe": apicred.RoleAgent,
	} {
		i.addUser(name, i.first.ID, role)
	}
	i.addUser("olga", i.second.ID, apicred.RoleAdmin)
	return i
}

// restart is another process on the same database and master key.
func (i *installation) restart() *lifecycle.Service {
	master := keyring.NewMaster([keyring.MasterKeySize]byte{1})
	return lifecycle.New(lifecycle.Options{
		Store: i.store.Lifecycle(), Hasher: master.Hasher(), Sealer: master, Random: rand.Reader,
		Clock:              func() time.Time { return i.clock },
		ManagementAudience: accesstoken.ManagementAudience("https://claviger.example"),
	})
}

func (i *installation) apply(text string) {
	i.t.Helper()
	document, err := lifecycle.DecodeCatalogue([]byte(text))
	must(i.t, err)
	_, _, err = i.service.ApplyCatalogue(i.t.Context(), operator(), document, -1)
	must(i.t, err)
}

func (i *installation) addUser(name, accountID string, role apicred.Role) {
	i.t.Helper()
	user, err := i.service.CreateUser(i.t.Context(), operator(), accountID, lifecycle.NewUser{Email: name + "@example.com", Role: role})
	must(i.t, err)
	i.users[name] = user
}

// as is a signed-in person.
func (i *installation) as(name string) apicred.Actor {
	u := i.users[name]
	return apicred.Actor{
		Type: apicred.ActorUser, ID: u.ID, UserID: u.ID, AccountID: u.AccountID, Role: u.Role, Unlimited: true,
		Address: "192.0.2.1", RequestID: "request-of-" + name,
	}
}

// with is a person with a token that carries scopes.
func (i *installation) with(name string, scopes ...string) apicred.Actor {
	actor := i.as(name)
	actor.Unlimited, actor.Scopes = false, scopes
	return actor
}

func (i *installation) create(actor apicred.Actor, scopes ...string) lifecycle.Created {
	i.t.Helper()
	made, err := i.service.CreateCredential(i.t.Context(), actor, lifecycle.NewCredential{Name: "test", Scopes: scopes})
	must(i.t, err)
	return made
}

// createBounded makes a credential with every limit, so that each can be loosened.
func (i *installation) createBounded(actor apicred.Actor, scopes ...string) lifecycle.Created {
	i.t.Helper()
	made, err := i.service.CreateCredential(i.t.Context(), actor, lifecycle.NewCredential{
		Name: "bounded", Scopes: scopes, ExpiresAt: i.clock.Add(90 * 24 * time.Hour), TokenLifetime: 10 * time.Minute, RequestsPerSecond: 50,
		AllowedCIDRs: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")},
	})
	must(i.t, err)
	return made
}

// createForAccount makes an account-level credential, whatever the policy was.
func (i *installation) createForAccount(scopes ...string) lifecycle.Created {
	i.t.Helper()
	i.policy(apicred.AccountLevelOpen)
	made, err := i.service.CreateCredential(i.t.Context(), i.as("ada"), lifecycle.NewCredential{Name: "test", Scopes: scopes, Level: apicred.LevelAccount})
	must(i.t, err)
	return made
}

func (i *installation) policy(p apicred.AccountLevelPolicy) {
	i.t.Helper()
	_, err := i.service.EditAccount(i.t.Context(), operator(), i.first.ID, lifecycle.AccountChange{AccountLevelCredentials: &p})
	must(i.t, err)
}

func (i *installation) setRole(name string, role apicred.Role) {
	i.t.Helper()
	_, err := i.service.EditUser(i.t.Context(), operator(), i.users[name].AccountID, i.users[name].ID, lifecycle.UserChange{Role: &role})
	must(i.t, err)
}

func (i *installation) setStatus(name string, status apicred.UserStatus) {
	i.t.Helper()
	_, err := i.service.EditUser(i.t.Context(), operator(), i.users[name].AccountID, i.users[name].ID, lifecycle.UserChange{Status: &status})
	must(i.t, err)
}

// disableAsUnused leaves a credential of the first account as the rule for unused
// ones does, without waiting for it.
func (i *installation) disableAsUnused(clientID string) {
	i.t.Helper()
	must(i.t, i.store.Lifecycle().Change(i.t.Context(), func(tx lifecycle.Tx) error {
		c, err := tx.Credential(i.t.Context(), i.first.ID, clientID)
		if err != nil {
			return err
		}
		c.DisabledAt, c.DisabledBy = i.clock, apicred.DisabledUnused
		c.Generation++
		return tx.UpdateCredential(i.t.Context(), c)
	}))
}

// stored is a credential as the database has it now.
func (i *installation) stored(clientID string) apicred.Credential {
	i.t.Helper()
	var c apicred.Credential
	must(i.t, i.store.Lifecycle().View(i.t.Context(), func(r lifecycle.Reader) error {
		var err error
		c, err = r.Credential(i.t.Context(), i.first.ID, clientID)
		return err
	}))
	return c
}

// events are the audit events of an account, newest first, coalesced refusals
// written out.
func (i *installation) events(accountID string) []apicred.AuditEvent {
	i.t.Helper()
	must(i.t, i.service.FlushRefusals(i.t.Context(), true))
	var events []apicred.AuditEvent
	must(i.t, i.store.Lifecycle().View(i.t.Context(), func(r lifecycle.Reader) error {
		var err error
		events, err = r.AuditEvents(i.t.Context(), lifecycle.AuditQuery{AccountID: accountID, Limit: 1000})
		return err
	}))
	return events
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantKind demands an error of a kind; empty demands none.
func wantKind(t testing.TB, what string, err error, kind apicred.Kind) {
	t.Helper()
	switch {
	case kind == "" && err != nil:
		t.Errorf("%s: got %v, want no error", what, err)
	case kind != "" && !apicred.IsKind(err, kind):
		t.Errorf("%s: got %v, want %s", what, err, kind)
	}
}
