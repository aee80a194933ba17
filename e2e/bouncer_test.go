package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/claviger/claviger/internal/storetest"
)

// startBouncer starts a pgbouncer in transaction mode before a server and
// returns the URL of the database behind it.
func startBouncer(t *testing.T, postgres *storetest.PostgresServer, databaseURL string) string {
	t.Helper()
	program := needed(t, "pgbouncer", "pgbouncer")
	dir := shortDirectory(t)
	settings := fmt.Sprintf(`[databases]
* = host=%s user=postgres
[pgbouncer]
unix_socket_dir = %s
listen_addr =
auth_type = any
pool_mode = transaction
default_pool_size = 4
ignore_startup_parameters = extra_float_digits
`, postgres.Directory(), dir)
	path := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, path)
	if os.Geteuid() == 0 { // it refuses root, as PostgreSQL does
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		for _, p := range []string{dir, path} {
			if err := os.Chown(p, 65534, 65534); err != nil {
				t.Fatal(err)
			}
		}
	}
	talk, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait() // it ends by the signal
	})
	newTranscript(talk).await(t, "process up")
	before, _, _ := strings.Cut(databaseURL, "?")
	return before + "?host=" + dir + "&port=6432&default_query_exec_mode=exec"
}

// shortDirectory is one whose path leaves room for a socket's name.
func shortDirectory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// TestBouncer_InTransactionModeServesTwoNodes puts pgbouncer between two nodes
// and PostgreSQL, with fewer connections than they open: migrations (which need
// a session) go past it, and everything else works through it.
func TestBouncer_InTransactionModeServesTwoNodes(t *testing.T) {
	postgres := postgresFor(t)
	databaseURL := postgres.Database(t)
	f := newFleet(t, startBouncer(t, postgres, databaseURL), 2, "migrate_database_url: "+databaseURL)
	first, other := f.nodes[0], f.nodes[1]
	for range atLength(1, 20) { // a hundred at once are not yet an overload
		got := f.inParallel(t, 100, func(n *node, _ int) (answer, error) {
			return n.ask("POST", "/api/v1/credentials", `{"name":"bounced","scopes":["orders:read"]}`, "Authorization", "Bearer "+f.token, "Content-Type", "application/json")
		})
		if got[http.StatusCreated] != 100 {
			t.Fatalf("created through it: %v", got)
		}
	}
	c := first.create(t, f.token, "orders:read")
	token := other.issue(t, c)
	first.manage(t, f.token, "POST", "/credentials/"+c.id+"/disable", "")
	soon(t, "the other node refuses", func() bool {
		a, err := other.allows("GET", token)
		return err == nil && a.status == http.StatusUnauthorized
	})
	s := first.createSigner(t, f.token)
	form := s.form(t, f.issuer)
	if once := f.inParallel(t, 20, func(n *node, _ int) (answer, error) {
		return n.ask("POST", "/oauth2/token", form, "Content-Type", formType)
	}); once[http.StatusOK] != 1 {
		t.Errorf("an assertion sent 20 times at once: %v", once)
	}
	if total := other.manage(t, f.token, "GET", "/credentials?q=bounced", "")["total"]; total != float64(min(atLength(100, 2000), 1000)) {
		t.Errorf("%v credentials listed", total)
	}
	first.command(t, "audit", "verify")
}
