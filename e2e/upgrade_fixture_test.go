package e2e

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/storetest"
)

// The people and programs of testdata/schema_rows.sql. Its secrets open nothing
// but databases of this test.
const (
	exportID, exportFirst, exportSecond = "01a204ca-cd4b-7e49-8f6f-d85b69897553", "clav_azmoC1Upd1rfl5D8hVT0y5A4KCSGhp3nKKHNw1iz9N81lV7DA", "clav_LhpqgMQzVspjAt3nDq7LF9JjKhyqEfJmS34yYbQJMAT4QjJem"
	graceID, graceSecret                = "01a204ca-d9b1-75de-8dcf-f142b2dfdd63", "clav_o4KI8SdIeAQaTREDOD4bXXRxS7VWVbpc9X30HaUb4Xg3zilu3"
	offID, offSecret                    = "01a204ca-de2a-7c84-9818-18e5341d62aa", "clav_XmGcJsMVz91TZZiEHLbdPs3HZ0WMP4z1JnIzG5G1l2v0p4Xv3"
	rowEvents                           = 16 // in the audit log
)

// TestUpgrade_ADatabaseOfEverySchemaVersionIsServed starts the server on a
// database of each version that there was, with rows in it: it brings the schema
// up to date, every credential works or does not as before, and the audit chain
// goes on from where it was.
func TestUpgrade_ADatabaseOfEverySchemaVersionIsServed(t *testing.T) {
	postgres := storetest.StartPostgres(t)
	versions := schemaVersions(t)
	for i, version := range versions {
		t.Run(fmt.Sprintf("SQLite %d", version), func(t *testing.T) { servesSchema(t, "", version) })
		// What migrations do differs little between the two.
		if chaos() || i == 0 || i == len(versions)-1 {
			t.Run(fmt.Sprintf("PostgreSQL %d", version), func(t *testing.T) { servesSchema(t, postgres.Database(t), version) })
		}
	}
}

// schemaVersions are the numbers of the migrations.
func schemaVersions(t *testing.T) (versions []int) {
	t.Helper()
	for _, file := range migrationFiles(t, "sqlite") {
		versions = append(versions, versionOf(t, file))
	}
	return versions
}

func migrationFiles(t *testing.T, engine string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "internal", "sqlstore", "migrations", engine, "*.sql"))
	if err != nil || len(files) < 11 {
		t.Fatalf("%d migrations: %v", len(files), err)
	}
	return files
}

func versionOf(t *testing.T, file string) int {
	t.Helper()
	number, _, _ := strings.Cut(filepath.Base(file), "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func servesSchema(t *testing.T, databaseURL string, version int) {
	t.Helper()
	e := engine{url: databaseURL}
	f := &fleet{issuer: "http://" + ownAddress() + ":8420"}
	f.lines = []string{"issuer: " + f.issuer, "master_key: " + sameMasterKey}
	if databaseURL != "" {
		f.lines = append(f.lines, "database_url: "+databaseURL)
	}
	n := f.newNode(t)
	if err := os.Mkdir(filepath.Join(n.dir, "claviger-data"), 0o700); err != nil {
		t.Fatal(err)
	}
	db := e.open(t, n.dir)
	makeSchema(t, db, databaseURL != "", version)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	n.start(t)
	n.ready(t)
	for _, c := range []credential{{exportID, exportFirst}, {exportID, exportSecond}, {graceID, graceSecret}} {
		n.issue(t, c)
	}
	for _, c := range []credential{{offID, offSecret}, {graceID, exportFirst}} {
		if a, err := n.tokenFor(c); err != nil || a.status != http.StatusUnauthorized {
			t.Errorf("%s, disabled or with a wrong secret: %d %s %v", c.id, a.status, a.body, err)
		}
	}
	token := n.command(t, "token", "--user", "ada@example.com")
	n.manage(t, token, "PATCH", "/credentials/"+exportID, `{"name":"Nightly export, edited"}`)
	n.manage(t, token, "POST", "/credentials/"+exportID+"/secrets", `{"retire_others_after_seconds":86400}`)
	n.manage(t, token, "POST", "/credentials/"+offID+"/enable", "")
	n.issue(t, credential{offID, offSecret})
	if found := n.manage(t, token, "GET", "/credentials?q=nightly&sort=name", ""); found["total"] != 1.0 {
		t.Errorf("a search finds %v", found)
	}
	for _, attention := range []string{"expiring", "unused", "unrotated", "suspended"} {
		n.manage(t, token, "GET", "/credentials?attention="+attention, "")
	}
	if out := n.command(t, "audit", "verify"); eventsIn(t, out) <= rowEvents {
		t.Errorf("the audit log does not go on:\n%s", out)
	}
}

func eventsIn(t *testing.T, verified string) int {
	t.Helper()
	m := regexp.MustCompile(`(?m)^events +([0-9]+)$`).FindStringSubmatch(verified)
	if m == nil {
		t.Fatalf("no number of events in\n%s", verified)
	}
	events, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// makeSchema makes the schema of a version, with the rows that it can have.
func makeSchema(t *testing.T, db *sql.DB, postgres bool, version int) {
	t.Helper()
	run := func(text string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%v\n%.300s", err, text)
		}
	}
	// The table of goose, which applies migrations.
	engine, table, yes := "sqlite", "id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now'))", "1"
	if postgres {
		engine, table, yes = "postgres", "id INTEGER PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id BIGINT NOT NULL, is_applied BOOLEAN NOT NULL, tstamp TIMESTAMP NOT NULL DEFAULT now()", "TRUE"
	}
	run("CREATE TABLE goose_db_version (" + table + ")")
	run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, " + yes + ")")
	rows := rowsByVersion(t)
	for _, file := range migrationFiles(t, engine) {
		v := versionOf(t, file)
		if v > version {
			break
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		run(string(text))
		run(fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, %s)", v, yes))
		if part := rows[v]; part != "" {
			if postgres {
				part = regexp.MustCompile(`X'([0-9a-f]*)'`).ReplaceAllString(part, `'\x$1'`)
			}
			run(part)
		}
	}
}

// rowsByVersion are the parts of the file of rows.
func rowsByVersion(t *testing.T) map[int]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "schema_rows.sql"))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[int]string{}
	for _, part := range strings.Split(string(text), "\n-- from ")[1:] {
		number, rest, _ := strings.Cut(part, "\n")
		version, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		parts[version] = rest
	}
	return parts
}
