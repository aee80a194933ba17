package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/storetest"
)

// TestMasterKey_IsRolledUnderLoadAndNobodyNotices changes the master key step by
// step as docs/operate.md says, while programs get tokens, people sign in and
// credentials are made, until the old key is gone from the settings.
func TestMasterKey_IsRolledUnderLoadAndNobodyNotices(t *testing.T) {
	t.Run("two nodes on PostgreSQL", func(t *testing.T) {
		t.Parallel() // most of it is waiting for what is counted to be written
		r := newRoll(t, newFleet(t, postgresFor(t).Database(t), 2), sameMasterKey)
		r.load.begin(t)
		r.step(t, r.old, r.fresh)
		r.rest(t)
	})
	t.Run("one server on SQLite", func(t *testing.T) {
		t.Parallel()
		f := newFleet(t, "", 1)
		made, err := os.ReadFile(filepath.Join(f.nodes[0].dir, "claviger-data", "master.key"))
		if err != nil {
			t.Fatal(err)
		}
		r := newRoll(t, f, strings.TrimSpace(string(made)))
		r.load.begin(t)
		r.rest(t)
	})
}

func newMasterKey() string {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return base64.StdEncoding.EncodeToString(key[:])
}

// roll is a fleet whose master key is changed, and what was there before.
type roll struct {
	*fleet
	load       *rollLoad
	old, fresh string // master keys
	idle       credential
	keySet     string // the JWK Set
	page       string // a page token
	checkpoint string // the file of one
}

func newRoll(t *testing.T, f *fleet, old string) *roll {
	t.Helper()
	r := &roll{fleet: f, old: old, fresh: newMasterKey(), load: newRollLoad(t, f)}
	n := f.nodes[0]
	r.keySet = n.must(t, "GET", "/.well-known/jwks.json", "").body
	once := r.replay(t, n)
	if once.status != http.StatusCreated {
		t.Fatalf("a create with an Idempotency-Key: %d %s", once.status, once.body)
	}
	r.idle = credential{once.json(t)["client_id"].(string), once.json(t)["client_secret"].(string)}
	r.issueOften(t)
	r.page = n.manage(t, f.token, "GET", "/credentials?page_size=1", "")["next_page_token"].(string)
	r.checkpoint = filepath.Join(t.TempDir(), "saved.checkpoint")
	if err := os.WriteFile(r.checkpoint, []byte(n.command(t, "audit", "checkpoint")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// issueOften uses the secret that is idle later: a use a moment ago must not be
// why the next one changes nothing.
func (r *roll) issueOften(t *testing.T) {
	t.Helper()
	for _, n := range r.nodes {
		n.issue(t, r.idle)
	}
}

// replay repeats one create, with its Idempotency-Key.
func (r *roll) replay(t *testing.T, n *node) answer {
	t.Helper()
	return n.must(t, "POST", "/api/v1/credentials", `{"name":"once","scopes":["orders:read"]}`, "Authorization", "Bearer "+r.token,
		"Content-Type", "application/json", "Idempotency-Key", "before-the-roll")
}

// step gives every node the same master keys, one node after the other.
func (r *roll) step(t *testing.T, current string, old ...string) {
	t.Helper()
	for _, n := range r.nodes {
		r.load.leave(n)
		n.stop(t)
		n.setMasterKeys(t, current, old...)
		n.start(t)
		n.ready(t)
		r.load.join(n)
		r.load.spell(t)
	}
}

// setMasterKeys writes them into the node's settings file, in place of those
// there.
func (n *node) setMasterKeys(t *testing.T, current string, old ...string) {
	t.Helper()
	path := filepath.Join(n.dir, "claviger.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{"master_key: " + current}
	if len(old) > 0 {
		lines = append(lines, "master_keys_old: "+strings.Join(old, ","))
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "master_key") {
			lines = append(lines, line)
		}
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// rest is the roll from where every node can open what is sealed under the new
// key.
func (r *roll) rest(t *testing.T) {
	t.Helper()
	r.step(t, r.fresh, r.old)
	r.goesOn(t)
	first := r.nodes[0]
	first.command(t, "audit", "verify", "--checkpoint", r.checkpoint)
	if got := first.must(t, "GET", "/api/v1/credentials?page_size=1&page_token="+r.page, "", "Authorization", "Bearer "+r.token); got.status != http.StatusOK {
		t.Errorf("a page token of the old key: %d %s", got.status, got.body)
	}
	soon(t, "the passwords and signing keys are under the new key", func() bool {
		_, message, _ := first.oldKeys(t)
		return strings.Contains(message, "0 passwords, 0 signing keys")
	})
	status, message, remedy := first.oldKeys(t)
	if status != "warning" || !strings.Contains(remedy, r.idle.id) {
		t.Errorf("what nobody used since: %s %s %s", status, message, remedy)
	}
	t.Log(message)

	// Each is used once, and that is all it takes.
	used := r.load.end(t)
	for _, c := range append(used, r.idle) {
		first.issue(t, c)
	}
	soon(t, "nothing is under the old key any more", func() bool {
		status, message, _ := first.oldKeys(t)
		return status == "ok" && strings.Contains(message, "can be taken out")
	})
	r.load.begin(t)
	r.step(t, r.fresh)
	r.goesOn(t)
	r.withoutTheOldKey(t, append(used, r.idle))
	r.load.end(t)
	r.needsAKeyThatOpens(t)
}

// goesOn demands that nobody signs in anew and no verifier reads keys anew.
func (r *roll) goesOn(t *testing.T) {
	t.Helper()
	for _, n := range r.nodes {
		if got := n.must(t, "GET", "/.well-known/jwks.json", "").body; got != r.keySet {
			t.Errorf("the JWK Set was %s and is %s", r.keySet, got)
		}
		if got := n.must(t, "GET", "/api/v1/me", "", "Cookie", r.load.session).status; got != http.StatusOK {
			t.Errorf("a session from before: %d", got)
		}
		if a, err := n.allows("GET", r.load.token); err != nil || a.status != http.StatusOK {
			t.Errorf("a token from before: %d %s %v", a.status, a.body, err)
		}
		if got := r.replay(t, n); got.status != http.StatusConflict {
			t.Errorf("an Idempotency-Key from before: %d %s", got.status, got.body)
		}
		n.command(t, "audit", "verify")
	}
}

// withoutTheOldKey asks for what the documents say of the time after it.
func (r *roll) withoutTheOldKey(t *testing.T, secrets []credential) {
	t.Helper()
	for _, n := range r.nodes {
		for _, c := range secrets {
			n.issue(t, c)
		}
		if got := n.must(t, "GET", "/api/v1/credentials?page_size=1&page_token="+r.page, "", "Authorization", "Bearer "+r.token); got.status != http.StatusBadRequest {
			t.Errorf("a page token of the key that is gone: %d", got.status)
		}
		if status, message, _ := n.oldKeys(t); status != "" {
			t.Errorf("no old key is set, and the doctor says %s %s", status, message)
		}
	}
	first := r.nodes[0]
	out, talk, code := runProgram(t, first.program, first.dir, "audit", "verify", "--checkpoint", r.checkpoint, "--config", "claviger.yaml")
	if code != 1 || !strings.Contains(out+talk, "master_keys_old") {
		t.Errorf("a checkpoint of the key that is gone: exit %d\n%s%s", code, out, talk)
	}
	saved := filepath.Join(t.TempDir(), "new.checkpoint")
	if err := os.WriteFile(saved, []byte(first.command(t, "audit", "checkpoint")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first.command(t, "audit", "verify", "--checkpoint", saved)
}

// needsAKeyThatOpens starts a server with a key that sealed nothing, and with the
// old one alone: it ends, and says which setting to mend.
func (r *roll) needsAKeyThatOpens(t *testing.T) {
	t.Helper()
	n := r.nodes[0]
	for what, key := range map[string]string{"neither key": newMasterKey(), "the old key alone": r.old} {
		n.stop(t)
		n.setMasterKeys(t, key)
		_, talk, code := runProgram(t, n.program, n.dir, "serve", "--config", "claviger.yaml")
		if code != 1 || !strings.Contains(talk, "does not open the signing keys") || !strings.Contains(talk, "master_keys_old") {
			t.Errorf("with %s: exit %d\n%s", what, code, talk)
		}
	}
	n.setMasterKeys(t, r.fresh)
	n.start(t)
	n.ready(t)
	n.issue(t, r.idle)
}

// oldKeys is what the doctor finds about the old master keys; empty: nothing.
func (n *node) oldKeys(t *testing.T) (status, message, remedy string) {
	t.Helper()
	out, talk, _ := runProgram(t, n.program, n.dir, "doctor", "--output", "json", "--config", "claviger.yaml")
	var said struct {
		Findings []struct{ Check, Status, Message, Remedy string }
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatalf("%v\n%s%s", err, out, talk)
	}
	for _, f := range said.Findings {
		if f.Check == "master_keys_old" {
			return f.Status, f.Message, f.Remedy
		}
	}
	return "", "", ""
}

// signIn enters Ada's password and returns the session's cookie.
func (f *fleet) signIn(n *node) (answer, string, error) {
	form := url.Values{"email": {"ada@example.com"}, "password": {goodPassword}}
	a, err := n.ask("POST", "/sign-in", form.Encode(), "Content-Type", formType, "Origin", f.issuer)
	cookie := ""
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		cookie += c.Name + "=" + c.Value + "; "
	}
	return a, cookie, err
}

// TestMasterKey_WhatANodeKeptUnderTheOldOneIsRead changes the key of a node while
// PostgreSQL is away: it starts with what it kept, counts what was spooled, and
// completes the change when the database is back. What it kept under a key that
// is gone stays, and is in nobody's way.
func TestMasterKey_WhatANodeKeptUnderTheOldOneIsRead(t *testing.T) {
	postgres := postgresFor(t)
	f := newFleet(t, postgres.Database(t), 1, "max_offline: 30s")
	n := f.nodes[0]
	setPassword(t, f)
	c := n.create(t, f.token, "orders:read")
	token := n.issue(t, c)
	n.keepsWhatItKnows(t)
	postgres.Kill(t)
	const away = 20
	for range away {
		n.issue(t, c)
	}
	n.spools(t, "usage", func() bool { return false })
	n.kill()

	second := newMasterKey()
	n.setMasterKeys(t, second, sameMasterKey)
	n.start(t)
	n.ready(t)
	for range away {
		n.issue(t, c)
	}
	if a, err := n.allows("GET", token); err != nil || a.status != http.StatusOK {
		t.Errorf("a token from before: %d %s %v", a.status, a.body, err)
	}
	postgres.Start(t)
	n.stderr.await(t, "the start is complete")
	f.wantCounted(t, c, 1+2*away, 0)
	soon(t, "nothing is under the old key any more", func() bool {
		status, _, _ := n.oldKeys(t)
		return status == "ok"
	})

	if chaos() {
		f.forgetsAKey(t, postgres, c, second)
	}
	if a, _, err := f.signIn(n); err != nil || a.status != http.StatusSeeOther {
		t.Errorf("signing in under the new key: %d %s %v", a.status, a.body, err)
	}
}

// forgetsAKey lets the node keep its spool under a key, which is forgotten while
// another node brings everything under the next.
func (f *fleet) forgetsAKey(t *testing.T, postgres *storetest.PostgresServer, c credential, second string) {
	t.Helper()
	n, third := f.nodes[0], newMasterKey()
	postgres.Kill(t)
	n.issue(t, c)
	n.spools(t, "usage", func() bool { return false })
	n.kill()
	postgres.Start(t)
	other := f.newNode(t)
	other.setMasterKeys(t, third, second)
	other.start(t)
	other.ready(t)
	other.issue(t, c)
	soon(t, "nothing is under the second key any more", func() bool {
		status, _, _ := other.oldKeys(t)
		return status == "ok"
	})
	n.setMasterKeys(t, third)
	n.start(t)
	n.ready(t)
	n.stderr.await(t, "cannot be read and stays where it is")
	n.issue(t, c)
	if len(n.spooled(t, "usage")) == 0 {
		t.Error("the spool of a forgotten key was thrown away")
	}
}
