package accesstoken

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// rounds runs one piece of work at a time for any number of callers: who needs
// a run that began after some moment shares it with all who need the same.
// Whoever comes while a run that began too early is under way waits for the
// next one, so N callers cost two runs at most.
type rounds struct {
	clock func() time.Time
	work  func(began time.Time) error
	// patience is how long a run takes at most by its own timeouts; one that
	// took longer was stopped in between and says nothing about the database.
	patience time.Duration

	mu      sync.Mutex
	running *round
	queued  *round
	failed  time.Time // when the last run ended, if it failed; zero after a success
}

// round is one run. err may be read when done is closed.
type round struct {
	began time.Time
	done  chan struct{}
	err   error
	slow  atomic.Bool // somebody gave up waiting for it
}

// join waits for the end of a run that began after the given moment. A run is
// nobody's in particular, so it is not cancelled with ctx; only the waiting is.
func (r *rounds) join(ctx context.Context, after time.Time) error {
	mine := r.enter(after)
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		return apicred.Unavailable(ctx.Err())
	}
}

// joinBriefly is join for those who can do without: it gives up after two
// times half a second. (Two, because a process that was stopped finds its
// first timer expired when it wakes.)
func (r *rounds) joinBriefly(ctx context.Context, after time.Time) error {
	const half = 500 * time.Millisecond
	mine := r.enter(after)
	for range 2 {
		timer := time.NewTimer(half)
		select {
		case <-mine.done:
			timer.Stop()
			return mine.err
		case <-ctx.Done():
			timer.Stop()
			return apicred.Unavailable(ctx.Err())
		case <-timer.C:
		}
	}
	mine.slow.Store(true)
	return apicred.Unavailable(context.DeadlineExceeded)
}

// struggling tells whether waiting for a run is pointless now: the last one
// failed a moment ago, or the present one already made somebody give up.
func (r *rounds) struggling() bool {
	const recent = 5 * time.Second
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running != nil && r.running.slow.Load() {
		return true
	}
	return !r.failed.IsZero() && r.clock().Sub(r.failed) < recent
}

// enter returns the first run that begins after the given moment, starting or
// queueing it if need be.
func (r *rounds) enter(after time.Time) *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.running == nil:
		r.running = &round{began: r.clock(), done: make(chan struct{})}
		go r.run(r.running)
		return r.running
	case r.running.began.After(after):
		return r.running
	case r.queued == nil:
		r.queued = &round{done: make(chan struct{})}
	}
	return r.queued
}

// run does one run after the other until nobody waits for another.
func (r *rounds) run(x *round) {
	for x != nil {
		x.err = r.work(x.began)
		x = r.next(x)
	}
}

func (r *rounds) next(x *round) *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock()
	switch {
	case x.err == nil:
		r.failed = time.Time{}
	case now.Sub(x.began) <= r.patience:
		r.failed = now
	}
	close(x.done)
	r.running, r.queued = r.queued, nil
	if r.running != nil {
		r.running.began = now
	}
	return r.running
}
