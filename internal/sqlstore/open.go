package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/claviger/claviger/internal/apicred"
)

// Options say which database to open.
type Options struct {
	// URL is sqlite:PATH or postgres://… (several hosts allowed).
	URL string
	// ReadOnly opens it for reading alone: nothing is made, nothing can be
	// written. SQLite files must exist.
	ReadOnly bool
	// Away opens a PostgreSQL that may not answer now: nothing is asked of it, so
	// call CheckSchema when it does.
	Away bool
}

// Store is an open database.
type Store struct {
	engine  engine
	writer  steady
	readers steady
	// follower reads for the directory, which everything waits for: no crowd of
	// others holds it up.
	follower steady
	lines    *lines // nil with SQLite
	hosts    int    // that the URL names; 0 with SQLite
	// What was removed last because its time had come.
	prunedUsage, prunedProofs pruning
}

// engine is what differs between the two databases.
type engine struct {
	dialect    goose.Dialect
	migrations string          // directory below migrations/
	view       *sql.TxOptions  // of a snapshot
	hasTable   string          // counts tables named $1
	elements   string          // the function that makes rows of a JSON array, each a value
	rows       string          // the same, each JSON
	unhex      [2]string       // what stands around text that is bytes in hex
	holdUses   string          // makes whoever writes uses wait for the transaction; empty: they do
	options    []migrateOption // of goose
}

// Open opens the database and refuses one whose schema is too new for this
// program. It does not migrate; see Migrate. Errors are *apicred.Error
// whose message says what to do.
func Open(ctx context.Context, o Options) (*Store, error) {
	var s *Store
	var err error
	scheme, rest, _ := strings.Cut(o.URL, ":")
	switch scheme {
	case "sqlite":
		s, err = openSQLite(ctx, rest, o.ReadOnly)
	case "postgres", "postgresql":
		s, err = openPostgres(ctx, o)
	default:
		return nil, badURL("It must begin with sqlite: or postgres:// .")
	}
	if err != nil || o.Away {
		return s, err
	}
	if err := s.refuseNewer(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// badURL never quotes the URL: it may hold a password.
func badURL(why string) error {
	return &apicred.Error{
		Kind:    apicred.KindInvalid,
		Message: "The database_url cannot be used. " + why + " Examples: sqlite:/var/lib/claviger/claviger.db, postgres://claviger@db.example.com/claviger.",
	}
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.readers.PingContext(ctx); err != nil {
		return domainError(err)
	}
	_, err := newReader(s.readers).q.GetHead(ctx)
	return domainError(err)
}

// Pool is one of the pools of connections, with its figures.
type Pool struct {
	Name  string // "writer", "readers" or "follower"; one that is the same as another has its name
	Stats sql.DBStats
}

// Pools tells how the pools are used.
func (s *Store) Pools() []Pool {
	pools := []Pool{{"writer", s.writer.Stats()}}
	if s.readers != s.writer {
		pools = append(pools, Pool{"readers", s.readers.Stats()})
	}
	if s.follower != s.readers {
		pools = append(pools, Pool{"follower", s.follower.Stats()})
	}
	return pools
}

// Close closes the database. Nothing acknowledged depends on it.
func (s *Store) Close() error {
	err := s.writer.Close()
	if s.readers != s.writer {
		err = errors.Join(err, s.readers.Close())
	}
	if s.follower != s.readers {
		err = errors.Join(err, s.follower.Close())
	}
	return err
}
