package e2e

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// rolling is what every load has that goes on while nodes are started anew: who
// serves now, what was done since a spell began, and what was answered wrong.
type rolling struct {
	stop    chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex
	up     []*node
	counts map[string]int // since the spell began
	wrong  []string
}

// often makes asks again and again until the load ends, each beside the others.
func (r *rolling) often(pause time.Duration, asks ...func()) {
	for _, ask := range asks {
		r.running.Go(func() {
			next := time.NewTicker(pause)
			defer next.Stop()
			for {
				select {
				case <-r.stop:
					return
				case <-next.C:
					ask()
				}
			}
		})
	}
}

// halt stops the load; false when it was stopped before.
func (r *rolling) halt() bool {
	select {
	case <-r.stop:
		return false
	default:
		close(r.stop)
	}
	r.running.Wait()
	return true
}

// tellWrong fails the test for the first wrong answers of a load that has ended.
func (r *rolling) tellWrong(t *testing.T) {
	t.Helper()
	for _, w := range r.wrong[:min(len(r.wrong), 10)] {
		t.Error(w)
	}
}

// forget begins a spell.
func (r *rolling) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.counts)
}

// awaitKinds returns when that many kinds of act were done in the spell.
func (r *rolling) awaitKinds(t *testing.T, what string, kinds int) {
	t.Helper()
	soon(t, what, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.wrong) > 0 || len(r.counts) == kinds
	})
}

func (r *rolling) join(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.up = append(r.up, n)
}

func (r *rolling) leave(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.up = slices.DeleteFunc(r.up, func(one *node) bool { return one == n })
}
