package e2e

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/claviger/claviger/internal/storetest"
)

// engine is what a server keeps its data in.
type engine struct {
	name string
	url  string // of an empty database; empty: SQLite in the data directory
}

// engines are both, the second with a server of t's own.
func engines(t *testing.T) []engine {
	t.Helper()
	return []engine{{name: "SQLite"}, {"PostgreSQL", storetest.Postgres(t)}}
}

const sameMasterKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// settings are the lines of a settings file that name the engine.
func (e engine) settings() []string {
	if e.url == "" {
		return nil
	}
	return []string{"database_url: " + e.url, "master_key: " + sameMasterKey}
}

// environment names the engine in the environment.
func (e engine) environment() []string {
	if e.url == "" {
		return nil
	}
	return []string{"CLAVIGER_DATABASE_URL=" + e.url, "CLAVIGER_MASTER_KEY=" + sameMasterKey}
}

// open opens the database of the server in dir behind its back.
func (e engine) open(t *testing.T, dir string) *sql.DB {
	t.Helper()
	driver, name := "pgx", e.url
	if e.url == "" {
		driver, name = "sqlite", filepath.Join(dir, "claviger-data", "claviger.db")
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
