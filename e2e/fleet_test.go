package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/storetest"
)

// chaos tells whether the tests of what may go wrong run at full length (make
// chaos) or at the one that every change has time for. Bounds of time are judged
// at full length alone.
func chaos() bool { return os.Getenv("CHAOS") != "" }

// atLength is how often, or how long, something is done at each length.
func atLength[T any](short, long T) T {
	if chaos() {
		return long
	}
	return short
}

// fleetCatalogue has a scope that only admins may hold beside those of
// ordersCatalogue.
const fleetCatalogue = ordersCatalogue + `  - {value: orders:close, description: Close orders, api: orders, roles: [admin]}
`

// fleet is several servers on one PostgreSQL database, or one on SQLite, behind
// one issuer.
type fleet struct {
	program string   // of nodes that are added
	url     string   // of the database
	lines   []string // of the settings file of each
	issuer  string
	token   string // Ada's, an admin's, for the management API
	nodes   []*node
}

// node is one server of a fleet.
type node struct {
	*process
	program      string
	dir, address string
	client       *http.Client
}

// newFleet starts a fleet on an empty database, with lines of settings of its
// own, in which {address} is each node's. The first starts are at the same time:
// who comes second finds migrations and signing keys made. Without a database it
// is one node on SQLite.
func newFleet(t *testing.T, databaseURL string, size int, lines ...string) *fleet {
	t.Helper()
	return newFleetOf(t, claviger, databaseURL, size, lines...)
}

// newFleetOf is newFleet of another build of claviger.
func newFleetOf(t *testing.T, program, databaseURL string, size int, lines ...string) *fleet {
	t.Helper()
	f := &fleet{program: program, url: databaseURL, issuer: "http://" + ownAddress() + ":8420"}
	f.lines = slices.Concat([]string{"issuer: " + f.issuer}, engine{url: databaseURL}.settings(), lines)
	for range size {
		f.nodes = append(f.nodes, f.add(t))
	}
	for _, n := range f.nodes {
		n.ready(t)
	}
	catalogue := filepath.Join(t.TempDir(), "catalogue.yaml")
	if err := os.WriteFile(catalogue, []byte(fleetCatalogue), 0o600); err != nil {
		t.Fatal(err)
	}
	n := f.nodes[0]
	n.command(t, "user", "create", "--email", "ada@example.com", "--role", "admin")
	n.command(t, "catalogue", "apply", catalogue)
	f.token = n.command(t, "token", "--user", "ada@example.com", "--ttl", "24h")
	return f
}

// ownAddress is a loopback address that nobody else uses.
func ownAddress() string {
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), rand.IntN(256), 1+rand.IntN(250))
}

// add starts one more server.
func (f *fleet) add(t *testing.T) *node {
	t.Helper()
	n := f.newNode(t)
	n.start(t)
	return n
}

// newNode prepares a server.
func (f *fleet) newNode(t *testing.T) *node {
	t.Helper()
	n := &node{program: cmp.Or(f.program, claviger), dir: t.TempDir(), address: ownAddress(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(n.client.CloseIdleConnections)
	lines := slices.Concat(f.lines, []string{"listen: " + n.address + ":8420", "ops_listen: " + n.address + ":8421", ""})
	text := strings.ReplaceAll(strings.Join(lines, "\n"), "{address}", n.address)
	if err := os.WriteFile(filepath.Join(n.dir, "claviger.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *node) start(t *testing.T) {
	t.Helper()
	n.process = startProgram(t, n.program, plainEnvironment(), n.dir, "serve", "--config", "claviger.yaml")
}

// ready returns when the node says that it should be sent calls.
func (n *node) ready(t *testing.T) {
	t.Helper()
	soon(t, "the node at "+n.address+" is ready", func() bool {
		a, err := n.ask("GET", "/readyz", "")
		return err == nil && a.status == http.StatusOK
	})
}

// command runs a command of the operator's beside the node and returns what it
// printed.
func (n *node) command(t *testing.T, args ...string) string {
	t.Helper()
	out, talk, code := runProgram(t, n.program, n.dir, append(args, "--config", "claviger.yaml")...)
	if code != 0 {
		t.Fatalf("claviger %v: %d\n%s%s", args, code, out, talk)
	}
	return strings.TrimSpace(out)
}

// formType is the media type of forms, and so of all that OAuth asks.
const formType = "application/x-www-form-urlencoded"

// ask sends a request to this very node; header is pairs of name and value.
func (n *node) ask(method, path, body string, header ...string) (answer, error) {
	return n.send("8420", method, path, body, header...)
}

// send is ask at another port of the node.
func (n *node) send(port, method, path, body string, header ...string) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+net.JoinHostPort(n.address, port)+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	client := *n.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	read, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(read)}, err
}

// must is ask for requests that get an answer.
func (n *node) must(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	a, err := n.ask(method, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// manage asks the management API and demands success.
func (n *node) manage(t *testing.T, token, method, path, body string) map[string]any {
	t.Helper()
	a := n.must(t, method, "/api/v1"+path, body, "Authorization", "Bearer "+token, "Content-Type", "application/json")
	if a.status >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	if a.body == "" {
		return nil
	}
	return a.json(t)
}

// create makes a credential of the token's bearer.
func (n *node) create(t *testing.T, token string, scopes ...string) credential {
	t.Helper()
	body, err := json.Marshal(map[string]any{"name": "fleet", "scopes": scopes})
	if err != nil {
		t.Fatal(err)
	}
	made := n.manage(t, token, "POST", "/credentials", string(body))
	return credential{id: made["client_id"].(string), secret: made["client_secret"].(string)}
}

// tokenFor asks for an access token.
func (n *node) tokenFor(c credential) (answer, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}, "client_secret": {c.secret}}
	return n.ask("POST", "/oauth2/token", form.Encode(), "Content-Type", formType)
}

// issue is tokenFor for credentials that get one.
func (n *node) issue(t *testing.T, c credential) string {
	t.Helper()
	a, err := n.tokenFor(c)
	if err != nil || a.status != http.StatusOK {
		t.Fatalf("no token: %d %s %v", a.status, a.body, err)
	}
	return a.json(t)["access_token"].(string)
}

// revoke ends a token.
func (n *node) revoke(c credential, token string) (answer, error) {
	form := url.Values{"token": {token}, "client_id": {c.id}, "client_secret": {c.secret}}
	return n.ask("POST", "/oauth2/revoke", form.Encode(), "Content-Type", formType)
}

// allows asks at the forward-auth endpoint whether a call may pass.
func (n *node) allows(method, token string) (answer, error) {
	return n.ask("GET", "/forward-auth", "", "Authorization", "Bearer "+token, "X-Forwarded-Method", method,
		"X-Forwarded-Host", "orders.example.com", "X-Forwarded-Uri", "/orders/7", "X-Forwarded-Proto", "https")
}

// latencies are how long something took, each time.
type latencies []time.Duration

// at is the quantile q; 1 is the longest.
func (l latencies) at(q float64) time.Duration {
	if len(l) == 0 {
		return 0
	}
	slices.Sort(l)
	return l[min(len(l)-1, int(q*float64(len(l))))]
}

func (l latencies) String() string {
	return fmt.Sprintf("n %d, p50 %v, p99 %v, max %v", len(l),
		l.at(0.5).Round(time.Millisecond), l.at(0.99).Round(time.Millisecond), l.at(1).Round(time.Millisecond))
}

// postgresFor starts a PostgreSQL that keeps what it committed when its
// processes are killed.
func postgresFor(t *testing.T, settings ...string) *storetest.PostgresServer {
	t.Helper()
	return storetest.StartPostgres(t, append([]string{"synchronous_commit=on", "full_page_writes=on"}, settings...)...)
}
