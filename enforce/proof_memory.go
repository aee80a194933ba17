package enforce

import (
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// maxProofs is how many proofs of possession a Verifier remembers; some 40 MB
	// when it is full.
	maxProofs = 1 << 20
	// proofShare is the part of them that one credential may take: the rest is
	// kept for others.
	proofShare = 4
	// proofSlices cover the ends of proofs that may come: up to twice the window
	// ahead, and the minute under way.
	proofSlices = 3
)

// proofMemory remembers which proofs of possession were let in, until they are
// too old for anybody. It is bounded. When it is full it takes no more: to forget
// one early would let it in again, which is what an attacker who listens waits
// for.
type proofMemory struct {
	limit  int
	mu     sync.Mutex
	slices [proofSlices]proofSlice
}

// proofSlice holds the proofs that end within one minute, and goes as a whole.
type proofSlice struct {
	minute int64 // since 1970
	seen   map[[16]byte]struct{}
	counts map[string]int // by client ID
}

// take uses a proof of a credential up. Of several at once one succeeds. The time
// is read under the lock: a request that was held up since its proof was checked,
// as by a slow introspection, could come after the proof was forgotten, and be let
// in once more. The error is errProofUsed or errProofTime, or errUnavailable when
// there is no room.
func (m *proofMemory) take(p *proof, clientID string, clock func() time.Time) error {
	sum := sha256.Sum256([]byte(p.key.canonical + "\x00" + p.id)) // no key's text holds a NUL
	digest := [16]byte(sum[:])
	until := time.Unix(p.issued, 0).Add(proofWindow)
	minute := until.Unix() / int64(time.Minute/time.Second)
	m.mu.Lock()
	defer m.mu.Unlock()
	now := clock()
	if now.After(until) {
		return &proofError{errProofTime}
	}
	m.forget(now)
	total, own := 0, 0
	for i := range m.slices {
		s := &m.slices[i]
		if _, seen := s.seen[digest]; seen {
			return &proofError{errProofUsed}
		}
		total += len(s.seen)
		own += s.counts[clientID]
	}
	if total >= m.limit || own >= m.limit/proofShare {
		return errUnavailable
	}
	s := &m.slices[minute%proofSlices]
	if s.seen == nil {
		*s = proofSlice{minute, map[[16]byte]struct{}{}, map[string]int{}}
	}
	// A slice of a later minute, after the clock was set back, keeps it longer.
	s.minute = max(s.minute, minute)
	s.seen[digest] = struct{}{}
	s.counts[clientID]++
	return nil
}

// forget drops the slices whose minute is over; it needs the lock.
func (m *proofMemory) forget(now time.Time) {
	minute := now.Unix() / int64(time.Minute/time.Second)
	for i := range m.slices {
		if m.slices[i].seen != nil && m.slices[i].minute < minute {
			m.slices[i] = proofSlice{}
		}
	}
}
