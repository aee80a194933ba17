package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// backupWorkers write while the backup is taken; backupAtLeast credentials are
// acknowledged before it begins.
const (
	backupWorkers = 4
	backupAtLeast = 200
)

// TestBackup_TakenUnderLoadHoldsAllAcknowledgedAndRevivesNothingUnseen backs up a
// server that is being written to, kills it, restores into a new directory, and
// asks for every credential that was acknowledged before the backup began: it is
// there and gets no token until confirmed, then its secret works, and tokens from
// before stay dead (R25, S40). The file holds no secret in clear (S19).
func TestBackup_TakenUnderLoadHoldsAllAcknowledgedAndRevivesNothingUnseen(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	token := prepare(t, dir, address)
	issuer := "http://" + address
	server, _ := startReady(t, dir, address)
	done := &acknowledged{secrets: map[string]string{}}
	var workers sync.WaitGroup
	for range backupWorkers {
		workers.Go(func() {
			for writeOnce(issuer, token, done) {
			}
		})
	}
	before := map[string]string{}
	for len(before) < backupAtLeast {
		before = done.copied()
	}
	out, talk, code := run(t, dir, "backup", "backup.db")
	if code != 0 || !strings.Contains(talk, "master key") {
		t.Fatal(out, talk)
	}
	after := len(done.copied())
	live := issueWith(t, issuer, before)
	server.stopped.Do(func() {
		_ = server.cmd.Process.Kill()
		_ = server.cmd.Wait() // says only that it was killed
	})
	workers.Wait()
	if after == len(before) {
		t.Error("nothing was written while the backup was taken")
	}
	leaksNothing(t, filepath.Join(dir, "backup.db"), dir, token, done)

	renewed := t.TempDir()
	restoreInto(t, dir, renewed, address)
	server, _ = startReady(t, renewed, address)
	fresh, talk, code := run(t, renewed, "token", "--user", "ada@example.com")
	if code != 0 {
		t.Fatal(talk)
	}
	bearer := []string{"Authorization", "Bearer " + strings.TrimSpace(fresh)}
	if a := call(t, "GET", issuer+"/api/v1/me", "", "Authorization", "Bearer "+token); a.status != http.StatusUnauthorized {
		t.Errorf("a management token from before the restore: %d", a.status)
	}
	id := before[anyOf(before)]
	shown := call(t, "GET", issuer+"/api/v1/credentials/"+id, "", bearer...).json(t)
	if shown["status"] != "suspended" || shown["status_reason"] != "restored" {
		t.Errorf("seen as %v, %v", shown["status"], shown["status_reason"])
	}
	countTokens(t, issuer, before, 0)
	out, talk, code = run(t, renewed, "restore", "--confirm", id)
	if code != 0 || !strings.Contains(out, id) {
		t.Fatal(out, talk)
	}
	out, talk, code = run(t, renewed, "restore", "--confirm", "--all", "--output", "json")
	if code != 0 {
		t.Fatal(out, talk)
	}
	countTokens(t, issuer, before, len(before))
	if a := call(t, "GET", issuer+"/forward-auth", "", "Authorization", "Bearer "+live, "X-Forwarded-Method", "GET",
		"X-Forwarded-Host", "api.example.com", "X-Forwarded-Uri", "/useradmin/users", "X-Forwarded-Proto", "http"); a.status != http.StatusUnauthorized {
		t.Errorf("a token from before the restore: %d %s", a.status, a.body)
	}
	if out, talk, code := run(t, renewed, "audit", "verify"); code != 0 {
		t.Error(out, talk)
	}
	if out, talk, code := run(t, renewed, "doctor", "--config", "claviger.yaml"); code != 0 {
		t.Error(out, talk)
	}
	server.stop(t)
}

func (a *acknowledged) copied() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[string]string{}
	for secret, id := range a.secrets {
		out[secret] = id
	}
	return out
}

func anyOf(secrets map[string]string) string {
	for secret := range secrets {
		return secret
	}
	return ""
}

// issueWith gets a token that is alive at the moment of the crash.
func issueWith(t *testing.T, issuer string, secrets map[string]string) string {
	t.Helper()
	secret := anyOf(secrets)
	a := call(t, "POST", issuer+"/oauth2/token", "grant_type=client_credentials&client_id="+secrets[secret]+"&client_secret="+secret, "Content-Type", formType)
	return a.json(t)["access_token"].(string)
}

// restoreInto restores dir's backup into an installation in renewed, which has
// nothing but the settings and the master key.
func restoreInto(t *testing.T, dir, renewed, address string) {
	t.Helper()
	data := filepath.Join(renewed, "claviger-data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"claviger.yaml", "claviger-data/master.key"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(renewed, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, talk, code := run(t, renewed, "restore", filepath.Join(dir, "backup.db"))
	if code != 0 || !strings.Contains(talk, "The gap: ") {
		t.Fatal(out, talk)
	}
}

// countTokens asks for a token with every secret and wants so many of them; the
// others are refused as invalid_client.
func countTokens(t *testing.T, issuer string, secrets map[string]string, want int) {
	t.Helper()
	got := 0
	for secret, id := range secrets {
		a := call(t, "POST", issuer+"/oauth2/token", "grant_type=client_credentials&client_id="+id+"&client_secret="+secret, "Content-Type", formType)
		switch {
		case a.status == http.StatusOK:
			got++
		case a.status == http.StatusTooManyRequests: // failures are throttled by address
		case a.status != http.StatusUnauthorized || !strings.Contains(a.body, "invalid_client"):
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if got != want {
		t.Errorf("%d of %d secrets work, want %d", got, len(secrets), want)
	}
}

// leaksNothing looks for every secret in a backup: client secrets, the management
// token, the master key.
func leaksNothing(t *testing.T, path, dir, token string, done *acknowledged) {
	t.Helper()
	backup, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(dir, "claviger-data", "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup's mode: %v, %v", info.Mode(), err)
	}
	secrets := canaries{"management token": token, "master key": strings.TrimSpace(string(key))}
	for secret, id := range done.copied() {
		secrets["secret of "+id] = secret
	}
	if found := secrets.leaks(string(backup)); len(found) > 0 {
		t.Errorf("the backup holds in clear: %v", found)
	}
}
