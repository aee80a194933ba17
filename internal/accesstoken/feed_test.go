package accesstoken

import (
	"testing"
	"time"
)

// A cursor has one spelling.
func FuzzParseCursor(f *testing.F) {
	for _, seed := range []string{"", ".", "epoch.0", "epoch.12", "epoch.012", "epoch.-1", "epoch.+1", "a.b.1", "epoch.9223372036854775807", "epoch.9223372036854775808"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		epoch, change, ok := parseCursor(cursor)
		if !ok {
			return
		}
		p := position{head: Head{Epoch: epoch, Change: change}}
		if change < 0 || p.cursor() != cursor {
			t.Fatalf("%q was read as %q and %d, which is written %q", cursor, epoch, change, p.cursor())
		}
	})
}

// What is switched on and off all day is one note, and nobody who follows misses
// its last state; other notes stay.
func TestJournal_StaysSmallUnderManyChangesOfOneCredential(t *testing.T) {
	j, now := newJournal(), time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	j.add(now, note{change: 1, at: now.Unix(), kind: noteKey, text: "k"}, note{change: 2, at: now.Unix(), kind: noteToken, text: "t", expires: now.Unix()})
	const changes = 20 * leastCrowd
	for n := int64(3); n <= changes; n++ {
		client := uid{1}
		if n%3 == 0 {
			client = uid{2}
		}
		j.add(now, note{change: n, at: now.Unix(), client: client})
	}
	if len(j.notes) > leastCrowd+1 {
		t.Errorf("%d notes of two credentials, a key and a token", len(j.notes))
	}
	for _, cursor := range []int64{0, 2, leastCrowd, changes - 3} {
		notes, _, whole := j.since(cursor)
		last := map[uid]int64{}
		for _, n := range notes {
			last[n.client] = n.change
		}
		if !whole || last[uid{1}] < changes-1 || last[uid{2}] < changes-2 {
			t.Errorf("behind %d: whole %v, %v", cursor, whole, last)
		}
	}
	if notes, _ := j.all(); len(notes) < 4 || notes[0].text != "k" || notes[1].text != "t" {
		t.Errorf("the key or the token is forgotten: %v", notes[:2])
	}
}
