package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file with a fault changes nothing, and the next one counts.
func TestHangUp_AppliesTheCatalogueFileAnew(t *testing.T) {
	dir := t.TempDir()
	write := func(scope string) {
		t.Helper()
		text := `{"apis":[{"id":"a","audience":"urn:a"}],"scopes":[{"value":"` + scope + `","description":"d","api":"a"}]}`
		if err := os.WriteFile(filepath.Join(dir, "catalogue.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	held := func(scope string) {
		t.Helper()
		if out, talk, code := run(t, dir, "catalogue", "export", "-"); code != 0 || !strings.Contains(out, scope) {
			t.Errorf("exit %d, want the scope %s in\n%s%s", code, scope, out, talk)
		}
	}
	write("first")
	server := start(t, dir, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--catalogue-file", "catalogue.json")
	server.stderr.await(t, `listens on http://`)
	held("first")
	if err := os.WriteFile(filepath.Join(dir, "catalogue.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangUp(t, server)
	server.stderr.await(t, `the catalogue in force stays`)
	held("first")
	write("second")
	hangUp(t, server)
	server.stderr.await(t, `(?s)the catalogue in force stays.*catalogue file applied.*changed=true`)
	held("second")
}

// Whoever sends SIGHUP learns that it came, even where it has nothing to do; and a
// server that is still starting is not ended by it.
func TestHangUp_SaysThatThereIsNothingToRead(t *testing.T) {
	server := start(t, t.TempDir(), "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0")
	server.stderr.await(t, `listens on http://`)
	hangUp(t, server)
	server.stderr.await(t, `nothing to read again`)
}
