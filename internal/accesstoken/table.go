package accesstoken

import (
	"iter"
	"sync"
	"sync/atomic"

	"github.com/claviger/claviger/internal/apicred"
)

// table is everything loaded: one of them is current. Credentials are read
// without a lock; only the follower writes, one change at a time.
type table struct {
	land   atomic.Pointer[landscape]
	shards [shardCount]atomic.Pointer[shard]
	size   atomic.Int64
	// What entries name by number.
	classes numbered[class]
	owners  numbered[memberCell] // the first is nobody
	// revoked holds the tokens that were revoked one by one.
	revoked denyList

	mu       sync.RWMutex // of the maps below, not of what the cells hold
	accounts map[string]*accountCell
	members  map[memberKey]*memberCell
	// These are the follower's alone.
	holdings     map[string]*holding
	classNumbers map[classKey]uint32
}

type classKey struct {
	holding *holding
	account *accountCell
}

// numbered is a list that grows and is read without a lock.
type numbered[T any] struct{ list atomic.Pointer[[]*T] }

func (n *numbered[T]) at(i uint32) *T { return (*n.list.Load())[i] }

// add appends x and returns its number. Who reads meanwhile has the list without
// it, and no number of it either.
func (n *numbered[T]) add(x *T) uint32 {
	var list []*T
	if old := n.list.Load(); old != nil {
		list = *old
	}
	list = append(list, x)
	n.list.Store(&list)
	return uint32(len(list) - 1) //nolint:gosec // G115: a list of four milliards fits no memory
}

const (
	shardBits  = 14
	shardCount = 1 << shardBits
)

// shard is an immutable open-addressed hash table of entries, at most three
// quarters full. A change of one entry makes a new shard of some thousand bytes;
// that is cheaper than a lock at each read, and smaller than a Go map.
type shard struct {
	entries []entry
	slots   []uint32 // places in entries, counted from 1; linear probing
	mask    uint64   // their number, a power of two, less one
	rares   []*rare  // of the entries that have one
}

func newTable() *table {
	t := &table{accounts: map[string]*accountCell{}, members: map[memberKey]*memberCell{}, holdings: map[string]*holding{}, classNumbers: map[classKey]uint32{}}
	t.owners.add(&memberCell{})
	return t
}

// find returns the entry with id.
func (t *table) find(id uid) held {
	h := id.hash()
	return t.shards[h>>(64-shardBits)].Load().find(id, h)
}

func (s *shard) find(id uid, h uint64) held {
	if s == nil {
		return held{}
	}
	for i := h & s.mask; ; i = (i + 1) & s.mask {
		place := s.slots[i]
		if place == 0 {
			return held{}
		}
		if e := &s.entries[place-1]; e.id == id {
			return s.held(e)
		}
	}
}

func (s *shard) held(e *entry) held {
	if e.rareAt == 0 {
		return held{entry: e}
	}
	return held{e, s.rares[e.rareAt-1]}
}

// all walks over the entries, in no order.
func (t *table) all() iter.Seq[held] {
	return func(yield func(held) bool) {
		for i := range t.shards {
			s := t.shards[i].Load()
			if s == nil {
				continue
			}
			for k := range s.entries {
				if !yield(s.held(&s.entries[k])) {
					return
				}
			}
		}
	}
}

// put adds e, or replaces the entry with the same ID.
func (t *table) put(e held) {
	h := e.id.hash()
	place := &t.shards[h>>(64-shardBits)]
	old := place.Load()
	previous := old.find(e.id, h)
	if previous.known() {
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
	if !old.find(id, h).known() {
		return
	}
	t.size.Add(-1)
	place.Store(old.rebuilt(id, held{}))
}

// rebuilt returns a copy of s without id and with e (unless it is none).
func (s *shard) rebuilt(id uid, e held) *shard {
	b := shardBuilder{entries: make([]entry, 0, s.len()+1)}
	if s != nil {
		for i := range s.entries {
			if s.entries[i].id != id {
				b.add(s.held(&s.entries[i]))
			}
		}
	}
	if e.known() {
		b.add(e)
	}
	return b.shard()
}

func (s *shard) len() int {
	if s == nil {
		return 0
	}
	return len(s.entries)
}

// shardBuilder gathers entries whose IDs differ.
type shardBuilder struct {
	entries []entry
	rares   []*rare
}

func (b *shardBuilder) add(e held) {
	b.entries = append(b.entries, entry{})
	added := &b.entries[len(b.entries)-1]
	e.copyTo(added)
	added.rareAt = 0
	if e.rare != nil {
		b.rares = append(b.rares, e.rare)
		added.rareAt = uint32(len(b.rares)) //nolint:gosec // G115: no shard has milliards
	}
}

// shard lays out what was gathered, in no more memory than it needs.
func (b *shardBuilder) shard() *shard {
	if len(b.entries) == 0 {
		return nil
	}
	size := uint64(2)
	for size*3 < uint64(len(b.entries))*4 { // at most three quarters full, so that a search ends
		size *= 2
	}
	s := &shard{entries: exact(b.entries), slots: make([]uint32, size), mask: size - 1, rares: exact(b.rares)}
	for place := range s.entries {
		i := s.entries[place].id.hash() & s.mask
		for s.slots[i] != 0 {
			i = (i + 1) & s.mask
		}
		s.slots[i] = uint32(place + 1) //nolint:gosec // G115: no shard has milliards
	}
	return s
}

// exact returns list without room to grow.
func exact[T any](list []T) []T {
	if len(list) == cap(list) {
		return list
	}
	return append(make([]T, 0, len(list)), list...)
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

// accountOf returns the account of e as it is now; nil before it was loaded.
func (t *table) accountOf(e held) *apicred.Account { return t.classes.at(e.class).account.now.Load() }

// scopesOf returns what e holds, working or not.
func (t *table) scopesOf(e held) []string { return t.classes.at(e.class).holding.scopes }

// ownerOf returns the membership of the owner of e as it is now; nil without one.
func (t *table) ownerOf(e held) *Member { return t.owners.at(e.owner).now.Load() }

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
	cell.number = t.owners.add(cell)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.members[memberKey{accountID, userID}] = cell
	return cell
}
