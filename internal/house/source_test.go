package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	maxFunctionLines = 75  // about a screen
	maxTestLines     = 120 // a table of cases is data, and is read a row at a time
	maxParameters    = 5   // beside the context, which is in every second function and says nothing
	maxMainLines     = 10  // main hands over to something that tests can call
	maxFileLines     = 550 // "about 450": past this a second room wants to be born
)

// source is one Go file that people wrote.
type source struct {
	path string // from the module's root, with slashes
	set  *token.FileSet
	file *ast.File
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// lines counts those from the first to the last line of a node.
func (s source) lines(n ast.Node) int {
	return s.set.Position(n.End()).Line - s.set.Position(n.Pos()).Line + 1
}

func (s source) position(n ast.Node) string {
	return s.set.Position(n.Pos()).String()
}

func TestFunctions_FitOnAScreen(t *testing.T) {
	for _, s := range sources(t) {
		for _, f := range functions(s) {
			limit := maxFunctionLines
			if s.test() {
				limit = maxTestLines
			}
			if s.file.Name.Name == "main" && f.Name.Name == "main" && f.Recv == nil && within(s.path, "cmd") {
				limit = maxMainLines
			}
			if n := s.lines(f); n > limit {
				t.Errorf("%s: %s has %d lines, the limit is %d: split it where a name says more than the code", s.position(f), f.Name.Name, n, limit)
			}
		}
	}
}

// Past five, callers no longer see which argument is which, and the function has a struct to discover.
func TestFunctions_TakeFewParameters(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		for _, f := range functions(s) {
			if n := parameters(f); n > maxParameters {
				t.Errorf("%s: %s takes %d parameters beside the context, the limit is %d: some of them belong together", s.position(f), f.Name.Name, n, maxParameters)
			}
		}
	}
}

func parameters(f *ast.FuncDecl) int {
	n := 0
	for _, field := range f.Type.Params.List {
		selector, ok := field.Type.(*ast.SelectorExpr)
		if ok && selector.Sel.Name == "Context" {
			continue
		}
		n += max(1, len(field.Names))
	}
	return n
}

func TestFiles_HoldOneThing(t *testing.T) {
	for _, s := range sources(t) {
		if n := s.lines(s.file); n > maxFileLines && !s.test() {
			t.Errorf("%s has %d lines, the limit is %d: it holds more than one noun", s.path, n, maxFileLines)
		}
	}
}

// Code that runs because a package was imported cannot be tested, ordered or left out.
func TestPackages_DoNothingOnImport(t *testing.T) {
	for _, s := range sources(t) {
		for _, f := range functions(s) {
			if f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s: no init functions: let the composition root call it", s.position(f))
			}
		}
	}
}

// A package variable is shared by every test and every server of the process, and may be changed by any.
// Free of that harm: errors, embedded files, compiled patterns and templates, and assertions (var _ I = T{}).
func TestPackages_KeepNoState(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		for _, decl := range s.file.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR {
				continue
			}
			for _, spec := range group.Specs {
				variable := spec.(*ast.ValueSpec)
				if !stateless(group, variable) {
					t.Errorf("%s: package variable %s: make it a constant, a function, or a field of what uses it", s.position(variable), variable.Names[0].Name)
				}
			}
		}
	}
}

func stateless(group *ast.GenDecl, v *ast.ValueSpec) bool {
	return allNamed(v, regexp.MustCompile(`^(_|[eE]rr[A-Z].*|err)$`)) ||
		embeds(group.Doc) || embeds(v.Doc) || allCompiled(v)
}

func allNamed(v *ast.ValueSpec, pattern *regexp.Regexp) bool {
	for _, name := range v.Names {
		if !pattern.MatchString(name.Name) {
			return false
		}
	}
	return true
}

func embeds(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, comment := range doc.List {
		if strings.HasPrefix(comment.Text, "//go:embed ") {
			return true
		}
	}
	return false
}

// allCompiled reports whether every value is a call that compiles a pattern: regexp.MustCompile(…),
// template.Must(…), base64.….Strict() and the like, whose results nobody can change.
func allCompiled(v *ast.ValueSpec) bool {
	compilers := map[string]bool{"MustCompile": true, "Must": true, "Strict": true}
	for _, value := range v.Values {
		call, ok := value.(*ast.CallExpr)
		if !ok {
			return false
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !compilers[selector.Sel.Name] {
			return false
		}
	}
	return len(v.Values) > 0
}

// The middle is handed the time: a rule that reads the clock cannot be tested at the edge of a second.
func TestMiddle_AsksNeitherClockNorNetwork(t *testing.T) {
	clock := regexp.MustCompile(`^(Now|Since|Until|After|AfterFunc|NewTimer|NewTicker|Tick|Sleep)$`)
	network := regexp.MustCompile(`^(Dial|Listen|Lookup|Resolve|Interface|File)`)
	for _, s := range sources(t) {
		if s.test() || !within(s.path, "internal/apicred") {
			continue
		}
		for _, use := range slices.Concat(uses(s, "time", clock), uses(s, "net", network)) {
			t.Errorf("%s: %s in the middle: take what it answers as an argument", s.position(use), use.Sel.Name)
		}
	}
}

// engineRooms are those whose own matter it is which engine a database is of.
func engineRooms() []string {
	return []string{"internal/sqlstore", "internal/config", "internal/testserver", "internal/house"}
}

// A test that opens its own SQLite database is one that the run on PostgreSQL (`make unit`) leaves out.
func TestTests_LeaveTheEngineToTheRun(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test() || slices.ContainsFunc(engineRooms(), func(room string) bool { return within(s.path, room) }) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && strings.HasPrefix(strings.Trim(text.Value, "\"`"), "sqlite:") {
				t.Errorf("%s: a database of one engine: take testserver.NewStore or DatabaseURL", s.position(n))
			}
			return true
		})
	}
}

// A test that sleeps is slow when it passes and fails when the machine is busy. In a testing/synctest bubble
// the sleep takes no time and wakes at the very instant.
func TestTests_DoNotWaitForTime(t *testing.T) {
	sleep := regexp.MustCompile(`^Sleep$`)
	for _, s := range sources(t) {
		if !s.test() || imports(s, "testing/synctest") {
			continue
		}
		for _, use := range uses(s, "time", sleep) {
			t.Errorf("%s: time.Sleep outside testing/synctest: wait for the event, or inject a clock", s.position(use))
		}
	}
}

// uses finds the places that name something of a package, by the name it is imported under as a rule.
func uses(s source, pkg string, name *regexp.Regexp) []*ast.SelectorExpr {
	var found []*ast.SelectorExpr
	ast.Inspect(s.file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := selector.X.(*ast.Ident); ok && id.Name == pkg && name.MatchString(selector.Sel.Name) {
				found = append(found, selector)
			}
		}
		return true
	})
	return found
}

func imports(s source, path string) bool {
	return slices.ContainsFunc(s.file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"`+path+`"` })
}

func functions(s source) []*ast.FuncDecl {
	var found []*ast.FuncDecl
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			found = append(found, f)
		}
	}
	return found
}

// sources parses every Go file of the module that people wrote: not what says it was generated, nor what
// lies in a directory that the go command passes over.
func sources(t *testing.T) []source {
	t.Helper()
	top := root(t)
	var found []source
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); path != top && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(file) {
			relative, _ := filepath.Rel(top, path)
			found = append(found, source{path: filepath.ToSlash(relative), set: set, file: file})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("no Go files under %s", top)
	}
	return found
}

// root is the directory of go.mod: two above this package.
func root(t *testing.T) string {
	t.Helper()
	top, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return top
}
