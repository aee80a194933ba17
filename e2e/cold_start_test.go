package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestColdStart_WithoutTheDatabaseServesWhatTheNodeKnew restarts a node while
// PostgreSQL is away, after a stop and after a kill: it serves the credentials
// that it knew, with short tokens, says no to nobody, and completes its start
// when the database is back (R24). What it keeps for that is sealed.
func TestColdStart_WithoutTheDatabaseServesWhatTheNodeKnew(t *testing.T) {
	postgres := postgresFor(t)
	f := newFleet(t, postgres.Database(t), 1, "max_offline: 1m")
	n := f.nodes[0]
	known := n.create(t, f.token, "orders:read")
	off := n.create(t, f.token, "orders:read")
	token := n.issue(t, known)
	n.manage(t, f.token, "POST", "/credentials/"+off.id+"/disable", "")
	n.keepsWhatItKnows(t)

	n.stop(t)
	postgres.Stop(t)
	began := time.Now()
	n.start(t)
	n.ready(t)
	figure(t, "S39", "ready %v after a start without the database", time.Since(began).Round(time.Millisecond))
	n.servesAsInGrace(t, known, off, token)
	sealedInside(t, n, known)

	postgres.Start(t)
	n.stderr.await(t, "the start is complete")
	soon(t, "tokens are as long as before", func() bool {
		a, err := n.tokenFor(known)
		return err == nil && a.status == http.StatusOK && a.json(t)["expires_in"] == 3600.0
	})
	if a, err := n.tokenFor(off); err != nil || a.status != http.StatusUnauthorized {
		t.Errorf("disabled, with the database again: %d %v", a.status, err)
	}
	if a, err := n.allows("GET", token); err != nil || a.status != http.StatusOK {
		t.Errorf("a token from before both stops: %d %v", a.status, err)
	}

	// Killed, it had no time to keep anything at its end.
	later := n.create(t, f.token, "orders:read")
	n.keepsWhatItKnows(t)
	n.kill()
	postgres.Kill(t)
	n.start(t)
	n.ready(t)
	n.servesAsInGrace(t, later, off, token)
	postgres.Start(t)
	n.stderr.await(t, "the start is complete")
	n.create(t, f.token, "orders:read")
}

// keepsWhatItKnows returns when what the node knew at the call is on its disk.
// That is when it stamps the snapshot twice: the first of the two may have been
// decided on before.
func (n *node) keepsWhatItKnows(t *testing.T) {
	t.Helper()
	stamped := func() time.Time {
		info, err := os.Stat(filepath.Join(n.dir, "claviger-data", "known.stamp"))
		if err != nil {
			return time.Time{} // not yet
		}
		return info.ModTime()
	}
	for range 2 {
		before := stamped()
		soon(t, "what the node knows is kept and stamped", func() bool { return stamped().After(before) })
	}
}

func (n *node) servesAsInGrace(t *testing.T, known, off credential, token string) {
	t.Helper()
	a, err := n.tokenFor(known)
	if err != nil || a.status != http.StatusOK || a.json(t)["expires_in"].(float64) > graceLifetime {
		t.Errorf("a known credential: %d %s %v", a.status, a.body, err)
	}
	if a, err := n.allows("GET", token); err != nil || a.status != http.StatusOK {
		t.Errorf("a live token: %d %v", a.status, err)
	}
	for what, c := range map[string]credential{
		"disabled": off, "wrong secret": {known.id, "clav_wrong"}, "unknown": {"00000000-0000-4000-8000-000000000000", known.secret},
	} {
		if a, err := n.tokenFor(c); err != nil || a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v, want 503 with Retry-After", what, a.status, err)
		}
	}
}

// kill ends the node with SIGKILL.
func (p *process) kill() {
	p.stopped.Do(func() { // not to be stopped again at the end of the test
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // says only that it was killed
	})
}

// sealedInside demands that what the node keeps is for its user alone and shows
// nothing.
func sealedInside(t *testing.T, n *node, known credential) {
	t.Helper()
	for _, name := range []string{"known.snapshot", "known.stamp"} {
		path := filepath.Join(n.dir, "claviger-data", name)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		for _, text := range []string{known.id, "orders:read", "ada@example.com", "BEGIN"} {
			if strings.Contains(string(content), text) {
				t.Errorf("%s shows %s", name, text)
			}
		}
	}
}

// TestColdStart_WithNothingItMayUseEndsAndSaysWhy starts without the database
// and with what it knew too long ago: the node ends, and names the database and
// what it found.
func TestColdStart_WithNothingItMayUseEndsAndSaysWhy(t *testing.T) {
	postgres := postgresFor(t)
	f := newFleet(t, postgres.Database(t), 1, "max_offline: 1s")
	n := f.nodes[0]
	n.create(t, f.token, "orders:read")
	n.stop(t)
	postgres.Stop(t)
	<-time.After(1100 * time.Millisecond)
	_, talk, code := run(t, n.dir, "serve", "--config", "claviger.yaml")
	if code != 1 || !strings.Contains(talk, "cannot be reached") || !strings.Contains(talk, "max_offline is 1s") {
		t.Errorf("exit %d:\n%s", code, talk)
	}
}
