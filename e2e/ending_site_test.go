package e2e

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/storetest"
)

// endingCatalogue has a scope that a supervisor may not hold, for an API behind the gateway.
const endingCatalogue = `
apis:
  - id: orders
    audience: urn:example:orders
    upstream: UPSTREAM
    routes: [{methods: [DELETE], path: "/orders/**", scopes: ["orders:purge"]}]
scopes:
  - {value: "orders:purge", description: Delete orders, api: orders, roles: [admin]}
  - {value: "orders:read", description: Read orders, api: orders, roles: [admin, supervisor]}
`

// endingSite is an installation with three doors, and a node of it where changes are made: the same one with SQLite, another
// with PostgreSQL, which is what `.ci/on-postgresql` runs this test on.
type endingSite struct {
	name       string
	changes    endingNode
	token      string // an admin's
	owner      string // the user ID of another admin, who is demoted
	ownerToken string
	owned      victim // the owner's credential
	doors      []asking
}

// endingNode is a server: its public listener and its gateway.
type endingNode struct{ address, gateway string }

func newEndingSite(t *testing.T) *endingSite {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(api.Close)
	s := &endingSite{name: "SQLite, one node"}
	var e engine
	if directory := os.Getenv("TEST_POSTGRESQL"); directory != "" {
		s.name, e = "PostgreSQL, changed on another node", engine{"PostgreSQL", storetest.RunningPostgres(t, directory).Database(t)}
	}
	listen := freeAddress(t)
	lines := append(e.settings(), "issuer: http://"+listen, "trusted_proxies: [127.0.0.1]", "catalogue_file: "+
		write(t, filepath.Join(t.TempDir(), "catalogue.yaml"), strings.Replace(endingCatalogue, "UPSTREAM", api.URL, 1)))
	dir := t.TempDir()
	writeEndingSettings(t, dir, listen, lines)
	s.token, s.ownerToken = newAdmin(t, dir, "ada@example.com"), newAdmin(t, dir, "bob@example.com")
	node := startEndingNode(t, dir, listen)
	s.changes = node
	if e.url != "" {
		other, dir := freeAddress(t), t.TempDir()
		writeEndingSettings(t, dir, other, lines)
		s.changes = startEndingNode(t, dir, other)
	}
	s.owner = call(t, "GET", node.address+"/api/v1/me", "", "Authorization", "Bearer "+s.ownerToken).json(t)["user_id"].(string)
	s.owned = s.create(t, s.ownerToken, "orders:purge", "orders:read")
	s.doors = []asking{
		newAsking(t, "gateway", "DELETE", node.gateway+"/orders/1"),
		newAsking(t, "forward-auth", "GET", node.address+"/forward-auth", "X-Forwarded-Method", "DELETE", "X-Forwarded-Proto", "https",
			"X-Forwarded-Host", ordersHost, "X-Forwarded-Uri", "/orders/1"),
		newAsking(t, "enforce", "DELETE", s.startService(t, node.address)+"/orders/1"),
	}
	return s
}

func writeEndingSettings(t *testing.T, dir, listen string, lines []string) {
	t.Helper()
	lines = append(slices.Clone(lines), "listen: "+listen, "ops_listen: 127.0.0.1:0", "gateway_listen: 127.0.0.1:0", "")
	write(t, filepath.Join(dir, "claviger.yaml"), strings.Join(lines, "\n"))
}

// newAdmin makes an admin and returns their management token.
func newAdmin(t *testing.T, dir, email string) string {
	t.Helper()
	var out, talk string
	for _, args := range [][]string{{"user", "create", "--role", "admin", "--email"}, {"token", "--ttl", "24h", "--user"}} {
		var code int
		if out, talk, code = run(t, dir, append(args, email, "--config", "claviger.yaml")...); code != 0 {
			t.Fatal(out, talk)
		}
	}
	return strings.TrimSpace(out)
}

func startEndingNode(t *testing.T, dir, listen string) endingNode {
	t.Helper()
	address := "http://" + listen
	server := start(t, dir, "serve", "--config", "claviger.yaml")
	gateway := server.stderr.await(t, `gateway listens on (http://127\.0\.0\.1:\d+)`)[1]
	soon(t, "the server is ready", func() bool { return call(t, "GET", address+"/readyz", "").status == http.StatusOK })
	return endingNode{address, gateway}
}

// startService builds and starts an API that protects itself with the public package enforce, and returns its address.
func (s *endingSite) startService(t *testing.T, issuer string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "service")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./service").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	follower := s.create(t, s.token, "claviger:feed")
	// Nor may it believe what it heard for longer, however slow the machine.
	cmd := exec.CommandContext(t.Context(), binary, "-issuer", issuer, "-audience", "urn:example:orders", "-scope", "orders:purge",
		"-client-id", follower.id, "-max-staleness", endingBound.String())
	cmd.Env = append(plainEnvironment(), "CLIENT_SECRET="+follower.secret)
	var talk bytes.Buffer
	cmd.Stderr = &talk
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	_, err = cmd.StdinPipe() // open as long as this process lives
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // says only that it was killed
		if t.Failed() {
			t.Logf("the service said:\n%s", &talk)
		}
	})
	return newTranscript(stdout).await(t, `(?m)^(http://\S+)$`)[1]
}

// create makes a credential as the bearer of token.
func (s *endingSite) create(t *testing.T, token string, scopes ...string) victim {
	t.Helper()
	body := `{"name":"ending","scopes":["` + strings.Join(scopes, `","`) + `"]}`
	made := call(t, "POST", s.changes.address+"/api/v1/credentials", body, "Authorization", "Bearer "+token, "Content-Type", "application/json")
	s.want(t, 201, made)
	members := made.json(t)
	first := members["secrets"].([]any)[0].(map[string]any)
	return victim{credential{members["client_id"].(string), members["client_secret"].(string)}, first["secret_id"].(string), ""}
}

// victim makes a token for a trial of the kind.
func (s *endingSite) victim(t *testing.T, kind ending) victim {
	t.Helper()
	v := s.owned
	switch kind.name {
	case "owner demoted":
		s.manage(t, 200, "PATCH", "/users/"+s.owner, `{"role":"admin"}`) // again; what tokens lost stays lost, so each trial has a new one
	case "secret compromised":
		v = s.create(t, s.token, "orders:purge", "orders:read")
		s.manage(t, 201, "POST", "/credentials/"+v.id+"/secrets", "{}") // the last one cannot be deleted
	default:
		v = s.create(t, s.token, "orders:purge", "orders:read")
	}
	v.token = (&installation{address: s.changes.address}).issue(t, v.credential)
	return v
}

// manage makes a change as the admin and wants the status.
func (s *endingSite) manage(t *testing.T, want int, method, path, body string) {
	t.Helper()
	s.want(t, want, call(t, method, s.changes.address+"/api/v1"+path, body, "Authorization", "Bearer "+s.token, "Content-Type", "application/json"))
}

func (s *endingSite) want(t *testing.T, status int, got answer) {
	t.Helper()
	if got.status != status {
		t.Fatalf("answered %d, want %d: %s", got.status, status, got.body)
	}
}
