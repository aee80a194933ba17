package accesstoken

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Outcome is what came of a use of a credential.
type Outcome string

// The outcomes, as stored.
const (
	OutcomeIssued  Outcome = "issued"  // a token was issued
	OutcomeAllowed Outcome = "allowed" // a call was let through
	OutcomeDenied  Outcome = "denied"  // the credential was proved and refused
)

const (
	// flushInterval is how often usage is written.
	flushInterval = 5 * time.Second
	// flushTimeout bounds one writing.
	flushTimeout = 10 * time.Second
	// useInterval is how often the last use of a secret is written at most (R13).
	useInterval = time.Minute
	// maxUsageKeys bounds what is kept per shard while the database is away.
	maxUsageKeys = 4096
	usageShards  = 32
)

// usage counts in memory what is written in batches.
type usage struct {
	shards [usageShards]usageShard
}

type usageShard struct {
	mu     sync.Mutex
	counts map[usageKey]int64
	uses   map[useKey]SecretUse
	lost   int64 // calls not counted because the shard was full
}

type usageKey struct {
	client  uid
	hour    int64 // Unix seconds of its start
	outcome Outcome
	scope   string
}

type useKey struct {
	client, secret uid // zero secret: none was presented
}

func newUsage() *usage { return &usage{} }

// Count counts one use of a credential: the outcome, and the scopes it was
// about (granted or required), joined. It also notes the credential's last use.
func (d *Directory) Count(c *Client, outcome Outcome, scope string) {
	now := d.options.Clock()
	hour := now.Unix() - now.Unix()%int64(time.Hour/time.Second)
	s := d.usage.shard(c.entry.id)
	s.mu.Lock()
	s.count(usageKey{c.entry.id, hour, outcome, scope}, 1)
	s.mu.Unlock()
	if c.secret == noSecret {
		d.use(c, &c.entry.lastUse, uid{}, now)
	}
}

// useSecret notes that a client proved itself by its secret.
func (d *Directory) useSecret(c *Client, now time.Time) {
	slot := c.entry.slot(c.secret)
	d.use(c, &slot.lastUse, slot.id, now)
}

func (d *Directory) use(c *Client, last *int64, secret uid, now time.Time) {
	before := atomic.LoadInt64(last)
	if now.Unix()-before < int64(useInterval/time.Second) || !atomic.CompareAndSwapInt64(last, before, now.Unix()) {
		return
	}
	use := SecretUse{ClientID: c.entry.id.String(), At: now}
	if secret != (uid{}) {
		use.SecretID = secret.String()
	}
	if c.address.IsValid() {
		use.Address = c.address.Unmap().String()
	}
	s := d.usage.shard(c.entry.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noteUse(useKey{c.entry.id, secret}, use)
}

func (u *usage) shard(id uid) *usageShard { return &u.shards[id.hash()%usageShards] }

func (s *usageShard) count(key usageKey, calls int64) {
	if s.counts == nil {
		s.counts = map[usageKey]int64{}
	}
	if _, known := s.counts[key]; !known && len(s.counts) >= maxUsageKeys {
		s.lost += calls
		return
	}
	s.counts[key] += calls
}

func (s *usageShard) noteUse(key useKey, use SecretUse) {
	if s.uses == nil {
		s.uses = map[useKey]SecretUse{}
	}
	old, known := s.uses[key]
	if !known && len(s.uses) >= maxUsageKeys || known && old.At.After(use.At) {
		return
	}
	s.uses[key] = use
}

// Flush writes what was counted. What cannot be written is kept, within bounds,
// for the next time.
func (d *Directory) Flush(ctx context.Context) error {
	for i := range d.usage.shards {
		s := &d.usage.shards[i]
		s.mu.Lock()
		counts, uses, lost := s.counts, s.uses, s.lost
		s.counts, s.uses, s.lost = nil, nil, 0
		s.mu.Unlock()
		if lost > 0 {
			d.options.Logger.WarnContext(ctx, "usage was not counted: too much is waiting to be written", slog.Int64("calls", lost))
		}
		if len(counts) == 0 && len(uses) == 0 {
			continue
		}
		if err := d.store.AddUsage(ctx, countRows(counts), useRows(uses)); err != nil {
			s.takeBack(counts, uses)
			return err
		}
	}
	return nil
}

func countRows(counts map[usageKey]int64) []UsageCount {
	rows := make([]UsageCount, 0, len(counts))
	for k, calls := range counts {
		rows = append(rows, UsageCount{
			ClientID: k.client.String(), Hour: time.Unix(k.hour, 0).UTC(), Outcome: string(k.outcome), Scope: k.scope, Calls: calls,
		})
	}
	return rows
}

func useRows(uses map[useKey]SecretUse) []SecretUse {
	rows := make([]SecretUse, 0, len(uses))
	for _, use := range uses {
		rows = append(rows, use)
	}
	return rows
}

// takeBack adds counts that were not written to those made meanwhile.
func (s *usageShard) takeBack(counts map[usageKey]int64, uses map[useKey]SecretUse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, calls := range counts {
		s.count(k, calls)
	}
	for k, use := range uses {
		s.noteUse(k, use)
	}
}

// runUsage flushes until ctx ends, then once more.
func (d *Directory) runUsage(ctx context.Context) {
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	for done := false; !done; {
		select {
		case <-ctx.Done():
			done = true
		case <-ticker.C:
		}
		flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		if err := d.Flush(flush); err != nil {
			d.options.Logger.WarnContext(ctx, "usage could not be written; it is kept for the next time", slog.Any("cause", cause(err)))
		}
		cancel()
	}
}
