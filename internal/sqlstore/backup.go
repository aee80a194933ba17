package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/claviger/claviger/internal/apicred"
)

// BackupNote says what a backup is. It is kept in the backup itself, in a table
// that no installation has.
type BackupNote struct {
	// TakenAt is the moment whose state the backup holds, or just before it;
	// zero for a plain copy of a database file, which has no note.
	TakenAt time.Time
	Release string // of the program that took it
}

const noteSchema = `CREATE TABLE IF NOT EXISTS backup_note (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    taken_at INTEGER NOT NULL,
    release  TEXT NOT NULL
) STRICT`

// WriteBackup writes everything as it is at one moment into the empty file at
// path, while others read and write. The file is an SQLite database whichever
// engine the store has, so that it can be restored into either. When
// WriteBackup returns nil, the file is whole and on the disk; its name is the
// caller's to sync.
func (s *Store) WriteBackup(ctx context.Context, path string, note BackupNote) error {
	write := s.dumpInto
	if s.engine.dialect == goose.DialectSQLite3 {
		write = s.vacuumInto
	}
	if err := write(ctx, path); err != nil {
		return err
	}
	if err := finishBackup(ctx, path, note); err != nil {
		return err
	}
	return syncFile(path)
}

// vacuumInto copies by SQLite's own means: one read transaction, which in WAL
// mode holds nobody up (https://sqlite.org/lang_vacuum.html).
func (s *Store) vacuumInto(ctx context.Context, path string) error {
	_, err := s.writer.ExecContext(ctx, "VACUUM INTO $1", path)
	return domainError(err)
}

// dumpInto copies rows out of one snapshot. The schema must be this program's,
// since that is the one the file gets.
func (s *Store) dumpInto(ctx context.Context, path string) (err error) {
	if err := errors.Join(s.refuseOther(ctx), s.CheckSchema(ctx)); err != nil {
		return err
	}
	file, err := Open(ctx, Options{URL: "sqlite:" + path})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := file.Migrate(ctx); err != nil {
		return err
	}
	tables, err := sqliteTables(ctx, file.readers)
	if err != nil {
		return err
	}
	return s.view(ctx, func(from *reader) error {
		return file.write(ctx, func(to *reader) error {
			return to.fault(copyTables(ctx, from.db, to.db, tables))
		})
	})
}

// finishBackup adds the note, lets SQLite check the file, and leaves it as one
// file without a journal beside it.
func finishBackup(ctx context.Context, path string, note BackupNote) (err error) {
	pool, err := sqlitePool(path, url.Values{"_pragma": {"journal_mode(DELETE)", "synchronous(FULL)"}}, 1)
	if err != nil {
		return apicred.Internal(err)
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	for _, statement := range []string{noteSchema, "DELETE FROM backup_note"} {
		if _, err := pool.ExecContext(ctx, statement); err != nil {
			return domainError(err)
		}
	}
	if _, err := pool.ExecContext(ctx, "INSERT INTO backup_note (one, taken_at, release) VALUES (1, $1, $2)", micros(note.TakenAt), note.Release); err != nil {
		return domainError(err)
	}
	return sqliteSound(ctx, pool, "PRAGMA quick_check(1)")
}

// Note returns what a backup says of itself; empty where it has no note.
func (s *Store) Note(ctx context.Context) (BackupNote, error) {
	var tables, takenAt int64
	var note BackupNote
	if err := s.readers.QueryRowContext(ctx, s.engine.hasTable, "backup_note").Scan(&tables); err != nil || tables == 0 {
		return note, domainError(err)
	}
	err := s.readers.QueryRowContext(ctx, "SELECT taken_at, release FROM backup_note").Scan(&takenAt, &note.Release)
	if errors.Is(err, sql.ErrNoRows) {
		return BackupNote{}, nil
	}
	note.TakenAt = timeOf(takenAt)
	return note, domainError(err)
}

// sqliteSound runs a check that answers "ok", or what is wrong.
func sqliteSound(ctx context.Context, pool steady, check string) error {
	var found string
	if err := pool.QueryRowContext(ctx, check).Scan(&found); err != nil {
		return domainError(err)
	}
	if found != "ok" {
		return apicred.Internal(errors.New("the database is damaged: " + found))
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err != nil {
		return apicred.Unavailable(err)
	}
	return nil
}
