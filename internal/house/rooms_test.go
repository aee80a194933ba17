// Package house holds the tests of the house itself: which room may import which, what a room may be
// called, and how large its parts may grow. It reads the source with the go command and go/ast and knows
// nothing of what the rooms do.
//
// The rooms and the direction of their dependencies are drawn in ARCHITECTURE.md; a new room is given its
// place in the table below in the commit that makes it.
package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/claviger/claviger"

// layer says how far from the middle a room lies. A room imports rooms of lower layers only.
type layer int

const (
	outside     layer = iota // public or embedded: imports nothing of ours, anybody may import it
	middle                   // the domain: no I/O, no clock, no randomness
	beside                   // what several use cases lean on: knows the middle alone
	useCase                  // what can be done; each owns the interfaces it needs of others
	provider                 // gives the use cases what they ask for: rows, keys
	shell                    // HTTP as such, and what people configure
	surface                  // parses, calls a use case, renders; knows no provider and no other surface
	composition              // puts the rooms together; may import everything below
	program                  // what is started: commands, tests of the whole, benchmarks
)

// rooms gives each package its layer. A path ending in /... speaks for the packages below it too.
func rooms() map[string]layer {
	return map[string]layer{
		"api": outside, "client": outside, "console": outside, "enforce": outside, "examples": outside, "examples/service": program,
		"internal/apicred": middle, "internal/proof": middle,
		"internal/spool":       beside,
		"internal/accesstoken": useCase, "internal/audit": useCase, "internal/lifecycle": useCase, "internal/login": useCase,
		"internal/keyring": provider, "internal/sqlstore/...": provider, "internal/storetest": provider,
		"internal/config": shell, "internal/web": shell,
		"internal/desk": surface, "internal/gateway": surface, "internal/oauth": surface,
		"internal/restapi": surface, "internal/signin": surface,
		"internal/server":         composition,
		"client/internal/prepare": program,
		"cmd/...":                 program, "internal/cli": program, "internal/testserver": program,
		"internal/house": program, "bench/...": program, "e2e/...": program,
	}
}

// reserved names packages that only some rooms may import, each with the reason. Tests may import anything.
func reserved() []reservation {
	return []reservation{
		{pattern: "database/sql", rooms: []string{"internal/sqlstore"}, why: "sqlstore is the only SQL"},
		{pattern: "modernc.org/sqlite", rooms: []string{"internal/sqlstore"}, why: "sqlstore is the only SQL"},
		{pattern: "github.com/jackc/pgx/v5", rooms: []string{"internal/sqlstore"}, why: "sqlstore is the only SQL"},
		{pattern: "github.com/pressly/goose/v3", rooms: []string{"internal/sqlstore"}, why: "sqlstore is the only SQL"},
		{pattern: "github.com/danielgtaylor/huma/v2", rooms: []string{"internal/restapi"},
			why: "huma validates the management API; OAuth endpoints must ignore unknown parameters (RFC 6749 3.1)"},
		{pattern: module + "/internal/storetest", rooms: []string{"internal/testserver"}, why: "it is for tests alone"},
		{pattern: module + "/internal/testserver", why: "it is for tests alone"},
		{pattern: "go.opentelemetry.io", rooms: []string{"internal/server"}, why: "the shell knows an interface, and costs nothing while nobody wants traces"},
		{pattern: "github.com/spf13/cobra", rooms: []string{"internal/cli"}, why: "only the command line has commands"},
	}
}

type reservation struct {
	pattern string // this import path and those below it
	rooms   []string
	why     string
}

// goPackage is the part of `go list -json` that is read here.
type goPackage struct {
	ImportPath string
	Name       string
	Imports    []string
	Deps       []string
	Standard   bool
	Module     *struct{ Path string }
}

func TestRooms_ImportOnlyTowardsTheMiddle(t *testing.T) {
	for _, p := range goList(t, "./...") {
		room := roomOf(p.ImportPath)
		from, known := layerOf(room)
		if !known {
			t.Errorf("%s has no place in the table of rooms: give it one, and draw it in ARCHITECTURE.md", room)
			continue
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, module+"/") {
				continue
			}
			target := roomOf(imported)
			to, known := layerOf(target)
			if known && !mayImport(room, target, from, to) {
				t.Errorf("%s must not import %s: dependencies point towards the middle", room, target)
			}
		}
	}
}

// mayImport: downwards, but not from outside, not from a surface to a provider, and from the shell to the
// middle alone; sideways only among providers, among programs, and within one room's own packages.
func mayImport(room, target string, from, to layer) bool {
	switch {
	case from == outside:
		return false
	case to == outside, path.Dir(room) == target, path.Dir(target) == room:
		return true
	case from == to:
		return from == program || from == provider
	case from == surface && to == provider:
		return false
	case from == shell:
		return to == middle
	default:
		return to < from
	}
}

func TestReservedPackages_AreImportedByTheirRoomsAlone(t *testing.T) {
	for _, p := range goList(t, "./...") {
		room := roomOf(p.ImportPath)
		for _, r := range reserved() {
			if slices.ContainsFunc(r.rooms, func(own string) bool { return within(room, own) }) {
				continue
			}
			for _, imported := range p.Imports {
				if within(imported, r.pattern) {
					t.Errorf("%s must not import %s: %s", room, imported, r.why)
				}
			}
		}
	}
}

// The middle decides, and what decides must be testable with values alone. (Packages that hold both pure
// functions and others, time and net, are looked for in the source: TestMiddle_AsksNeitherClockNorNetwork.)
func TestMiddle_ImportsNothingThatDoesIO(t *testing.T) {
	forbidden := []string{"os", "net/http", "database/sql", "crypto/rand", "math/rand", "math/rand/v2", "log", "syscall"}
	for _, p := range goList(t, "./internal/apicred/...") {
		for _, imported := range p.Imports {
			if slices.Contains(forbidden, imported) {
				t.Errorf("%s must not import %s: the middle does no I/O and draws no random numbers", roomOf(p.ImportPath), imported)
			}
		}
	}
}

// Services link enforce and client into their own programs: what these need, every user's program gets.
func TestPublicPackages_DependOnLittle(t *testing.T) {
	allowed := map[string][]string{
		"client":  {},
		"enforce": {"github.com/go-jose/go-jose/v4"},
	}
	all := goList(t, "./...")
	for room, modules := range allowed {
		if !slices.ContainsFunc(all, func(p goPackage) bool { return p.ImportPath == module+"/"+room }) {
			continue
		}
		for _, dep := range goList(t, "-deps", "./"+room) {
			if dep.Standard || dep.ImportPath == module+"/"+room {
				continue
			}
			if dep.Module == nil || !slices.Contains(modules, dep.Module.Path) {
				t.Errorf("%s must not depend on %s: only on the standard library and %v", room, dep.ImportPath, modules)
			}
		}
	}
}

func TestPackages_AreNamedForWhatTheyHold(t *testing.T) {
	empty := []string{"util", "utils", "common", "helper", "helpers", "model", "models", "types", "misc", "base",
		"token", "scope", "key"} // the last three are variables used all day
	for _, p := range goList(t, "./...") {
		for _, name := range []string{p.Name, path.Base(p.ImportPath)} {
			if slices.Contains(empty, name) {
				t.Errorf("%s is called %q, which does not say what it holds", roomOf(p.ImportPath), name)
				break
			}
		}
	}
}

func roomOf(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
}

func layerOf(room string) (layer, bool) {
	for pattern, l := range rooms() {
		if below, ok := strings.CutSuffix(pattern, "/..."); pattern == room || ok && within(room, below) {
			return l, true
		}
	}
	return 0, false
}

// within reports whether path is tree or lies below it.
func within(path, tree string) bool {
	return path == tree || strings.HasPrefix(path, tree+"/")
}

// goList runs `go list -json` in the module's root and returns what it lists.
func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json"}, args...)...)
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, &stderr)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list %v printed something else than JSON: %v", args, err)
		}
		packages = append(packages, p)
	}
}
