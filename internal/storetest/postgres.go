package storetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// PostgresServer is a PostgreSQL server for tests, on a Unix socket.
type PostgresServer struct {
	bin       string
	directory string   // of the socket
	shared    bool     // with other tests' processes
	settings  []string // NAME=VALUE, behind those of every test
	running   *postgresProcess
}

// Postgres starts a PostgreSQL server for t and returns the URL of an empty
// database in it. A test with many databases calls StartPostgres once.
func Postgres(t testing.TB) string {
	t.Helper()
	return StartPostgres(t).Database(t)
}

// StartPostgres starts a PostgreSQL server that lives as long as t, with
// settings (NAME=VALUE) of its own. It keeps nothing safe from a crash of the
// machine (fsync is off), nor, unless synchronous_commit is set, from its own.
// Where PostgreSQL is not installed, t fails: what must run on both engines is
// never tested on one alone.
func StartPostgres(t testing.TB, settings ...string) *PostgresServer {
	t.Helper()
	s := &PostgresServer{bin: postgresPrograms(t), directory: serverDirectory(t), settings: settings}
	s.run(t, "initdb", "--pgdata", s.data(), "--username", "postgres", "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	s.Start(t)
	return s
}

func (s *PostgresServer) data() string { return filepath.Join(s.directory, "data") }

// RunningPostgres is the server whose socket is in directory: that of a whole
// run of tests (.ci/on-postgresql).
func RunningPostgres(t testing.TB, directory string) *PostgresServer {
	t.Helper()
	return &PostgresServer{bin: postgresPrograms(t), directory: directory, shared: true}
}

// Database makes an empty database and returns its URL.
func (s *PostgresServer) Database(t testing.TB) string {
	t.Helper()
	name := s.newDatabase(t, "template0")
	query := url.Values{"host": {s.directory}}
	return "postgres://postgres@/" + name + "?" + query.Encode()
}

// newDatabase makes a database from a template. On a shared server it goes with
// t; else the server goes.
func (s *PostgresServer) newDatabase(t testing.TB, template string) string {
	t.Helper()
	name := "test" + strings.ToLower(rand.Text())
	s.run(t, "createdb", "--host", s.directory, "--username", "postgres", "--template", template, name)
	if s.shared {
		t.Cleanup(func() {
			s.run(t, "dropdb", "--host", s.directory, "--username", "postgres", "--force", name)
		})
	}
	return name
}

// Copy makes a database that is a copy of the one at databaseURL, which nobody
// may be connected to, and returns its URL.
func (s *PostgresServer) Copy(t testing.TB, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + s.newDatabase(t, u.Path[1:])
	return u.String()
}

func (s *PostgresServer) run(t testing.TB, program string, args ...string) {
	t.Helper()
	if out, err := s.program(context.WithoutCancel(t.Context()), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s%s", program, err, out, s.log())
	}
}

func (s *PostgresServer) program(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.Dir = s.directory
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"} // no PG… of the developer's
	asServerUser(cmd)
	return cmd
}

func (s *PostgresServer) log() []byte {
	text, _ := os.ReadFile(filepath.Join(s.directory, "log")) // empty before the start
	return text
}

// serverDirectory makes a directory with a short path, since a socket's may have
// about 100 bytes, that belongs to the server's user.
func serverDirectory(t testing.TB) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(directory); err != nil {
			t.Error(err)
		}
	})
	if err := giveToServerUser(directory); err != nil {
		t.Fatal(err)
	}
	return directory
}

// postgresPrograms finds the directory of initdb, postgres and createdb, which
// Debian keeps out of PATH. The newest version wins.
func postgresPrograms(t testing.TB) string {
	t.Helper()
	var directories []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			directories = append(directories, filepath.Dir(path))
		}
	}
	packaged, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well-formed
	slices.Reverse(packaged)
	for _, d := range append(directories, packaged...) {
		if hasPrograms(d, "initdb", "postgres", "createdb", "pg_isready") {
			return d
		}
	}
	t.Fatal("PostgreSQL is not installed, and this must hold on it too. Install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql).")
	return ""
}

func hasPrograms(directory string, programs ...string) bool {
	return !slices.ContainsFunc(programs, func(p string) bool {
		_, err := os.Stat(filepath.Join(directory, p))
		return err != nil
	})
}
