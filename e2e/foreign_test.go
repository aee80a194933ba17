package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ordersCatalogue is the API of the quick start and of deploy/, with a second
// scope to lack and a second audience to confuse.
const ordersCatalogue = `
apis:
  - id: orders
    name: Orders API
    audience: urn:example:orders
    hosts: [orders.example.com]
    direct_credentials: true
    routes:
      - {methods: [GET], path: "/orders/**", scopes: [orders:read]}
      - {methods: [POST], path: "/orders/**", scopes: [orders:write]}
  - id: stock
    name: Stock API
    audience: urn:example:stock
    hosts: [stock.example.com]
    routes:
      - {methods: [GET], path: "/stock/**", scopes: [stock:read]}
scopes:
  - {value: orders:read, description: Read orders, api: orders, roles: [admin, supervisor]}
  - {value: orders:write, description: Change orders, api: orders, roles: [admin, supervisor]}
  - {value: stock:read, description: Read stock, api: stock, roles: [admin, supervisor]}
`

// installation is a real server with one admin and the catalogue above,
// where account-level credentials may be created.
type installation struct {
	*process
	address string // the public listener, which is the issuer too
	token   string // the admin's, for the management API
	admin   string // the admin's user ID
}

// install starts a server on free ports of the loopback, with flags beside its
// own.
func install(t *testing.T, flags ...string) *installation {
	t.Helper()
	dir := t.TempDir()
	catalogue := filepath.Join(dir, "catalogue.yaml")
	if err := os.WriteFile(catalogue, []byte(ordersCatalogue), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--catalogue-file", catalogue}, flags...)
	in := &installation{process: start(t, dir, args...)}
	in.address = in.stderr.await(t, `listens on (http://127\.0\.0\.1:\d+)`)[1]
	command := func(args ...string) string {
		out, talk, code := run(t, dir, args...)
		if code != 0 {
			t.Fatalf("claviger %v: %s%s", args, out, talk)
		}
		return strings.TrimSpace(out)
	}
	command("user", "create", "--email", "ada@example.com", "--role", "admin")
	command("account", "edit", "default", "--account-level-credentials=open")
	in.token = command("token", "--user", "ada@example.com")
	in.admin = call(t, "GET", in.address+"/api/v1/me", "", "Authorization", "Bearer "+in.token).json(t)["user_id"].(string)
	return in
}

// credential is an API credential as its program knows it.
type credential struct {
	id, secret string
}

// create makes a credential; members are further ones of the request's body.
func (in *installation) create(t *testing.T, scopes []string, members map[string]any) credential {
	t.Helper()
	body := map[string]any{"name": strings.Join(scopes, " "), "scopes": scopes}
	for name, value := range members {
		body[name] = value
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	made := call(t, "POST", in.address+"/api/v1/credentials", string(text), "Authorization", "Bearer "+in.token, "Content-Type", "application/json")
	if made.status != 201 {
		t.Fatalf("creating a credential: %d %s", made.status, made.body)
	}
	members = made.json(t)
	secret, _ := members["client_secret"].(string) // none where it has keys
	return credential{members["client_id"].(string), secret}
}

// issue gets an access token with every scope of the credential.
func (in *installation) issue(t *testing.T, c credential) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}, "client_secret": {c.secret}}.Encode()
	got := call(t, "POST", in.address+"/oauth2/token", form, "Content-Type", formType)
	if got.status != 200 {
		t.Fatalf("getting a token: %d %s", got.status, got.body)
	}
	return got.json(t)["access_token"].(string)
}

// foreign runs a program that nobody here wrote the heart of, in a directory
// below foreign/: input as JSON on its standard input, one JSON value a line
// out of its standard output.
func foreign[T any](t *testing.T, input any, dir string, command ...string) []T {
	t.Helper()
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = filepath.Join("foreign", dir), bytes.NewReader(text), &stderr
	// Proxies of the environment are not for servers on loopback.
	cmd.Env = append(plainEnvironment(), "NO_PROXY=*", "no_proxy=*")
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", command, err, stdout, &stderr)
	}
	var out []T
	for lines := bufio.NewScanner(bytes.NewReader(stdout)); lines.Scan(); {
		var line T
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%v printed %q: %v", command, lines.Text(), err)
		}
		out = append(out, line)
	}
	return out
}

// needed fails the test when a program is not installed, and says which Debian
// package brings it. Nothing here is ever skipped.
func needed(t *testing.T, program, debianPackage string) string {
	t.Helper()
	for _, path := range []string{program, "/usr/sbin/" + program} { // where Debian keeps servers, out of the PATH of some
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Fatalf("%s is not installed. On Debian: apt-get install %s (make test does it, with .ci/need)", program, debianPackage)
	return ""
}

// neededModule fails the test when an interpreter lacks a module that a Debian
// package brings: probe is a program text that loads it.
func neededModule(t *testing.T, interpreter, probe, debianPackage string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), interpreter, "-c", probe).CombinedOutput(); err != nil {
		t.Fatalf("%s cannot load a module. On Debian: apt-get install %s (make test does it, with .ci/need)\n%s", interpreter, debianPackage, out)
	}
}

// nodeModules installs the npm packages that the lockfile names, once a run.
func nodeModules(t *testing.T) {
	t.Helper()
	needed(t, "npm", "npm")
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = filepath.Join("foreign", "node")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}

// goProgram builds a program of the module foreign/go.
func goProgram(t *testing.T, name string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./"+name)
	cmd.Dir = filepath.Join("foreign", "go")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}
