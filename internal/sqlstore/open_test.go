package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/storetest"
)

// wantRefusal demands that a database cannot be opened, and that the message
// says why without any word of the cause's.
func wantRefusal(t *testing.T, databaseURL string, words ...string) {
	t.Helper()
	s, err := Open(t.Context(), Options{URL: databaseURL})
	if err == nil {
		t.Errorf("%s was opened", databaseURL)
		_ = s.Close()
		return
	}
	wantMessage(t, err, words...)
}

func wantMessage(t *testing.T, err error, words ...string) {
	t.Helper()
	var e *apicred.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *apicred.Error", err)
	}
	for _, w := range words {
		if !strings.Contains(e.Message, w) {
			t.Errorf("message %q lacks %q", e.Message, w)
		}
	}
	if strings.Contains(fmt.Sprintf("%v %v", err, e.Unwrap()), "pa55word") {
		t.Errorf("the error shows the password: %v (%v)", err, e.Unwrap())
	}
}

func TestOpen_RefusesWhatIsNoDatabaseURL(t *testing.T) {
	for _, u := range []string{
		"", "claviger.db", "mysql://root:pa55word@db", "sqlite:", "sqlite::memory:", "sqlite://relative.db", "sqlite:a\x00b",
		"postgres://user:pa55word@host:port/db", "postgres://us%er:pa55word@host/db",
	} {
		wantRefusal(t, u, "database_url")
	}
}

func TestOpen_SaysWhatIsWrongWithThePlace(t *testing.T) {
	directory := t.TempDir()
	garbage := filepath.Join(directory, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "sqlite:"+garbage, garbage, "damaged", "Restore")
	absent := filepath.Join(directory, "absent", "claviger.db")
	wantRefusal(t, "sqlite:"+absent, absent, "Make its directory")
	wantRefusal(t, "sqlite:"+directory, directory, "cannot be opened")
	if runtime.GOOS == "linux" {
		wantRefusal(t, "sqlite:/sys/claviger.db", "/sys/claviger.db", "must be writable") // not even by root
	}
}

func TestOpen_OfADamagedDatabaseSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "claviger.db")
	s := openMigrated(t, "sqlite:"+path)
	recordEvents(t, s, 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 100), 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "sqlite:"+path, path, "damaged")
}

func TestOpen_TakesAPathOfAnyCharacters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?mode=ro#%41é.db")
	s := openMigrated(t, "sqlite:"+path)
	recordEvents(t, s, 1)
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestOpen_KeepsTheFilesFromOtherUsers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "claviger.db")
	recordEvents(t, openMigrated(t, "sqlite:"+path), 1)
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", p, info.Mode())
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".claviger-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSQLite_RunsWithTheSettingsThatKeepAcknowledgedChanges(t *testing.T) {
	s := openSQLiteFile(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "query_only": "0"} {
		var got string
		if err := s.writer.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("writer: %s is %q (%v), want %q", pragma, got, err, want)
		}
	}
	if _, err := s.readers.ExecContext(t.Context(), "DELETE FROM accounts"); err == nil {
		t.Error("a reader could write")
	}
	if n := s.writer.Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d connections may write, want 1", n)
	}
}

func TestOpen_RefusesANewerSchemaThatItCannotWorkWith(t *testing.T) {
	for name, made := range map[string]string{
		"which says so":           "UPDATE schema_compatibility SET since = 999",
		"which says nothing":      "DROP TABLE schema_compatibility",
		"which says one too many": fmt.Sprintf("UPDATE schema_compatibility SET since = %d", newestMigration(t)+1),
	} {
		t.Run(name, func(t *testing.T) {
			onBothEngines(t, func(t *testing.T, s *Store) {
				databaseURL := urlOf(t, s)
				sqlOn(t, s, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, "+s.engine.trueText()+")")
				sqlOn(t, s, made)
				want := fmt.Sprintf("The database has schema version 999, this claviger knows up to %d. Start the newer claviger, or restore a backup from before the upgrade.", newestMigration(t))
				wantRefusal(t, databaseURL, want)
				wantMessage(t, s.Migrate(t.Context()), want)
				wantMessage(t, s.CheckSchema(t.Context()), want)
				if e, err := s.Examine(t.Context()); err != nil || e.Usable {
					t.Errorf("examined as usable: %+v, %v", e, err)
				}
			})
		})
	}
}

func TestOpen_TakesANewerSchemaThatOnlyHasMore(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		fillForBackup(t, s)
		databaseURL := urlOf(t, s)
		sqlOn(t, s, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, "+s.engine.trueText()+")")
		sqlOn(t, s, fmt.Sprintf("UPDATE schema_compatibility SET since = %d", newestMigration(t)))
		sqlOn(t, s, "ALTER TABLE credentials ADD COLUMN later TEXT NOT NULL DEFAULT 'x'")
		again, err := Open(t.Context(), Options{URL: databaseURL})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { ok(t, again.Close()) }()
		ok(t, again.Migrate(t.Context()))
		ok(t, again.CheckSchema(t.Context()))
		if e, err := again.Examine(t.Context()); err != nil || !e.Usable || !e.HeadHolds || e.Schema != 999 {
			t.Errorf("examined as %+v, %v", e, err)
		}
	})
}

// emptyFile is where a backup is written to.
func emptyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.db")
	ok(t, os.WriteFile(path, nil, 0o600))
	return path
}

func TestBackup_LeavesNothingOfANewerSchemaBehind(t *testing.T) {
	s := newPostgresDatabases(t).open(t)
	fillForBackup(t, s)
	sqlOn(t, s, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, TRUE)")
	wantMessage(t, s.WriteBackup(t.Context(), emptyFile(t), BackupNote{TakenAt: time.Now()}), "schema version 999")

	lite := openSQLiteFile(t)
	fillForBackup(t, lite)
	sqlOn(t, lite, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)")
	file := emptyFile(t)
	ok(t, lite.WriteBackup(t.Context(), file, BackupNote{TakenAt: time.Now()}))
	backup, err := OpenBackup(t.Context(), file)
	ok(t, err)
	defer func() { ok(t, backup.Close()) }()
	wantMessage(t, backup.CheckBackup(t.Context()), "schema version 999")
}

// newestMigration is the number in the name of the last file.
func newestMigration(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("migrations/sqlite/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	number, _, _ := strings.Cut(filepath.Base(slices.Max(files)), "_")
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (e engine) trueText() string {
	if e.migrations == "sqlite" {
		return "1"
	}
	return "TRUE"
}

// urlOf returns the URL of an open database.
func urlOf(t *testing.T, s *Store) string {
	t.Helper()
	if s.engine.migrations == "sqlite" {
		return "sqlite:" + textsFrom(t, s, "SELECT file FROM pragma_database_list WHERE name = 'main'")[0]
	}
	at := textsFrom(t, s, "SELECT current_database() || '?host=' || current_setting('unix_socket_directories')")[0]
	return "postgres://postgres@/" + at
}

func TestCheckSchema_AsksForTheMigrationThatIsMissing(t *testing.T) {
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "claviger.db")})
	if err != nil {
		t.Fatal(err)
	}
	wantMessage(t, s.CheckSchema(t.Context()), "schema version 0", fmt.Sprintf("needs %d", newestMigration(t)), "claviger migrate")
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.CheckSchema(t.Context()), s.Ping(t.Context()), s.Close()); err != nil {
		t.Error(err)
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("a closed database answered")
	}
}

func TestMigrate_AgainOrByManyNodesAtOnceKeepsOneEpoch(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		before, err := s.AccessToken().Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after, err := s.AccessToken().Head(t.Context()); err != nil || after != before {
			t.Errorf("head was %+v, is %+v (%v)", before, after, err)
		}
	})
	t.Run("nodes", func(t *testing.T) {
		databaseURL := storetest.Postgres(t)
		epochs := make(chan string, 4)
		var all sync.WaitGroup
		for range cap(epochs) {
			all.Go(func() {
				s, err := Open(t.Context(), Options{URL: databaseURL})
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = s.Close() }()
				if err := s.Migrate(t.Context()); err != nil {
					t.Error(err, errors.Unwrap(err))
				}
				head, err := s.AccessToken().Head(t.Context())
				if err != nil {
					t.Error(err)
				}
				epochs <- head.Epoch
			})
		}
		all.Wait()
		close(epochs)
		seen := map[string]int{}
		for e := range epochs {
			seen[e]++
		}
		if len(seen) != 1 || seen[""] > 0 {
			t.Errorf("epochs %v, want one", seen)
		}
	})
}

func TestOpenReadOnly_VerifiesTheChainAndWritesNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *Store) {
		recordEvents(t, s, 3)
		databaseURL := urlOf(t, s)
		for _, state := range []string{"beside a server", "after it"} {
			r, err := Open(t.Context(), Options{URL: databaseURL, ReadOnly: true})
			if err != nil {
				t.Fatal(state, err, errors.Unwrap(err))
			}
			if report, err := audit.Verify(t.Context(), r.Audit(), audit.Expected{}); err != nil || report.Events != 3 {
				t.Errorf("%s: %+v, %v", state, report, err)
			}
			err = r.Lifecycle().Change(t.Context(), func(lifecycle.Tx) error { return nil })
			if !apicred.IsKind(err, apicred.KindUnavailable) {
				t.Errorf("%s: a change gave %v, want unavailable", state, err)
			}
			if err := errors.Join(r.Close(), s.Close()); err != nil {
				t.Error(err)
			}
		}
	})
	absent := filepath.Join(t.TempDir(), "absent.db")
	if _, err := Open(t.Context(), Options{URL: "sqlite:" + absent, ReadOnly: true}); err == nil {
		t.Error("an absent file was opened")
	}
	if _, err := os.Stat(absent); err == nil {
		t.Error("an absent file was made")
	}
}

func TestOpenPostgreSQL_SaysWhatIsWrong(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "postgres://ada:pa55word@"+address+"/claviger", address, "cannot be reached", "database_url")
	existing := storetest.Postgres(t)
	_, server, _ := strings.Cut(existing, "?")
	wantRefusal(t, "postgres://postgres@/nothing?"+server, "no database \"nothing\"", "Create it")
	wantRefusal(t, strings.Replace(existing, "postgres@", "nobody:pa55word@", 1), "refused the sign-in of \"nobody\"")

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(cancelled, Options{URL: existing}); !apicred.IsKind(err, apicred.KindUnavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestOpenPostgreSQL_CompilesNoStatement(t *testing.T) {
	s := openMigrated(t, storetest.Postgres(t))
	if got := textsFrom(t, s, "SELECT current_setting('jit')"); !slices.Equal(got, []string{"off"}) {
		t.Errorf("jit is %v", got)
	}
}
