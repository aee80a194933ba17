package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/claviger/claviger/internal/sqlstore/statement"
)

// copyParameters bounds the parameters of one INSERT: SQLite takes 32,766,
// PostgreSQL 65,535.
const copyParameters = 4000

// copiedTable is a table whose rows can be copied between the engines: both have
// it with the same columns.
type copiedTable struct {
	name    string
	columns []string
}

// sqliteTables lists the tables of a migrated SQLite database, each behind those
// it references. The engine's own, goose's and the note of a backup are left out.
func sqliteTables(ctx context.Context, db statement.DBTX) ([]copiedTable, error) {
	names, err := texts(ctx, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		AND name NOT IN ($1, 'backup_note') ORDER BY name`, goose.DefaultTablename)
	if err != nil {
		return nil, err
	}
	references := map[string][]string{}
	for _, name := range names {
		if references[name], err = texts(ctx, db, `SELECT DISTINCT "table" FROM pragma_foreign_key_list($1)`, name); err != nil {
			return nil, err
		}
	}
	var tables []copiedTable
	for _, name := range behindReferences(names, references) {
		columns, err := texts(ctx, db, "SELECT name FROM pragma_table_info($1)", name)
		if err != nil {
			return nil, err
		}
		tables = append(tables, copiedTable{name, columns})
	}
	return tables, nil
}

// behindReferences orders names so that each stands behind what it references.
func behindReferences(names []string, references map[string][]string) []string {
	var ordered []string
	visited := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if visited[name] {
			return
		}
		visited[name] = true
		for _, other := range references[name] {
			visit(other)
		}
		ordered = append(ordered, name)
	}
	for _, name := range names {
		visit(name)
	}
	return ordered
}

func texts(ctx context.Context, db statement.DBTX, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}

// copyTables replaces the rows of tables in to by those in from.
func copyTables(ctx context.Context, from, to statement.DBTX, tables []copiedTable) error {
	for _, t := range slices.Backward(tables) {
		if _, err := to.ExecContext(ctx, "DELETE FROM "+quotedName(t.name)); err != nil {
			return err
		}
	}
	for _, t := range tables {
		if err := t.copy(ctx, from, to); err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
	}
	return nil
}

// copy streams the rows over, many to a statement.
func (t *copiedTable) copy(ctx context.Context, from, to statement.DBTX) error {
	rows, err := from.QueryContext(ctx, "SELECT "+t.columnList()+" FROM "+quotedName(t.name)) //nolint:gosec // G202: names of our own schema, quoted
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	batch := max(1, copyParameters/len(t.columns)) * len(t.columns)
	values := make([]any, 0, batch)
	for rows.Next() {
		if values, err = t.scan(rows, values); err != nil {
			return err
		}
		if len(values) == batch {
			if err := t.insert(ctx, to, values); err != nil {
				return err
			}
			values = values[:0]
		}
	}
	if err := rows.Err(); err != nil || len(values) == 0 {
		return err
	}
	return t.insert(ctx, to, values)
}

func (t *copiedTable) scan(rows *sql.Rows, values []any) ([]any, error) {
	row := make([]any, len(t.columns))
	into := make([]any, len(row))
	for i := range row {
		into[i] = &row[i]
	}
	err := rows.Scan(into...)
	return append(values, row...), err
}

func (t *copiedTable) insert(ctx context.Context, to statement.DBTX, values []any) error {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", quotedName(t.name), t.columnList())
	for i := range values {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%len(t.columns) == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	b.WriteByte(')')
	_, err := to.ExecContext(ctx, b.String(), values...)
	return err
}

func (t *copiedTable) columnList() string {
	quoted := make([]string, len(t.columns))
	for i, c := range t.columns {
		quoted[i] = quotedName(c)
	}
	return strings.Join(quoted, ", ")
}

// quotedName quotes a name of the schema, as both engines do. A backup is a file
// that others may have touched.
func quotedName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
