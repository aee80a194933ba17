package e2e

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// TestAuditVerify_PassesAndFindsAChangedRow tampers with the stopped server's
// database as one who owns the disk could.
func TestAuditVerify_PassesAndFindsAChangedRow(t *testing.T) {
	dir := t.TempDir()
	for _, email := range []string{"ada@example.com", "grace@example.com", "edsger@example.com"} {
		if out, talk, code := run(t, dir, "user", "create", "--email", email, "--role", "admin"); code != 0 {
			t.Fatal(out, talk)
		}
	}
	whole, talk, code := run(t, dir, "audit", "verify")
	if code != 0 {
		t.Fatalf("an untouched log: exit %d\n%s%s", code, whole, talk)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "claviger-data", "claviger.db"))
	if err != nil {
		t.Fatal(err)
	}
	var sequence string
	err = db.QueryRow(`UPDATE audit_events SET actor_id = 'somebody else' WHERE sequence = (SELECT MAX(sequence) - 1 FROM audit_events) RETURNING sequence`).Scan(&sequence)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	broken, talk, code := run(t, dir, "audit", "verify")
	if code != 1 || !strings.Contains(broken+talk, sequence) {
		t.Errorf("a changed row %s: exit %d\n%s%s", sequence, code, broken, talk)
	}
}
