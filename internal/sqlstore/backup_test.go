package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
)

var errRule = errors.New("the rule said no")

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (%v)", err, apicred.AsError(err).Unwrap())
	}
}

// eventOf is an event with every member, personal data too.
func eventOf(id string) apicred.AuditEvent {
	return apicred.AuditEvent{
		EventID: id, At: time.Now(), AccountID: "a", ActorType: apicred.ActorOperator, Action: "test.write", TargetType: apicred.TargetAccount,
		TargetID: "a", Outcome: apicred.OutcomeDone, Count: 1, Address: "192.0.2.7", After: []byte(`{"x":"ä"}`),
	}
}

// fillForBackup puts rows into every kind of table: texts beyond ASCII, blobs,
// NULLs, references.
func fillForBackup(t *testing.T, s *Store) {
	t.Helper()
	ctx, now := t.Context(), time.Now().UTC().Truncate(time.Microsecond)
	user := apicred.User{
		Person: apicred.Person{ID: "u", Email: "ada@example.com", Name: "Ada Örn", CreatedAt: now}, AccountID: "a",
		Role: apicred.RoleAdmin, Status: apicred.UserActive, Generation: 3, JoinedAt: now, Version: 1,
	}
	ok(t, s.Lifecycle().Change(ctx, func(tx lifecycle.Tx) error {
		err := errors.Join(
			tx.InsertAccount(ctx, apicred.Account{ID: "a", Name: "Acme", Operator: true, AccountLevelCredentials: apicred.AccountLevelOpen, CreatedAt: now, Version: 1}),
			tx.InsertPerson(ctx, user.Person), tx.InsertUser(ctx, user),
			tx.SaveCatalogue(ctx, apicred.Catalogue{Scopes: []apicred.Scope{{Value: "x", API: "x"}}}, 0),
		)
		for i := range 900 { // several statements' worth
			c := apicred.Credential{
				ClientID: fmt.Sprintf("c%04d", i), AccountID: "a", Name: "Nightly “export”", Level: apicred.LevelAccount, Scopes: []string{"x"},
				AuthenticationMethod: apicred.AuthenticationClientSecret, Generation: int64(i), Version: 1, CreatedAt: now, UpdatedAt: now,
			}
			if i%2 == 0 {
				c.Level, c.OwnerID = apicred.LevelUser, "u"
			}
			err = errors.Join(err, tx.InsertCredential(ctx, c), tx.InsertSecret(ctx, apicred.Secret{
				ID: "s", ClientID: c.ClientID, Hint: "abcd", Hash: []byte{0, 255, byte(i)}, PepperID: "p", CreatedAt: now,
			}))
		}
		return errors.Join(err, tx.Record(ctx, eventOf("one")))
	}))
	ok(t, s.Login().ChangeLogin(ctx, func(tx login.Tx) error {
		return errors.Join(
			tx.InsertLink(ctx, login.Link{Hash: []byte{1}, Kind: login.LinkSetUp, AccountID: "a", UserID: "u", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}),
			tx.InsertSession(ctx, login.Session{ID: "x", Hash: []byte{2}, UserID: "u", AccountID: "a", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}),
			tx.Record(ctx, eventOf("two")),
		)
	}))
	ok(t, s.Lifecycle().PutUsageMark(ctx, lifecycle.UsageMark{Process: "p", Through: now}))
	ok(t, s.Keyring().ChangeSigningKeys(ctx, func(tx keyring.Tx) error {
		return tx.InsertSigningKey(ctx, apicred.SigningKey{KID: "k", Algorithm: "ES256", Status: apicred.SigningKeyActive, PublicJWK: []byte("{}"), Sealed: []byte{0, 1}, MasterKeyID: "m", CreatedAt: now})
	}))
}

// content is every row of every table, the columns in alphabetical order.
func content(t *testing.T, s *Store) map[string][]string {
	t.Helper()
	reference := openSQLiteFile(t)
	tables, err := sqliteTables(t.Context(), reference.readers)
	ok(t, err)
	out := map[string][]string{}
	for _, table := range tables {
		rows, err := s.readers.QueryContext(t.Context(), "SELECT "+table.columnList()+" FROM "+table.name+" ORDER BY 1, 2") //nolint:gosec // G202: names of our own schema
		ok(t, err)
		for rows.Next() {
			values, err := table.scan(rows, nil)
			ok(t, err)
			out[table.name] = append(out[table.name], fmt.Sprintf("%v", values))
		}
		ok(t, errors.Join(rows.Err(), rows.Close()))
	}
	return out
}

func backupOf(t *testing.T, s *Store) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.db")
	ok(t, os.WriteFile(path, nil, 0o600))
	ok(t, s.WriteBackup(t.Context(), path, BackupNote{TakenAt: time.Now(), Release: "v0"}))
	info, err := os.Stat(path)
	ok(t, err)
	entries, err := os.ReadDir(filepath.Dir(path))
	ok(t, err)
	if info.Mode().Perm() != 0o600 || len(entries) != 1 {
		t.Errorf("mode %v and %d files, want one with 0600", info.Mode(), len(entries))
	}
	b, err := OpenBackup(t.Context(), path)
	ok(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestBackup_OfEitherEngineRestoresIntoEither(t *testing.T) {
	databases := newPostgresDatabases(t)
	engines := map[string]func() *Store{
		"sqlite":   func() *Store { return openSQLiteFile(t) },
		"postgres": func() *Store { return databases.open(t) },
	}
	for from, source := range engines {
		for to, target := range engines {
			t.Run(from+" into "+to, func(t *testing.T) {
				a, b := source(), target()
				fillForBackup(t, a)
				want := content(t, a)
				backup := backupOf(t, a)
				ok(t, backup.CheckBackup(t.Context()))
				note, err := backup.Note(t.Context())
				ok(t, err)
				if note.TakenAt.IsZero() || note.Release != "v0" {
					t.Errorf("note = %+v", note)
				}
				ok(t, b.Restore(t.Context(), backup, RestoreOptions{}, func(lifecycle.RestoreTx) error { return nil }))
				got := content(t, b)
				for _, table := range leftBehind(RestoreOptions{}) {
					if table != "installation" && (len(want[table]) == 0 || len(got[table]) > 0) {
						t.Errorf("%s: %d rows became %d, want none", table, len(want[table]), len(got[table]))
					}
					if table == "installation" && got[table][0] == want[table][0] {
						t.Error("the epoch is the old one: followers would go on from another history")
					}
					delete(want, table)
					delete(got, table)
				}
				if len(want["credential_words"]) == 0 || len(want["audit_personal"]) != 2 {
					t.Errorf("too little was copied to prove anything")
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("what came back differs (-was +is):\n%s", diff)
				}
				if report, err := audit.Verify(t.Context(), b.Audit(), audit.Expected{}); err != nil || report.Events != 2 {
					t.Errorf("audit: %+v, %v", report, err)
				}
			})
		}
	}
}

func TestBackup_IsOneMomentWhileOthersWrite(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		fillForBackup(t, s)
		ctx, stop := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		written := make(chan struct{}, 1000)
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if s.Lifecycle().Change(ctx, func(tx lifecycle.Tx) error { return tx.Record(ctx, eventOf(fmt.Sprint("e", i))) }) == nil && len(written) < cap(written) {
					written <- struct{}{}
				}
			}
		})
		<-written
		before, err := s.AccessToken().Head(t.Context())
		ok(t, err)
		backup := backupOf(t, s)
		<-written
		stop()
		writers.Wait()
		report, err := audit.Verify(t.Context(), backup.Audit(), audit.Expected{})
		if err != nil || report.Events < before.Sequence {
			t.Errorf("the backup's chain: %d events of at least %d, %v", report.Events, before.Sequence, err)
		}
	})
}

func TestRestore_FillsAnEmptyDatabaseOrNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		from := openSQLiteFile(t)
		fillForBackup(t, from)
		backup := backupOf(t, from)
		empty := content(t, s)
		err := s.Restore(t.Context(), backup, RestoreOptions{}, func(tx lifecycle.RestoreTx) error {
			return errors.Join(tx.Record(t.Context(), eventOf("three")), errRule)
		})
		if !errors.Is(err, errRule) {
			t.Errorf("got %v, want the rule's own error", err)
		}
		if diff := cmp.Diff(empty, content(t, s)); diff != "" {
			t.Errorf("half a restore is there:\n%s", diff)
		}
		ok(t, s.Restore(t.Context(), backup, RestoreOptions{DropSigningKeys: true}, func(tx lifecycle.RestoreTx) error {
			if err := tx.SuspendRestored(t.Context(), 100, time.Now()); err != nil {
				return err
			}
			if err := tx.RaiseUserGenerations(t.Context(), 100); err != nil {
				return err
			}
			counts, err := tx.CountCredentialsByAccount(t.Context())
			if counts["a"] != 900 {
				t.Errorf("counts = %v", counts)
			}
			return errors.Join(err, tx.Record(t.Context(), eventOf("three")))
		}))
		rows := textsFrom(t, s, "SELECT client_id FROM credentials WHERE suspension = 'restored' AND generation = CASE WHEN client_id < 'c0100' THEN 100 ELSE CAST(SUBSTR(client_id, 2) AS BIGINT) + 1 END AND version = 2")
		if len(rows) != 900 {
			t.Errorf("%d of 900 credentials are suspended with a generation above what it was", len(rows))
		}
		if got := textsFrom(t, s, "SELECT kid FROM signing_keys"); len(got) != 0 {
			t.Errorf("signing keys came back: %v", got)
		}
		if report, err := audit.Verify(t.Context(), s.Audit(), audit.Expected{}); err != nil || report.Events != 3 {
			t.Errorf("audit: %+v, %v", report, err)
		}
		err = s.Restore(t.Context(), backup, RestoreOptions{}, func(lifecycle.RestoreTx) error { return nil })
		if !apicred.IsKind(err, apicred.KindConflict) || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("a second restore: %v", err)
		}
	})
}

func TestCheckBackup_FindsDamageAndDanglingRows(t *testing.T) {
	from := openSQLiteFile(t)
	fillForBackup(t, from)
	dangling := backupOf(t, from)
	conn, err := dangling.writer.Conn(t.Context())
	ok(t, err)
	for _, statement := range []string{"PRAGMA foreign_keys = 0", "DELETE FROM accounts", "PRAGMA foreign_keys = 1"} {
		_, err := conn.ExecContext(t.Context(), statement)
		ok(t, err)
	}
	ok(t, conn.Close())
	if err := dangling.CheckBackup(t.Context()); err == nil {
		t.Error("rows that refer to nothing were taken")
	}

	path := filepath.Join(t.TempDir(), "backup.db")
	ok(t, os.WriteFile(path, nil, 0o600))
	ok(t, from.WriteBackup(t.Context(), path, BackupNote{}))
	whole, err := os.ReadFile(path)
	ok(t, err)
	for i := len(whole) / 2; i < len(whole)/2+8192; i++ {
		whole[i] ^= 0xff
	}
	ok(t, os.WriteFile(path, whole, 0o600))
	b, err := OpenBackup(t.Context(), path)
	if err == nil {
		err = b.CheckBackup(t.Context())
		_ = b.Close()
	}
	if err == nil {
		t.Error("a damaged page was taken")
	}
}

func TestExamine_SeesTheEndOfTheAuditLogAndTheSchema(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		fillForBackup(t, s)
		e, err := s.Examine(t.Context())
		ok(t, err)
		if e.Schema != e.KnownSchema || e.Schema == 0 || e.Damage != "" || !e.HeadHolds || e.Sequence != 2 || e.LastEvent.IsZero() || e.ClockSkew.Abs() > time.Second {
			t.Errorf("examination = %+v", e)
		}
		sqlOn(t, s, "UPDATE audit_head SET sequence = 1")
		if e, err = s.Examine(t.Context()); err != nil || e.HeadHolds {
			t.Errorf("a head row set back: %+v, %v", e, err)
		}
	})
}
