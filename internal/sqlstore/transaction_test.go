package sqlstore

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/lifecycle"
)

func wantKind(t *testing.T, err error, kind apicred.Kind) {
	t.Helper()
	if !apicred.IsKind(err, kind) {
		t.Errorf("got %v (%v), want %s", err, errors.Unwrap(err), kind)
	}
}

// wantEvents demands a chain that verifies and has n events.
func wantEvents(t *testing.T, s *Store, n int64) {
	t.Helper()
	if report, err := audit.Verify(t.Context(), s.Audit(), audit.Expected{}); err != nil || report.Events != n {
		t.Errorf("the chain is %+v, %v; want %d events", report, err, n)
	}
}

func TestChange_WhoseCommitFailsIsNotAcknowledgedAndStopsNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		sqlOn(t, s, "CREATE TABLE late (id BIGINT PRIMARY KEY, other BIGINT REFERENCES late (id) DEFERRABLE INITIALLY DEFERRED)")
		event := apicred.AuditEvent{EventID: "e", At: time.UnixMicro(1), Action: "a.b", Outcome: apicred.OutcomeDone}
		err := s.change(t.Context(), func(tx *tx) error {
			if _, err := tx.db.ExecContext(t.Context(), "INSERT INTO late (id, other) VALUES (1, 2)"); err != nil {
				return err
			}
			return tx.Record(t.Context(), event)
		})
		wantKind(t, err, apicred.KindConflict)
		wantEvents(t, s, 0)
		recordEvents(t, s, 2)
		wantEvents(t, s, 2)
	})
}

func TestChange_OnAFullDiskIsUnavailableAndRecoversWithoutHelp(t *testing.T) {
	s := openSQLiteFile(t)
	recordEvents(t, s, 1)
	var pages int
	if err := s.writer.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	sqlOn(t, s, fmt.Sprintf("PRAGMA max_page_count = %d", pages+1))
	var err error
	acknowledged := int64(1)
	for range 1000 {
		event := apicred.AuditEvent{EventID: fmt.Sprint(acknowledged), At: time.UnixMicro(1), Action: "a.b", Outcome: apicred.OutcomeDone, After: make([]byte, 2000)}
		if err = s.Lifecycle().Change(t.Context(), func(tx lifecycle.Tx) error { return tx.Record(t.Context(), event) }); err != nil {
			break
		}
		acknowledged++
	}
	wantKind(t, err, apicred.KindUnavailable)
	wantEvents(t, s, acknowledged)
	sqlOn(t, s, "PRAGMA max_page_count = 100000")
	recordEvents(t, s, 1)
	wantEvents(t, s, acknowledged+1)
}

func TestChange_WaitsNoLongerThanItsContext(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		err := s.Lifecycle().Change(t.Context(), func(lifecycle.Tx) error {
			waiting, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer stop()
			wantKind(t, s.Lifecycle().Change(waiting, func(lifecycle.Tx) error { return nil }), apicred.KindUnavailable)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		recordEvents(t, s, 1)
	})
}

func TestChange_WhoseConnectionEndsIsUnavailableAndTheNextOneWorks(t *testing.T) {
	s := newPostgresDatabases(t).open(t)
	err := s.change(t.Context(), func(tx *tx) error {
		sqlOn(t, s, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		return tx.Record(t.Context(), apicred.AuditEvent{EventID: "e", At: time.UnixMicro(1), Action: "a.b", Outcome: apicred.OutcomeDone})
	})
	wantKind(t, err, apicred.KindUnavailable)
	recordEvents(t, s, 1)
	wantEvents(t, s, 1)
}

func TestChange_ThatPostgreSQLGivesUpRunsAgainAFewTimes(t *testing.T) {
	s := newPostgresDatabases(t).open(t)
	for _, code := range []string{stateSerializationFailed, stateDeadlock} {
		runs := 0
		err := s.Lifecycle().Change(t.Context(), func(lifecycle.Tx) error {
			if runs++; runs < 3 {
				return domainError(&pgconn.PgError{Code: code})
			}
			return nil
		})
		if err != nil || runs != 3 {
			t.Errorf("%s: %d runs, %v; want 3 and none", code, runs, err)
		}
	}
	runs := 0
	err := s.Lifecycle().Change(t.Context(), func(lifecycle.Tx) error {
		runs++
		return domainError(&pgconn.PgError{Code: stateDeadlock})
	})
	wantKind(t, err, apicred.KindUnavailable)
	if runs != attempts {
		t.Errorf("%d runs, want %d", runs, attempts)
	}
}

func TestDomainError_GoesByCode(t *testing.T) {
	refused := &pgconn.PgError{Code: "23505", Message: "duplicate key value (pa55word)"}
	for _, test := range []struct {
		err  error
		kind apicred.Kind
	}{
		{sql.ErrNoRows, apicred.KindNotFound},
		{fmt.Errorf("deep: %w", refused), apicred.KindConflict},
		{&pgconn.PgError{Code: "23503"}, apicred.KindConflict},
		{&pgconn.PgError{Code: "22021"}, apicred.KindInvalid},
		{&pgconn.PgError{Code: "53100"}, apicred.KindUnavailable},
		{&pgconn.PgError{Code: "42501"}, apicred.KindUnavailable},
		{&pgconn.PgError{Code: "57P01"}, apicred.KindUnavailable},
		{&pgconn.PgError{Code: "25006"}, apicred.KindUnavailable},
		{&pgconn.PgError{Code: "42P01"}, apicred.KindInternal},
		{driver.ErrBadConn, apicred.KindUnavailable},
		{io.ErrUnexpectedEOF, apicred.KindUnavailable},
		{context.DeadlineExceeded, apicred.KindUnavailable},
		{errors.New("strange"), apicred.KindInternal},
		{apicred.Stale(), apicred.KindPrecondition},
	} {
		got := domainError(test.err)
		wantKind(t, got, test.kind)
		if got.Error() == test.err.Error() && !apicred.IsKind(test.err, test.kind) {
			t.Errorf("%v shows the driver's words", got)
		}
	}
	if domainError(nil) != nil {
		t.Error("no error became one")
	}
	for code, kind := range map[int]apicred.Kind{
		2067: apicred.KindConflict, 1555: apicred.KindConflict, 787: apicred.KindConflict, // UNIQUE, PRIMARYKEY, FOREIGNKEY
		13: apicred.KindUnavailable, 1034: apicred.KindUnavailable, 778: apicred.KindUnavailable, 5: apicred.KindUnavailable, // FULL, IOERR_FSYNC, IOERR_WRITE, BUSY
		11: apicred.KindInternal, 1: apicred.KindInternal, 275: apicred.KindInternal, // CORRUPT, ERROR, CHECK
	} {
		wantKind(t, sqliteError(code, io.EOF), kind)
	}
}

// crashFile names the database of the process that is to be killed.
const crashFile = "CLAVIGER_TEST_CRASH_FILE"

// TestMain turns the test binary into a server that acknowledges changes until
// it is killed, when TestSQLite_KeepsEveryAcknowledgedChangeWhenKilled asks.
func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		acknowledgeUntilKilled(path)
		return
	}
	os.Exit(m.Run())
}

func acknowledgeUntilKilled(path string) {
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: "sqlite:" + path})
	if err == nil {
		err = s.Migrate(ctx)
	}
	for i := 0; err == nil; i++ {
		id := fmt.Sprintf("%d-%d", os.Getpid(), i)
		err = s.Lifecycle().Change(ctx, func(tx lifecycle.Tx) error {
			a := apicred.Account{ID: id, Name: id, CreatedAt: time.UnixMicro(1), Version: 1}
			if err := tx.InsertAccount(ctx, a); err != nil {
				return err
			}
			return tx.Record(ctx, apicred.AuditEvent{EventID: id, At: time.UnixMicro(1), Action: "account.create", TargetID: id, Outcome: apicred.OutcomeDone})
		})
		if err == nil {
			fmt.Fprintln(os.Stdout, id)
		}
	}
	fmt.Fprintln(os.Stdout, "failed:", err)
}

func TestSQLite_KeepsEveryAcknowledgedChangeWhenKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "claviger.db")
	var acknowledged []string
	for _, changes := range []int{1, 5, 12} {
		acknowledged = append(acknowledged, killAfter(t, path, changes)...)
	}
	s := openMigrated(t, "sqlite:"+path)
	accounts := map[string]bool{}
	for _, id := range textsFrom(t, s, "SELECT account_id FROM accounts") {
		accounts[id] = true
	}
	for _, id := range acknowledged {
		if !accounts[id] {
			t.Errorf("change %s was acknowledged and is gone", id)
		}
	}
	wantEvents(t, s, int64(len(accounts)))
}

// killAfter starts the server, kills it after some acknowledged changes and
// returns all that it acknowledged.
func killAfter(t *testing.T, path string, changes int) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		seen = append(seen, lines.Text())
		if len(seen) == changes {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // killed
	if len(seen) < changes {
		t.Fatalf("it ended by itself: %q", seen)
	}
	return seen
}
