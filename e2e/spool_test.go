package e2e

import (
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSpool_WhatIsCountedWithoutTheDatabaseOutlivesTheNode issues tokens while
// PostgreSQL is away and then kills the node, and stops one: when both are back,
// each call is counted once, and each refusal is in the audit log.
func TestSpool_WhatIsCountedWithoutTheDatabaseOutlivesTheNode(t *testing.T) {
	postgres := postgresFor(t)
	f := newFleet(t, postgres.Database(t), 1)
	n := f.nodes[0]
	c := n.create(t, f.token, "orders:read")
	n.command(t, "user", "create", "--email", "sue@example.com", "--role", "supervisor")
	supervisor := n.command(t, "token", "--user", "sue@example.com")
	const before, away, refusals = 5, 40, 3
	for range before {
		n.issue(t, c)
	}
	for range refusals {
		a := n.must(t, "DELETE", "/api/v1/credentials/"+c.id, "", "Authorization", "Bearer "+supervisor)
		if a.status != http.StatusNotFound {
			t.Fatalf("a stranger's delete: %d", a.status)
		}
	}
	n.spools(t, "refusals", func() bool { return f.refusals(t) == refusals }) // or their minute was over
	postgres.Kill(t)
	for range away {
		n.issue(t, c)
	}
	n.spools(t, "usage", func() bool { return false })
	n.kill()
	postgres.Start(t)
	n.start(t)
	n.ready(t)
	f.wantCounted(t, c, before+away, refusals)

	postgres.Stop(t)
	for range away {
		n.issue(t, c)
	}
	n.stop(t)
	postgres.Start(t)
	n.start(t)
	n.ready(t)
	f.wantCounted(t, c, before+2*away, refusals)
	soon(t, "the spool is empty", func() bool { return len(n.spooled(t, "*")) == 0 })
	n.command(t, "audit", "verify")
}

// spooled are the files of a kind in the node's spool.
func (n *node) spooled(t *testing.T, kind string) map[string]time.Time {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(n.dir, "claviger-data", "spool", kind+"-*.sealed"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]time.Time{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			continue // it was written a moment ago
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		found[path] = info.ModTime()
	}
	return found
}

// spools returns when everything of a kind that was counted at the call is on the
// node's disk, or is written. The first is after it was put there twice: what the
// first of the two has may have been collected before.
func (n *node) spools(t *testing.T, kind string, written func() bool) {
	t.Helper()
	seen := map[time.Time]bool{}
	for _, at := range n.spooled(t, kind) {
		seen[at] = true
	}
	before := len(seen)
	soon(t, kind+" is in the spool", func() bool {
		for _, at := range n.spooled(t, kind) {
			seen[at] = true
		}
		return len(seen) >= before+2 || written()
	})
}

// ask reads a number from the fleet's database; -1 while it is not there.
func (f *fleet) ask(t *testing.T, query string, args ...any) (number int) {
	t.Helper()
	db, err := sql.Open("pgx", f.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&number); err != nil {
		return -1
	}
	return number
}

func (f *fleet) refusals(t *testing.T) int {
	t.Helper()
	return f.ask(t, "SELECT COALESCE(SUM(occurrences), 0) FROM audit_events WHERE outcome = 'refused'")
}

// wantCounted returns when the database has these calls of c and these refusals,
// and fails when it has more.
func (f *fleet) wantCounted(t *testing.T, c credential, calls, refusals int) {
	t.Helper()
	var issued, hours, refused int
	soon(t, "what was counted is in the database", func() bool {
		issued = f.ask(t, "SELECT COALESCE(SUM(calls), 0) FROM usage_days WHERE client_id = $1 AND outcome = 'issued'", c.id)
		hours = f.ask(t, "SELECT COALESCE(SUM(calls), 0) FROM usage_hours WHERE client_id = $1 AND outcome = 'issued'", c.id)
		refused = f.refusals(t)
		return issued >= calls && hours >= calls && refused >= refusals
	})
	if issued != calls || hours != calls || refused != refusals {
		t.Errorf("counted: %d calls by day, %d by hour, %d refusals, want %d and %d", issued, hours, refused, calls, refusals)
	}
	t.Logf("%d calls and %d refusals, each counted once", issued, refused)
}
