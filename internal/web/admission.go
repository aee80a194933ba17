package web

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	// queuePerProcessor is how many goroutines may be ready to run and wait for a
	// processor, for each of them, before requests are held back: some 25 ms of
	// tokens, half a second of list pages.
	queuePerProcessor = 128
	// leastAdmitted is how many requests are let in for each processor at each
	// look at the queue, however long it is: turning requests away must not become
	// all that the server does.
	leastAdmitted = 8
	// calmPeriod and busyPeriod are how often the queue is looked at, without
	// requests held back and with.
	calmPeriod, busyPeriod = 50 * time.Millisecond, 10 * time.Millisecond
	// patience is how long a request is held back at most before it is answered
	// 503, and half of how long at least.
	patience = time.Second
	// maxHeld bounds the requests that are held back; what comes on top is answered
	// 503 at once.
	maxHeld = 16384
	// overloadNotice is how often an overload is told in the log.
	overloadNotice = time.Minute
)

// codeOverloaded is logged for a request that was turned away unread.
const codeOverloaded = "overloaded"

// Admission holds requests back while more is asked than the processors can do
// (docs/decisions/overload-waits-at-the-door.md). It looks at how many goroutines
// wait for a processor. While these are too many, requests wait in the order in
// which they came, and are let in as the queue gets shorter; who has waited a
// second is answered 503. So those who are in are served as quickly as ever, and
// who asks again at once is slowed down at no cost.
//
// While nothing is held back it costs a request one load. Call Run, once. It is
// safe for concurrent use.
type Admission struct {
	closed atomic.Bool // requests are held back
	_      [63]byte    // what every request reads is on a line of its own

	logger  *slog.Logger
	turned  prometheus.Counter
	queue   func() (waiting, processors int)
	most    int          // that are held back
	noticed atomic.Int64 // when an overload was last told, in Unix nanoseconds

	mu   sync.Mutex
	line []*held // those who wait, first come first; some have gone
	size int     // of those who have not
}

// held is a request that is held back.
type held struct {
	admitted chan struct{} // closed when it is let in
	gone     bool          // it does not wait any more
}

// NewAdmission registers its instruments with m.
func NewAdmission(m *Metrics, logger *slog.Logger) *Admission {
	a := &Admission{logger: logger, queue: runQueue(), most: maxHeld, turned: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "claviger_requests_shed_total", Help: "Requests turned away unread because more was asked than the server can do.",
	})}
	m.Registry.MustRegister(a.turned, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "claviger_requests_held_back", Help: "Requests that wait to be let in because more is asked than the processors can do.",
	}, func() float64 { return float64(a.waiting()) }))
	return a
}

// runQueue returns what reads the scheduler's queue.
func runQueue() func() (waiting, processors int) {
	samples := []metrics.Sample{{Name: "/sched/goroutines/runnable:goroutines"}, {Name: "/sched/gomaxprocs:threads"}}
	return func() (int, int) {
		metrics.Read(samples)
		if samples[0].Value.Kind() != metrics.KindUint64 || samples[1].Value.Kind() != metrics.KindUint64 {
			return 0, 1 // another Go than this was written for: nobody is held back
		}
		return int(samples[0].Value.Uint64()), int(samples[1].Value.Uint64()) //nolint:gosec // G115: counts
	}
}

// Run watches the queue until ctx ends, and then lets everybody in.
func (a *Admission) Run(ctx context.Context) {
	look := time.NewTimer(calmPeriod)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			a.closed.Store(false)
			a.admit(a.most)
			return
		case <-look.C:
		}
		if a.look(); a.closed.Load() {
			look.Reset(busyPeriod)
		} else {
			look.Reset(calmPeriod)
		}
	}
}

// look closes the door when the queue is long, and lets in as many as there is
// room for, or opens it, when it is shorter.
func (a *Admission) look() {
	waiting, processors := a.queue()
	full := processors * queuePerProcessor
	if !a.closed.Load() {
		a.closed.Store(waiting > full)
		return
	}
	left := a.admit(max(full-waiting, processors*leastAdmitted))
	if left == 0 && waiting < full/2 {
		a.closed.Store(false)
		a.admit(a.most) // who came in between
	}
}

// admit lets in as many as that, and returns how many still wait.
func (a *Admission) admit(room int) (left int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.line) > 0 && room > 0 {
		first := a.line[0]
		a.line[0], a.line = nil, a.line[1:]
		if first.gone {
			continue
		}
		first.gone = true
		a.size--
		close(first.admitted)
		room--
	}
	if len(a.line) == 0 {
		a.line = nil // with what stood before it
	}
	return a.size
}

func (a *Admission) waiting() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.size
}

// admits tells whether a request may go on, and may hold it back first.
func (a *Admission) admits(r *http.Request, x *Exchange, e *entry) bool {
	// Of different length, so that those who came together do not come back so.
	wait := patience/2 + rand.N(patience/2) //nolint:gosec // G404: no secret
	if a.closed.Load() {
		began, limit := time.Now(), time.NewTimer(wait)
		defer limit.Stop()
		if !a.standInLine(r.Context(), limit.C) {
			return false
		}
		wait -= time.Since(began)
	}
	return e.Crowd == nil || e.Crowd.takes(r, x, e.limit(), wait)
}

// standInLine returns when the request is let in, or will not be: the line is
// too long, the time is up, or the client has gone.
func (a *Admission) standInLine(ctx context.Context, limit <-chan time.Time) bool {
	me := &held{admitted: make(chan struct{})}
	a.mu.Lock()
	if a.size >= a.most {
		a.mu.Unlock()
		return false
	}
	a.line = append(a.line, me)
	a.size++
	a.mu.Unlock()
	select {
	case <-me.admitted:
		return true
	case <-limit:
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if me.gone { // let in at this very moment
		return true
	}
	me.gone = true
	a.size--
	return false
}

// Overloaded is what a request is told that was turned away unread.
func Overloaded() *apicred.Error {
	return &apicred.Error{
		Kind: apicred.KindUnavailable, RetryAfter: patience,
		Message: "The server is asked for more than it can do right now. Wait as long as Retry-After says, then try again.",
	}
}

// turnAway answers a request that was not let in, in its surface's words.
func (s *Shell) turnAway(x *Exchange, r *http.Request, e *entry) {
	s.admission.turned.Inc()
	now, last := time.Now().UnixNano(), s.admission.noticed.Load()
	if now-last > int64(overloadNotice) && s.admission.noticed.CompareAndSwap(last, now) {
		s.admission.logger.WarnContext(r.Context(), "more is asked than this server can do: requests are answered 503",
			slog.Int("held_back", s.admission.waiting()), slog.String("remedy", "More processors, more nodes, or fewer calls."))
	}
	if e.Overloaded != nil {
		e.Overloaded(x, r, x)
	} else {
		x.WriteError(Overloaded())
	}
	x.Fail(codeOverloaded, nil)
}
