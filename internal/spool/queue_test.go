package spool_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/spool"
)

// counters are a source of batches: calls of names, three names a batch. One with
// the name "open" is for later.
type counters map[string]int

func (c counters) Take(last bool) (now, later []map[string]int) {
	for names := range slices.Chunk(slices.Sorted(maps.Keys(c)), 3) {
		batch := map[string]int{}
		for _, name := range names {
			batch[name] = c[name]
			delete(c, name)
		}
		if _, open := batch["open"]; open && !last {
			later = append(later, batch)
		} else {
			now = append(now, batch)
		}
	}
	return now, later
}

func (c counters) TakeBack(batches []map[string]int) {
	for _, b := range batches {
		for name, calls := range b {
			c[name] += calls
		}
	}
}

var errAway = errors.New("away")

// database is what batches are written to, once each.
type database struct {
	written map[string]int64
	calls   map[string]int
	// answer tells what becomes of the next batch: whether it is stored, and what
	// the writer is told.
	answer func() (stored bool, err error)
}

func newDatabase() *database {
	return &database{written: map[string]int64{}, calls: map[string]int{}, answer: func() (bool, error) { return true, nil }}
}

func (d *database) write(_ context.Context, id apicred.BatchID, batch map[string]int) error {
	stored, err := d.answer()
	if stored && d.written[id.Stream] < id.Number {
		d.written[id.Stream] = id.Number
		for name, calls := range batch {
			d.calls[name] += calls
		}
	}
	return err
}

func (d *database) away() {
	d.answer = func() (bool, error) { return false, apicred.Unavailable(errAway) }
}
func (d *database) back() { d.answer = func() (bool, error) { return true, nil } }

// disk is a shelf; broken, it takes nothing.
type disk struct {
	files  map[string][]byte
	broken bool
	taken  bool
}

var errDisk = errors.New("no space left")

func (d *disk) Put(name string, value []byte) error {
	if d.broken {
		return errDisk
	}
	d.files[name] = slices.Clone(value)
	return nil
}

func (d *disk) Names() ([]string, error) {
	if d.taken {
		return nil, errDisk
	}
	return slices.Sorted(maps.Keys(d.files)), nil
}

func (d *disk) Get(name string) ([]byte, error) { return d.files[name], nil }

func (d *disk) Remove(name string) error {
	if d.broken {
		return errDisk
	}
	delete(d.files, name)
	return nil
}

// world is a database, a disk, and the processes that come and go.
type world struct {
	t        *testing.T
	now      time.Time
	db       *database
	disk     *disk
	started  int
	counters counters
	queue    *spool.Queue[map[string]int]
	early    bool
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), db: newDatabase(), disk: &disk{files: map[string][]byte{}}}
	w.start()
	return w
}

// start starts a process; the one before was killed.
func (w *world) start() {
	w.started++
	w.counters = counters{}
	w.queue = spool.New(spool.Options[map[string]int]{
		Kind: "calls", Stream: "S" + strconv.Itoa(w.started), Shelf: w.disk, Early: w.early, Clock: func() time.Time { return w.now },
		Write: w.db.write,
	})
}

// name draws one; what is for later only where it is kept early.
func (w *world) name(r *rand.Rand) string {
	names := []string{"a", "b", "c", "d", "e", "f"}
	if w.early {
		names = append(names, "open")
	}
	return names[r.IntN(len(names))]
}

func (w *world) flush() error { return w.queue.Flush(w.t.Context(), w.counters) }

func (w *world) want(name string, calls int) {
	w.t.Helper()
	if got := w.db.calls[name]; got != calls {
		w.t.Errorf("%s was counted %d times, want %d", name, got, calls)
	}
}

func (w *world) wantFiles(n int) {
	w.t.Helper()
	if len(w.disk.files) != n {
		w.t.Errorf("%d files on the shelf, want %d: %v", len(w.disk.files), n, slices.Sorted(maps.Keys(w.disk.files)))
	}
}

func TestFlush_KeepsNothingOnTheDiskWhileTheDatabaseTakesIt(t *testing.T) {
	w := newWorld(t)
	w.counters["a"] = 3
	if err := w.flush(); err != nil {
		t.Error(err)
	}
	w.want("a", 3)
	w.wantFiles(0)
}

func TestFlush_BringsWhatAKilledProcessKept(t *testing.T) {
	w := newWorld(t)
	w.db.away()
	w.counters["a"] = 3
	if err := w.flush(); !apicred.IsKind(err, apicred.KindUnavailable) {
		t.Errorf("away: %v", err)
	}
	w.counters["a"] = 4
	w.counters["b"] = 1
	_ = w.flush()
	w.start()
	w.counters["a"] = 10
	_ = w.flush() // still away
	w.wantFiles(2)
	w.db.back()
	if err := w.flush(); err != nil {
		t.Error(err)
	}
	w.want("a", 17)
	w.want("b", 1)
	w.wantFiles(0)
}

// The commit was not confirmed, and had happened.
func TestFlush_CountsOnceWhatWasCommittedUnseen(t *testing.T) {
	for name, killed := range map[string]bool{"brought again": false, "found by the next process": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.db.answer = func() (bool, error) { return true, apicred.Unavailable(errAway) }
			w.counters["a"] = 3
			_ = w.flush()
			w.counters["a"] = 4
			w.db.away()
			_ = w.flush()
			if killed {
				w.start()
			}
			w.db.back()
			if err := w.flush(); err != nil {
				t.Error(err)
			}
			w.want("a", 7)
		})
	}
}

// Whatever is stored, confirmed, kept or killed in between: what was counted is
// there once. A kill comes right after a flush here; what is counted after the
// last flush is what a kill costs. The only loss besides is a disk that takes
// nothing.
func TestFlush_CountsEachCallOnceWhateverHappens(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a walk that can be repeated
		w := newWorld(t)
		w.early = seed%2 == 0
		w.start()
		want := map[string]int{}
		w.db.answer = func() (bool, error) {
			switch r.IntN(4) {
			case 0:
				return true, apicred.Unavailable(errAway)
			case 1:
				return true, nil
			}
			return false, apicred.Unavailable(errAway)
		}
		for range 30 {
			for range r.IntN(6) {
				name := w.name(r)
				w.counters[name]++
				want[name]++
			}
			_ = w.flush()
			if r.IntN(5) == 0 {
				w.start()
			}
		}
		w.db.back()
		if err := w.queue.Last(t.Context(), w.counters); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(w.db.calls, want) {
			t.Fatalf("seed %d: counted %v, want %v", seed, w.db.calls, want)
		}
		w.wantFiles(0)
	}
}

// With a disk that fails now and then, a kill may lose what it did not take, and
// still nothing counts twice.
func TestFlush_CountsNothingTwiceOnAFailingDisk(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // a walk that can be repeated
		w := newWorld(t)
		w.early = seed%2 == 0
		w.start()
		want := map[string]int{}
		w.db.answer = func() (bool, error) {
			if r.IntN(2) == 0 {
				return r.IntN(2) == 0, apicred.Unavailable(errAway)
			}
			return true, nil
		}
		for range 40 {
			for range r.IntN(6) {
				name := w.name(r)
				w.counters[name]++
				want[name]++
			}
			w.disk.broken = r.IntN(2) == 0
			_ = w.flush()
			if r.IntN(5) == 0 {
				w.start()
			}
		}
		w.disk.broken = false
		w.db.back()
		_ = w.queue.Last(t.Context(), w.counters)
		for name, calls := range w.db.calls {
			if calls > want[name] {
				t.Fatalf("seed %d: %s was counted %d times, and happened %d times", seed, name, calls, want[name])
			}
		}
	}
}

func TestFlush_LeavesWhatItCannotReadAndDropsWhatIsTooOld(t *testing.T) {
	w := newWorld(t)
	w.db.away()
	w.counters["a"] = 3
	_ = w.flush()
	w.disk.files["calls-damaged"] = []byte("junk")
	w.disk.files["others-x"] = []byte("of another kind")
	w.now = w.now.Add(spool.MaxAge + time.Second)
	w.start()
	w.db.back()
	if err := w.flush(); err != nil {
		t.Error(err)
	}
	w.want("a", 0)
	w.wantFiles(2)
}

func TestFlush_FindsWhatWasLeftWhenTheProcessBeforeHasGone(t *testing.T) {
	w := newWorld(t)
	w.db.away()
	w.counters["a"] = 3
	_ = w.flush()
	w.start()
	w.db.back()
	w.disk.taken = true
	_ = w.flush()
	w.want("a", 0)
	w.disk.taken = false
	_ = w.flush()
	w.want("a", 3)
}

func TestLast_KeepsWhatTheDatabaseDoesNotTakeAnyMore(t *testing.T) {
	w := newWorld(t)
	w.db.away()
	w.counters["a"] = 3
	_ = w.queue.Last(t.Context(), w.counters)
	w.start()
	w.db.back()
	_ = w.flush()
	w.want("a", 3)
}

func TestFlush_KeepsEarlyWhatIsForLater(t *testing.T) {
	w := newWorld(t)
	w.early = true
	w.start()
	w.counters["a"], w.counters["b"], w.counters["c"], w.counters["open"] = 1, 1, 1, 2
	for range 2 {
		if err := w.flush(); err != nil {
			t.Error(err)
		}
		w.counters["open"]++
		w.want("a", 1)
		w.want("open", 0)
		w.wantFiles(1)
	}
	w.start() // what came after the last flush is lost
	if err := w.flush(); err != nil {
		t.Error(err)
	}
	w.want("a", 1)
	w.want("open", 3)
	w.wantFiles(0)
	w.counters["open"] = 5
	if err := w.queue.Last(t.Context(), w.counters); err != nil {
		t.Error(err)
	}
	w.want("open", 8)
	w.wantFiles(0)
}

func TestFlush_DropsABatchThatTheDatabaseRefuses(t *testing.T) {
	w := newWorld(t)
	w.db.answer = func() (bool, error) { return false, apicred.Internal(errors.New("constraint failed")) }
	w.counters["a"] = 3
	if err := w.flush(); err != nil {
		t.Error(err)
	}
	w.db.back()
	w.counters["a"] = 1
	_ = w.flush()
	w.want("a", 1)
}
