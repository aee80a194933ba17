package accesstoken

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/claviger/claviger/internal/proof"
)

const (
	// maxProofs is how many proofs of possession a process remembers; some 40 MB
	// when it is full.
	maxProofs = 1 << 20
	// proofShare is the part of them that one credential may take: the rest is
	// kept for others.
	proofShare = 4
	// proofSlices cover the ends of proofs that may come: up to twice the window
	// ahead, and the minute under way.
	proofSlices = 3
)

var errProofMemory = errors.New("dpop: too many proofs at once")

// proofMemory remembers which proofs of possession this process has let in, until
// they are too old for anybody. It is bounded. When it is full it takes no more:
// to forget one early would let it in again, which is what an attacker who
// listens waits for.
type proofMemory struct {
	limit  int
	mu     sync.Mutex
	slices [proofSlices]proofSlice
}

// proofSlice holds the proofs that end within one minute, and goes as a whole.
type proofSlice struct {
	minute int64 // since 1970
	seen   map[proofDigest]struct{}
	counts map[string]int // by client ID
}

// proofDigest is of key and jti; no two are found that share it.
type proofDigest [16]byte

type proofVerdict int

const (
	proofTaken   proofVerdict = iota
	proofSeen                 // used before
	proofOld                  // too old by now
	proofTooMany              // of this credential
	proofFull                 // of all together
)

func newProofMemory(limit int) *proofMemory { return &proofMemory{limit: limit} }

// take uses a proof up, unless it was before. Of several at once one succeeds. The
// time is read under the lock: a request that was held up since its proof was
// checked could come after the proof was forgotten, and be let in once more.
func (m *proofMemory) take(p *proof.DPoP, clientID string, clock func() time.Time) proofVerdict {
	sum := sha256.Sum256([]byte(p.Thumbprint + "\x00" + p.ID)) // no thumbprint holds a NUL
	digest := proofDigest(sum[:])
	minute := p.Until.Unix() / int64(time.Minute/time.Second)
	m.mu.Lock()
	defer m.mu.Unlock()
	now := clock()
	if now.After(p.Until) {
		return proofOld
	}
	m.forget(now)
	total, own := 0, 0
	for i := range m.slices {
		s := &m.slices[i]
		if _, seen := s.seen[digest]; seen {
			return proofSeen
		}
		total += len(s.seen)
		own += s.counts[clientID]
	}
	switch {
	case total >= m.limit:
		return proofFull
	case own >= m.limit/proofShare:
		return proofTooMany
	}
	s := &m.slices[minute%proofSlices]
	if s.seen == nil {
		*s = proofSlice{minute, map[proofDigest]struct{}{}, map[string]int{}}
	}
	// A slice of a later minute, after the clock was set back, keeps it longer.
	s.minute = max(s.minute, minute)
	s.seen[digest] = struct{}{}
	s.counts[clientID]++
	return proofTaken
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
