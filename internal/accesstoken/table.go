package accesstoken

import (
	"iter"
	"sync"
	"sync/atomic"
)

// table is everything loaded: one of them is current. Credentials are read
// without a lock; only the follower writes, one change at a time.
type table struct {
	land   atomic.Pointer[landscape]
	shards [shardCount]atomic.Pointer[shard]
	size   atomic.Int64
	// revoked holds the tokens that were revoked one by one.
	revoked denyList

	mu       sync.RWMutex // of the maps below, not of what the cells hold
	accounts map[string]*accountCell
	members  map[memberKey]*memberCell
	// holdings is the follower's alone.
	holdings map[string]*holding
}

const (
	shardBits  = 12
	shardCount = 1 << shardBits
)

// shard is an immutable open-addressed hash table of entries, at most three
// quarters full. A change of one entry makes a new shard of some hundred words;
// that is cheaper than a lock at each read, and smaller than a Go map.
type shard struct {
	slots []*entry // linear probing
	mask  uint64   // their number, a power of two, less one
	count int
}

func newTable() *table {
	return &table{accounts: map[string]*accountCell{}, members: map[memberKey]*memberCell{}, holdings: map[string]*holding{}}
}

// find returns the entry with id, or nil.
func (t *table) find(id uid) *entry {
	h := id.hash()
	return t.shards[h>>(64-shardBits)].Load().find(id, h)
}

func (s *shard) find(id uid, h uint64) *entry {
	if s == nil {
		return nil
	}
	for i := h & s.mask; ; i = (i + 1) & s.mask {
		if e := s.slots[i]; e == nil || e.id == id {
			return e
		}
	}
}

// all walks over the entries, in no order.
func (t *table) all() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for i := range t.shards {
			s := t.shards[i].Load()
			if s == nil {
				continue
			}
			for _, e := range s.slots {
				if e != nil && !yield(e) {
					return
				}
			}
		}
	}
}

// put adds e, or replaces the entry with the same ID.
func (t *table) put(e *entry) {
	h := e.id.hash()
	place := &t.shards[h>>(64-shardBits)]
	old := place.Load()
	if previous := old.find(e.id, h); previous != nil {
		e.keepFrom(previous)
	} else {
		t.size.Add(1)
	}
	place.Store(old.rebuilt(e.id, e))
}

// remove forgets the entry with id.
func (t *table) remove(id uid) {
	h := id.hash()
	place := &t.shards[h>>(64-shardBits)]
	old := place.Load()
	if old.find(id, h) == nil {
		return
	}
	t.size.Add(-1)
	place.Store(old.rebuilt(id, nil))
}

// rebuilt returns a copy of s without id and with e (unless nil).
func (s *shard) rebuilt(id uid, e *entry) *shard {
	entries := make([]*entry, 0, s.len()+1)
	if s != nil {
		for _, kept := range s.slots {
			if kept != nil && kept.id != id {
				entries = append(entries, kept)
			}
		}
	}
	if e != nil {
		entries = append(entries, e)
	}
	return newShard(entries)
}

func (s *shard) len() int {
	if s == nil {
		return 0
	}
	return s.count
}

// newShard lays entries out; their IDs differ.
func newShard(entries []*entry) *shard {
	if len(entries) == 0 {
		return nil
	}
	size := uint64(2)
	for size*3 < uint64(len(entries))*4 { // at most three quarters full, so that a search ends
		size *= 2
	}
	s := &shard{slots: make([]*entry, size), mask: size - 1, count: len(entries)}
	for _, e := range entries {
		i := e.id.hash() & s.mask
		for s.slots[i] != nil {
			i = (i + 1) & s.mask
		}
		s.slots[i] = e
	}
	return s
}

func (t *table) account(id string) *accountCell {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.accounts[id]
}

func (t *table) member(accountID, userID string) *memberCell {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.members[memberKey{accountID, userID}]
}

// accountCell returns the cell of an account, making an empty one.
func (t *table) accountCell(id string) *accountCell {
	if cell := t.account(id); cell != nil {
		return cell
	}
	cell := &accountCell{}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accounts[id] = cell
	return cell
}

// memberCell returns the cell of a membership, making an empty one.
func (t *table) memberCell(accountID, userID string) *memberCell {
	if cell := t.member(accountID, userID); cell != nil {
		return cell
	}
	cell := &memberCell{}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.members[memberKey{accountID, userID}] = cell
	return cell
}
