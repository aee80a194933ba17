package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
)

var (
	// input is a row of a table of figures: | `name` | 1,000 unit | where it is from |
	input = regexp.MustCompile("^\\| `([a-z_0-9]+)` \\| ([0-9.,]+)([^|]*)\\|")
	// result is a row that says how it was reckoned: | what | 1,000 unit | `name = a * b` |
	result = regexp.MustCompile("^(\\|[^|]*\\| )([0-9.,]+)([^|]*\\| `([a-z_0-9]+) = ([^`]+)` \\|)$")
)

const scaleDocument = "../docs/scale.md"

var update = flag.Bool("update", false, "write the results into docs/scale.md that its inputs give")

// sheet is what the document says: figures, and how others are reckoned from them, in any order.
type sheet struct {
	figures  map[string]float64
	formulas map[string]string
}

// Every result in docs/scale.md is what the figures above it give, to the last digit that is printed.
func TestScale_DocumentAddsUp(t *testing.T) {
	text, err := os.ReadFile(scaleDocument)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	known := readSheet(t, lines)
	if len(known.formulas) < 10 {
		t.Errorf("only %d results were found", len(known.formulas))
	}
	for n, line := range lines {
		m := result.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		value, err := known.value(m[4], len(known.formulas))
		if err != nil {
			t.Errorf("line %d: %v", n+1, err)
			continue
		}
		want := printed(value, m[2])
		if want != m[2] && !*update {
			t.Errorf("line %d: %s is %s, and the document says %s (go test ./bench -run Scale -update writes it)", n+1, m[4], want, m[2])
		}
		lines[n] = m[1] + want + m[3]
	}
	if *update {
		if err := os.WriteFile(scaleDocument, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What the document takes from the program is what the program does.
func TestScale_DocumentKnowsTheProgram(t *testing.T) {
	text, err := os.ReadFile(scaleDocument)
	if err != nil {
		t.Fatal(err)
	}
	known := readSheet(t, strings.Split(string(text), "\n"))
	for name, want := range map[string]float64{
		"polls":    float64(time.Second / accesstoken.DefaultPollInterval),
		"lifetime": accesstoken.DefaultTokenLifetime.Seconds(),
		"grace":    accesstoken.GraceTokenLifetime.Seconds(),
	} {
		if got := known.figures[name]; got != want {
			t.Errorf("the document says %s is %v, and it is %v", name, got, want)
		}
	}
}

func readSheet(t *testing.T, lines []string) sheet {
	t.Helper()
	known := sheet{map[string]float64{}, map[string]string{}}
	for n, line := range lines {
		if m := input.FindStringSubmatch(line); m != nil {
			value, err := strconv.ParseFloat(strings.ReplaceAll(m[2], ",", ""), 64)
			if err != nil {
				t.Fatal(err)
			}
			known.figures[m[1]] = value
			continue
		}
		if m := result.FindStringSubmatch(line); m != nil {
			known.formulas[m[4]] = m[5]
		} else if strings.HasPrefix(line, "|") && strings.Contains(line, " = ") && strings.HasSuffix(line, "` |") {
			t.Errorf("line %d looks like a result, and is not read as one: %s", n+1, line)
		}
	}
	return known
}

// value is a figure, or what its formula gives. depth bounds how formulas stand on others: none stands on itself.
func (s sheet) value(name string, depth int) (float64, error) {
	if value, ok := s.figures[name]; ok {
		return value, nil
	}
	formula, ok := s.formulas[name]
	if !ok || depth < 0 {
		return 0, fmt.Errorf("%s is not known, or stands on itself", name)
	}
	tree, err := parser.ParseExpr(formula)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return s.evaluate(tree, depth-1)
}

func TestSheet_ReckonsWhatTheDocumentUses(t *testing.T) {
	for formula, want := range map[string]float64{
		"a": 7, "a + b * 3": 13, "(a + b) * 3": 27, "a / b": 3.5, "ceil(a / b) - 1": 3, "min(a, b, 1.5)": 1.5, "max(a, b)": 7, "twice + 1": 15,
	} {
		s := sheet{map[string]float64{"a": 7, "b": 2}, map[string]string{"it": formula, "twice": "a * 2"}}
		if got, err := s.value("it", 2); err != nil || got != want {
			t.Errorf("%s = %v, %v, want %v", formula, got, err, want)
		}
	}
	for _, formula := range []string{"", "c", "it", "a +", "a % b", "ceil(a, b)", "floor(a)", "`a`", "a[0]"} {
		s := sheet{map[string]float64{"a": 7, "b": 2}, map[string]string{"it": formula}}
		if got, err := s.value("it", 2); err == nil {
			t.Errorf("%s = %v, want an error", formula, got)
		}
	}
}

func TestPrinted_KeepsTheFormOfWhatStoodThere(t *testing.T) {
	for _, c := range []struct {
		value      float64
		like, want string
	}{
		{11574.074, "1", "11,574"}, {0.0684, "0.12", "0.07"}, {1234567.5, "9,999", "1,234,568"}, {999, "1,000", "999"}, {1234.56, "0.0", "1,234.6"},
	} {
		if got := printed(c.value, c.like); got != c.want {
			t.Errorf("%v like %q is %q, want %q", c.value, c.like, got, c.want)
		}
	}
}

func TestEnter_ReplacesTheFiguresOfTheSameName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scale.md")
	const before = "# Scale\n| `poll_cpu` | 1 | old words |\n| `other` | 5 | kept |\n"
	if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := enter(file, []figure{{"poll_cpu", 33.333, "CPU, µs"}, {"nowhere", 1, ""}}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "# Scale\n| `poll_cpu` | 33.3 | CPU, µs |\n| `other` | 5 | kept |\n"; string(got) != want {
		t.Errorf("entered:\n%s\nwant:\n%s", got, want)
	}
}

// printed writes a value with as many decimals as like has, and commas between thousands.
func printed(value float64, like string) string {
	_, fraction, _ := strings.Cut(like, ".")
	text := strconv.FormatFloat(value, 'f', len(fraction), 64)
	whole, rest, decimal := strings.Cut(text, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if decimal {
		return whole + "." + rest
	}
	return whole
}

// evaluate works out what is spelled as in Go: names, numbers, + - * /, ceil, min, max.
func (s sheet) evaluate(tree ast.Expr, depth int) (float64, error) {
	switch e := tree.(type) {
	case *ast.ParenExpr:
		return s.evaluate(e.X, depth)
	case *ast.Ident:
		return s.value(e.Name, depth)
	case *ast.BasicLit:
		return strconv.ParseFloat(e.Value, 64)
	case *ast.BinaryExpr:
		return s.combine(e, depth)
	case *ast.CallExpr:
		return s.call(e, depth)
	}
	return 0, fmt.Errorf("a %T is not reckoned", tree)
}

func (s sheet) combine(e *ast.BinaryExpr, depth int) (float64, error) {
	x, err := s.evaluate(e.X, depth)
	if err != nil {
		return 0, err
	}
	y, err := s.evaluate(e.Y, depth)
	if err != nil {
		return 0, err
	}
	switch e.Op {
	case token.ADD:
		return x + y, nil
	case token.SUB:
		return x - y, nil
	case token.MUL:
		return x * y, nil
	case token.QUO:
		return x / y, nil
	}
	return 0, fmt.Errorf("%s is not reckoned", e.Op)
}

func (s sheet) call(e *ast.CallExpr, depth int) (float64, error) {
	name, _ := e.Fun.(*ast.Ident)
	var values []float64
	for _, arg := range e.Args {
		value, err := s.evaluate(arg, depth)
		if err != nil {
			return 0, err
		}
		values = append(values, value)
	}
	if name == nil || len(values) == 0 {
		return 0, fmt.Errorf("a call that is not reckoned")
	}
	out := values[0]
	switch {
	case name.Name == "ceil" && len(values) == 1:
		return math.Ceil(out - 1e-9), nil // 3.0000000001 is 3
	case name.Name == "min":
		for _, v := range values {
			out = min(out, v)
		}
		return out, nil
	case name.Name == "max":
		for _, v := range values {
			out = max(out, v)
		}
		return out, nil
	}
	return 0, fmt.Errorf("%s is not reckoned", name.Name)
}
