package sqlstore

import (
	"testing"

	"github.com/claviger/claviger/internal/storetest"
)

func TestSQLite_DoesWhatAStoreMust(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Store { return openSQLiteFile(t) })
}

func TestPostgreSQL_DoesWhatAStoreMust(t *testing.T) {
	databases := newPostgresDatabases(t)
	storetest.Run(t, func(t testing.TB) storetest.Store { return databases.open(t) })
}

// postgresDatabases makes migrated databases, each a copy of the first.
type postgresDatabases struct {
	server   *storetest.PostgresServer
	template string
}

func newPostgresDatabases(t testing.TB) postgresDatabases {
	t.Helper()
	server := storetest.StartPostgres(t)
	d := postgresDatabases{server: server, template: server.Database(t)}
	s, err := Open(t.Context(), Options{URL: d.template})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d postgresDatabases) open(t testing.TB) *Store {
	t.Helper()
	return openMigrated(t, d.server.Copy(t, d.template))
}
