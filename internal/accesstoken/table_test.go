package accesstoken

import (
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTable_HoldsWhatAMapWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type kept struct {
			generation int64
			rare       *rare
		}
		table, want := newTable(), map[uid]kept{}
		// Few high bits, so that many IDs share a shard.
		ids := rapid.Custom(func(t *rapid.T) (id uid) {
			binary.BigEndian.PutUint64(id[8:], uint64(rapid.IntRange(0, 200).Draw(t, "id")))
			return id
		})
		for n := range rapid.IntRange(0, 300).Draw(t, "operations") {
			id := ids.Draw(t, "id")
			if !rapid.Bool().Draw(t, "put") {
				table.remove(id)
				delete(want, id)
				continue
			}
			e := held{entry: &entry{facts: facts{id: id, generation: int64(n)}}}
			if rapid.Bool().Draw(t, "rare") {
				e.rare = &rare{}
			}
			table.put(e)
			want[id] = kept{int64(n), e.rare}
		}
		for i := range 201 {
			var id uid
			binary.BigEndian.PutUint64(id[8:], uint64(i))
			got := table.find(id)
			expected, there := want[id]
			if got.known() != there || there && (got.id != id || got.generation != expected.generation || got.rare != expected.rare) {
				t.Fatalf("%s: found %v, want %v", id, got, expected)
			}
		}
		found := map[uid]bool{}
		for e := range table.all() {
			found[e.id] = true
		}
		if int(table.size.Load()) != len(want) || len(found) != len(want) {
			t.Fatalf("size %d, and %d when walked over; want %d", table.size.Load(), len(found), len(want))
		}
	})
}

func TestShard_FindsEveryEntryAtAnySize(t *testing.T) {
	var entries []uid
	for n := range 600 {
		var b shardBuilder
		for _, id := range entries {
			b.add(held{entry: &entry{facts: facts{id: id}}})
		}
		s := b.shard()
		if s != nil && len(s.entries)*4 > len(s.slots)*3 {
			t.Fatalf("%d entries in %d slots: a search might not end", len(s.entries), len(s.slots))
		}
		for _, id := range entries {
			if e := s.find(id, id.hash()); !e.known() || e.id != id {
				t.Fatalf("%s is not found among %d", id, n)
			}
		}
		var id uid
		binary.BigEndian.PutUint64(id[:], uint64(n)*7919)
		if s.find(id, id.hash()).known() {
			t.Fatalf("%s is found before it is there", id)
		}
		entries = append(entries, id)
	}
}

// A million entries with one pointer each are what the garbage collector would
// spend its time on.
func TestEntry_HoldsNoPointer(t *testing.T) {
	var look func(reflect.Type, string)
	look = func(of reflect.Type, path string) {
		switch of.Kind() {
		case reflect.Struct:
			for field := range of.Fields() {
				look(field.Type, path+"."+field.Name)
			}
		case reflect.Array:
			look(of.Elem(), path)
		case reflect.Int8, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		default:
			t.Errorf("%s is a %s", path, of)
		}
	}
	look(reflect.TypeFor[entry](), "entry")
}

// A change copies the entries beside it: when those were used must not be lost,
// nor may noting a use meanwhile disturb it (run with -race).
func TestTable_KeepsTimesOfUseWhileItChanges(t *testing.T) {
	table := newTable()
	beside, changed := uid{15: 1}, uid{15: 2}
	for beside.hash()>>(64-shardBits) != changed.hash()>>(64-shardBits) {
		binary.BigEndian.PutUint64(changed[8:], binary.BigEndian.Uint64(changed[8:])+1)
	}
	table.put(held{entry: &entry{facts: facts{id: beside}, used: 1, secretUsed: 2}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		d := &Directory{usage: newUsage()}
		for at := range int64(1000) {
			d.use(beside, uid{}, &table.find(beside).used, lastUse{at: time.Unix(100*at, 0)})
		}
	}()
	for n := range 1000 {
		table.put(held{entry: &entry{facts: facts{id: changed, generation: int64(n)}}})
	}
	<-done
	if e := table.find(beside); e.used == 0 || e.secretUsed != 2 {
		t.Fatalf("used %d and %d, want both kept", e.used, e.secretUsed)
	}
}
