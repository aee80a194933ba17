package accesstoken

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pass lets the bubble's time pass; it costs none.
func pass(d time.Duration) { <-time.After(d) }

// slowWork takes a second and counts its runs.
func slowWork(runs *int, err error) func(time.Time) error {
	return func(time.Time) error {
		*runs++
		pass(time.Second)
		return err
	}
}

func TestRounds_AnyNumberOfCallersCostTwoRunsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		r := &rounds{clock: time.Now, work: slowWork(&runs, nil), patience: time.Minute}
		var callers sync.WaitGroup
		ask := func(n int) {
			for range n {
				callers.Go(func() {
					if err := r.join(t.Context(), time.Now()); err != nil {
						t.Error(err)
					}
				})
			}
		}
		ask(1)
		synctest.Wait()
		time.Sleep(time.Millisecond) // the run is under way: it began too early for the next callers
		ask(1000)
		callers.Wait()
		if runs != 2 {
			t.Errorf("1001 callers cost %d runs, want 2", runs)
		}
	})
}

func TestRounds_ACallerNeverGetsARunThatBeganBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var newest atomic.Pointer[time.Time] // run that began
		r := &rounds{clock: time.Now, patience: time.Minute, work: func(at time.Time) error {
			newest.Store(&at)
			pass(time.Second)
			return nil
		}}
		var callers sync.WaitGroup
		for range 10 {
			pass(300 * time.Millisecond)
			callers.Go(func() {
				arrival := time.Now()
				if err := r.join(t.Context(), arrival); err != nil {
					t.Error(err)
				}
				// No run that ended began later than the newest.
				if last := newest.Load(); last.Before(arrival) {
					t.Errorf("answered by a run that began %v before the caller came", arrival.Sub(*last))
				}
			})
		}
		callers.Wait()
	})
}

// A caller that came after a run began may share it if what it needs is older.
func TestRounds_SharesTheRunningOneWhenThatIsNewEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		r := &rounds{clock: time.Now, work: slowWork(&runs, nil), patience: time.Minute}
		arrival := time.Now()
		pass(time.Millisecond)
		var callers sync.WaitGroup
		for range 3 {
			callers.Go(func() { _ = r.join(t.Context(), arrival) })
			synctest.Wait()
			pass(time.Millisecond)
		}
		callers.Wait()
		if runs != 1 {
			t.Errorf("%d runs, want 1", runs)
		}
	})
}

func TestRounds_AWaiterLeavesWithItsRequestAndTheRunGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		r := &rounds{clock: time.Now, work: slowWork(&runs, nil), patience: time.Minute}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := r.join(ctx, time.Now()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		pass(2 * time.Second)
		synctest.Wait()
		if runs != 1 || r.running != nil {
			t.Errorf("after it left: %d runs", runs)
		}
	})
}

func TestRounds_KnowsWhenWaitingIsPointless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs, broken := 0, errors.New("broken")
		r := &rounds{clock: time.Now, work: slowWork(&runs, broken), patience: time.Minute}
		if r.struggling() {
			t.Error("struggling before anything was tried")
		}
		if err := r.join(t.Context(), time.Now()); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		if !r.struggling() {
			t.Error("not struggling right after a failure")
		}
		pass(10 * time.Second)
		if r.struggling() {
			t.Error("struggling although nothing was tried for long")
		}
		r.work = slowWork(&runs, nil)
		if err := r.join(t.Context(), time.Now()); err != nil {
			t.Error(err)
		}
		if r.struggling() {
			t.Error("struggling after a success")
		}
	})
}

func TestRounds_DoesNotWaitTwiceForAHangingDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := &rounds{clock: time.Now, patience: time.Minute, work: func(time.Time) error { <-release; return nil }}
		began := time.Now()
		if err := r.joinBriefly(t.Context(), began); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %v, want a second", waited)
		}
		if !r.struggling() {
			t.Error("the next request would wait as well")
		}
		close(release)
		synctest.Wait()
		if r.struggling() {
			t.Error("struggling although the database answered")
		}
	})
}

// A process that was stopped for long finds its reads failed when it wakes;
// that says nothing about the database, which must be asked before an answer.
func TestRounds_AFailureAcrossAStandstillDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rounds{clock: time.Now, patience: 3 * time.Second, work: func(time.Time) error {
			pass(30 * time.Second)
			return context.DeadlineExceeded
		}}
		_ = r.join(t.Context(), time.Now())
		if r.struggling() {
			t.Error("struggling after a standstill")
		}
	})
}
