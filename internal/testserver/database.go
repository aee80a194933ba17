package testserver

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/claviger/claviger/internal/sqlstore"
	"github.com/claviger/claviger/internal/storetest"
)

// postgresDirectory is the environment variable that .ci/on-postgresql sets.
const postgresDirectory = "TEST_POSTGRESQL"

// DatabaseURL returns the URL of an empty database of t's own, on the engine
// under test: PostgreSQL where .ci/on-postgresql runs the tests, else SQLite.
func DatabaseURL(t testing.TB) string {
	t.Helper()
	if directory := os.Getenv(postgresDirectory); directory != "" {
		return storetest.RunningPostgres(t, directory).Database(t)
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "claviger.db")
}

// NewStore opens an empty, migrated database of t's own on the engine under
// test, and closes it when t ends.
func NewStore(t testing.TB) *sqlstore.Store {
	t.Helper()
	return OpenStore(t, DatabaseURL(t))
}

// OpenStore is NewStore for the database at url.
func OpenStore(t testing.TB, url string) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: url})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	must(t, store.Migrate(context.WithoutCancel(t.Context())))
	return store
}
