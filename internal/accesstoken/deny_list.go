package accesstoken

import (
	"sync"
	"sync/atomic"
	"time"
)

// denyList holds the tokens that were revoked one by one, by jti, until their
// own end. Where nothing was revoked it costs one read of a counter.
type denyList struct {
	count  atomic.Int64
	shards [denyShards]denyShard
}

const denyShards = 64

type denyShard struct {
	mu   sync.RWMutex
	ends map[string]int64 // Unix seconds
}

func (l *denyList) shard(jti string) *denyShard {
	// A jti is random base64url of our own making; its first characters spread
	// evenly.
	if len(jti) < 2 {
		return &l.shards[0]
	}
	return &l.shards[(int(jti[0])*31+int(jti[1]))%denyShards]
}

func (l *denyList) has(jti string) bool {
	if l.count.Load() == 0 {
		return false
	}
	s := l.shard(jti)
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, revoked := s.ends[jti]
	return revoked
}

func (l *denyList) add(jti string, end time.Time) {
	s := l.shard(jti)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ends == nil {
		s.ends = map[string]int64{}
	}
	if _, known := s.ends[jti]; !known {
		l.count.Add(1)
	}
	s.ends[jti] = end.Unix()
}

// sweep forgets the tokens that have expired.
func (l *denyList) sweep(now time.Time) {
	if l.count.Load() == 0 {
		return
	}
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for jti, end := range s.ends {
			if end < now.Unix() {
				delete(s.ends, jti)
				l.count.Add(-1)
			}
		}
		s.mu.Unlock()
	}
}
