package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
)

// steady is a pool whose connections may all have died unseen: the database was
// restarted, or another server has taken over. What finds its connection dead
// before it has done anything takes another. Each of these takes one dead
// connection out of the pool, so there is an end.
type steady struct{ *sql.DB }

// BeginTx is sql.DB's.
func (s steady) BeginTx(ctx context.Context, options *sql.TxOptions) (transaction *sql.Tx, err error) {
	s.persist(func() error {
		transaction, err = s.DB.BeginTx(ctx, options) //nolint:sqlclosecheck // the caller's
		return err
	})
	return transaction, err
}

// QueryContext is sql.DB's, for statements that only read.
func (s steady) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	s.persist(func() error {
		rows, err = s.DB.QueryContext(ctx, query, args...) //nolint:rowserrcheck,sqlclosecheck // the caller's
		return err
	})
	return rows, err
}

// QueryRowContext is sql.DB's, for statements that only read.
func (s steady) QueryRowContext(ctx context.Context, query string, args ...any) (row *sql.Row) {
	s.persist(func() error {
		row = s.DB.QueryRowContext(ctx, query, args...)
		return row.Err()
	})
	return row
}

func (s steady) persist(ask func() error) {
	for range s.Stats().MaxOpenConnections + 1 {
		if err := ask(); !connectionDied(err) {
			return
		}
	}
}

// connectionDied tells whether the connection that was used has ended, which
// says nothing about the next one.
func connectionDied(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == stateAdminShutdown || pg.Code == stateCrashShutdown || pg.Code[:2] == classConnection
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false // nobody answers
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
