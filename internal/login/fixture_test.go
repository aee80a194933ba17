package login_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/sqlstore"
	"github.com/claviger/claviger/internal/testserver"
)

// Accounts and people of every test.
const (
	operatorAccount = "0195c000-0000-7000-8000-000000000001"
	otherAccount    = "0195c000-0000-7000-8000-000000000002"
	ada             = "0195c000-0000-7000-8000-00000000000a"
)

// fixture is a login.Service on a real database with two accounts and a
// clock that stands until it is moved.
type fixture struct {
	*login.Service
	store *sqlstore.Store
	url   string
	log   bytes.Buffer

	mu  sync.Mutex
	now time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := emptyFixture(t)
	f.change(t, func(ctx context.Context, tx lifecycle.Tx) error {
		operator := apicred.Account{ID: operatorAccount, Name: "default", Operator: true, AccountLevelCredentials: apicred.AccountLevelClosed, CreatedAt: f.now, UpdatedAt: f.now, Version: 1}
		other := operator
		other.ID, other.Name, other.Operator = otherAccount, "other", false
		if err := tx.InsertAccount(ctx, operator); err != nil {
			return err
		}
		return tx.InsertAccount(ctx, other)
	})
	return f
}

// emptyFixture has a migrated database and nothing in it.
func emptyFixture(t *testing.T) *fixture {
	t.Helper()
	url := testserver.DatabaseURL(t)
	f := &fixture{store: testserver.OpenStore(t, url), url: url, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	f.Service = login.New(f.options())
	return f
}

// options are those of the service; a test may change some for another one on
// the same store.
func (f *fixture) options() login.Options {
	return login.Options{
		Store: f.store.Login(), Clock: f.clock, Random: rand.Reader, Sealer: keyring.NewMaster([keyring.MasterKeySize]byte{1}),
		Logger: slog.New(slog.NewTextHandler(&f.log, nil)), PasswordSignIn: true,
	}
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) change(t *testing.T, fn func(context.Context, lifecycle.Tx) error) {
	t.Helper()
	err := f.store.Lifecycle().Change(t.Context(), func(tx lifecycle.Tx) error { return fn(t.Context(), tx) })
	if err != nil {
		t.Fatal(err)
	}
}

// join makes Ada, on first use, and a member of an account.
func (f *fixture) join(t *testing.T, accountID string, role apicred.Role) {
	t.Helper()
	f.change(t, func(ctx context.Context, tx lifecycle.Tx) error {
		person := apicred.Person{ID: ada, Email: "ada@example.com", Name: "Ada", CreatedAt: f.now}
		if _, err := tx.Person(ctx, ada); apicred.IsKind(err, apicred.KindNotFound) {
			if err := tx.InsertPerson(ctx, person); err != nil {
				return err
			}
		}
		return tx.InsertUser(ctx, apicred.User{
			Person: person, AccountID: accountID, Role: role, Status: apicred.UserActive, Generation: 1, JoinedAt: f.now, Version: 1,
		})
	})
}

// edit changes Ada's membership in an account.
func (f *fixture) edit(t *testing.T, accountID string, fn func(*apicred.User)) {
	t.Helper()
	f.change(t, func(ctx context.Context, tx lifecycle.Tx) error {
		user, err := tx.User(ctx, accountID, ada)
		if err != nil {
			return err
		}
		fn(&user)
		return tx.UpdateUser(ctx, user)
	})
}

// actions lists the audited acts, oldest first, with all that an event says.
func (f *fixture) events(t *testing.T) []apicred.AuditEvent {
	t.Helper()
	var events []apicred.AuditEvent
	err := f.store.Lifecycle().View(t.Context(), func(r lifecycle.Reader) error {
		var err error
		events, err = r.AuditEvents(t.Context(), lifecycle.AuditQuery{Limit: 200})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func (f *fixture) actions(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, e := range f.events(t) {
		out = append([]string{e.Action}, out...)
	}
	return out
}

func (f *fixture) adminLink(t *testing.T) login.IssuedLink {
	t.Helper()
	link, err := f.NewFirstAdminLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func operator() apicred.Actor { return apicred.Actor{Type: apicred.ActorOperator, Unlimited: true} }

func (f *fixture) signInLink(t *testing.T) login.IssuedLink {
	t.Helper()
	link, err := f.NewSignInLink(t.Context(), login.SignInLinkRequest{AccountID: operatorAccount, UserID: ada}, operator())
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func (f *fixture) signIn(t *testing.T) login.SessionToken {
	t.Helper()
	token, _, err := f.Consume(t.Context(), f.signInLink(t).Token, login.LinkForm{}, facts())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// signInTwice signs Ada in at two browsers, by a link that works again.
func (f *fixture) signInTwice(t *testing.T) (one, other login.SessionToken) {
	t.Helper()
	request := login.SignInLinkRequest{AccountID: operatorAccount, UserID: ada, Reusable: true}
	link, err := f.NewSignInLink(t.Context(), request, operator())
	for _, token := range []*login.SessionToken{&one, &other} {
		if err == nil {
			*token, _, err = f.Consume(t.Context(), link.Token, login.LinkForm{}, facts())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return one, other
}

func facts() login.RequestFacts {
	return login.RequestFacts{Address: "192.0.2.7", UserAgent: "Test\x1b[31m/1.0", RequestID: "request-1"}
}

func wantKind(t *testing.T, err error, kind apicred.Kind) {
	t.Helper()
	if !apicred.IsKind(err, kind) {
		t.Errorf("got error %v, want kind %s", err, kind)
	}
}

// failing is a source of randomness that has none.
func failing() io.Reader { return bytes.NewReader(nil) }
