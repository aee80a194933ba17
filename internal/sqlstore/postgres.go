package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const (
	postgresConnections = 16
	// postgresConnectTimeout bounds one try to connect when the URL has no
	// connect_timeout; without it a silent host stalls everybody.
	postgresConnectTimeout = 5 * time.Second
	// postgresConnectionLife makes a pool come back to a primary after failover.
	postgresConnectionLife = 30 * time.Minute
)

func postgresEngine() engine {
	return engine{
		dialect: goose.DialectPostgres, migrations: "postgres",
		view:     &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		hasTable: "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = to_regclass($1)",
		elements: "json_array_elements_text",
		// Nodes that start together migrate one after the other.
		options: []migrateOption{func() (goose.ProviderOption, error) {
			locker, err := lock.NewPostgresSessionLocker()
			return goose.WithSessionLocker(locker), err
		}},
	}
}

// openPostgres connects. Changes run under READ COMMITTED: the head row's lock,
// taken first, serializes them already, and under it each statement sees all
// that was committed before; SERIALIZABLE would only add aborts.
func openPostgres(ctx context.Context, databaseURL string, readOnly bool) (*Store, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		// Its text repeats the URL, which may hold a password.
		return nil, badURL("It does not read as a PostgreSQL URL: special characters in user and password must be percent-encoded.")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = postgresConnectTimeout
	}
	if readOnly {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	} else if config.ValidateConnect == nil {
		// Never a standby, whose head row lags: of several hosts the primary.
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "claviger"
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(withoutJIT))
	pool.SetMaxOpenConns(postgresConnections)
	pool.SetMaxIdleConns(postgresConnections)
	pool.SetConnMaxLifetime(postgresConnectionLife)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(postgresOpenError(config, err), pool.Close())
	}
	return &Store{engine: postgresEngine(), writer: pool, readers: pool}, nil
}

// withoutJIT: compiling a statement takes PostgreSQL longer (300 ms and more)
// than any of ours takes to run, and it decides by estimates that the filters of
// a list mislead. A statement, as pgbouncer refuses the parameter at the start.
func withoutJIT(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET jit = off")
	return err
}

func postgresOpenError(config *pgx.ConnConfig, err error) error {
	where := fmt.Sprintf("%s:%d", config.Host, config.Port)
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == stateUndefinedDatabase:
			return storeUnusable(err, "The PostgreSQL server at %s has no database %q. Create it, or correct database_url.", where, config.Database)
		case pg.Code[:2] == classAuthorization:
			return storeUnusable(err, "The PostgreSQL server at %s refused the sign-in of %q. Correct user and password in database_url.", where, config.User)
		}
	}
	return storeUnusable(err, "The PostgreSQL server at %s cannot be reached. Check that it runs, and correct database_url.", where)
}
