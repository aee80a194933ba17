package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/claviger/claviger/internal/apicred"
)

// SQLSTATE codes (PostgreSQL documentation, appendix A).
const (
	stateUniqueViolation     = "23505"
	stateForeignKeyViolation = "23503"
	stateInvalidText         = "22021" // character_not_in_repertoire
	stateSerializationFailed = "40001"
	stateDeadlock            = "40P01"
	stateUndefinedDatabase   = "3D000"
	stateReadOnlyTransaction = "25006" // the node became a standby
	stateQueryCanceled       = "57014"
	stateLockNotAvailable    = "55P03"
	stateNoRight             = "42501" // which the operator will grant: what waits to be written is kept until then
	stateAdminShutdown       = "57P01"
	stateCrashShutdown       = "57P02"
)

// SQLSTATE classes, the first two characters of a code.
const (
	classConnection      = "08"
	classAuthorization   = "28"
	classResources       = "53" // disk full, out of memory, too many connections
	classIntervention    = "57" // shutdown, crash
	classSystem          = "58" // I/O
	classTransactionFail = "40"
)

// domainError turns a driver's error into an *apicred.Error, by code. It is the
// only place that does. Errors that already are one pass unchanged.
func domainError(err error) error {
	if err == nil {
		return nil
	}
	var domain *apicred.Error
	if errors.As(err, &domain) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return apicred.NotFound()
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return postgresError(pg, err)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return sqliteError(lite.Code(), err)
	}
	if connectionLost(err) {
		return apicred.Unavailable(err)
	}
	return apicred.Internal(err)
}

func postgresError(pg *pgconn.PgError, err error) error {
	switch pg.Code {
	case stateUniqueViolation:
		return taken(err)
	case stateForeignKeyViolation:
		return inUse(err)
	case stateInvalidText:
		return apicred.Malformed("The text has a NUL or is not valid UTF-8. Send it as UTF-8 text.").Because(err)
	case stateReadOnlyTransaction, stateQueryCanceled, stateLockNotAvailable, stateUndefinedDatabase, stateNoRight:
		return apicred.Unavailable(err)
	}
	switch pg.Code[:2] {
	case classConnection, classAuthorization, classResources, classIntervention, classSystem, classTransactionFail:
		return apicred.Unavailable(err)
	}
	return apicred.Internal(err)
}

// sqliteError judges an extended result code; its low byte is the primary code
// (https://sqlite.org/rescode.html).
func sqliteError(code int, err error) error {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return taken(err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return inUse(err)
	}
	switch code & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_PROTOCOL:
		return apicred.Unavailable(err)
	}
	return apicred.Internal(err)
}

// noRight tells whether the database role lacks a right.
func noRight(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == stateNoRight
}

func taken(cause error) error {
	return apicred.Conflict("Something with this name or ID exists already. Choose another.").Because(cause)
}

func inUse(cause error) error {
	return apicred.Conflict("This hangs together with something that is gone, or that still needs it. Read both again.").Because(cause)
}

// unconfirmed reports a COMMIT that failed: the change may or may not have
// reached the disk, and must not be acknowledged.
func unconfirmed(cause error) error {
	e := apicred.AsError(domainError(cause))
	if e.Kind == apicred.KindUnavailable {
		e.Message = "The database did not confirm the change. Read it again before you repeat it."
	}
	return e.Because(fmt.Errorf("%w: %w", errNotConfirmed, cause))
}

var errNotConfirmed = errors.New("the commit was not confirmed")

// connectionLost tells whether the database could not be asked at all, or the
// caller gave up waiting for it.
func connectionLost(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Unreachable tells whether a database could not be asked, which may pass, and
// did not refuse.
func Unreachable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case classConnection, classResources, classIntervention:
			return true
		}
		return false
	}
	return apicred.IsKind(err, apicred.KindUnavailable) && connectionLost(err)
}

// worthRepeating tells whether a transaction may succeed the next time: PostgreSQL
// gave it up for the sake of another one, or its connection died, or was cut, before
// the commit was asked for, so that nothing of it is left.
func worthRepeating(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == stateSerializationFailed || pg.Code == stateDeadlock) {
		return true
	}
	return connectionDied(err) && !errors.Is(err, errNotConfirmed)
}
