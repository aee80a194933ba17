package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/claviger/claviger/internal/apicred"
)

// The reading connections are few: each costs a page cache of its own, and
// reads are short.
const (
	sqliteReaders   = 4
	sqliteFollowers = 2
	// mappedIdle is how long a connection keeps the file mapped that nobody uses.
	mappedIdle = time.Minute
)

func sqliteEngine() engine {
	return engine{
		dialect: goose.DialectSQLite3, migrations: "sqlite",
		// Only there so that the driver begins without _txlock: a read
		// transaction of WAL mode, which blocks nobody.
		view:     &sql.TxOptions{ReadOnly: true},
		hasTable: "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
		elements: "json_each", rows: "json_each", unhex: [2]string{"unhex(", ")"},
	}
}

// openSQLite opens the file at path: one connection writes, others read. Two
// writers would only wait for each other's file lock, and less fairly.
func openSQLite(ctx context.Context, path string, readOnly bool) (*Store, error) {
	path, err := sqlitePath(path)
	if err != nil {
		return nil, err
	}
	if err := sqliteFile(path, readOnly); err != nil {
		return nil, err
	}
	s := &Store{engine: sqliteEngine()}
	if s.writer, err = sqlitePool(path, sqliteWriting(readOnly), 1); err != nil {
		return nil, apicred.Internal(err)
	}
	if s.readers, err = sqlitePool(path, sqliteMapped(readOnly), sqliteReaders); err != nil {
		return nil, errors.Join(apicred.Internal(err), s.writer.Close())
	}
	s.readers.SetConnMaxIdleTime(mappedIdle)
	if s.follower, err = sqlitePool(path, sqliteReading(readOnly), sqliteFollowers); err != nil {
		return nil, errors.Join(apicred.Internal(err), s.readers.Close(), s.writer.Close())
	}
	// The writer first: it turns WAL mode on, which the file then remembers.
	for _, pool := range []steady{s.writer, s.readers, s.follower} {
		var version int64
		if err := pool.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version); err != nil {
			return nil, errors.Join(sqliteOpenError(path, err), s.Close())
		}
	}
	return s, nil
}

// sqlitePath reads what follows "sqlite:", a path or an absolute path behind an
// empty authority (sqlite:///var/lib/…).
func sqlitePath(path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		if !strings.HasPrefix(rest, "/") {
			return "", badURL("After sqlite: write a path, without a host.")
		}
		path = rest
	}
	if path == "" || strings.ContainsRune(path, 0) || strings.HasPrefix(path, ":memory:") {
		return "", badURL("After sqlite: write the path of a file.")
	}
	return filepath.Abs(path)
}

// sqliteFile makes the file if it is missing, readable by its owner alone
// (SQLite gives the WAL beside it the same mode), and says what is wrong with
// the place if it cannot.
func sqliteFile(path string, readOnly bool) error {
	mode := os.O_RDWR | os.O_CREATE
	if readOnly {
		mode = os.O_RDONLY
	}
	f, err := os.OpenFile(path, mode, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err == nil && !readOnly {
		err = writableDirectory(filepath.Dir(path))
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return storeUnusable(err, "There is no database at %s. Make its directory first, or correct data_dir or database_url.", path)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return storeUnusable(err, "The database %s and its directory must be writable by the user that runs claviger. Correct their owner or mode, or choose another data_dir.", path)
	}
	return storeUnusable(err, "The database %s cannot be opened. Check that it is a file in a directory of this machine.", path)
}

// writableDirectory tries what SQLite will do: make a file beside the database.
func writableDirectory(directory string) error {
	f, err := os.CreateTemp(directory, ".claviger-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func sqlitePool(path string, settings url.Values, connections int) (steady, error) {
	// An URI, so that a path may hold any character (https://sqlite.org/uri.html).
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}
	connector, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return steady{}, err
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return steady{pool}, nil
}

func sqliteWriting(readOnly bool) url.Values {
	if readOnly {
		return sqliteReading(true)
	}
	return url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
	}
}

func sqliteReading(readOnly bool) url.Values {
	v := url.Values{"_pragma": {"busy_timeout(5000)", "query_only(1)"}}
	if readOnly {
		v.Set("mode", "ro")
	}
	return v
}

// sqliteMapped is sqliteReading for lists, which look up rows all over the file
// (docs/decisions/sqlite-reads-are-mapped.md).
func sqliteMapped(readOnly bool) url.Values {
	v := sqliteReading(readOnly)
	v.Add("_pragma", "mmap_size(1073741824)")
	return v
}

func sqliteOpenError(path string, err error) error {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
			return storeUnusable(err, "The file %s is damaged or no database of claviger. Restore a backup of it, or choose another data_dir.", path)
		case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return storeUnusable(err, "The database %s and its directory must be writable by the user that runs claviger. Correct their owner or mode, or choose another data_dir.", path)
		}
	}
	return domainError(err)
}

func storeUnusable(cause error, format string, args ...any) error {
	e := apicred.Unavailable(cause)
	e.Message = fmt.Sprintf(format, args...)
	return e
}
