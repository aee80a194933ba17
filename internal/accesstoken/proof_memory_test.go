package accesstoken

import (
	"strconv"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/proof"
)

func proofAt(id int, until time.Time) *proof.DPoP {
	return &proof.DPoP{Thumbprint: "k", ID: strconv.Itoa(id), Until: until}
}

// clock is one that stands at now.
func clock(now time.Time) func() time.Time { return func() time.Time { return now } }

func TestProofMemory_TakesAProofOnceUntilItIsTooOldForAnybody(t *testing.T) {
	m, now := newProofMemory(100), time.Unix(1_795_349_429, 0)
	for id, ahead := range []time.Duration{0, time.Second, proof.DPoPWindow, 2 * proof.DPoPWindow} {
		p := proofAt(id, now.Add(ahead))
		if got := m.take(p, "c", clock(now)); got != proofTaken {
			t.Fatalf("ends in %v: %v", ahead, got)
		}
		for _, later := range []time.Duration{0, ahead / 2, ahead} {
			if got := m.take(p, "c", clock(now.Add(later))); got != proofSeen {
				t.Errorf("ends in %v, again after %v: %v", ahead, later, got)
			}
		}
	}
}

func TestProofMemory_ForgetsWhatIsTooOldAndNothingElse(t *testing.T) {
	const each = 25
	m, now := newProofMemory(proofShare*each), time.Unix(1_795_349_429, 0)
	for round := range 10 { // far more than fit at once
		at := now.Add(time.Duration(round) * 3 * proof.DPoPWindow)
		for i := range each {
			if got := m.take(proofAt(round*each+i, at.Add(2*proof.DPoPWindow)), "c", clock(at)); got != proofTaken {
				t.Fatalf("round %d: %v", round, got)
			}
		}
		if got := m.take(proofAt(round*each, at.Add(2*proof.DPoPWindow)), "c", clock(at.Add(2*proof.DPoPWindow))); got != proofSeen {
			t.Errorf("round %d: its own end forgot it: %v", round, got)
		}
	}
	if n := len(m.slices[0].seen) + len(m.slices[1].seen) + len(m.slices[2].seen); n > each {
		t.Errorf("%d proofs are remembered", n)
	}
}

func TestProofMemory_IsBoundedForOneAndForAllAndForgetsNothingForIt(t *testing.T) {
	const limit = 40
	m, now := newProofMemory(limit), time.Unix(1_795_349_429, 0)
	until, id := now.Add(proof.DPoPWindow), 0
	for _, client := range []string{"a", "b", "c", "d"} {
		for range limit / proofShare {
			if got := m.take(proofAt(id, until), client, clock(now)); got != proofTaken {
				t.Fatalf("%s: %v", client, got)
			}
			id++
		}
		if client != "d" {
			if got := m.take(proofAt(id, until), client, clock(now)); got != proofTooMany {
				t.Errorf("%s has more than its share: %v", client, got)
			}
		}
	}
	if got := m.take(proofAt(id, until), "e", clock(now)); got != proofFull {
		t.Errorf("full: %v", got)
	}
	if got := m.take(proofAt(0, until), "a", clock(now)); got != proofSeen {
		t.Errorf("the first one: %v", got)
	}
	if got := m.take(proofAt(id, until.Add(3*proof.DPoPWindow)), "e", clock(now.Add(3*proof.DPoPWindow))); got != proofTaken {
		t.Errorf("when they are too old: %v", got)
	}
}

// A request that is held up between the check of its proof and this must not come
// after its first use was forgotten.
func TestProofMemory_TakesNothingThatIsTooOldByThen(t *testing.T) {
	m, now := newProofMemory(100), time.Unix(1_795_349_429, 0)
	p := proofAt(0, now.Add(proof.DPoPWindow))
	if got := m.take(p, "c", clock(now)); got != proofTaken {
		t.Fatal(got)
	}
	for _, late := range []time.Duration{proof.DPoPWindow + time.Nanosecond, 2 * proof.DPoPWindow, 5 * proof.DPoPWindow} {
		if got := m.take(p, "c", clock(now.Add(late))); got != proofOld {
			t.Errorf("again, %v later: %v", late, got)
		}
	}
}

func TestProofMemory_HoldsWhenTheClockIsSetBack(t *testing.T) {
	m, now := newProofMemory(100), time.Unix(1_795_349_429, 0)
	for id, at := range []time.Time{now, now.Add(-10 * time.Minute), now.Add(-9 * time.Minute)} {
		p := proofAt(id, at.Add(proof.DPoPWindow))
		if first, again := m.take(p, "c", clock(at)), m.take(p, "c", clock(at)); first != proofTaken || again != proofSeen {
			t.Errorf("at %v: %v, %v", at, first, again)
		}
	}
}
