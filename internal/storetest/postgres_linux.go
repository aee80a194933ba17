package storetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nobody is the user that PostgreSQL runs as when the tests run as root, whom it
// refuses.
const nobody = 65534

// asServerUser also ends the program with the thread that starts it, so that a
// test binary that is killed leaves nothing behind.
func asServerUser(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
}

func giveToServerUser(directory string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(directory, nobody, nobody)
}

// Pause stops every process of the server (SIGSTOP): it holds its connections and
// answers nothing, as a machine that hangs.
func (s *PostgresServer) Pause(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGSTOP)
}

// Resume lets a paused server go on.
func (s *PostgresServer) Resume(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGCONT)
}

// resumeAll is Resume at the end of a test, when the server may be gone.
func (s *PostgresServer) resumeAll() { _ = s.send(syscall.SIGCONT) }

func (s *PostgresServer) signal(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := s.send(signal.(syscall.Signal)); err != nil {
		t.Fatal(err)
	}
}

// send signals the first process and those that it made. Each of these leads a
// session of its own, so no group has them all. They are looked for twice: of a
// first process that was killed they are orphans, and one that was not stopped
// yet may make another.
func (s *PostgresServer) send(signal syscall.Signal) error {
	first := s.running.cmd.Process.Pid
	made := childrenOf(first)
	err := syscall.Kill(first, signal)
	for _, pid := range append(made, childrenOf(first)...) {
		_ = syscall.Kill(pid, signal) // it may have ended since
	}
	return err
}

// awaitOrphans returns when the last process that works in the server's data has
// ended. One that was being made while the others were killed ends when it sees
// that the first is gone.
func (s *PostgresServer) awaitOrphans(t testing.TB) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		left := 0
		places, _ := filepath.Glob("/proc/[0-9]*/cwd") // the pattern is well-formed
		for _, path := range places {
			if place, err := os.Readlink(path); err == nil && place == s.data() {
				left++
			}
		}
		if left == 0 {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			t.Fatalf("%d processes of a killed PostgreSQL are still there", left)
		}
	}
}

func childrenOf(parent int) (children []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// PID (NAME) STATE PARENT …, and a name may have spaces.
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			children = append(children, pid)
		}
	}
	return children
}
