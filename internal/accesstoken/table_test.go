package accesstoken

import (
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTable_HoldsWhatAMapWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, want := newTable(), map[uid]*entry{}
		// Few high bits, so that many IDs share a shard.
		ids := rapid.Custom(func(t *rapid.T) (id uid) {
			binary.BigEndian.PutUint64(id[8:], uint64(rapid.IntRange(0, 200).Draw(t, "id")))
			return id
		})
		for range rapid.IntRange(0, 300).Draw(t, "operations") {
			id := ids.Draw(t, "id")
			if rapid.Bool().Draw(t, "put") {
				e := &entry{id: id}
				table.put(e)
				want[id] = e
			} else {
				table.remove(id)
				delete(want, id)
			}
		}
		for i := range 201 {
			var id uid
			binary.BigEndian.PutUint64(id[8:], uint64(i))
			if got := table.find(id); got != want[id] {
				t.Fatalf("%s: found %v, want %v", id, got, want[id])
			}
		}
		if int(table.size.Load()) != len(want) {
			t.Fatalf("size %d, want %d", table.size.Load(), len(want))
		}
	})
}

func TestShard_FindsEveryEntryAtAnySize(t *testing.T) {
	var entries []*entry
	for n := range 600 {
		s := newShard(slices.Clone(entries))
		if s != nil && s.count*4 > len(s.slots)*3 {
			t.Fatalf("%d entries in %d slots: a search might not end", s.count, len(s.slots))
		}
		for _, e := range entries {
			if s.find(e.id, e.id.hash()) != e {
				t.Fatalf("%s is not found among %d", e.id, n)
			}
		}
		var id uid
		binary.BigEndian.PutUint64(id[:], uint64(n)*7919)
		if s.find(id, id.hash()) != nil {
			t.Fatalf("%s is found before it is there", id)
		}
		entries = append(entries, &entry{id: id})
	}
}
