package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	crashWorkers = 4
	// startLimit is how soon a server must be ready after a kill (S36).
	startLimit = 2 * time.Second
)

// acknowledged is what the server has said is done, by all workers.
type acknowledged struct {
	mu      sync.Mutex
	creates int
	rotates int
	secrets map[string]string // secret to client ID
}

func (a *acknowledged) add(id, secret string, rotate bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.secrets[secret] = id
	if rotate {
		a.rotates++
	} else {
		a.creates++
	}
}

// TestCrash_KilledWhileWritingLosesNothingAcknowledged kills the server with
// SIGKILL in the middle of create and rotate loops, again and again. Every
// secret that was handed out must work, each change must have its audit event,
// and each start must be quick (S36).
func TestCrash_KilledWhileWritingLosesNothingAcknowledged(t *testing.T) {
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) { crash(t, e) })
	}
}

func crash(t *testing.T, e engine) {
	t.Helper()
	crashKills := atLength(50, 200)
	dir, address := t.TempDir(), freeAddress(t)
	token := prepare(t, dir, address, e.settings()...)
	done := &acknowledged{secrets: map[string]string{}}
	var slowest time.Duration
	for range crashKills {
		server, took := startReady(t, dir, address)
		slowest = max(slowest, took)
		writeUntilKilled(t, server, "http://"+address, token, done)
	}
	server, took := startReady(t, dir, address)
	slowest = max(slowest, took)
	broken := 0
	for secret, id := range done.secrets {
		a := call(t, "POST", "http://"+address+"/oauth2/token", "grant_type=client_credentials&client_id="+id+"&client_secret="+secret, "Content-Type", formType)
		if a.status != http.StatusOK {
			broken++
		}
	}
	server.stop(t)
	if out, talk, code := run(t, dir, "audit", "verify", "--config", "claviger.yaml"); code != 0 {
		t.Errorf("the audit chain: %s%s", out, talk)
	}
	creates, rotates, rows := auditCounts(t, e.open(t, dir))
	figure(t, "S36", "%d kills; %d creates and %d rotations acknowledged; %d and %d audited; %d credentials stored; %d secrets lost; slowest start %v",
		crashKills, done.creates, done.rotates, creates, rotates, rows, broken, slowest)
	if done.creates < crashKills || done.rotates < crashKills {
		t.Errorf("too little was written to prove anything")
	}
	if broken > 0 {
		t.Errorf("%d acknowledged secrets do not work", broken)
	}
	// A change may be stored and its answer lost in the kill, one a worker.
	if creates != rows || creates < done.creates || rotates < done.rotates ||
		creates+rotates > done.creates+done.rotates+crashKills*crashWorkers {
		t.Errorf("audit and changes differ")
	}
	if slowest > startLimit {
		t.Errorf("a start took %v", slowest)
	}
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // gone at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// prepare sets an installation up, with lines of settings of its own, and
// returns a management token of its admin.
func prepare(t *testing.T, dir, address string, lines ...string) string {
	t.Helper()
	settings := filepath.Join(dir, "claviger.yaml")
	lines = append(lines, "listen: "+address, "ops_listen: 127.0.0.1:0", "")
	if err := os.WriteFile(settings, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"user", "create", "--email", "ada@example.com", "--role", "admin"},
		{"catalogue", "apply", "--example", "vcc"},
	} {
		if out, talk, code := run(t, dir, append(args, "--config", settings)...); code != 0 {
			t.Fatal(out, talk)
		}
	}
	out, talk, code := run(t, dir, "token", "--user", "ada@example.com", "--ttl", "24h", "--config", settings)
	if code != 0 {
		t.Fatal(talk)
	}
	return strings.TrimSpace(out)
}

// startReady starts the server and waits until it is ready.
func startReady(t *testing.T, dir, address string) (*process, time.Duration) {
	t.Helper()
	began := time.Now()
	server := start(t, dir, "serve", "--config", "claviger.yaml")
	server.stderr.await(t, `listens on http://`)
	ready := time.NewTicker(5 * time.Millisecond)
	defer ready.Stop()
	for range ready.C {
		res, err := http.Get("http://" + address + "/readyz") //nolint:noctx,forbidigo // loopback, and the test has its own limit
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("not ready:\n%s", server.stderr)
		}
	}
	return server, time.Since(began)
}

// writeUntilKilled runs create and rotate loops and kills the server at a
// random moment under them.
func writeUntilKilled(t *testing.T, server *process, issuer, token string, done *acknowledged) {
	t.Helper()
	var workers sync.WaitGroup
	for range crashWorkers {
		workers.Go(func() {
			for writeOnce(issuer, token, done) {
			}
		})
	}
	<-time.After(50*time.Millisecond + time.Duration(rand.IntN(200))*time.Millisecond)
	server.stopped.Do(func() { // not to be stopped again at the end of the test
		_ = server.cmd.Process.Kill()
		_ = server.cmd.Wait() // says only that it was killed
	})
	workers.Wait()
}

// writeOnce creates a credential and rotates it; false when the server is gone.
func writeOnce(issuer, token string, done *acknowledged) bool {
	id, secret, ok := post(issuer+"/api/v1/credentials", token, `{"name":"crash","scopes":["users:read"]}`)
	if !ok {
		return false
	}
	done.add(id, secret, false)
	_, second, ok := post(issuer+"/api/v1/credentials/"+id+"/secrets", token, `{"retire_others_after_seconds":86400}`)
	if ok {
		done.add(id, second, true)
	}
	return ok
}

// post sends a change; an answer that did not arrive whole is no acknowledgement.
func post(url, token, body string) (id, secret string, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return "", "", false
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := new(http.Client).Do(req)
	if err != nil {
		return "", "", false
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		ClientID string `json:"client_id"`
		Secret   string `json:"client_secret"`
	}
	err = json.NewDecoder(res.Body).Decode(&answer)
	return answer.ClientID, answer.Secret, err == nil && res.StatusCode == http.StatusCreated
}

// auditCounts counts the audited creates and rotations, and the credentials.
func auditCounts(t *testing.T, db *sql.DB) (creates, rotates, rows int) {
	t.Helper()
	err := db.QueryRowContext(t.Context(), `SELECT
		(SELECT COUNT(*) FROM audit_events WHERE action = 'credential.create' AND outcome = 'done'),
		(SELECT COUNT(*) FROM audit_events WHERE action = 'secret.create'),
		(SELECT COUNT(*) FROM credentials)`).Scan(&creates, &rotates, &rows)
	if err != nil {
		t.Fatal(err)
	}
	return creates, rotates, rows
}
