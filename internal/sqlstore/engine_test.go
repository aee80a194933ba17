package sqlstore

import (
	"testing"
)

// onBothEngines runs a test on a fresh database of each.
func onBothEngines(t *testing.T, test func(*testing.T, *Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, openSQLiteFile(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, newPostgresDatabases(t).open(t)) })
}

// sqlOn runs SQL of the test's own.
func sqlOn(t testing.TB, s *Store, text string, args ...any) {
	t.Helper()
	if _, err := s.writer.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// textsFrom returns the first column of a query.
func textsFrom(t testing.TB, s *Store, text string, args ...any) []string {
	t.Helper()
	rows, err := s.readers.QueryContext(t.Context(), text, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	defer func() { _ = rows.Close() }()
	var texts []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}
