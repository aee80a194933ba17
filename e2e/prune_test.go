package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore"
)

// agedEvents is how many events a log has from years ago: some steps of a
// pruning.
const agedEvents = 5000

// age gives an empty database a log that began three years ago, ten a day.
func age(t *testing.T, databaseURL string) {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: databaseURL})
	if err == nil {
		err = store.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().AddDate(-3, 0, 0)
	err = store.Lifecycle().Change(t.Context(), func(tx lifecycle.Tx) error {
		for i := range agedEvents {
			err := tx.Record(t.Context(), apicred.AuditEvent{
				EventID: uuid.NewString(), At: began.Add(time.Duration(i) * 24 * time.Hour / 10), ActorType: apicred.ActorSystem, Count: 1,
				Action: "catalogue.apply", TargetType: apicred.TargetCatalogue, TargetID: "catalogue", Outcome: apicred.OutcomeDone, Address: "192.0.2.1",
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// agedFleet is newFleet with a log of years. Its PostgreSQL is used under the
// roles of docs/many-nodes.md.
func agedFleet(t *testing.T, e engine) *fleet {
	t.Helper()
	f := &fleet{issuer: "http://" + ownAddress() + ":8420"}
	f.lines = []string{"issuer: " + f.issuer, "master_key: " + sameMasterKey}
	if e.url == "" {
		n := f.newNode(t)
		f.nodes = []*node{n}
		if err := os.Mkdir(filepath.Join(n.dir, "claviger-data"), 0o700); err != nil {
			t.Fatal(err)
		}
		file := url.URL{Scheme: "sqlite", Opaque: filepath.Join(n.dir, "claviger-data", "claviger.db")}
		age(t, file.String())
	} else {
		postgres := postgresFor(t)
		database := postgres.Database(t)
		postgres.SQL(t, database, leastRoles)
		owner, app := strings.Replace(database, "postgres@", "claviger_owner@", 1), strings.Replace(database, "postgres@", "claviger_app@", 1)
		age(t, owner)
		postgres.SQL(t, owner, leastGrants)
		f.lines = append(f.lines, "database_url: "+app, "migrate_on_start: off")
		f.url = owner
		f.nodes = []*node{f.newNode(t), f.newNode(t)}
	}
	for _, n := range f.nodes {
		n.start(t)
	}
	for _, n := range f.nodes {
		n.ready(t)
	}
	catalogue := filepath.Join(t.TempDir(), "catalogue.yaml")
	if err := os.WriteFile(catalogue, []byte(fleetCatalogue), 0o600); err != nil {
		t.Fatal(err)
	}
	n := f.nodes[0]
	n.command(t, "user", "create", "--email", "ada@example.com", "--role", "admin")
	n.command(t, "catalogue", "apply", catalogue)
	f.token = n.command(t, "token", "--user", "ada@example.com", "--ttl", "24h")
	return f
}

// TestAuditPrune_WhileServersServeAndWrite prunes years of a log under live
// servers: no request fails, every node goes on following, the log and its
// archives are proven, and a beginning that is cut off by hand is found.
func TestAuditPrune_WhileServersServeAndWrite(t *testing.T) {
	for _, e := range []engine{{name: "SQLite"}, {name: "PostgreSQL", url: "of its own"}} {
		t.Run(e.name, func(t *testing.T) {
			f := agedFleet(t, e)
			n, last := f.nodes[0], f.nodes[len(f.nodes)-1]
			dir := t.TempDir()
			first, second := filepath.Join(dir, "first.archive"), filepath.Join(dir, "second.archive")
			prune := func(args ...string) (string, string, int) {
				args = append([]string{"audit", "prune", "--config", "claviger.yaml"}, args...)
				if f.url != "" {
					args = append(args, "--migrate-database-url", f.url)
				}
				return run(t, n.dir, args...)
			}
			must := func(args ...string) {
				t.Helper()
				if out, talk, code := prune(args...); code != 0 {
					t.Fatalf("prune %v: %d\n%s%s", args, code, out, talk)
				}
			}
			saved := filepath.Join(dir, "saved.checkpoint")
			if err := os.WriteFile(saved, []byte(n.command(t, "audit", "checkpoint")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}

			if out, talk, code := prune("--before", "1h", "--archive", first); code == 0 || !strings.Contains(talk, "48 hours") {
				t.Errorf("young events: %d %s%s", code, out, talk)
			}
			must("--before", "900d") // only says
			if report := auditReport(t, n); report.PrunedUpTo != 0 {
				t.Errorf("without --archive it pruned up to %d", report.PrunedUpTo)
			}
			if f.url != "" { // the servers' role has no right to
				if out, talk, code := run(t, n.dir, "audit", "prune", "--config", "claviger.yaml", "--before", "900d", "--archive", first); code == 0 || !strings.Contains(talk, "migrate_database_url") {
					t.Errorf("by the servers' role: %d %s%s", code, out, talk)
				}
			}

			working := workOn(t, f)
			must("--before", "900d", "--archive", first)
			must("--before", "500d", "--archive", second)
			c, token := working.end(t)
			if out, talk, code := prune("--before", "400d", "--archive", first); code == 0 || !strings.Contains(talk, "already") {
				t.Errorf("a file that exists: %d %s%s", code, out, talk)
			}

			report := auditReport(t, n)
			if report.Fault != nil || report.PrunedUpTo < agedEvents/2 || report.LastSequence <= agedEvents {
				t.Errorf("pruned: %+v", report)
			}
			whole := auditReport(t, n, "--archive", second, "--archive", first, "--checkpoint", saved)
			if whole.Fault != nil || whole.PrunedUpTo != 0 || whole.Events < whole.LastSequence {
				t.Errorf("with its archives: %+v", whole)
			}
			n.manage(t, f.token, "DELETE", "/credentials/"+c.id, "")
			soon(t, "every node follows", func() bool {
				a, err := last.allows("GET", token)
				return err == nil && a.status == http.StatusUnauthorized
			})
			for _, node := range f.nodes {
				if a := node.must(t, "GET", "/api/v1/audit-events?action=audit.prune", "", "Authorization", "Bearer "+f.token); len(a.json(t)["audit_events"].([]any)) < 2 {
					t.Errorf("the log does not tell of it: %s", a.body)
				}
			}

			db := engine{url: f.url}.open(t, n.dir)
			if _, err := db.ExecContext(t.Context(), "DELETE FROM audit_events WHERE sequence <= (SELECT sequence + 100 FROM audit_base)"); err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), "UPDATE audit_base SET sequence = sequence + 100"); err != nil {
				t.Fatal(err)
			}
			if out, talk, code := run(t, n.dir, "audit", "verify", "--config", "claviger.yaml"); code == 0 || !strings.Contains(talk, "cut off") {
				t.Errorf("a beginning cut off by hand: %d %s%s", code, out, talk)
			}
		})
	}
}

type verified struct {
	Events       int64 `json:"events"`
	LastSequence int64 `json:"last_sequence"`
	PrunedUpTo   int64 `json:"pruned_up_to_sequence"`
	Fault        any   `json:"fault"`
}

func auditReport(t *testing.T, n *node, args ...string) (v verified) {
	t.Helper()
	out := n.command(t, append([]string{"audit", "verify", "--output", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// work is a program that changes and uses a credential at every node, on and on.
type work struct {
	stop  context.CancelFunc
	done  chan error
	c     credential
	token string
}

func workOn(t *testing.T, f *fleet) *work {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	w := &work{stop: stop, done: make(chan error, 1), c: f.nodes[0].create(t, f.token, "orders:read")}
	w.token = f.nodes[0].issue(t, w.c)
	go func() {
		for i := 0; ctx.Err() == nil; i++ {
			n := f.nodes[i%len(f.nodes)]
			a, err := n.ask("PATCH", "/api/v1/credentials/"+w.c.id, fmt.Sprintf(`{"name":"fleet %d"}`, i), "Authorization", "Bearer "+f.token, "Content-Type", "application/json", "If-Match", "*")
			if err != nil || a.status != http.StatusOK {
				w.done <- fmt.Errorf("a change: %d %s %w", a.status, a.body, err)
				return
			}
			if a, err = n.tokenFor(w.c); err != nil || a.status != http.StatusOK {
				w.done <- fmt.Errorf("a token: %d %s %w", a.status, a.body, err)
				return
			}
		}
		w.done <- nil
	}()
	return w
}

// end ends the work and judges it.
func (w *work) end(t *testing.T) (credential, string) {
	t.Helper()
	w.stop()
	if err := <-w.done; err != nil {
		t.Error(err)
	}
	return w.c, w.token
}
