package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// upgradeLoad is what people and programs do at nodes that come and go.
type upgradeLoad struct {
	*fleet
	known credential
	token string // of known

	rolling
	done          acknowledged
	seen          latencies // of changes, on another node
	asked, missed int
}

func newUpgradeLoad(f *fleet) *upgradeLoad {
	return &upgradeLoad{
		fleet: f, rolling: rolling{up: slices.Clone(f.nodes), stop: make(chan struct{}), counts: map[string]int{}}, done: acknowledged{secrets: map[string]string{}},
	}
}

func (l *upgradeLoad) begin(t *testing.T) {
	t.Helper()
	l.known = l.nodes[0].create(t, l.fleet.token, "orders:read")
	l.token = l.nodes[0].issue(t, l.known)
	t.Cleanup(sync.OnceFunc(func() { l.end(t) }))
	l.often(10*time.Millisecond, l.useToken, l.useSecret, l.useSecret, l.change, l.change, l.list, l.revokeToken, l.disable)
}

// end stops the load, prints the figures, and returns what was acknowledged.
func (l *upgradeLoad) end(t *testing.T) *acknowledged {
	t.Helper()
	if !l.halt() {
		return &l.done
	}
	t.Logf("%d requests, %d of them on connections that ended; %v; changes seen on another node: %v; %d wrong answers",
		l.asked, l.missed, l.counts, l.seen, len(l.wrong))
	l.tellWrong(t)
	return &l.done
}

// spell lets the load work in a state, until all of it was done in it.
func (l *upgradeLoad) spell(t *testing.T, state string) {
	t.Helper()
	l.forget()
	<-time.After(spellTime())
	l.awaitKinds(t, "everything is done: "+state, 6)
}

// two are nodes that serve now, different ones.
func (l *upgradeLoad) two() (first, other *node) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := rand.IntN(len(l.up))
	j := (i + 1 + rand.IntN(len(l.up)-1)) % len(l.up)
	return l.up[i], l.up[j]
}

func (l *upgradeLoad) one() *node {
	n, _ := l.two()
	return n
}

// expect judges an answer; false where there is none, since the node went away:
// such a request is made again, elsewhere, by who wants it.
func (l *upgradeLoad) expect(what string, want int, a answer, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if err != nil {
		l.missed++
		return false
	}
	if a.status != want {
		l.wrong = append(l.wrong, fmt.Sprintf("%s: %d %s, want %d", what, a.status, a.body, want))
		return false
	}
	return true
}

func (l *upgradeLoad) count(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what]++
}

func (l *upgradeLoad) useToken() {
	if a, err := l.one().allows("GET", l.token); l.expect("a token of the beginning", http.StatusOK, a, err) {
		l.count("checks")
	}
}

func (l *upgradeLoad) useSecret() {
	if a, err := l.one().tokenFor(l.known); l.expect("a token request", http.StatusOK, a, err) {
		l.count("tokens")
	}
}

func (l *upgradeLoad) list() {
	if a, err := l.request(l.one(), "GET", "/credentials?page_size=20&sort=-created_at", ""); l.expect("a list", http.StatusOK, a, err) {
		l.count("lists")
	}
}

// request asks the management API.
func (l *upgradeLoad) request(n *node, method, path, body string) (answer, error) {
	return n.ask(method, "/api/v1"+path, body, "Authorization", "Bearer "+l.fleet.token, "Content-Type", "application/json")
}

// made is a new credential; false where its maker has no answer.
func (l *upgradeLoad) made(n *node) (credential, bool) {
	a, err := l.request(n, "POST", "/credentials", `{"name":"upgrade","scopes":["orders:read"]}`)
	if !l.expect("a create", http.StatusCreated, a, err) {
		return credential{}, false
	}
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	return credential{made.ID, made.Secret}, json.Unmarshal([]byte(a.body), &made) == nil
}

// change makes a credential on one node, which works on another at once, edits
// it there and rotates it.
func (l *upgradeLoad) change() {
	first, other := l.two()
	c, ok := l.made(first)
	if !ok {
		return
	}
	l.done.add(c.id, c.secret, false)
	if a, err := other.tokenFor(c); !l.expect("a token for what another node made", http.StatusOK, a, err) {
		return
	}
	a, err := l.request(other, "PATCH", "/credentials/"+c.id, `{"name":"upgraded"}`)
	if !l.expect("an edit", http.StatusOK, a, err) {
		return
	}
	a, err = l.request(other, "POST", "/credentials/"+c.id+"/secrets", `{"retire_others_after_seconds":86400}`)
	var added struct {
		Secret string `json:"client_secret"`
	}
	if !l.expect("a rotation", http.StatusCreated, a, err) || json.Unmarshal([]byte(a.body), &added) != nil {
		return
	}
	l.done.add(c.id, added.Secret, true)
	if a, err := first.tokenFor(credential{c.id, added.Secret}); l.expect("a token for the new secret", http.StatusOK, a, err) {
		l.count("changes")
	}
}

// disable and revokeToken end a token on one node and wait for another to know.
func (l *upgradeLoad) disable() {
	l.ends("disabled", func(n *node, c credential, _ string) (answer, error) {
		return l.request(n, "POST", "/credentials/"+c.id+"/disable", "")
	})
}

func (l *upgradeLoad) revokeToken() {
	l.ends("revoked", func(n *node, c credential, token string) (answer, error) { return n.revoke(c, token) })
}

func (l *upgradeLoad) ends(what string, end func(n *node, c credential, token string) (answer, error)) {
	first, other := l.two()
	c, ok := l.made(first)
	if !ok {
		return
	}
	a, err := other.tokenFor(c)
	if !l.expect("a token", http.StatusOK, a, err) {
		return
	}
	var issued struct {
		Token string `json:"access_token"`
	}
	if json.Unmarshal([]byte(a.body), &issued) != nil {
		return
	}
	if a, err = end(first, c, issued.Token); !l.expect(what, http.StatusOK, a, err) {
		return
	}
	acknowledged := time.Now()
	for {
		sent := time.Now()
		a, err := other.allows("GET", issued.Token)
		if err != nil {
			return // the node went away
		}
		if a.status == http.StatusUnauthorized {
			break
		}
		if late := sent.Sub(acknowledged); a.status != http.StatusOK || late > seenBound {
			l.expect(fmt.Sprintf("%s %v before", what, late), http.StatusUnauthorized, a, nil)
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what]++
	l.seen = append(l.seen, time.Since(acknowledged))
}
