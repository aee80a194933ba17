package spool

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	// MaxAge is how old batches may be that a process before left on the shelf. The
	// database remembers twice as long what it has written (Remembered).
	MaxAge = 30 * 24 * time.Hour
	// Remembered is how long the database remembers a stream after its last batch.
	Remembered = 2 * MaxAge
	// shelfLoad bounds how much of the time is spent with writing to the shelf.
	shelfLoad = 20
	// batchPatience is how long the database may take for one batch.
	batchPatience = 5 * time.Second
)

// Shelf keeps a few sealed values on the disk, by name. Those of processes before
// are among them; there is no other process that uses it.
type Shelf interface {
	// Put keeps value under name, in the place of the one before, and returns when
	// it is on the disk. On an error the one before is still there.
	Put(name string, value []byte) error
	// Names lists what is kept.
	Names() ([]string, error)
	Get(name string) ([]byte, error)
	Remove(name string) error
}

// Source is where batches come from.
type Source[T any] interface {
	// Take cuts into batches what is to be written now, and what is to be written
	// later: that stays with the queue until the next Flush, and is on the shelf
	// meanwhile. last asks for everything now.
	Take(last bool) (now, later []T)
	// TakeBack takes batches that were not brought to the database, to be counted
	// together with what came since.
	TakeBack(batches []T)
}

// Options are what a Queue works with. Kind, Stream, Clock and Write are required.
type Options[T any] struct {
	Kind   string // of the batches, one word: the shelf has several
	Stream string // a new random one for each process
	Shelf  Shelf  // nil keeps nothing
	// Early keeps on the shelf what is not written, even though the database is
	// there: for what stays in memory for long.
	Early bool
	Clock func() time.Time
	// Write writes a batch in one transaction, with its ID, unless it was written
	// before. Unavailable means that it may have been written; any other error that
	// it never will.
	Write func(context.Context, apicred.BatchID, T) error
	// Size is how much a batch is, for Waiting; nil: one.
	Size   func(T) int
	Logger *slog.Logger // nil discards
}

// Queue brings batches to the database. It is safe for concurrent use.
type Queue[T any] struct {
	o  Options[T]
	mu sync.Mutex
	// own has the batches of this process that are not written; brought tells that
	// the first of them was brought to the database, later how many at the end are
	// not to be yet.
	own     stream[T]
	brought bool
	later   int
	// found are the streams of processes before, to be written first.
	found    []stream[T]
	recalled bool
	away     bool // the database did not take the last one
	kept     bool // own is on the shelf, maybe as it was before
	next     time.Time
	broken   bool // the shelf did not take the last one, and that was logged
	waiting  atomic.Int64
}

// stream is what is kept on the shelf.
type stream[T any] struct {
	Name    string
	Next    int64 // the first number never used
	Saved   time.Time
	Batches []batch[T]
}

type batch[T any] struct {
	Number int64
	Value  T
}

// New returns a Queue.
func New[T any](o Options[T]) *Queue[T] {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Size == nil {
		o.Size = func(T) int { return 1 }
	}
	return &Queue[T]{o: o, own: stream[T]{Name: o.Stream, Next: 1}}
}

// Flush brings what processes before left and what from has. Its error is the
// database's, unavailable: what is left is kept, in memory and on the shelf.
func (q *Queue[T]) Flush(ctx context.Context, from Source[T]) error { return q.flush(ctx, from, false) }

// Last is Flush for a process that ends: everything is brought, or kept on the
// shelf.
func (q *Queue[T]) Last(ctx context.Context, from Source[T]) error { return q.flush(ctx, from, true) }

// Waiting is the size of what is not written and not in the source either.
func (q *Queue[T]) Waiting() int { return int(q.waiting.Load()) }

// count brings Waiting up to date.
func (q *Queue[T]) count() {
	size := 0
	for _, found := range q.found {
		for _, b := range found.Batches {
			size += q.o.Size(b.Value)
		}
	}
	for _, b := range q.own.Batches {
		size += q.o.Size(b.Value)
	}
	q.waiting.Store(int64(size))
}

func (q *Queue[T]) flush(ctx context.Context, from Source[T], last bool) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.recall(ctx)
	q.refill(from, last)
	q.count()
	defer q.count()
	if (q.away || q.o.Early) && (last || !q.o.Clock().Before(q.next)) {
		q.keep(ctx) // before the database is asked, which may take its time to say no
	}
	err := q.bring(ctx)
	if err != nil && !q.away {
		q.away = true
		q.keep(ctx)
	}
	return err
}

// refill gives back what was not brought yet, and takes it again together with
// what came since.
func (q *Queue[T]) refill(from Source[T], last bool) {
	stay := 0
	if q.brought {
		stay = 1
	}
	var back []T
	for _, b := range q.own.Batches[stay:] {
		back = append(back, b.Value)
	}
	from.TakeBack(back)
	q.own.Batches = slices.Clone(q.own.Batches[:stay])
	now, later := from.Take(last)
	q.later = len(later)
	for _, value := range slices.Concat(now, later) {
		q.own.Batches = append(q.own.Batches, batch[T]{q.own.Next, value})
		q.own.Next++
	}
}

// bring writes batch after batch, but those for later, until the database does not
// take one.
func (q *Queue[T]) bring(ctx context.Context) error {
	for len(q.found) > 0 {
		for found := &q.found[0]; len(found.Batches) > 0; found.Batches = found.Batches[1:] {
			if err := q.write(ctx, found.Name, found.Batches[0]); err != nil {
				return err
			}
		}
		q.drop(ctx, q.found[0].Name)
		q.found = q.found[1:]
	}
	for len(q.own.Batches) > q.later {
		q.brought = true
		if err := q.write(ctx, q.own.Name, q.own.Batches[0]); err != nil {
			return err
		}
		q.own.Batches, q.brought = q.own.Batches[1:], false
	}
	if q.kept && len(q.own.Batches) == 0 {
		q.kept = !q.drop(ctx, q.own.Name)
	}
	q.away = false
	return nil
}

// write writes one batch. One that the database refuses would be refused again: it
// is dropped, not to be in the way of the others.
func (q *Queue[T]) write(ctx context.Context, stream string, b batch[T]) error {
	ctx, cancel := context.WithTimeout(ctx, batchPatience)
	defer cancel()
	err := q.o.Write(ctx, apicred.BatchID{Stream: stream, Number: b.Number, At: q.o.Clock()}, b.Value)
	if err == nil || apicred.IsKind(err, apicred.KindUnavailable) {
		return err
	}
	q.o.Logger.ErrorContext(ctx, "what was counted could not be stored and was dropped", slog.String("kind", q.o.Kind), slog.Any("cause", cause(err)))
	return nil
}

func (q *Queue[T]) nameOf(stream string) string { return q.o.Kind + "-" + stream }

// keep puts what is not written on the shelf. The batch that was brought comes
// first in it, as it was.
func (q *Queue[T]) keep(ctx context.Context) {
	if q.o.Shelf == nil || len(q.own.Batches) == 0 {
		return
	}
	began := q.o.Clock()
	q.own.Saved = began
	var encoded bytes.Buffer
	err := gob.NewEncoder(&encoded).Encode(&q.own)
	if err == nil {
		err = q.o.Shelf.Put(q.nameOf(q.own.Name), encoded.Bytes())
	}
	q.kept = q.kept || err == nil
	q.next = q.o.Clock().Add(shelfLoad * q.o.Clock().Sub(began))
	if failed := err != nil; failed != q.broken {
		q.broken = failed
		if failed {
			q.o.Logger.WarnContext(ctx, "what is counted cannot be kept on the disk; it would be lost if this process ended before the database is back",
				slog.String("kind", q.o.Kind), slog.Any("error", err))
		}
	}
}

// recall finds, once, what processes before left.
func (q *Queue[T]) recall(ctx context.Context) {
	if q.recalled || q.o.Shelf == nil {
		return
	}
	names, err := q.o.Shelf.Names()
	if err != nil {
		return // another process has the shelf still; keep tells, if it comes to that
	}
	q.recalled = true
	for _, name := range names {
		stream, mine := strings.CutPrefix(name, q.o.Kind+"-")
		if !mine {
			continue
		}
		found, err := q.read(name, stream)
		if err != nil {
			q.o.Logger.WarnContext(ctx, "what a process before this one counted cannot be read and stays where it is",
				slog.String("file", name), slog.Any("error", err))
			continue
		}
		if age := q.o.Clock().Sub(found.Saved); age > MaxAge {
			q.o.Logger.WarnContext(ctx, "what a process before this one counted is too old and was dropped",
				slog.String("kind", q.o.Kind), slog.Duration("age", age))
			q.drop(ctx, stream)
			continue
		}
		q.found = append(q.found, found)
	}
	slices.SortFunc(q.found, func(a, b stream[T]) int { return a.Saved.Compare(b.Saved) })
	q.away = q.away || len(q.found) > 0 // until the database has taken them
}

var errOtherStream = errors.New("it is of another name")

func (q *Queue[T]) read(name, stream string) (found stream[T], err error) {
	value, err := q.o.Shelf.Get(name)
	if err != nil {
		return found, err
	}
	if err := gob.NewDecoder(bytes.NewReader(value)).Decode(&found); err != nil {
		return found, fmt.Errorf("it is damaged: %w", err)
	}
	if found.Name != stream {
		return found, errOtherStream
	}
	return found, nil
}

// drop takes a stream from the shelf. One that stays is found by the next process,
// whose batches the database knows: they count once.
func (q *Queue[T]) drop(ctx context.Context, stream string) bool {
	if err := q.o.Shelf.Remove(q.nameOf(stream)); err != nil {
		q.o.Logger.WarnContext(ctx, "what the database has taken stays on the disk", slog.String("kind", q.o.Kind), slog.Any("error", err))
		return false
	}
	return true
}

// cause is what operators must know of an error: what lies behind its sentence.
func cause(err error) error {
	if behind := errors.Unwrap(err); behind != nil {
		return behind
	}
	return err
}
