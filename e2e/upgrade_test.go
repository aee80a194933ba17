package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// laterMigration is a migration as the next release may have one: it adds what
// this one does not know.
const laterMigration = `-- +goose Up
ALTER TABLE credentials ADD COLUMN later_note TEXT NOT NULL DEFAULT 'none';
UPDATE credentials SET later_note = name;
CREATE TABLE later_things (client_id TEXT PRIMARY KEY REFERENCES credentials (client_id) ON DELETE CASCADE);
CREATE INDEX credentials_by_later_note ON credentials (account_id, later_note, client_id);
`

const laterVersion = 99000

// nextRelease builds this program with one migration more.
func nextRelease(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	migration := filepath.Join(dir, "later.sql")
	replace := map[string]string{}
	for _, e := range []string{"sqlite", "postgres"} {
		replace[filepath.Join(root, "internal", "sqlstore", "migrations", e, fmt.Sprintf("%d_later.sql", laterVersion))] = migration
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string][]byte{migration: []byte(laterMigration), filepath.Join(dir, "overlay.json"): overlay} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "claviger-next")
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, "github.com/claviger/claviger/cmd/claviger")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// TestUpgrade_ToTheNextReleaseAndBack goes from this release to one with a schema
// beyond it, and back with the schema as it is then (S41).
func TestUpgrade_ToTheNextReleaseAndBack(t *testing.T) {
	next := nextRelease(t)
	t.Run("nodes on PostgreSQL, under load", func(t *testing.T) { upgradeNodes(t, next) })
	t.Run("one server on SQLite", func(t *testing.T) { upgradeInPlace(t, next) })
}

// upgradeNodes runs both on one database: they serve while the schema is migrated
// under them, each learns of the other's changes in time, and nobody gets an
// answer that they would not get otherwise.
func upgradeNodes(t *testing.T, next string) {
	t.Helper()
	databaseURL := postgresFor(t).Database(t)
	u := newUpgrade(t, claviger, databaseURL)
	u.through(t, next)
	u.through(t, claviger)
	u.finish(t)

	// What a later release takes away ends that: the one that cannot do without
	// says so, and serves nobody.
	db := engine{url: databaseURL}.open(t, "")
	if _, err := db.ExecContext(t.Context(), fmt.Sprintf("UPDATE schema_compatibility SET since = %d", laterVersion)); err != nil {
		t.Fatal(err)
	}
	n := u.newNode(t)
	_, talk, code := runProgram(t, claviger, n.dir, "serve", "--config", "claviger.yaml")
	if want := fmt.Sprintf("schema version %d, this claviger knows up to", laterVersion); code == 0 || !strings.Contains(talk, want) {
		t.Errorf("on a schema that it cannot work with it ends with %d and says %q", code, talk)
	}
	n.program = next
	n.start(t)
	n.ready(t)
}

// upgradeInPlace replaces the program over one data directory, forth and back.
func upgradeInPlace(t *testing.T, next string) {
	t.Helper()
	f := newFleet(t, "", 1)
	n := f.nodes[0]
	known := map[string]string{}
	for i, program := range []string{claviger, next, claviger, next, claviger} {
		if i > 0 {
			n.stop(t)
			n.program = program
			n.start(t)
			n.ready(t)
		}
		for secret, id := range known {
			n.issue(t, credential{id, secret})
		}
		c := n.create(t, f.token, "orders:read")
		added := n.manage(t, f.token, "POST", "/credentials/"+c.id+"/secrets", `{"retire_others_after_seconds":86400}`)
		known[c.secret], known[added["client_secret"].(string)] = c.id, c.id
		n.manage(t, f.token, "PATCH", "/credentials/"+c.id, `{"name":"edited"}`)
		n.command(t, "audit", "verify")
		n.command(t, "backup", filepath.Join(t.TempDir(), fmt.Sprintf("backup%d.db", i)))
	}
}

// upgrade is a fleet under load whose program is replaced.
type upgrade struct {
	*fleet
	load *upgradeLoad
}

func newUpgrade(t *testing.T, program, databaseURL string) *upgrade {
	t.Helper()
	f := newFleetOf(t, program, databaseURL, 2)
	u := &upgrade{fleet: f, load: newUpgradeLoad(f)}
	u.load.begin(t)
	u.load.spell(t, "before")
	return u
}

// through replaces the nodes one after the other, as an operator does who wants
// nobody to notice: the new one comes before an old one goes, and between the two
// both serve.
func (u *upgrade) through(t *testing.T, program string) {
	t.Helper()
	u.program = program
	for i, old := range u.nodes {
		n := u.add(t)
		n.ready(t)
		u.load.join(n)
		u.load.spell(t, fmt.Sprintf("new node %d beside the old", i))
		u.load.leave(old)
		old.stop(t)
		u.nodes[i] = n
	}
	u.load.spell(t, "replaced")
	u.nodes[0].command(t, "audit", "verify")
}

// finish ends the load, and looks whether anything was lost.
func (u *upgrade) finish(t *testing.T) {
	t.Helper()
	done := u.load.end(t)
	for secret, id := range done.secrets {
		for _, n := range u.nodes {
			if a, err := n.tokenFor(credential{id, secret}); err != nil || a.status != http.StatusOK {
				t.Fatalf("an acknowledged secret: %d %s %v", a.status, a.body, err)
			}
		}
	}
	creates, rotates, _ := auditCounts(t, engine{url: u.url}.open(t, ""))
	if creates < done.creates || rotates < done.rotates {
		t.Errorf("%d creates and %d rotations acknowledged, %d and %d audited", done.creates, done.rotates, creates, rotates)
	}
}

// spellTime is how long programs work side by side in each state.
func spellTime() time.Duration { return atLength(time.Second, 15*time.Second) }
