package e2e

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// books are what the answers of a soak say was stored and taken away, as rows by
// table. The database must hold just that and nothing else.
type books struct {
	mu      sync.Mutex
	rows    map[string]int
	done    int // changes that the audit log must have, one event each
	refused int // refusals to signed-in actors, which it merges
	doubt   int // changes answered 503: nobody knows whether they were made
	proofs  int // assertions taken, each remembered until it has expired
}

// entry is what one acknowledged change does to the rows of tables.
type entry map[string]int

func newBooks() *books { return &books{rows: map[string]int{}} }

// change books one audited change.
func (b *books) change(rows entry) {
	b.count(&b.done)
	b.beside(rows)
}

// beside books rows that belong to a change that is booked already.
func (b *books) beside(rows entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for table, n := range rows {
		b.rows[table] += n
	}
}

func (b *books) count(what *int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*what++
}

// Of a credential of the soak's: one word in its name, one scope, one secret.
var (
	credentialMade    = entry{"credentials": 1, "credential_scopes": 1, "credential_words": 1, "secrets": 1}
	credentialDeleted = entry{"credentials": -1, "credential_scopes": -1, "credential_words": -1}
)

// held is what a database holds: rows and bytes of content by table, and audit
// events by outcome.
type held struct {
	rows             map[string]int
	content          int64 // of all tables together, in bytes
	done             int
	refused, refusal int // rows of refusals, and the refusals in them
}

// holdings counts every table, so that no new one is forgotten.
func holdings(t *testing.T, e engine, db *sql.DB) held {
	t.Helper()
	h := held{rows: map[string]int{}}
	for _, table := range tables(t, e, db) {
		var rows int
		var content sql.NullInt64
		query := "SELECT COUNT(*), SUM(" + contentOf(t, e, db, table) + ") FROM " + table + " AS t" //nolint:gosec // names of the schema
		if err := db.QueryRowContext(t.Context(), query).Scan(&rows, &content); err != nil {
			t.Fatal(table, err)
		}
		h.rows[table] = rows
		h.content += content.Int64
	}
	err := db.QueryRowContext(t.Context(), `SELECT
		(SELECT COUNT(*) FROM audit_events WHERE outcome = 'done'),
		(SELECT COUNT(*) FROM audit_events WHERE outcome = 'refused'),
		(SELECT COALESCE(SUM(occurrences), 0) FROM audit_events WHERE outcome = 'refused')`).Scan(&h.done, &h.refused, &h.refusal)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func tables(t *testing.T, e engine, db *sql.DB) []string {
	t.Helper()
	query := "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public'"
	if e.url == "" {
		query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
	}
	names := column(t, db, query)
	return slices.DeleteFunc(names, func(n string) bool { return n == "goose_db_version" })
}

// contentOf is an expression: the bytes of a row's values.
func contentOf(t *testing.T, e engine, db *sql.DB, table string) string {
	t.Helper()
	if e.url != "" {
		return "pg_column_size(t.*)"
	}
	columns := column(t, db, "SELECT name FROM pragma_table_info('"+table+"')")
	for i, c := range columns {
		columns[i] = "COALESCE(LENGTH(CAST(" + c + " AS BLOB)), 0)"
	}
	return strings.Join(columns, " + ")
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	found, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	var out []string
	for found.Next() {
		var text string
		if err := found.Scan(&text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// bound is between what the rows of a table may have grown.
type bound struct{ least, most int }

// expected are the bounds of each table: to the row what was booked, but for
// what is written in batches or kept for a time.
func (b *books) expected(length time.Duration, nodes, programs int, before, after held) map[string]bound {
	minutes := int(length/time.Minute) + 2
	out := map[string]bound{}
	for table := range after.rows {
		out[table] = bound{b.rows[table] - 2*b.doubt, b.rows[table] + 2*b.doubt}
	}
	exactly := func(n int) bound { return bound{n, n + b.doubt} }
	refusals := after.refused - before.refused
	out["audit_events"] = exactly(b.done + refusals)
	// Whatever came over HTTP has an address.
	out["audit_personal"] = exactly(b.done + refusals)
	// One each ten minutes; two nodes may sign two of the same time.
	out["audit_checkpoints"] = bound{0, nodes * (minutes/10 + 1)}
	// A row for each hour, outcome and scope.
	hours, kinds := minutes/60+2, 8
	out["usage_hours"] = bound{1, programs * hours * kinds}
	out["usage_days"] = bound{1, programs * 2 * kinds}
	// How far each process has written its usage, and its refusals.
	out["written_batches"] = bound{0, 2 * nodes}
	// One of each process that serves; who left has one for an hour.
	out["usage_marks"] = bound{-nodes, 2 * nodes}
	out["used_proofs"] = bound{0, b.proofs + b.doubt}
	if revoked := b.rows["revoked_tokens"]; length > time.Hour { // those of tokens that have expired go
		out["revoked_tokens"] = bound{0, revoked}
	}
	return out
}

// audit compares what the database holds with the books.
func (b *books) audit(before, after held, want map[string]bound) (lines, wrong []string) {
	for _, table := range slices.Sorted(maps.Keys(after.rows)) {
		grown := after.rows[table] - before.rows[table]
		if w := want[table]; grown < w.least || grown > w.most {
			wrong = append(wrong, fmt.Sprintf("table %s grew by %d rows, want %d to %d", table, grown, w.least, w.most))
		}
		if grown != 0 {
			lines = append(lines, fmt.Sprintf("%-20s %6d rows, %+6d (computed: %d to %d)", table, after.rows[table], grown, want[table].least, want[table].most))
		}
	}
	if done := after.done - before.done; done < b.done || done > b.done+b.doubt {
		wrong = append(wrong, fmt.Sprintf("%d changes acknowledged, %d audited", b.done, done))
	}
	if refused := after.refusal - before.refusal; refused != b.refused {
		wrong = append(wrong, fmt.Sprintf("%d refusals, %d audited", b.refused, refused))
	}
	return lines, wrong
}

// TestSoak_TheBooksFindARowTooManyOrTooFew audits books that were made up.
func TestSoak_TheBooksFindARowTooManyOrTooFew(t *testing.T) {
	b := newBooks()
	b.change(credentialMade)
	b.change(entry{"secrets": 1})
	before := held{rows: map[string]int{}, done: 4}
	honest := func() held {
		return held{done: 6, rows: map[string]int{
			"audit_events": 2, "audit_personal": 2, "credentials": 1, "credential_scopes": 1, "credential_words": 1, "secrets": 2,
			"usage_hours": 1, "usage_days": 1, "persons": 0,
		}}
	}
	for table, rows := range map[string]int{"": 0, "persons": 1, "secrets": 1, "audit_events": 3, "usage_hours": 1000} {
		after := honest()
		if table != "" {
			after.rows[table] = rows
		}
		_, wrong := b.audit(before, after, b.expected(time.Minute, 1, 1, before, after))
		if found := len(wrong) > 0; found != (table != "") {
			t.Errorf("%q: %q", table, wrong)
		}
	}
	lost := honest()
	lost.done--
	if _, wrong := b.audit(before, lost, b.expected(time.Minute, 1, 1, before, lost)); len(wrong) == 0 {
		t.Error("a change without its event was not found")
	}
}
