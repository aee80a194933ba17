package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// doorkeeper is a shell with an admission whose queue is made up.
type doorkeeper struct {
	*Shell
	queue atomic.Int64
	log   strings.Builder
}

// keepDoor serves /work, /probe and /crowd, where one may be at a time and stays
// for a minute.
func keepDoor(t *testing.T) *doorkeeper {
	t.Helper()
	d := &doorkeeper{}
	m, logger := NewMetrics(), slog.New(slog.NewTextHandler(&d.log, nil))
	a := NewAdmission(m, logger)
	a.queue = func() (int, int) { return int(d.queue.Load()), 2 }
	done := func(w http.ResponseWriter, _ *http.Request, _ *Exchange) { w.WriteHeader(http.StatusNoContent) }
	routes := NewRouter()
	routes.Add(
		Route{Path: "/work", Handler: done},
		Route{Path: "/probe", Always: true, Handler: done},
		Route{Path: "/crowd", Crowd: NewCrowd(1), Handler: func(w http.ResponseWriter, _ *http.Request, _ *Exchange) {
			<-time.After(time.Minute)
			w.WriteHeader(http.StatusNoContent)
		}},
	)
	d.Shell = NewShell(Config{Logger: logger, Metrics: m, Admission: a}, routes)
	go a.Run(t.Context())
	return d
}

// ask returns the answer and how long it took.
func (d *doorkeeper) ask(path string) (*httptest.ResponseRecorder, time.Duration) {
	w, began := httptest.NewRecorder(), time.Now()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	return w, time.Since(began)
}

const (
	fullQueue = 2*queuePerProcessor + 1
	soonOpen  = 5 * calmPeriod
)

func TestAdmission_LetsEverybodyInAtOnceWhileTheQueueIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := keepDoor(t)
		for _, queue := range []int64{0, 1, fullQueue - 1} {
			d.queue.Store(queue)
			time.Sleep(soonOpen)
			if w, took := d.ask("/work"); w.Code != http.StatusNoContent || took > 0 {
				t.Errorf("%d in the queue: %d after %v", queue, w.Code, took)
			}
		}
	})
}

func TestAdmission_TurnsAwayWhoHasWaitedASecondAndAlwaysAnswersProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := keepDoor(t)
		d.queue.Store(fullQueue)
		time.Sleep(soonOpen)
		var crowd sync.WaitGroup
		var in, out atomic.Int64
		d.admission.most = 2000
		for range 3000 { // more than may wait
			crowd.Go(func() {
				w, took := d.ask("/work")
				switch {
				case w.Code == http.StatusNoContent:
					in.Add(1)
				case w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || took > patience:
					t.Errorf("%d after %v, Retry-After %q", w.Code, took, w.Header().Get("Retry-After"))
				default:
					out.Add(1)
				}
			})
		}
		synctest.Wait()
		if waiting := d.admission.waiting(); waiting != 2000 {
			t.Errorf("%d wait, want 2000", waiting)
		}
		if w, took := d.ask("/probe"); w.Code != http.StatusNoContent || took > 0 {
			t.Errorf("a probe: %d after %v", w.Code, took)
		}
		crowd.Wait()
		// A few are let in however long the queue is.
		if most := int64(2 * leastAdmitted * patience / busyPeriod); in.Load() == 0 || in.Load() > most || in.Load()+out.Load() != 3000 {
			t.Errorf("%d in and %d turned away, want up to %d in", in.Load(), out.Load(), most)
		}
		if d.admission.waiting() != 0 {
			t.Errorf("%d still wait", d.admission.waiting())
		}
		if n := strings.Count(d.log.String(), "more is asked than this server can do"); n != 1 {
			t.Errorf("the overload was told %d times, want once", n)
		}
	})
}

func TestAdmission_LetsInWhoWaitsAsSoonAsThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := keepDoor(t)
		d.queue.Store(fullQueue)
		time.Sleep(soonOpen)
		var crowd sync.WaitGroup
		var in atomic.Int64
		for range 30 {
			crowd.Go(func() {
				if w, _ := d.ask("/work"); w.Code == http.StatusNoContent {
					in.Add(1)
				}
			})
		}
		synctest.Wait()
		d.queue.Store(0)
		time.Sleep(2 * busyPeriod)
		synctest.Wait()
		if in.Load() != 30 {
			t.Errorf("%d of 30 were let in", in.Load())
		}
		crowd.Wait()
		time.Sleep(busyPeriod)
		if w, took := d.ask("/work"); w.Code != http.StatusNoContent || took > 0 {
			t.Errorf("once the queue was empty: %d after %v", w.Code, took)
		}
	})
}

func TestAdmission_LetsInByTheOrderOfComing(t *testing.T) {
	a := NewAdmission(NewMetrics(), slog.New(slog.DiscardHandler))
	first, gone, third := &held{admitted: make(chan struct{})}, &held{gone: true}, &held{admitted: make(chan struct{})}
	a.line, a.size = []*held{first, gone, third}, 2
	if left := a.admit(1); left != 1 || !first.gone || third.gone {
		t.Errorf("the first was not let in alone: %d left", left)
	}
	if left := a.admit(5); left != 0 || !third.gone || a.line != nil {
		t.Errorf("the third was not let in behind one that has gone: %d left", left)
	}
}

func TestAdmission_BoundsHowManyOfACrowdAreUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := keepDoor(t)
		var first *httptest.ResponseRecorder
		var inside sync.WaitGroup
		inside.Go(func() { first, _ = d.ask("/crowd") })
		synctest.Wait()
		if w, took := d.ask("/crowd"); w.Code != http.StatusServiceUnavailable || took > patience || w.Header().Get("Retry-After") == "" {
			t.Errorf("the second: %d after %v", w.Code, took)
		}
		time.Sleep(time.Minute - patience) // the first is about to go
		w, _ := d.ask("/crowd")
		inside.Wait()
		if w.Code != http.StatusNoContent || first.Code != http.StatusNoContent {
			t.Errorf("behind the first: %d", w.Code)
		}
		if w, took := d.ask("/work"); w.Code != http.StatusNoContent || took > 0 {
			t.Errorf("elsewhere: %d after %v", w.Code, took)
		}
	})
}

func TestAdmission_LetsAClientGoThatHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := keepDoor(t)
		d.queue.Store(fullQueue)
		time.Sleep(soonOpen)
		a := d.admission
		size := a.waiting()
		gone, never := make(chan struct{}), make(chan time.Time)
		ctx := closedContext{t.Context(), gone}
		close(gone)
		if a.standInLine(ctx, never) || a.waiting() != size {
			t.Errorf("it was let in, or still waits: %d", a.waiting())
		}
	})
}

// closedContext is done.
type closedContext struct {
	context.Context
	done chan struct{}
}

func (c closedContext) Done() <-chan struct{} { return c.done }

// The names of the runtime's measures are not checked by the compiler: an upgrade
// of Go that renames one would let everybody in, always.
func TestAdmission_ReadsTheQueueOfThisGo(t *testing.T) {
	const crowd = 500
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	look := runQueue()
	for range 100 { // this goroutine may lose the processor before it has looked
		var running sync.WaitGroup
		for range crowd {
			running.Go(func() {})
		}
		waiting, processors := look()
		running.Wait()
		if waiting >= crowd/2 && processors == 1 {
			return
		}
	}
	t.Errorf("%d goroutines that wait for one processor were never seen", crowd)
}
