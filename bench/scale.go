package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// runScale measures what docs/scale.md reckons with. Each part prints its table; what the document takes from them stands
// at the end, as the rows of its own table.
func (l *laboratory) runScale(ctx context.Context, out io.Writer, p plan) error {
	onSQLite, err := l.installFull(ctx, sqlite, p.source())
	if err != nil {
		return err
	}
	s, err := l.newSite(ctx, out, p)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		title   string
		measure func(context.Context) error
	}{
		{"changes", func(ctx context.Context) error { return s.changes(ctx, onSQLite) }},
		{"seen", s.seen},
		{"proofs", s.proofs},
		{"polls", s.polls},
		{"usage", s.usage},
		{"feed", s.feed},
		{"handshakes", s.handshakes},
	} {
		if !p.only.MatchString(part.title) {
			continue
		}
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.title, err)
		}
	}
	fmt.Fprintln(out, "\nFor docs/scale.md:")
	for _, f := range s.figures {
		fmt.Fprintln(out, f.row())
	}
	if p.into == "" {
		return nil
	}
	return enter(p.into, s.figures)
}

// source is the state of the repository whose server is measured.
func (p plan) source() string {
	if p.before != "" {
		return p.before
	}
	return "."
}

// row is the figure as a row of a table of the document.
func (f figure) row() string {
	return fmt.Sprintf("| `%s` | %s | %s |", f.name, strconv.FormatFloat(f.value, 'f', decimals(f.value), 64), f.means)
}

// decimals are those that three significant digits need.
func decimals(value float64) int {
	return min(4, max(0, 2-int(math.Floor(math.Log10(math.Max(math.Abs(value), 1e-4))))))
}

// enter puts figures into a document in place of those of the same name.
func enter(file string, figures []figure) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	for _, f := range figures {
		at := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "| `"+f.name+"` | ") })
		if at < 0 {
			continue // measured, and not reckoned with
		}
		lines[at] = f.row()
	}
	return os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644) //nolint:gosec // a document for everybody
}
