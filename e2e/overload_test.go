package e2e

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"
)

// backToNormal is how soon the delay must be as before once an overload is over.
const backToNormal = 5 * time.Second

// TestOverload_ThreeTimesThePeakIsShedAndPasses finds what the server can do,
// asks for three times as much over many connections (tokens, tokens seen for the
// first time, lists, changes, sign-ins) and looks at the answers: a 5xx is a 503
// that says when to come back, probes are answered 200 all the time, and when it
// is over the delay is as before within five seconds.
func TestOverload_ThreeTimesThePeakIsShedAndPasses(t *testing.T) {
	o := newOverload(t)
	address := o.node.address + ":8420"
	length := atLength(4*time.Second, 60*time.Second)

	busiest := newCrowd(address, o.any).begin(32, 0)
	<-time.After(length / 4)
	took, _ := busiest.seen()
	busiest.end()
	peak := float64(len(took)) / (length / 4).Seconds()
	calm := newCrowd(address, o.askToken).begin(4, 50*time.Millisecond)
	<-time.After(length / 4)
	normal, _ := calm.seen()

	connections := atLength(500, 3000)
	probes := o.probe(t)
	flood := newCrowd(address, o.any).begin(connections, time.Duration(float64(connections)/(3*peak)*float64(time.Second)))
	<-time.After(length)
	took, statuses := flood.seen()
	_, calmStatuses := calm.seen()
	flood.end()
	over := time.Now()
	slowest, probed := probes()
	figure(t, "S34", "at most %.0f answers a second over 32 connections; then three times that asked over %d for %v: %d answers %v, %v; %d connections not answered",
		peak, connections, length, len(took), took, statuses, len(flood.broken))
	figure(t, "S34", "%d probes, the slowest answer after %v; calm programs meanwhile: %v", probed, slowest.Round(time.Millisecond), calmStatuses)
	demandGrace(t, statuses, flood.broken)
	demandGrace(t, calmStatuses, calm.broken)
	if chaos() && statuses["503"] == 0 {
		t.Error("nothing was shed: this was no overload")
	}
	o.recovers(t, calm, over, normal)
	calm.end()
}

// recovers waits until all are served again, and the delay is as it was. On a
// machine with other work the delay is nobody's fault, and is not waited for.
func (o *overload) recovers(t *testing.T, calm *crowd, over time.Time, normal latencies) {
	t.Helper()
	const window = 500 * time.Millisecond
	bound := max(2*normal.at(0.99), 50*time.Millisecond)
	for {
		calm.seen()
		<-time.After(window)
		took, statuses := calm.seen()
		since := time.Since(over)
		served := len(statuses) == 1 && statuses["200"] > 0
		if served && (!chaos() || took.at(0.99) <= bound) {
			figure(t, "S34", "before: %v; as before (p99 up to %v at full length) %v after it was over: %v", normal, bound.Round(time.Millisecond), since.Round(time.Millisecond), took)
			if chaos() && since > backToNormal {
				t.Errorf("it took %v", since)
			}
			return
		}
		if since > 60*time.Second {
			t.Fatalf("never as before: %v, now %v %v", normal, took, statuses)
		}
	}
}

// overload is a server with whoever asks too much of it.
type overload struct {
	node     *node
	requests [][]byte // one of each kind that costs a lot; the rest are tokens
	programs []credential
	mu       sync.Mutex
	unseen   []string // tokens that the server has not seen yet
}

func newOverload(t *testing.T) *overload {
	t.Helper()
	f := newFleet(t, "", 1)
	o := &overload{node: f.nodes[0]}
	for range 20 {
		o.programs = append(o.programs, o.node.create(t, f.token, "orders:read", "orders:write"))
	}
	for range atLength(200, 20000) {
		o.unseen = append(o.unseen, o.node.issue(t, oneOf(o.programs)))
	}
	setPassword(t, f)
	bearer := []string{"Authorization", "Bearer " + f.token, "Content-Type", "application/json"}
	o.requests = [][]byte{
		o.node.wire("GET", "/api/v1/credentials?page_size=50", "", bearer...),
		o.node.wire("POST", "/api/v1/credentials", `{"name":"crowd","scopes":["orders:read"]}`, bearer...),
		o.node.wire("POST", "/sign-in", url.Values{"email": {"ada@example.com"}, "password": {goodPassword}}.Encode(), "Content-Type", formType, "Origin", f.issuer),
		o.node.wire("GET", "/", ""),
		o.node.wire("POST", "/oauth2/token", "grant_type=client_credentials&client_id=nobody&client_secret=clav_x", "Content-Type", formType),
	}
	return o
}

// any is a request of the mixture: seven of ten are for tokens, two show one, and
// one is of any other kind.
func (o *overload) any() []byte {
	switch lot := rand.IntN(100); {
	case lot < 70:
		return o.askToken()
	case lot < 90:
		return o.checkUnseen()
	}
	return oneOf(o.requests)
}

func (o *overload) askToken() []byte {
	c := oneOf(o.programs)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}, "client_secret": {c.secret}}
	return o.node.wire("POST", "/oauth2/token", form.Encode(), "Content-Type", formType)
}

// checkUnseen shows a token that was seen as long ago as may be.
func (o *overload) checkUnseen() []byte {
	o.mu.Lock()
	token := o.unseen[0]
	o.unseen = append(o.unseen[1:], token)
	o.mu.Unlock()
	return o.node.wire("GET", "/forward-auth?status=full", "", "Authorization", "Bearer "+token, "X-Forwarded-Method", "GET",
		"X-Forwarded-Host", "orders.example.com", "X-Forwarded-Uri", "/orders/7", "X-Forwarded-Proto", "https")
}

// probe asks for health and readiness until the returned function is called,
// which demands that all was well and returns the longest delay.
func (o *overload) probe(t *testing.T) (end func() (time.Duration, int)) {
	t.Helper()
	stop := make(chan struct{})
	var done sync.WaitGroup
	var took latencies
	done.Go(func() {
		every := time.NewTicker(100 * time.Millisecond)
		defer every.Stop()
		for {
			for _, path := range []string{"/healthz", "/readyz"} {
				began := time.Now()
				a, err := o.node.ask("GET", path, "")
				took = append(took, time.Since(began))
				if err != nil || a.status != http.StatusOK {
					t.Errorf("%s in an overload: %d %v", path, a.status, err)
				}
			}
			select {
			case <-stop:
				return
			case <-every.C:
			}
		}
	})
	return func() (time.Duration, int) {
		close(stop)
		done.Wait()
		return took.at(1), len(took)
	}
}
