package login

import (
	"testing"
	"time"
)

// Who used up a budget while the clock was ahead does not wait for the hour that
// was taken back.
func TestThrottle_ForgetsATimeThatWasTakenBack(t *testing.T) {
	b := budget{interval: time.Minute, burst: 3, arrivals: make([]int64, 1)}
	now := time.Unix(1_800_000_000, 0)
	use := func(at time.Time) (free int) {
		for b.take(0, at) == 0 {
			free++
		}
		return free
	}
	if n := use(now.Add(time.Hour)); n != 3 {
		t.Fatalf("%d tries, want 3", n)
	}
	if n := use(now); n != 3 {
		t.Errorf("%d tries with the clock set right, want 3", n)
	}
	if n := use(now.Add(-time.Second)); n != 0 { // no more than usual
		t.Errorf("%d tries a second earlier, want none", n)
	}
	if n := use(now.Add(time.Minute)); n != 1 {
		t.Errorf("%d tries a minute later, want 1", n)
	}
}
