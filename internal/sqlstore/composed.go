package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"
)

// composed is a statement put together from constant pieces, with every value
// bound. Only what sqlc cannot write is composed: filters that may be absent and
// lists of values (docs/decisions/credential-list-is-composed.md).
type composed struct {
	text strings.Builder
	args []any
	// searched: the candidates already are what a search finds, and no more.
	searched bool
	// attended: the candidates already are what needs q's attention, and no more
	// but what is disabled or has expired.
	attended bool
	// choosing: candidates are only counted, and may be some more than they are if
	// an index alone then has them.
	choosing bool
}

// add appends constant pieces of SQL and what bind and bindAll returned.
func (c *composed) add(pieces ...string) *composed {
	for _, p := range pieces {
		c.text.WriteString(p)
	}
	return c
}

// bind binds a value and returns its parameter, as "$3".
func (c *composed) bind(value any) string {
	c.args = append(c.args, value)
	return "$" + strconv.Itoa(len(c.args))
}

// bindAll binds values and returns their parameters, as "$3, $4".
func bindAll[T any](c *composed, values []T) string {
	parameters := make([]string, len(values))
	for i, v := range values {
		parameters[i] = c.bind(v)
	}
	return strings.Join(parameters, ", ")
}

// addRows appends a table expression: l, whose column value is one of rows each,
// as a JSON array that ->> takes apart. One statement serves any number of rows.
func (r *reader) addRows(c *composed, rows [][]any) error {
	list, err := json.Marshal(rows)
	if err != nil {
		return r.fault(err)
	}
	c.add(r.rows, "(", c.bind(string(list)), ") AS l")
	return nil
}

// exec runs a statement that has no rows to show.
func (r *reader) exec(ctx context.Context, c *composed) error {
	_, err := r.db.ExecContext(ctx, c.text.String(), c.args...)
	return r.fault(err)
}

// query runs c and hands each row to scan.
func (r *reader) query(ctx context.Context, c *composed, scan func(*sql.Rows) error) (err error) {
	rows, err := r.db.QueryContext(ctx, c.text.String(), c.args...)
	if err != nil {
		return r.fault(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return r.fault(err)
		}
	}
	return r.fault(rows.Err())
}

// count runs a statement of one number.
func (r *reader) count(ctx context.Context, c *composed) (n int, err error) {
	err = r.query(ctx, c, func(rows *sql.Rows) error { return rows.Scan(&n) })
	return n, err
}
