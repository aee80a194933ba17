package accesstoken

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
)

// defaultSeen is how many verified tokens are remembered, about; some 500 bytes
// each.
const defaultSeen = 1 << 14

// verifiedCache remembers the claims of tokens whose signature was verified, by
// the SHA-256 of the exact token: another spelling is another token. Whether
// such a token is alive is decided anew each time. It is bounded: each shard
// keeps a young and an old generation, and drops the old one when the young
// one is full.
type verifiedCache struct {
	shards [seenShards]seenShard
	limit  int // per generation of a shard
}

const seenShards = 64

type tokenDigest = [sha256.Size]byte

type seenShard struct {
	mu         sync.RWMutex
	young, old map[tokenDigest]*claims

	// Counted here and not in one place that all cores would share.
	hits, misses atomic.Uint64
}

func newVerifiedCache(size int) *verifiedCache {
	return &verifiedCache{limit: max(1, size/seenShards/2)}
}

func (v *verifiedCache) find(digest tokenDigest) *claims {
	s := &v.shards[digest[0]%seenShards]
	s.mu.RLock()
	c, aged := s.young[digest], false
	if c == nil {
		c, aged = s.old[digest], true
	}
	s.mu.RUnlock()
	if c == nil {
		s.misses.Add(1)
		return nil
	}
	s.hits.Add(1)
	if aged {
		v.add(digest, c)
	}
	return c
}

// lookups counts how often a token was known, and how often not.
func (v *verifiedCache) lookups() (hits, misses uint64) {
	for i := range v.shards {
		hits += v.shards[i].hits.Load()
		misses += v.shards[i].misses.Load()
	}
	return hits, misses
}

func (v *verifiedCache) add(digest tokenDigest, c *claims) {
	s := &v.shards[digest[0]%seenShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.young == nil || len(s.young) >= v.limit {
		s.old, s.young = s.young, make(map[tokenDigest]*claims)
	}
	s.young[digest] = c
}
