package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"
)

// rollLoad is what people and programs do while nodes are started anew. With one
// node, they wait for it.
type rollLoad struct {
	*fleet
	known   credential
	token   string // of known
	session string // cookies of Ada's

	rolling
	asked  map[string]int
	missed int
	later  int // 503 with Retry-After
	made   []credential
}

func newRollLoad(t *testing.T, f *fleet) *rollLoad {
	t.Helper()
	setPassword(t, f)
	l := &rollLoad{fleet: f, rolling: rolling{up: slices.Clone(f.nodes), counts: map[string]int{}}, asked: map[string]int{}}
	l.known = f.nodes[0].create(t, f.token, "orders:read")
	l.token = f.nodes[0].issue(t, l.known)
	a, cookie, err := f.signIn(f.nodes[0])
	if err != nil || a.status != http.StatusSeeOther {
		t.Fatalf("signing in: %d %s %v", a.status, a.body, err)
	}
	l.session = cookie
	return l
}

// begin starts the load, also once more after its end.
func (l *rollLoad) begin(t *testing.T) {
	t.Helper()
	l.stop = make(chan struct{})
	t.Cleanup(func() { l.end(t) })
	l.often(20*time.Millisecond, l.useToken, l.useSecret, l.useSession)
	l.often(100*time.Millisecond, l.create, l.signIn)
}

// end stops the load, and returns the credentials it made.
func (l *rollLoad) end(t *testing.T) []credential {
	t.Helper()
	if !l.halt() {
		return l.made
	}
	figure(t, "S19", "answers under a roll of the master key: %v; %d asked to come again, %d on connections that ended, %d wrong", l.asked, l.later, l.missed, len(l.wrong))
	l.tellWrong(t)
	return l.made
}

// spell returns when everything was done once more, by nodes that are up.
func (l *rollLoad) spell(t *testing.T) {
	t.Helper()
	l.forget()
	if chaos() {
		<-time.After(spellTime())
	}
	l.awaitKinds(t, "everything is done", 5)
}

// one is a node that serves; nil while none does.
func (l *rollLoad) one() *node {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.up) == 0 {
		return nil
	}
	return l.up[rand.IntN(len(l.up))]
}

// ask sends what at a node that serves, and judges the answer: it is the wanted
// one, or 503 with Retry-After, or none since the node went away.
func (l *rollLoad) ask(what string, want int, send func(n *node) (answer, error)) (answer, bool) {
	n := l.one()
	if n == nil {
		return answer{}, false
	}
	a, err := send(n)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.missed++
	case a.status == want:
		l.counts[what]++
		l.asked[what]++
		return a, true
	case a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "":
		l.later++
	default:
		l.wrong = append(l.wrong, fmt.Sprintf("%s: %d %s, want %d", what, a.status, a.body, want))
	}
	return a, false
}

func (l *rollLoad) useToken() {
	l.ask("token of before", http.StatusOK, func(n *node) (answer, error) { return n.allows("GET", l.token) })
}

func (l *rollLoad) useSecret() {
	l.ask("tokens", http.StatusOK, func(n *node) (answer, error) { return n.tokenFor(l.known) })
}

func (l *rollLoad) useSession() {
	l.ask("session of before", http.StatusOK, func(n *node) (answer, error) {
		return n.ask("GET", "/api/v1/me", "", "Cookie", l.session)
	})
}

func (l *rollLoad) signIn() {
	l.ask("sign-ins", http.StatusSeeOther, func(n *node) (answer, error) {
		a, _, err := l.fleet.signIn(n)
		return a, err
	})
}

// create makes a credential, which works at once wherever it is used.
func (l *rollLoad) create() {
	a, ok := l.ask("creates", http.StatusCreated, func(n *node) (answer, error) {
		return n.ask("POST", "/api/v1/credentials", `{"name":"rolled","scopes":["orders:read"]}`, "Authorization", "Bearer "+l.fleet.token, "Content-Type", "application/json")
	})
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if !ok || json.Unmarshal([]byte(a.body), &made) != nil {
		return
	}
	c := credential{made.ID, made.Secret}
	l.mu.Lock()
	l.made = append(l.made, c)
	l.mu.Unlock()
	l.ask("tokens", http.StatusOK, func(n *node) (answer, error) { return n.tokenFor(c) })
}
