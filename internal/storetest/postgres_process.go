package storetest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// postgresProcess is one run of a server.
type postgresProcess struct {
	cmd     *exec.Cmd
	stop    context.CancelFunc
	stopped chan struct{} // closed when it has ended
}

// Start starts the server, again when it was stopped or killed, and returns when
// it answers. It ends with t.
func (s *PostgresServer) Start(t testing.TB) {
	t.Helper()
	s.running = s.serve(t)
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if s.program(t.Context(), "pg_isready", "--quiet", "--host", s.directory).Run() == nil {
				return
			}
		case <-s.running.stopped:
			t.Fatalf("PostgreSQL ended while starting: %s", s.log())
		case <-deadline:
			t.Fatalf("PostgreSQL did not start within a minute: %s", s.log())
		}
	}
}

// Stop ends the server as an operator does: connections are told and cut.
func (s *PostgresServer) Stop(t testing.TB) {
	t.Helper()
	s.Resume(t)
	s.running.stop()
	<-s.running.stopped
}

// Kill ends every process of the server with SIGKILL, in whatever they are doing,
// and returns when none is left: until then no other could start in its place.
func (s *PostgresServer) Kill(t testing.TB) {
	t.Helper()
	s.signal(t, os.Kill)
	<-s.running.stopped
	s.awaitOrphans(t)
}

// Directory is where the server's socket is.
func (s *PostgresServer) Directory() string { return s.directory }

// Standby starts a server that follows s, under a name that
// synchronous_standby_names may have.
func (s *PostgresServer) Standby(t testing.TB, name string) *PostgresServer {
	t.Helper()
	standby := &PostgresServer{bin: s.bin, directory: serverDirectory(t), settings: s.settings}
	standby.run(t, "pg_basebackup", "--host", s.directory, "--username", "postgres", "--pgdata", standby.data(),
		"--checkpoint", "fast", "--no-sync", "--wal-method", "stream")
	if err := os.WriteFile(filepath.Join(standby.data(), "standby.signal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := giveToServerUser(filepath.Join(standby.data(), "standby.signal")); err != nil {
		t.Fatal(err)
	}
	standby.settings = append([]string{
		"primary_conninfo=host=" + s.directory + " user=postgres application_name=" + name,
	}, s.settings...)
	standby.Start(t)
	return standby
}

// AwaitSync returns when a standby takes part in every commit.
func (s *PostgresServer) AwaitSync(t testing.TB, databaseURL string) {
	t.Helper()
	s.SQL(t, databaseURL, `DO $$ BEGIN
		FOR i IN 1..600 LOOP
			PERFORM pg_stat_clear_snapshot();
			IF EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync') THEN RETURN; END IF;
			PERFORM pg_sleep(0.05);
		END LOOP;
		RAISE 'no standby takes part in commits';
	END $$`)
}

// Promote makes a standby the primary and returns when it takes writes.
func (s *PostgresServer) Promote(t testing.TB) {
	t.Helper()
	s.run(t, "psql", "--quiet", "--no-psqlrc", "--host", s.directory, "--username", "postgres", "--dbname", "postgres",
		"--command", "SELECT pg_promote()", "--output", os.DevNull)
}

// SQL runs statements in a database, by its URL.
func (s *PostgresServer) SQL(t testing.TB, databaseURL, statements string) {
	t.Helper()
	s.run(t, "psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", databaseURL,
		"--command", statements, "--output", os.DevNull)
}

// serve runs the server until t ends, or it is stopped.
func (s *PostgresServer) serve(t testing.TB) *postgresProcess {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	arguments := []string{
		"-D", s.data(), "-k", s.directory, "-h", "",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "autovacuum=off",
	}
	for _, setting := range s.settings {
		arguments = append(arguments, "-c", setting)
	}
	p := &postgresProcess{cmd: s.program(ctx, "postgres", arguments...), stop: stop, stopped: make(chan struct{})}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) } // fast shutdown
	p.cmd.WaitDelay = 20 * time.Second
	logFile, err := os.OpenFile(filepath.Join(s.directory, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = logFile, logFile
	started := make(chan error, 1)
	go func() {
		// The kernel ends the server with the thread that started it (see
		// asServerUser), so this thread must last as long.
		runtime.LockOSThread()
		defer close(p.stopped)
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // it always ends by a signal
		}
		_ = logFile.Close()
	}()
	t.Cleanup(func() {
		s.resumeAll()
		stop()
		<-p.stopped
	})
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	return p
}
