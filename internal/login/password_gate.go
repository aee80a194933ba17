package login

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Waiting for the one password check that runs at a time (S34).
const (
	// maxWaiting is how many strangers wait at most, and as many again of those
	// who are known here.
	maxWaiting = 32
	// maxWaitingEach is how many of them have the same address.
	maxWaitingEach = 4
)

// gate lets one argon2id run at a time on this server, whatever is asked of it:
// 19 MiB and one core, not more. Whoever comes while too many wait is turned
// away at once, so that neither memory nor time grow with the crowd. Strangers
// and people known here (signed in, or at a browser that was) queue apart: a
// crowd of strangers leaves places for the others.
type gate struct {
	running chan struct{}
	runs    atomic.Int64 // how many there were; a test counts them

	mu      sync.Mutex
	waiting [2]int // strangers, known
	each    map[visitor]int
}

// visitor is who waits: an address as a network, or for the known a session or
// browser.
type visitor struct {
	known bool
	name  string
}

func newGate() *gate { return &gate{running: make(chan struct{}, 1), each: map[visitor]int{}} }

// check tells whether p is the password behind the hash. A zero hash costs the
// same and fits nothing.
func (g *gate) check(ctx context.Context, who visitor, h passwordHash, p Password) (bool, error) {
	leave, err := g.enter(ctx, who)
	if err != nil {
		return false, err
	}
	defer leave()
	if len(h.tag) == 0 {
		h = passwordHash{argonParameters: presentParameters(), salt: make([]byte, saltBytes), tag: make([]byte, tagBytes)}
		h.fits(p)
		return false, nil
	}
	return h.fits(p), nil
}

// hash makes a hash of a new password.
func (g *gate) hash(ctx context.Context, who visitor, p Password, random io.Reader) (passwordHash, error) {
	leave, err := g.enter(ctx, who)
	if err != nil {
		return passwordHash{}, err
	}
	defer leave()
	return newHash(p, random)
}

// enter waits for its turn. Errors: rate_limited (too many wait at this
// address), unavailable (too many wait, or the caller has gone).
func (g *gate) enter(ctx context.Context, who visitor) (leave func(), err error) {
	if err := g.queue(who); err != nil {
		return nil, err
	}
	defer g.unqueue(who)
	select {
	case g.running <- struct{}{}:
		g.runs.Add(1)
		return func() { <-g.running }, nil
	case <-ctx.Done():
		return nil, tooBusy().Because(ctx.Err())
	}
}

func (g *gate) queue(who visitor) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.each[who] >= maxWaitingEach:
		return apicred.RateLimited(time.Second)
	case g.waiting[who.line()] >= maxWaiting:
		return tooBusy()
	}
	g.each[who]++
	g.waiting[who.line()]++
	return nil
}

func (g *gate) unqueue(who visitor) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting[who.line()]--
	if g.each[who]--; g.each[who] == 0 {
		delete(g.each, who)
	}
}

func (v visitor) line() int {
	if v.known {
		return 1
	}
	return 0
}

func tooBusy() *apicred.Error {
	return &apicred.Error{
		Kind: apicred.KindUnavailable, RetryAfter: 2 * time.Second,
		Message: "Many people are signing in right now. Try again in a few seconds.",
	}
}
