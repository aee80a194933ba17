package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// figures are what this run measured. make chaos prints them together at the
// end, by the number of the rule that they are of (docs/rules.md).
var figures scoreboard

type scoreboard struct {
	mu    sync.Mutex
	lines []string
}

// figure logs what a test measured and keeps it for the end.
func figure(t *testing.T, rule, format string, args ...any) {
	t.Helper()
	text := fmt.Sprintf(format, args...)
	t.Log(text)
	name := strings.TrimPrefix(t.Name(), "Test")
	figures.mu.Lock()
	defer figures.mu.Unlock()
	figures.lines = append(figures.lines, fmt.Sprintf("%s  %s\n     %s", rule, name, text))
}

func (s *scoreboard) print() {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.lines, func(a, b string) int { return strings.Compare(a[:3], b[:3]) })
	fmt.Fprintf(os.Stdout, "\nFigures\n%s\n\n", strings.Join(s.lines, "\n"))
}
