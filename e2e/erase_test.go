package e2e

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const leaverEmail, leaverName = "greta.planted@example.org", "Greta Planted"

type erased struct {
	UserID      string `json:"user_id"`
	ErasedAt    string `json:"erased_at"`
	Again       bool   `json:"erased_before"`
	Credentials int    `json:"credentials"`
	Addresses   int    `json:"addresses_of_audit_events"`
}

// eraser runs claviger user erase as the owner of the database.
func (f *fleet) eraser(t *testing.T, who string, args ...string) (out, talk string, code int) {
	t.Helper()
	args = append([]string{"user", "erase", who, "--config", "claviger.yaml", "--output", "json"}, args...)
	if f.url != "" {
		args = append(args, "--migrate-database-url", f.url)
	}
	return run(t, f.nodes[0].dir, args...)
}

func (f *fleet) erase(t *testing.T, who string) (e erased) {
	t.Helper()
	out, talk, code := f.eraser(t, who, "--yes")
	if code != 0 {
		t.Fatalf("erase %s: %d\n%s%s", who, code, out, talk)
	}
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestUserErase_BesideServersThatServe erases who has left under live servers of
// both engines: no answer, table or file tells of them any more, the log is
// proven, and the address may be somebody new's.
func TestUserErase_BesideServersThatServe(t *testing.T) {
	for _, e := range []engine{{name: "SQLite"}, {name: "PostgreSQL", url: "of its own"}} {
		t.Run(e.name, func(t *testing.T) {
			f := agedFleet(t, e)
			n := f.nodes[0]
			n.command(t, "user", "create", "--email", leaverEmail, "--name", leaverName, "--role", "admin")
			c := n.create(t, n.command(t, "token", "--user", leaverEmail, "--ttl", "1h"), "orders:read")
			token := n.issue(t, c)
			f.refusesToErase(t)
			n.command(t, "user", "edit", leaverEmail, "--status", "deactivated")
			if f.url != "" { // the servers' role has no right to
				if out, talk, code := run(t, n.dir, "user", "erase", leaverEmail, "--yes", "--config", "claviger.yaml"); code == 0 || !strings.Contains(talk, "migrate_database_url") {
					t.Errorf("by the servers' role: %d %s%s", code, out, talk)
				}
			}
			first := f.erase(t, leaverEmail)
			if first.Credentials != 1 {
				t.Errorf("the report: %+v", first)
			}
			f.showsNobody(t, first.UserID, c, token)
			again := f.erase(t, first.UserID)
			if !again.Again || again.ErasedAt != first.ErasedAt || again.UserID != first.UserID {
				t.Errorf("the second time: %+v, the first: %+v", again, first)
			}
			if report := auditReport(t, n); report.Fault != nil || report.Events != report.LastSequence {
				t.Errorf("the log: %+v", report)
			}
			f.keepsNothing(t, e, first.UserID)
			n.command(t, "user", "create", "--email", leaverEmail, "--role", "agent")
			if users := n.command(t, "user", "list", "--output", "json"); strings.Contains(users, first.UserID) || !strings.Contains(users, leaverEmail) {
				t.Errorf("somebody new has the address: %s", users)
			}
		})
	}
}

// refusesToErase: neither by a slip, nor who is active.
func (f *fleet) refusesToErase(t *testing.T) {
	t.Helper()
	if out, talk, code := f.eraser(t, leaverEmail); code == 0 || !strings.Contains(talk, "Nothing was deleted") {
		t.Errorf("without a yes: %d %s%s", code, out, talk)
	}
	if out, talk, code := f.eraser(t, leaverEmail, "--yes"); code == 0 || !strings.Contains(talk, "--status deactivated") {
		t.Errorf("who is active: %d %s%s", code, out, talk)
	}
	if out, talk, code := f.eraser(t, "nobody@example.org", "--yes"); code == 0 || !strings.Contains(talk, "nobody known") {
		t.Errorf("somebody unknown: %d %s%s", code, out, talk)
	}
}

// showsNobody: every node has an owner and an actor without a name, and lets
// nothing of theirs pass.
func (f *fleet) showsNobody(t *testing.T, userID string, c credential, token string) {
	t.Helper()
	for _, n := range f.nodes {
		soon(t, "the node refuses", func() bool {
			a, err := n.allows("GET", token)
			return err == nil && a.status == http.StatusUnauthorized
		})
		owner := n.manage(t, f.token, "GET", "/credentials/"+c.id, "")["owner"].(map[string]any)
		if owner["user_id"] != userID || owner["email"] != nil {
			t.Errorf("the owner: %v", owner)
		}
		text, err := json.Marshal([]any{
			n.manage(t, f.token, "GET", "/audit-events?page_size=200&from=2000-01-01T00:00:00Z", ""), n.manage(t, f.token, "GET", "/users", ""),
			n.manage(t, f.token, "GET", "/credentials", ""),
		})
		if err != nil || strings.Contains(string(text), "planted") || strings.Contains(string(text), "Planted") || !strings.Contains(string(text), `"user.erase"`) {
			t.Errorf("%s %v", text, err)
		}
		if a := n.must(t, "GET", "/api/v1/users/"+userID, "", "Authorization", "Bearer "+f.token); a.status != http.StatusNotFound {
			t.Errorf("as a user: %d %s", a.status, a.body)
		}
	}
}

// keepsNothing looks at the rows, and on SQLite at each file of the data
// directory.
func (f *fleet) keepsNothing(t *testing.T, e engine, userID string) {
	t.Helper()
	n := f.nodes[0]
	db := engine{url: f.url}.open(t, n.dir)
	var rows int
	err := db.QueryRowContext(t.Context(), `SELECT
		(SELECT COUNT(*) FROM audit_personal x JOIN audit_events e ON e.sequence = x.sequence WHERE e.actor_id = $1 OR e.acting_as = $1 OR e.target_id = $1)
		+ (SELECT COUNT(*) FROM persons WHERE user_id = $1 AND (email <> '' OR name <> '' OR email_folded <> $1 OR erased_at = 0))
		+ (SELECT COUNT(*) FROM credentials WHERE owner_id = $1 AND last_used_address <> '')`, userID).Scan(&rows)
	if err != nil || rows != 0 {
		t.Errorf("%d rows tell of them: %v", rows, err)
	}
	if e.url != "" {
		return
	}
	files := os.DirFS(filepath.Join(n.dir, "claviger-data"))
	err = fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		if text := strings.ToLower(string(b)); strings.Contains(text, leaverEmail) || strings.Contains(text, strings.ToLower(leaverName)) {
			t.Errorf("%s tells of them", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
