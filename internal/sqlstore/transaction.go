package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

// attempts is how often a transaction is tried that PostgreSQL gives up for the
// sake of another one.
const attempts = 8

// reader reads one snapshot.
type reader struct {
	db statement.DBTX
	q  *statement.Queries
	// broken is the first error of the database itself. PostgreSQL refuses every
	// statement after one, SQLite does not: a change that met one never commits
	// on either.
	broken error
	// elements, rows, holdUses and unhex are the engine's, in a transaction.
	elements, rows, holdUses string
	unhex                    [2]string
	chosen                   *choice // how the list before was read: its count comes next
}

func newReader(db statement.DBTX) *reader { return &reader{db: db, q: statement.New(db)} }

// reader is newReader in a transaction of s.
func (s *Store) reader(db statement.DBTX) *reader {
	r := newReader(db)
	r.elements, r.rows, r.unhex, r.holdUses = s.engine.elements, s.engine.rows, s.engine.unhex, s.engine.holdUses
	return r
}

// fault turns an error of the database into a domain error and remembers it.
func (r *reader) fault(err error) error {
	if err == nil {
		return nil
	}
	e := domainError(err)
	if !errors.Is(err, sql.ErrNoRows) && r.broken == nil {
		r.broken = e
	}
	return e
}

// lookup is fault for the read of one row by a key from outside: a key that the
// database cannot even hold is the key of nothing.
func (r *reader) lookup(err error) error {
	e := r.fault(err)
	if apicred.IsKind(e, apicred.KindInvalid) {
		return apicred.NotFound()
	}
	return e
}

// tx reads and writes in one transaction that holds the head row. It satisfies
// lifecycle.Tx, keyring.Tx and login.Tx.
type tx struct {
	*reader
	head headRow
}

// view runs fn on one snapshot.
func (s *Store) view(ctx context.Context, fn func(*reader) error) error {
	return s.snapshot(ctx, s.readers, fn)
}

// follow is view for the directory.
func (s *Store) follow(ctx context.Context, fn func(*reader) error) error {
	return s.snapshot(ctx, s.follower, fn)
}

func (s *Store) snapshot(ctx context.Context, pool steady, fn func(*reader) error) error {
	transaction, err := pool.BeginTx(ctx, s.engine.view)
	if err != nil {
		return domainError(err)
	}
	defer func() { _ = transaction.Rollback() }() // nothing was written
	return fn(s.reader(transaction))
}

// change runs fn in one durable transaction that holds the head row, and again
// when PostgreSQL gives it up for the sake of another one.
func (s *Store) change(ctx context.Context, fn func(*tx) error) error {
	return s.repeat(ctx, func() error {
		return s.write(ctx, func(r *reader) error {
			// First of all, so that nothing read below can be stale: who holds
			// this row is alone.
			head, err := r.lockHead(ctx)
			if err != nil {
				return err
			}
			return fn(&tx{reader: r, head: head})
		})
	})
}

// write runs fn in one durable transaction.
func (s *Store) write(ctx context.Context, fn func(*reader) error) error {
	transaction, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return domainError(err)
	}
	defer func() { _ = transaction.Rollback() }() // after a commit it does nothing
	r := s.reader(transaction)
	if err := fn(r); err != nil {
		return err
	}
	if r.broken != nil {
		return r.broken
	}
	if err := transaction.Commit(); err != nil {
		return unconfirmed(err)
	}
	return nil
}

// repeat calls fn until it succeeds or fails for good, with pauses that
// grow and differ between nodes.
func (s *Store) repeat(ctx context.Context, fn func() error) error {
	pause := 2 * time.Millisecond
	for n := 1; ; n++ {
		err := fn()
		if err == nil || n == attempts || !worthRepeating(err) {
			return err
		}
		timer := time.NewTimer(pause + rand.N(pause)) //nolint:gosec // G404: spreads load, guards nothing
		select {
		case <-ctx.Done():
			timer.Stop()
			return domainError(ctx.Err())
		case <-timer.C:
		}
		pause *= 2
	}
}
