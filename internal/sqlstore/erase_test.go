package sqlstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
)

// What is known of the person who is erased, and what of another who stays.
const (
	hersEmail   = "Greta.Planted@example.org"
	hersAddress = "198.51.100.77"
	otherEmail  = "otto.stays@example.org"
	otherPlace  = "203.0.113.5"
)

// planted are texts that nothing may hold afterwards.
func planted() []string {
	return []string{"greta.planted", "greta örn-planted", "greta as entered", hersAddress, "plantedbrowser", "sealed-of-greta"}
}

// leaver is a person with every trace that the store keeps, deactivated.
type leaver struct {
	id, client string
	accounts   []apicred.Account
}

func plant(t *testing.T, s *Store) leaver {
	t.Helper()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	l := leaver{id: uuid.NewString(), client: uuid.NewString()}
	for _, name := range []string{"One", "Two"} {
		l.accounts = append(l.accounts, apicred.Account{ID: uuid.NewString(), Name: name, APICredentialsEnabled: true, AccountLevelCredentials: apicred.AccountLevelOpen, CreatedAt: at, UpdatedAt: at, Version: 1})
	}
	first := l.accounts[0].ID
	ok(t, s.change(t.Context(), func(tx *tx) error {
		ctx, other := t.Context(), uuid.NewString()
		errs := []error{
			tx.InsertAccount(ctx, l.accounts[0]), tx.InsertAccount(ctx, l.accounts[1]),
			tx.InsertPerson(ctx, apicred.Person{ID: l.id, Email: hersEmail, Name: "Greta Örn-Planted", CreatedAt: at}),
			tx.InsertPerson(ctx, apicred.Person{ID: other, Email: otherEmail, Name: "Otto", CreatedAt: at}),
		}
		for i, a := range l.accounts {
			u := apicred.User{Person: apicred.Person{ID: l.id}, AccountID: a.ID, Role: apicred.RoleAgent, Status: apicred.UserDeactivated, Generation: 1, JoinedAt: at, LastSeenAt: at, Version: 1}
			if i == 1 {
				u.InvitedEmail, u.InvitedName = "GRETA.PLANTED@example.org", "Greta as entered"
			}
			errs = append(errs, tx.InsertUser(ctx, u))
		}
		errs = append(errs, tx.SetPassword(ctx, login.StoredPassword{UserID: l.id, Sealed: []byte("sealed-of-greta"), MasterKeyID: "m", ChangedAt: at}),
			tx.InsertSession(ctx, login.Session{ID: uuid.NewString(), Hash: []byte("h"), UserID: l.id, AccountID: first, CreatedAt: at, LastSeenAt: at, ExpiresAt: at, Address: hersAddress, UserAgent: "PlantedBrowser/1"}),
			tx.InsertLink(ctx, login.Link{Hash: []byte("l"), Kind: login.LinkSignIn, AccountID: first, UserID: l.id, CreatedAt: at, ExpiresAt: at, Reusable: true}),
			tx.InsertCredential(ctx, apicred.Credential{ClientID: l.client, AccountID: first, Name: "Nightly", Level: apicred.LevelUser, OwnerID: l.id, Suspension: apicred.SuspensionOwner,
				AuthenticationMethod: apicred.AuthenticationClientSecret, Generation: 1, Version: 1, CreatedAt: at, CreatedBy: l.id, UpdatedAt: at, LastUsedAt: at, LastUsedAddress: hersAddress}),
			tx.InsertSecret(ctx, apicred.Secret{ID: "s1", ClientID: l.client, Label: "blue", Hint: "x", Hash: bytes.Repeat([]byte{1}, 32), PepperID: "p", CreatedAt: at, LastUsedAt: at, LastUsedAddress: hersAddress}))
		for _, e := range []apicred.AuditEvent{
			{ActorID: l.id, Address: hersAddress, RequestID: "hers"},
			{ActorType: apicred.ActorSystem, TargetType: apicred.TargetCredential, TargetID: "somebody's", Address: hersAddress, RequestID: "hers"},
			{ActorType: apicred.ActorCredential, ActorID: l.client, ActingAs: l.id, Address: hersAddress},
			{ActorID: other, TargetType: apicred.TargetUser, TargetID: l.id, Address: hersAddress},
			{ActorID: other, Address: otherPlace, RequestID: "other's"},
			{ActorType: apicred.ActorSystem, Address: otherPlace, RequestID: "other's"},
			{ActorType: apicred.ActorSystem, Address: otherPlace},
		} {
			e.EventID, e.At, e.Action, e.Outcome, e.AccountID = uuid.NewString(), at, "x", apicred.OutcomeDone, first
			errs = append(errs, tx.Record(ctx, e))
		}
		return errors.Join(errs...)
	}))
	return l
}

// dump is every value of every column of every table, folded.
func dump(t *testing.T, s *Store) string {
	t.Helper()
	tables := "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	if s.engine.dialect == goose.DialectSQLite3 {
		tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	var all strings.Builder
	for _, table := range textsFrom(t, s, tables) {
		rows, err := s.readers.QueryContext(t.Context(), `SELECT * FROM "`+table+`"`)
		ok(t, err)
		columns, err := rows.Columns()
		ok(t, err)
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			ok(t, rows.Scan(into...))
			for i, column := range columns {
				if b, binary := values[i].([]byte); binary {
					values[i] = string(b)
				}
				fmt.Fprintf(&all, "%s.%s=%v\n", table, column, values[i])
			}
		}
		ok(t, errors.Join(rows.Err(), rows.Close()))
	}
	return apicred.FoldText(all.String())
}

func wantNone(t *testing.T, where, text string) {
	t.Helper()
	for _, p := range planted() {
		if at := strings.Index(text, p); at >= 0 {
			t.Errorf("%s: %q is there still: %q", where, p, text[max(0, at-60):min(len(text), at+60)])
		}
	}
}

func erase(t *testing.T, s *Store, who string) (lifecycle.Erasure, error) {
	t.Helper()
	service := lifecycle.New(lifecycle.Options{Store: s.Lifecycle(), Clock: time.Now, Random: rand.Reader, ManagementAudience: "urn:x"})
	return service.EraseUser(t.Context(), apicred.Actor{Type: apicred.ActorOperator, Unlimited: true}, who)
}

// R14: what is known of a person is in no table afterwards, wherever it stood,
// and everything else is as it was.
func TestErasure_LeavesNoTraceInAnyColumn(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		l := plant(t, s)
		before := dump(t, s)
		for _, p := range planted() {
			if !strings.Contains(before, p) {
				t.Fatalf("%q was not planted", p)
			}
		}
		e, err := erase(t, s, "greta.planted@EXAMPLE.org")
		ok(t, err)
		if e.UserID != l.id || e.Again || e.Accounts != 2 || e.Credentials != 1 || e.Labels != 1 || e.Addresses != 4 {
			t.Errorf("the report: %+v", e)
		}
		after := dump(t, s)
		wantNone(t, "the tables", after)
		if n := strings.Count(after, "address="+otherPlace); n != 3 {
			t.Errorf("%d of 3 addresses of another one stay", n)
		}
		for _, stays := range []string{otherEmail, otherPlace, "credentials.name=nightly", "secrets.label=blue", "action=user.erase"} {
			if !strings.Contains(after, stays) {
				t.Errorf("%q is gone", stays)
			}
		}
		eraseAgain(t, s, &l, e)
	})
}

// eraseAgain: what was counted before and is written after brings nothing back,
// the log is proven, and the second time says when the first was.
func eraseAgain(t *testing.T, s *Store, l *leaver, first lifecycle.Erasure) {
	t.Helper()
	ctx := t.Context()
	at := time.Now()
	ok(t, s.AccessToken().AddUsage(ctx, apicred.BatchID{}, accesstoken.UsageBatch{Uses: []accesstoken.SecretUse{{ClientID: l.client, SecretID: "s1", At: at, Address: hersAddress}}}))
	ok(t, s.Lifecycle().RecordOnce(ctx, apicred.BatchID{}, []apicred.AuditEvent{
		{EventID: "late", At: at, ActorType: apicred.ActorUser, ActorID: l.id, Action: "credential.list", Outcome: apicred.OutcomeRefused, Address: hersAddress},
		{EventID: "others", At: at, ActorType: apicred.ActorUser, ActorID: "somebody", Action: "credential.list", Outcome: apicred.OutcomeRefused, Address: "192.0.2.200"},
	}))
	ok(t, s.AccessToken().RevokeToken(ctx, accesstoken.RevokedToken{JTI: "j", AccountID: l.accounts[0].ID, ClientID: l.client, ExpiresAt: at, RevokedAt: at}, apicred.AuditEvent{
		EventID: "revoked", At: at, ActorType: apicred.ActorCredential, ActorID: l.client, ActingAs: l.id, Action: "token.revoke", Outcome: apicred.OutcomeDone, Address: hersAddress,
	}))
	text := dump(t, s)
	wantNone(t, "what came late", text)
	if !strings.Contains(text, "192.0.2.200") {
		t.Error("another one's address was not recorded")
	}
	report, err := audit.NewNotary(s.Audit(), keyring.NewMaster([keyring.MasterKeySize]byte{1}), time.Now, slog.New(slog.DiscardHandler)).Verify(ctx, nil)
	ok(t, err)
	e, err := erase(t, s, l.id)
	ok(t, err)
	if !e.Again || !e.At.Equal(first.At) {
		t.Errorf("the second time: %+v, the first %+v", e, first)
	}
	if head, err := s.AccessToken().Head(ctx); err != nil || head.Sequence != report.LastSequence {
		t.Errorf("the second time is an event: %d, %v", head.Sequence, err)
	}
	if _, err := erase(t, s, hersEmail); !apicred.IsKind(err, apicred.KindNotFound) {
		t.Errorf("by the e-mail address that was: %v", err)
	}
}

// A use that is written while the person is erased waits, and then knows of it.
func TestErasure_WhileAUseIsWrittenLeavesNoAddress(t *testing.T) {
	s := newPostgresDatabases(t).open(t)
	l, ctx, done := plant(t, s), t.Context(), make(chan error, attempts)
	use := accesstoken.SecretUse{ClientID: l.client, SecretID: "s1", At: time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC), Address: hersAddress}
	ok(t, s.change(ctx, func(tx *tx) error {
		if _, err := tx.ErasePerson(ctx, l.id, use.At); err != nil {
			return err
		}
		go func() {
			done <- s.AccessToken().AddUsage(ctx, apicred.BatchID{}, accesstoken.UsageBatch{Uses: []accesstoken.SecretUse{use}})
		}()
		for waiting := 0; waiting == 0; {
			const waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND wait_event_type = 'Lock'"
			if err := s.readers.QueryRowContext(ctx, waits).Scan(&waiting); err != nil {
				return err
			}
		}
		return nil
	}))
	ok(t, <-done)
	text := dump(t, s)
	wantNone(t, "what was written meanwhile", text)
	if want := fmt.Sprint("credentials.last_used_at=", use.At.UnixMicro()); !strings.Contains(text, want) {
		t.Errorf("the use was not written: no %s", want)
	}
}

// Two people who were erased are two still, and the address may be anybody's.
func TestErasure_FreesTheAddressForSomebodyNew(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		l := plant(t, s)
		for range 2 {
			_, err := erase(t, s, hersEmail)
			ok(t, err)
			id := uuid.NewString()
			ok(t, s.change(t.Context(), func(tx *tx) error {
				return tx.InsertPerson(t.Context(), apicred.Person{ID: id, Email: hersEmail, CreatedAt: time.Now()})
			}))
			p, err := newReader(s.readers).PersonByEmail(t.Context(), hersEmail)
			if err != nil || p.ID != id || !p.ErasedAt.IsZero() {
				t.Errorf("somebody new: %+v %v", p, err)
			}
		}
		p, err := newReader(s.readers).Person(t.Context(), l.id)
		if err != nil || p.Email != "" || p.Name != "" || p.ErasedAt.IsZero() {
			t.Errorf("who was erased: %+v %v", p, err)
		}
	})
}

func TestErasure_OfWhoIsActiveSomewhereChangesNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		l := plant(t, s)
		sqlOn(t, s, "UPDATE users SET status = 'active' WHERE account_id = $1", l.accounts[1].ID)
		before := dump(t, s)
		_, err := erase(t, s, hersEmail)
		if !apicred.IsKind(err, apicred.KindConflict) || !strings.Contains(err.Error(), "--status deactivated --account") || !strings.Contains(err.Error(), "Two") || strings.Contains(err.Error(), "One") {
			t.Errorf("the refusal: %v", err)
		}
		if dump(t, s) != before {
			t.Error("something changed")
		}
	})
}

// On SQLite, what was deleted is in no page of the file and not in the WAL, also
// of rows that were deleted earlier, while others have the file open.
func TestRewrite_LeavesNothingOfWhatWasDeletedInTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "claviger.db")
	server := openMigrated(t, "sqlite:"+path)
	plant(t, server)
	sqlOn(t, server, "DELETE FROM sessions")
	s, err := Open(t.Context(), Options{URL: "sqlite:" + path})
	ok(t, err)
	if !strings.Contains(apicred.FoldText(filesAt(t, path)), "plantedbrowser") {
		t.Fatal("it could not fail: what was deleted is not in the files before")
	}
	_, err = erase(t, s, hersEmail)
	ok(t, errors.Join(err, s.Rewrite(t.Context())))
	wantNone(t, "the files beside a server", apicred.FoldText(filesAt(t, path)))
	ok(t, s.Close())
	wantNone(t, "the files", apicred.FoldText(filesAt(t, path)))
	var people int
	ok(t, server.readers.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM persons").Scan(&people))
	if people != 2 {
		t.Errorf("%d people", people)
	}
}

func TestRewrite_SaysThatTheFileIsReadAllTheTime(t *testing.T) {
	s := openSQLiteFile(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	reading, err := s.readers.BeginTx(ctx, s.engine.view)
	ok(t, err)
	defer func() { _ = reading.Rollback() }()
	var n int
	ok(t, reading.QueryRowContext(ctx, "SELECT COUNT(*) FROM persons").Scan(&n))
	sqlOn(t, s, "PRAGMA busy_timeout = 1")
	if err := s.Rewrite(ctx); !errors.Is(err, errReadersStay) {
		t.Errorf("got %v", err)
	}
}

// filesAt is what a database is on the disk.
func filesAt(t *testing.T, path string) string {
	t.Helper()
	var all strings.Builder
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return strings.ToValidUTF8(all.String(), "?")
}
