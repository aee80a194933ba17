//go:build !linux

package storetest

import (
	"os"
	"os/exec"
	"testing"
)

// asServerUser: outside Linux tests do not run as root.
func asServerUser(*exec.Cmd) {}

func giveToServerUser(string) error { return nil }

// Pause, Resume: only Linux tells which processes are a server's.
func (s *PostgresServer) Pause(t testing.TB) {
	t.Helper()
	t.Fatal("pausing PostgreSQL needs Linux")
}

// Resume lets a paused server go on; here none is.
func (s *PostgresServer) Resume(testing.TB) {}

func (s *PostgresServer) resumeAll() {}

func (s *PostgresServer) signal(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := s.running.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

func (s *PostgresServer) awaitOrphans(testing.TB) {}
