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
	mu     sync.RWMutex
	tokens map[string]deniedToken // by jti
}

// deniedToken is a revoked token.
type deniedToken struct {
	expires int64 // Unix seconds
	client  uid
	account string
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
	_, revoked := l.find(jti)
	return revoked
}

func (l *denyList) find(jti string) (deniedToken, bool) {
	s := l.shard(jti)
	s.mu.RLock()
	defer s.mu.RUnlock()
	t, revoked := s.tokens[jti]
	return t, revoked
}

// add reports false for a token that was in the list before.
func (l *denyList) add(r *RevokedToken) bool {
	s := l.shard(r.JTI)
	client, _ := parseUID(r.ClientID) // the zero ID is nobody's
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil {
		s.tokens = map[string]deniedToken{}
	}
	if _, known := s.tokens[r.JTI]; known {
		return false
	}
	l.count.Add(1)
	s.tokens[r.JTI] = deniedToken{r.ExpiresAt.Unix(), client, r.AccountID}
	return true
}

// sweep forgets the tokens that have expired, also by a clock that will be set
// back.
func (l *denyList) sweep(now time.Time) {
	if l.count.Load() == 0 {
		return
	}
	certainly := now.Add(-ClockSetBack).Unix()
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for jti, t := range s.tokens {
			if t.expires < certainly {
				delete(s.tokens, jti)
				l.count.Add(-1)
			}
		}
		s.mu.Unlock()
	}
}
