package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
)

// Store is one database under the interfaces of all rooms.
type Store interface {
	Lifecycle() lifecycle.Store
	AccessToken() accesstoken.Store
	Keyring() keyring.Store
	Login() login.Store
	Audit() audit.Store
}

// Run tests everything a store must do. open returns a store that is empty and
// migrated; it may be called often.
func Run(t *testing.T, open func(testing.TB) Store) {
	for _, group := range []map[string]func(*fixture){
		changeTests(), auditTests(), accountTests(), credentialTests(), listTests(),
		secretTests(), documentTests(), keyTests(), loginTests(), directoryTests(), usageTests(), proofTests(),
		restoreTests(), batchTests(), quietTests(), pruneTests(),
	} {
		for name, test := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // most of the time is waiting for the disk
				test(newFixture(t, open(t)))
			})
		}
	}
}

// fixture is a store with makers of valid things.
type fixture struct {
	*testing.T
	store Store
	made  int // counts IDs
}

func newFixture(t *testing.T, store Store) *fixture { return &fixture{T: t, store: store} }

// start is when everything in the tests happens.
func start() time.Time { return time.Date(2026, 11, 22, 10, 30, 0, 123456000, time.UTC) }

// id returns a fresh UUID; later ones are greater.
func (f *fixture) id() string {
	f.made++
	return fmt.Sprintf("0192d3c0-0000-7000-8000-%012x", f.made)
}

// must ends the test on an error, with its hidden cause.
func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatalf("%v (%v)", err, apicred.AsError(err).Unwrap())
	}
}

// wantKind ends the test unless err is of the kind.
func (f *fixture) wantKind(err error, kind apicred.Kind) {
	f.Helper()
	if !apicred.IsKind(err, kind) {
		f.Fatalf("got error %v, want one of kind %s", err, kind)
	}
}

// equal compares what was read with what was written.
func (f *fixture) equal(got, want any) {
	f.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(prefix{})); d != "" {
		f.Errorf("read differs from written (-want +got):\n%s", d)
	}
}

// change runs fn as a change and ends the test when it fails.
func (f *fixture) change(fn func(lifecycle.Tx) error) {
	f.Helper()
	f.must(f.tryChange(fn))
}

func (f *fixture) tryChange(fn func(lifecycle.Tx) error) error {
	return f.store.Lifecycle().Change(f.Context(), fn)
}

// view runs fn on a snapshot and ends the test when it fails.
func (f *fixture) view(fn func(lifecycle.Reader) error) {
	f.Helper()
	f.must(f.store.Lifecycle().View(f.Context(), fn))
}

func (f *fixture) head() accesstoken.Head {
	f.Helper()
	head, err := f.store.AccessToken().Head(f.Context())
	f.must(err)
	return head
}

func (f *fixture) newAccount(name string) apicred.Account {
	return apicred.Account{
		ID: f.id(), Name: name, APICredentialsEnabled: true, AccountLevelCredentials: apicred.AccountLevelOpen,
		MaxTokenLifetime: time.Hour, MaxSecretAge: 90 * 24 * time.Hour, UnusedWarnAfter: time.Minute, UnusedDisableAfter: 2 * time.Minute,
		CreatedAt: start(), UpdatedAt: start(), Version: 1,
	}
}

// account stores an account.
func (f *fixture) account(name string) apicred.Account {
	f.Helper()
	a := f.newAccount(name)
	f.change(func(tx lifecycle.Tx) error { return tx.InsertAccount(f.Context(), a) })
	return a
}

// user stores a person as active admin of an account.
func (f *fixture) user(accountID, email string) apicred.User {
	f.Helper()
	u := apicred.User{
		Person:    apicred.Person{ID: f.id(), Email: email, Name: "Ada Örn", CreatedAt: start()},
		AccountID: accountID, Role: apicred.RoleAdmin, Status: apicred.UserActive, Generation: 3,
		JoinedAt: start().Add(time.Duration(f.made) * time.Second), LastSeenAt: start(), Version: 1,
	}
	f.change(func(tx lifecycle.Tx) error {
		if err := tx.InsertPerson(f.Context(), u.Person); err != nil {
			return err
		}
		return tx.InsertUser(f.Context(), u)
	})
	return u
}

// newCredential returns a credential with every member set; owner may be nil.
func (f *fixture) newCredential(accountID string, owner *apicred.User) apicred.Credential {
	c := apicred.Credential{
		ClientID: f.id(), AccountID: accountID, Name: "Nightly Export", Level: apicred.LevelAccount,
		Scopes: []string{"stats", "users:read"}, API: "orders", AuthenticationMethod: apicred.AuthenticationPrivateKeyJWT,
		KeySet: `{"keys":[]}`, TLSClientSubject: "CN=worker", AllowedCIDRs: prefixes("192.0.2.0/24", "2001:db8::/32"), TokenLifetime: 90 * time.Second, RequestsPerSecond: 7,
		DisabledAt: start(), DisabledBy: "u9", ExpiresAt: start().Add(time.Hour), Suspension: apicred.SuspensionScopes,
		Generation: 4, Version: 1, CreatedAt: start(), CreatedBy: "u8", UpdatedAt: start(),
		LastUsedAt: start(), LastUsedAddress: "192.0.2.9",
	}
	if owner != nil {
		c.Level, c.OwnerID = apicred.LevelUser, owner.ID
	}
	return c
}

// credential stores a credential of an account.
func (f *fixture) credential(accountID string) apicred.Credential {
	f.Helper()
	c := f.newCredential(accountID, nil)
	f.change(func(tx lifecycle.Tx) error { return tx.InsertCredential(f.Context(), c) })
	return c
}

// newSecret returns a secret of a credential with every member set.
func (f *fixture) newSecret(clientID string) apicred.Secret {
	id := f.id()
	return apicred.Secret{
		ID: id, ClientID: clientID, Label: "blue", Hint: "x7Fk", Hash: []byte(strings.Repeat(id[len(id)-1:], 32)), PepperID: "p1",
		CreatedAt: start(), ExpiresAt: start().Add(time.Hour), LastUsedAt: start(), LastUsedAddress: "192.0.2.1",
	}
}

// event returns an event with every member set.
func (f *fixture) event(action string) apicred.AuditEvent {
	return apicred.AuditEvent{
		EventID: f.id(), At: start(), AccountID: "acc", ActorType: apicred.ActorUser, ActorID: "u1", ActingAs: "u2", Action: action,
		TargetType: apicred.TargetCredential, TargetID: "c1", Outcome: apicred.OutcomeDone, Count: 1, Address: "192.0.2.7",
		RequestID: "r1", Before: []byte(`{"name":"a"}`), After: []byte(`{"name":"b"}`),
	}
}

// recordEvents records events, one change each.
func (f *fixture) recordEvents(events ...apicred.AuditEvent) {
	f.Helper()
	for _, e := range events {
		f.change(func(tx lifecycle.Tx) error { return tx.Record(f.Context(), e) })
	}
}

// clientIDs of credentials, in their order.
func clientIDs(credentials []apicred.Credential) []string {
	ids := make([]string, 0, len(credentials))
	for i := range credentials {
		ids = append(ids, credentials[i].ClientID)
	}
	return ids
}

func reversed[T any](items []T) []T {
	items = slices.Clone(items)
	slices.Reverse(items)
	return items
}
