package desk_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/examples"
	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/desk"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/sqlstore"
	"github.com/claviger/claviger/internal/testserver"
)

const issuer = "https://credentials.example.com"

// bench is a desk on a database of its own.
type bench struct {
	*desk.Desk
	store *sqlstore.Store
	log   *lockedBuffer
	// before, when set, comes before every change of the use cases.
	before func() error
	// alter, when set, changes what is read of the audit log.
	alter func(*audit.Entry)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	ctx := t.Context()
	store := testserver.NewStore(t)

	b := &bench{store: store, log: &lockedBuffer{}}
	logger := slog.New(slog.NewTextHandler(b.log, nil))
	master := keyring.NewMaster([keyring.MasterKeySize]byte{1})
	ring, err := keyring.Open(ctx, keyring.Options{Store: store.Keyring(), Master: master, Clock: time.Now})
	check(t, err)
	directory := accesstoken.NewDirectory(store.AccessToken(), master.Hasher(), accesstoken.Options{Issuer: issuer})
	b.Desk = desk.New(desk.Deps{
		Lifecycle: lifecycle.New(lifecycle.Options{
			Store: failing{store.Lifecycle(), b}, Hasher: master.Hasher(), Sealer: master, Keys: ring,
			Clock: time.Now, Random: rand.Reader, ManagementAudience: accesstoken.ManagementAudience(issuer),
			Changed: func(ctx context.Context) {
				if err := directory.CatchUp(ctx); err != nil {
					t.Error(err)
				}
			},
		}),
		Login: login.New(login.Options{
			Store: store.Login(), Clock: time.Now, Random: rand.Reader, Sealer: master, Logger: logger, PasswordSignIn: true,
		}),
		Tokens: accesstoken.NewIssuer(directory, ring),
		Notary: audit.NewNotary(altered{store.Audit(), b}, master, time.Now, logger), Issuer: issuer,
		LinkURL: func(token login.LinkToken) string { return issuer + "/link/" + token.Reveal() },
		Clock:   time.Now, Ready: directory.Ready, Logger: logger,
	})
	return b
}

// failing is a store whose changes wait or fail while the bench says so.
type failing struct {
	lifecycle.Store
	bench *bench
}

func (f failing) Change(ctx context.Context, fn func(lifecycle.Tx) error) error {
	if f.bench.before != nil {
		if err := f.bench.before(); err != nil {
			return err
		}
	}
	return f.Store.Change(ctx, fn)
}

// altered is an audit log somebody changed.
type altered struct {
	audit.Store
	bench *bench
}

func (a altered) Chain(ctx context.Context, begin func(*audit.Base) error, entry func(audit.Entry) error) (audit.Head, error) {
	return a.Store.Chain(ctx, begin, func(e audit.Entry) error {
		if a.bench.alter != nil {
			a.bench.alter(&e)
		}
		return entry(e)
	})
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// overSocket serves the bench on a socket and returns the way to it.
func overSocket(t *testing.T, b *bench) *desk.Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), desk.SocketName)
	l, err := desk.Listen(t.Context(), path)
	check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- b.Serve(ctx, l) }()
	client, ok := desk.Dial(t.Context(), path)
	if !ok {
		t.Fatal("nobody answers on a served socket")
	}
	t.Cleanup(func() {
		client.Close()
		stop()
		if err := <-served; err != nil {
			t.Errorf("Serve ended with %v", err)
		}
	})
	return client
}

// bothWays runs a test on the desk itself and through the socket.
func bothWays(t *testing.T, test func(t *testing.T, b *bench, operator desk.Operator)) {
	t.Helper()
	t.Run("direct", func(t *testing.T) {
		b := newBench(t)
		test(t, b, b.Desk)
	})
	t.Run("socket", func(t *testing.T) {
		b := newBench(t)
		test(t, b, overSocket(t, b))
	})
}

func newUser(t *testing.T, operator desk.Operator, email string, role apicred.Role) desk.CreatedUser {
	t.Helper()
	created, err := operator.CreateUser(t.Context(), desk.NewUser{Email: email, Role: role})
	check(t, err)
	return created
}

func ref(user string) desk.UserRef { return desk.UserRef{User: user} }

func TestCreateUser_MakesTheOperatorAccountFirst(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		created := newUser(t, operator, "ada@example.com", apicred.RoleAdmin)
		accounts, err := operator.Accounts(t.Context())
		check(t, err)
		if len(accounts) != 1 || accounts[0].Name != "default" || !accounts[0].Operator {
			t.Fatalf("accounts = %+v, want the operator account alone", accounts)
		}
		users, err := operator.Users(t.Context(), desk.AccountRef{})
		check(t, err)
		if diff := cmp.Diff([]desk.User{created.User}, users); diff != "" {
			t.Errorf("users (-created +listed):\n%s", diff)
		}
	})
}

func TestCreateAccount_IsNeverTheOperatorAccount(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		account, err := operator.CreateAccount(t.Context(), desk.NewAccount{Name: "Harbour Line"})
		check(t, err)
		if account.Operator {
			t.Error("the first account that was asked for by name became the operator account")
		}
	})
}

func TestEditAccount_ChangesWhatIsGivenAlone(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		before, err := operator.CreateAccount(t.Context(), desk.NewAccount{Name: "Harbour Line"})
		check(t, err)
		off, lifetime := false, 30*time.Minute
		after, err := operator.EditAccount(t.Context(), desk.AccountEdit{
			AccountRef: desk.AccountRef{Account: "Harbour Line"}, APICredentialsEnabled: &off, MaxTokenLifetime: &lifetime,
		})
		check(t, err)
		want := before
		want.APICredentialsEnabled, want.MaxTokenLifetimeSeconds, want.Version = false, 1800, 2
		if diff := cmp.Diff(want, after); diff != "" {
			t.Errorf("account (-want +got):\n%s", diff)
		}
	})
}

func TestEditUser_ChangesRoleAndStatus(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		created := newUser(t, operator, "grace@example.com", apicred.RoleSupervisor)
		role, status := apicred.RoleAgent, apicred.UserDeactivated
		after, err := operator.EditUser(t.Context(), desk.UserEdit{UserRef: ref("GRACE@example.com"), Role: &role, Status: &status})
		check(t, err)
		want := created.User
		want.Role, want.Status = role, status
		if diff := cmp.Diff(want, after); diff != "" {
			t.Errorf("user (-want +got):\n%s", diff)
		}
	})
}

func TestSetUpLink_IsAnotherEachTimeAndLivesADay(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		first := newUser(t, operator, "ada@example.com", apicred.RoleAdmin).SetUpLink
		second, err := operator.SetUpLink(t.Context(), ref("ada@example.com"))
		check(t, err)
		if !strings.HasPrefix(second.URL.Reveal(), issuer+"/link/") || second.URL.Reveal() == first.URL.Reveal() {
			t.Error("the second link is not a new link of this issuer")
		}
		if left := time.Until(second.ExpiresAt); left < 23*time.Hour || left > 24*time.Hour {
			t.Errorf("the link lives %v, want 24h", left)
		}
	})
}

func TestCatalogue_ExportsWhatWasApplied(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		applied, err := operator.ApplyCatalogue(t.Context(), desk.CatalogueDocument{Text: examples.VCC})
		check(t, err)
		if want := (desk.CatalogueState{Version: 1, Changed: true, APIs: 10, Scopes: 10}); applied != want {
			t.Errorf("applied = %+v, want %+v", applied, want)
		}
		exported, err := operator.ExportCatalogue(t.Context())
		check(t, err)
		again, err := operator.ApplyCatalogue(t.Context(), exported)
		check(t, err)
		if again.Changed {
			t.Error("applying what was exported changed the catalogue")
		}
	})
}

func TestCatalogue_IsComparedWithAFile(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		_, err := operator.ApplyCatalogue(t.Context(), desk.CatalogueDocument{Text: examples.VCC})
		check(t, err)
		same, err := operator.DiffCatalogue(t.Context(), desk.CatalogueDocument{Text: examples.VCC})
		check(t, err)
		if !same.Same || !same.Empty() || same.Version != 1 || same.Refusal != "" {
			t.Errorf("compared with itself: %+v", same)
		}
		other := `{apis: [{id: a, audience: "urn:a", routes: [{methods: [get], path: /x, scopes: [x]}]}], scopes: [{value: x, description: X, api: a}]}`
		differs, err := operator.DiffCatalogue(t.Context(), desk.CatalogueDocument{Text: []byte(other)})
		check(t, err)
		if differs.Same || len(differs.APIs) != 11 || len(differs.Scopes) != 11 || differs.APIs[0].Change != apicred.EntryAdded {
			t.Errorf("compared with another: %+v", differs)
		}
		_, err = operator.DiffCatalogue(t.Context(), desk.CatalogueDocument{Text: []byte("apis: [{id: A}]")})
		if e := apicred.AsError(err); e.Kind != apicred.KindInvalid || len(e.Fields) == 0 {
			t.Errorf("a file with faults: %v", err)
		}
	})
}

func TestErrors_KeepKindCodeMessageAndFields(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		newUser(t, operator, "ada@example.com", apicred.RoleSupervisor)
		text := `{apis: [{id: A}], scopes: [{value: "x y", api: zz}]}`
		_, err := operator.ApplyCatalogue(t.Context(), desk.CatalogueDocument{Text: []byte(text)})
		document, decodeErr := lifecycle.DecodeCatalogue([]byte(text))
		check(t, decodeErr)
		_, want := document.Normalize()
		sameError(t, err, apicred.AsError(want))

		_, err = operator.MintToken(t.Context(), desk.TokenRequest{UserRef: ref("ada@example.com"), Scopes: []string{"claviger:feed"}, TTL: time.Hour})
		if e := apicred.AsError(err); e.Kind != apicred.KindForbidden || e.WireCode() != apicred.CodeScopeNotGrantable {
			t.Errorf("error = %+v, want scope_not_grantable", e)
		}
		_, err = operator.Users(t.Context(), desk.AccountRef{Account: "nobody's"})
		if !apicred.IsKind(err, apicred.KindNotFound) || !strings.Contains(err.Error(), "claviger account list") {
			t.Errorf("error = %v, want not_found with the remedy", err)
		}
	})
}

func sameError(t *testing.T, got error, want *apicred.Error) {
	t.Helper()
	e := apicred.AsError(got)
	type visible struct {
		Kind          apicred.Kind
		Code, Message string
		Fields        []apicred.FieldError
	}
	if diff := cmp.Diff(visible{want.Kind, want.Code, want.Message, want.Fields}, visible{e.Kind, e.Code, e.Message, e.Fields}); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestErrors_LeaveTheirCauseInTheServersLog(t *testing.T) {
	b := newBench(t)
	client := overSocket(t, b)
	b.before = func() error { return apicred.Internal(errors.New("the disk said EIO")) }
	_, err := client.CreateAccount(t.Context(), desk.NewAccount{Name: "Harbour Line"})
	e := apicred.AsError(err)
	if e.Kind != apicred.KindInternal || strings.Contains(e.Message, "EIO") || e.Unwrap() != nil {
		t.Errorf("error = %+v, want an internal one without the cause", e)
	}
	_, id, _ := strings.Cut(strings.TrimSuffix(e.Message, "."), "under request ")
	if log := b.log.String(); id == "" || !strings.Contains(log, id) || !strings.Contains(log, "EIO") {
		t.Errorf("the log does not have the cause under the request that the error names (%q):\n%s", e.Message, log)
	}
}

func TestAuditEvents_AreOfEveryAccountOrOfOne(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		ctx := t.Context()
		newUser(t, operator, "ada@example.com", apicred.RoleAdmin)
		harbour, err := operator.CreateAccount(ctx, desk.NewAccount{Name: "harbour"})
		check(t, err)
		all, err := operator.AuditEvents(ctx, desk.AuditQuery{})
		check(t, err)
		one, err := operator.AuditEvents(ctx, desk.AuditQuery{Account: "harbour"})
		check(t, err)
		if len(all.Events) < 3 || len(one.Events) != 1 {
			t.Fatalf("got %d events, %d of one account", len(all.Events), len(one.Events))
		}
		e := one.Events[0]
		if e.AccountID != harbour.AccountID || e.Action != "account.create" || e.Target.Name != "harbour" || e.Actor.Type != apicred.ActorOperator || len(e.After) == 0 {
			t.Errorf("got %+v", e)
		}
		first, err := operator.AuditEvents(ctx, desk.AuditQuery{PageSize: 1})
		check(t, err)
		second, err := operator.AuditEvents(ctx, desk.AuditQuery{PageSize: 1, PageToken: first.NextPageToken})
		check(t, err)
		if diff := cmp.Diff(all.Events[:2], append(first.Events, second.Events...)); diff != "" {
			t.Error(diff)
		}
		later, err := operator.AuditEvents(ctx, desk.AuditQuery{From: time.Now().Add(time.Hour)})
		check(t, err)
		if len(later.Events) != 0 {
			t.Errorf("%d events of the future", len(later.Events))
		}
		_, err = operator.AuditEvents(ctx, desk.AuditQuery{Account: "nowhere"})
		if !apicred.IsKind(err, apicred.KindNotFound) {
			t.Errorf("an absent account: got %v, want not_found", err)
		}
		_, err = operator.AuditEvents(ctx, desk.AuditQuery{PageToken: "x"})
		if !apicred.IsKind(err, apicred.KindInvalid) {
			t.Errorf("a bad page token: got %v, want invalid", err)
		}
	})
}

func TestVerifyAudit_ReportsWhatHoldsAndWhatDoesNot(t *testing.T) {
	bothWays(t, func(t *testing.T, b *bench, operator desk.Operator) {
		newUser(t, operator, "ada@example.com", apicred.RoleAdmin)
		whole, err := operator.VerifyAudit(t.Context(), desk.AuditVerification{})
		check(t, err)
		if whole.Fault != nil || whole.Events < 3 || whole.LastSequence != whole.Events || whole.LastAt == nil || len(whole.LastHash) != 64 {
			t.Errorf("report = %+v, want a whole chain", whole)
		}
		b.alter = func(e *audit.Entry) {
			if e.Event.Sequence == 2 {
				e.Event.Action = "nothing.happened"
			}
		}
		broken, err := operator.VerifyAudit(t.Context(), desk.AuditVerification{})
		check(t, err)
		if broken.Fault == nil || broken.Fault.Sequence != 2 || broken.Fault.Problem != audit.ProblemChanged || broken.Events != 1 {
			t.Errorf("report = %+v, want event 2 changed", broken)
		}
	})
}

func TestSecrets_CannotBePrintedOrEncoded(t *testing.T) {
	b := newBench(t)
	created := newUser(t, b.Desk, "ada@example.com", apicred.RoleAdmin)
	token, err := b.MintToken(t.Context(), desk.TokenRequest{UserRef: ref("ada@example.com"), TTL: time.Hour})
	check(t, err)
	encoded, err := json.Marshal([]any{created, token})
	check(t, err)
	text, err := created.SetUpLink.URL.MarshalText()
	check(t, err)
	shown := fmt.Sprintf("%v %+v %#v %s %q %x", created, token, created, token, created, token) + string(encoded) + string(text) +
		created.SetUpLink.URL.String() + token.AccessToken.GoString() + token.AccessToken.LogValue().String() + b.log.String()
	for _, secret := range []string{created.SetUpLink.URL.Reveal(), token.AccessToken.Reveal()} {
		if strings.Contains(shown, secret) {
			t.Error("a secret can be printed or encoded")
		}
	}
}

func TestStatus_NamesTheServer(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		status, err := operator.Status(t.Context())
		check(t, err)
		if status.Issuer != issuer || status.ProcessID == 0 {
			t.Errorf("status = %+v", status)
		}
	})
}
