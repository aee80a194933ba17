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
	// followerConnections: one to follow by, and one to read everything. Of those
	// none but the first is kept: what hangs must not be found out twice.
	followerConnections = 2
	// postgresConnectTimeout bounds one try to connect when the URL has no
	// connect_timeout; without it a silent host stalls everybody. Of several hosts
	// each gets less: the one behind it may be the primary.
	postgresConnectTimeout = 5 * time.Second
	severalConnectTimeout  = time.Second
	// followerConnectTime is what a follower may take for all hosts together: a
	// poll lasts two seconds, and must come to the last host while the first is
	// silent.
	followerConnectTime = 1500 * time.Millisecond
	// postgresConnectionLife makes a pool come back to a primary after failover.
	postgresConnectionLife = 30 * time.Minute
)

func postgresEngine() engine {
	return engine{
		dialect: goose.DialectPostgres, migrations: "postgres",
		view:     &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		hasTable: "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = to_regclass($1)",
		elements: "json_array_elements_text", rows: "json_array_elements", unhex: [2]string{"decode(", ", 'hex')"},
		holdUses: "LOCK TABLE credentials, secrets IN SHARE ROW EXCLUSIVE MODE",
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
func openPostgres(ctx context.Context, o Options) (*Store, error) {
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		// Its text repeats the URL, which may hold a password.
		return nil, badURL("It does not read as a PostgreSQL URL: special characters in user and password must be percent-encoded.")
	}
	hosts := time.Duration(hostsOf(config))
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = postgresConnectTimeout
		if hosts > 1 {
			config.ConnectTimeout = severalConnectTimeout
		}
	}
	if o.ReadOnly {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	} else if config.ValidateConnect == nil {
		// Never a standby, whose head row lags: of several hosts the primary.
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "claviger"
	}
	lines := &lines{open: map[*line]bool{}}
	config.DialFunc = lines.through(config.DialFunc)
	pool := postgresPool(config, postgresConnections)
	if !o.Away {
		if err := pool.PingContext(ctx); err != nil {
			return nil, errors.Join(postgresOpenError(config, err), pool.Close())
		}
	}
	following := config.Copy()
	following.ConnectTimeout = min(config.ConnectTimeout, followerConnectTime/hosts)
	follower := postgresPool(following, followerConnections)
	follower.SetMaxIdleConns(1)
	return &Store{engine: postgresEngine(), writer: pool, readers: pool, follower: follower, lines: lines, hosts: hostsOf(config)}, nil
}

// hostsOf counts the hosts of a URL; one that may be spoken to with TLS and
// without is one.
func hostsOf(config *pgx.ConnConfig) int {
	type host struct {
		name string
		port uint16
	}
	hosts := map[host]bool{{config.Host, config.Port}: true}
	for _, f := range config.Fallbacks {
		hosts[host{f.Host, f.Port}] = true
	}
	return len(hosts)
}

func postgresPool(config *pgx.ConnConfig, connections int) steady {
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(withoutJIT))
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxLifetime(postgresConnectionLife)
	return steady{pool}
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
