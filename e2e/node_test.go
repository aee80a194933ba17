package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// TestNodes_OfOneDatabaseWorkAsOne starts two servers on an empty database at
// the same time and lets them share everything that must happen once, or hold on
// both.
func TestNodes_OfOneDatabaseWorkAsOne(t *testing.T) {
	f := newFleet(t, postgresFor(t).Database(t), 2)
	t.Run("an assertion works once", func(t *testing.T) { assertionWorksOnce(t, f) })
	t.Run("a set-up link works once", func(t *testing.T) { linkWorksOnce(t, f) })
	t.Run("an idempotency key makes one credential", func(t *testing.T) { keyMakesOneCredential(t, f) })
	t.Run("a session is one on both", func(t *testing.T) { sessionIsOneOnBoth(t, f) })
	t.Run("signing keys are the same", func(t *testing.T) { signingKeysAreTheSame(t, f) })
	t.Run("a node that was stopped serves nothing stale", func(t *testing.T) { wakesFresh(t, f) })
	out := f.nodes[0].command(t, "audit", "verify")
	t.Log(out)
}

// inParallel sends a request many times at once, in turn to each node, and
// counts the answers by status.
func (f *fleet) inParallel(t *testing.T, times int, ask func(n *node, i int) (answer, error)) map[int]int {
	t.Helper()
	var mu sync.Mutex
	var running sync.WaitGroup
	begin := make(chan struct{})
	statuses := map[int]int{}
	for i := range times {
		running.Go(func() {
			<-begin
			a, err := ask(f.nodes[i%len(f.nodes)], i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			statuses[a.status]++
		})
	}
	close(begin)
	running.Wait()
	return statuses
}

// signer is a program that signs assertions (RFC 7523).
type signer struct {
	id  string
	key *ecdsa.PrivateKey
}

func (n *node) createSigner(t *testing.T, token string) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{
		"name": "signer", "scopes": []string{"orders:read"}, "authentication_method": "private_key_jwt",
		"jwks": jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "ES256"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &signer{n.manage(t, token, "POST", "/credentials", string(body))["client_id"].(string), key}
}

// form is a token request with a fresh assertion.
func (s *signer) form(t *testing.T, issuer string) string {
	t.Helper()
	form, err := s.tryForm(issuer)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

// tryForm is form beside the test's own goroutine.
func (s *signer) tryForm(issuer string) (string, error) {
	signing, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.key}, (&jose.SignerOptions{}).WithHeader("kid", "one"))
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": s.id, "sub": s.id, "aud": issuer, "jti": rand.Text(), "exp": time.Now().Add(time.Minute).Unix(),
	})
	if err != nil {
		return "", err
	}
	signed, err := signing.Sign(claims)
	if err != nil {
		return "", err
	}
	assertion, err := signed.CompactSerialize()
	if err != nil {
		return "", err
	}
	return url.Values{
		"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}.Encode(), nil
}

// assertionWorksOnce replays an assertion on both nodes at once (S14).
func assertionWorksOnce(t *testing.T, f *fleet) {
	s := f.nodes[0].createSigner(t, f.token)
	rounds := atLength(5, 100)
	for range rounds {
		form := s.form(t, f.issuer)
		got := f.inParallel(t, 20, func(n *node, _ int) (answer, error) {
			return n.ask("POST", "/oauth2/token", form, "Content-Type", formType)
		})
		// So many failures are told to slow down, which is not a token either.
		if got[http.StatusOK] != 1 || got[http.StatusUnauthorized]+got[http.StatusTooManyRequests] != 19 {
			t.Fatalf("20 replays over both nodes: %v, want one 200 and 19 times 401 or 429", got)
		}
	}
	figure(t, "S40", "%d assertions, each sent 20 times at once over both nodes: each gave one token", rounds)
}

// linkWorksOnce posts the form of a one-time link to both nodes at once (S20).
func linkWorksOnce(t *testing.T, f *fleet) {
	link := f.nodes[0].command(t, "user", "set-up-link", "ada@example.com")
	path := regexp.MustCompile(`/sign-in/link/\S+`).FindString(link)
	got := f.inParallel(t, 20, func(n *node, _ int) (answer, error) {
		return n.ask("POST", path, "", "Content-Type", formType, "Origin", f.issuer)
	})
	if got[http.StatusSeeOther] != 1 || got[http.StatusSeeOther]+got[http.StatusNotFound] != 20 {
		t.Errorf("a link posted 20 times at once: %v, want one 303 and 19 times 404", got)
	}
}

// keyMakesOneCredential repeats a create with its Idempotency-Key on both nodes
// at once.
func keyMakesOneCredential(t *testing.T, f *fleet) {
	before := f.nodes[0].manage(t, f.token, "GET", "/credentials?q=idempotent", "")["total"].(float64)
	got := f.inParallel(t, 20, func(n *node, _ int) (answer, error) {
		return n.ask("POST", "/api/v1/credentials", `{"name":"idempotent","scopes":["orders:read"]}`,
			"Authorization", "Bearer "+f.token, "Content-Type", "application/json", "Idempotency-Key", "one-and-only")
	})
	after := f.nodes[1].manage(t, f.token, "GET", "/credentials?q=idempotent", "")["total"].(float64)
	if got[http.StatusCreated] != 1 || got[http.StatusConflict] != 19 || after-before != 1 {
		t.Errorf("a create repeated 20 times at once: %v and %v credentials", got, after-before)
	}
}

// sessionIsOneOnBoth signs in on one node, works on the other and signs out
// there (S21).
func sessionIsOneOnBoth(t *testing.T, f *fleet) {
	first, other := f.nodes[0], f.nodes[1]
	path := regexp.MustCompile(`/sign-in/link/\S+`).FindString(first.command(t, "user", "set-up-link", "ada@example.com"))
	signedIn := first.must(t, "POST", path, "", "Content-Type", formType, "Origin", f.issuer)
	cookies := (&http.Response{Header: signedIn.header}).Cookies()
	if len(cookies) == 0 {
		t.Fatalf("signing in: %d %s", signedIn.status, signedIn.body)
	}
	cookie := cookies[0].Name + "=" + cookies[0].Value
	me := func(n *node) int { return n.must(t, "GET", "/api/v1/me", "", "Cookie", cookie).status }
	if a, b := me(first), me(other); a != http.StatusOK || b != http.StatusOK {
		t.Errorf("signed in: %d on the node of the sign-in, %d on the other", a, b)
	}
	if a := other.must(t, "POST", "/sign-out", "", "Cookie", cookie, "Content-Type", formType, "Origin", f.issuer); a.status != http.StatusSeeOther {
		t.Errorf("signing out on the other: %d %s", a.status, a.body)
	}
	if a, b := me(first), me(other); a != http.StatusUnauthorized || b != http.StatusUnauthorized {
		t.Errorf("signed out: %d on the node of the sign-in, %d on the other", a, b)
	}
}

// kids are the key IDs that a node publishes.
func (n *node) kids(t *testing.T) string {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(n.must(t, "GET", "/.well-known/jwks.json", "").body), &set); err != nil {
		t.Fatal(err)
	}
	var kids []string
	for _, k := range set.Keys {
		kids = append(kids, k.KeyID)
	}
	return strings.Join(kids, " ")
}

// signingKeysAreTheSame rotates on both nodes at once and removes a key on one:
// one rotation happens, tokens of each node are good on the other at once, and
// what the removed key signed is dead there within the bound (R18).
func signingKeysAreTheSame(t *testing.T, f *fleet) {
	first, other := f.nodes[0], f.nodes[1]
	agree := func() bool { return first.kids(t) == other.kids(t) }
	if !agree() || len(strings.Fields(first.kids(t))) != 2 {
		t.Fatalf("after two first starts at once: %s and %s", first.kids(t), other.kids(t))
	}
	c := first.create(t, f.token, "orders:read")
	crossed := func(when string) {
		t.Helper()
		for i, n := range f.nodes {
			a, err := f.nodes[1-i].allows("GET", n.issue(t, c))
			if err != nil || a.status != http.StatusOK {
				t.Errorf("%s: a token of node %d on the other: %d %s %v", when, i, a.status, a.body, err)
			}
		}
	}
	crossed("before")
	before := first.issue(t, c)
	got := f.inParallel(t, 10, func(n *node, _ int) (answer, error) {
		return n.ask("POST", "/api/v1/signing-keys/rotate", "", "Authorization", "Bearer "+f.token, "Content-Type", "application/json")
	})
	if got[http.StatusOK] != 1 || got[http.StatusConflict] != 9 {
		t.Errorf("ten rotations at once over both nodes: %v, want one done and nine refused", got)
	}
	crossed("after the rotation")
	soon(t, "both publish the same three keys", func() bool { return agree() && len(strings.Fields(first.kids(t))) == 3 })
	for _, n := range f.nodes {
		if a, err := n.allows("GET", before); err != nil || a.status != http.StatusOK {
			t.Errorf("a token from before the rotation: %d %v", a.status, err)
		}
	}
	active := ""
	for _, k := range first.manage(t, f.token, "GET", "/signing-keys", "")["signing_keys"].([]any) {
		if key := k.(map[string]any); key["status"] == "active" {
			active = key["kid"].(string)
		}
	}
	doomed := other.issue(t, c)
	soon(t, "the other node signs with the new key", func() bool { doomed = other.issue(t, c); return strings.Contains(joseHeader(doomed), active) })
	first.manage(t, f.token, "DELETE", "/signing-keys/"+active, "")
	<-time.After(seenBound)
	for i, n := range f.nodes {
		if a, err := n.allows("GET", doomed); err != nil || a.status != http.StatusUnauthorized {
			t.Errorf("a token of the removed key on node %d, 2 s after: %d %v", i, a.status, err)
		}
	}
	crossed("after the emergency")
}

// wakesFresh stops a node in the middle of its load, takes everything from a
// credential on the other, and wakes it: nothing that it is asked from then on
// is answered from what it knew (S40).
func wakesFresh(t *testing.T, f *fleet) {
	first, other := f.nodes[0], f.nodes[1]
	const load = 8
	for range atLength(1, 3) {
		var gone, narrowed [load]credential
		var dead, less [load]string
		for i := range load {
			gone[i], narrowed[i] = first.create(t, f.token, "orders:read"), first.create(t, f.token, "orders:read", "orders:write")
			dead[i], less[i] = other.issue(t, gone[i]), other.issue(t, narrowed[i])
		}
		signal(t, other, syscall.SIGSTOP)
		for i := range load {
			first.manage(t, f.token, "DELETE", "/credentials/"+gone[i].id, "")
			first.manage(t, f.token, "PATCH", "/credentials/"+narrowed[i].id, `{"scopes":["orders:read"]}`)
		}
		<-time.After(atLength(seenBound+time.Second, 30*time.Second))
		signal(t, other, syscall.SIGCONT)
		var stale atomic.Int64
		got := f.atOnce(t, 3*load, func(i int) (answer, error) {
			var a answer
			var err error
			want := http.StatusUnauthorized
			switch i % 3 {
			case 0:
				a, err = other.tokenFor(gone[i/3])
			case 1:
				a, err = other.allows("GET", dead[i/3])
			default:
				a, err = other.allows("POST", less[i/3])
				want = http.StatusForbidden
			}
			if a.status != want {
				stale.Add(1)
			}
			return a, err
		})
		if stale.Load() > 0 {
			t.Errorf("a node that woke answered %d of %d requests from what it knew before: %v", stale.Load(), 3*load, got)
		}
	}
}

// atOnce sends requests at the same time and counts the answers by status.
func (f *fleet) atOnce(t *testing.T, times int, ask func(i int) (answer, error)) string {
	t.Helper()
	return fmt.Sprint(f.inParallel(t, times, func(_ *node, i int) (answer, error) { return ask(i) }))
}

func signal(t *testing.T, n *node, s syscall.Signal) {
	t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
