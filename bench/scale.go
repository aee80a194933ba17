package main

import (
	"context"
	"fmt"
	"io"
)

// runScale measures what docs/scale.md reckons with. Each part prints its table; what the document takes from them stands
// at the end, as the rows of its own table.
func (l *laboratory) runScale(ctx context.Context, out io.Writer, p plan) error {
	onSQLite, err := l.installFull(ctx, sqlite)
	if err != nil {
		return err
	}
	s, err := l.newSite(ctx, out, p.length)
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
		fmt.Fprintf(out, "| `%s` | %.4g | %s |\n", f.name, f.value, f.means)
	}
	return nil
}
