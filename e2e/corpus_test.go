package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/claviger/claviger/enforce"
	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/gateway"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/oauth"
	"github.com/claviger/claviger/internal/testserver"
	"github.com/claviger/claviger/internal/web"
)

const corpusAudience = "urn:example:orders"

const corpusCatalogue = `
apis:
  - {id: orders, audience: "urn:example:orders", upstream: %q, routes: [{path: "/orders/**", scopes: ["orders:read"]}]}
  - {id: stock, audience: "urn:example:stock", routes: [{path: "/stock/**", scopes: ["stock:read"]}]}
scopes:
  - {value: "orders:read", description: Read orders, api: orders}
  - {value: "stock:read", description: Read stock, api: stock}
`

// corpusServer is a whole server whose signing key the test may use, so that a
// token can be wrong in one thing alone.
type corpusServer struct {
	*testserver.Installation
	admin           apicred.Actor
	public, gateway string // URLs
	asker           credential
}

func newCorpusServer(t *testing.T) *corpusServer {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	c := &corpusServer{public: "http://" + listener.Addr().String()}
	c.Installation = testserver.New(t, c.public)
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(api.Close)
	c.Apply(t, fmt.Appendf(nil, corpusCatalogue, api.URL))
	ada := c.AddUser(t, "ada", c.Account.ID, apicred.RoleAdmin)
	c.admin = testserver.SignedIn(&ada)

	decider := gateway.NewDecider(c.Directory, c.Verifier, c.public)
	proxy := gateway.NewProxy(decider, c.Logger, "")
	t.Cleanup(proxy.Close)
	public, behind := web.NewRouter(), web.NewRouter()
	public.Add(oauth.Routes(oauth.Config{IssuerURL: c.public, Clients: c.Directory, Issuer: c.Tokens, Keys: c.Ring.JWKSet, Verifier: c.Verifier})...)
	public.Add(gateway.Routes(decider)...)
	behind.Add(proxy.Routes()...)
	server := httptest.NewUnstartedServer(web.NewShell(c.ShellConfig(), public))
	must(t, server.Listener.Close())
	server.Listener = listener
	server.Start()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	door := httptest.NewServer(web.NewShell(c.ShellConfig(), behind))
	t.Cleanup(door.Close)
	c.gateway = door.URL
	c.asker = c.credential(t, nil, apicred.ScopeIntrospect, apicred.ScopeFeed)
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *corpusServer) credential(t *testing.T, change func(*lifecycle.NewCredential), scopes ...string) credential {
	t.Helper()
	in := lifecycle.NewCredential{Name: "corpus", Scopes: scopes}
	if change != nil {
		change(&in)
	}
	made, err := c.Lifecycle.CreateCredential(t.Context(), c.admin, in)
	must(t, err)
	return credential{made.ClientID, made.Secret.Reveal()}
}

func (c *corpusServer) issue(t *testing.T, of credential) string {
	t.Helper()
	client, err := c.Directory.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: of.id, Secret: of.secret, Address: netip.MustParseAddr("127.0.0.1")})
	must(t, err)
	token, err := c.Tokens.Issue(t.Context(), client, accesstoken.IssueRequest{})
	must(t, err)
	return token.Raw
}

// doors are all that of ours takes a token; each says whether it lets a call
// that needs orders:read at the orders API through.
func (c *corpusServer) doors(t *testing.T) []door {
	t.Helper()
	verifier, err := enforce.New(enforce.Config{Issuer: c.public, Audience: corpusAudience, ClientID: c.asker.id, ClientSecret: c.asker.secret})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); verifier.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	service := verifier.Require("orders:read")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	soon(t, "enforce has heard the feed", func() bool { _, heard := verifier.Staleness(); return heard })
	return []door{
		{"enforce", func(token string) bool {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/orders/1", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			service.ServeHTTP(w, r)
			return verdictOf(t, w.Code)
		}},
		{"gateway", func(token string) bool {
			return verdictOf(t, call(t, "GET", c.gateway+"/orders/1", "", "Authorization", "Bearer "+token).status)
		}},
		{"forward-auth", func(token string) bool {
			return verdictOf(t, call(t, "GET", c.public+"/forward-auth", "", "Authorization", "Bearer "+token, "X-Forwarded-Method", "GET",
				"X-Forwarded-Proto", "https", "X-Forwarded-Host", ordersHost, "X-Forwarded-Uri", "/orders/1").status)
		}},
		{"introspection", func(token string) bool { return c.introspect(t, token) }},
	}
}

type door struct {
	name string
	open func(token string) bool
}

// verdictOf reads a status that only yes or no may have.
func verdictOf(t *testing.T, status int) bool {
	t.Helper()
	if status != 200 && status != 401 && status != 403 {
		t.Errorf("answered %d, which is neither yes nor no", status)
	}
	return status == 200
}

// introspect asks as the orders API does, which then looks at scope and
// audience.
func (c *corpusServer) introspect(t *testing.T, token string) bool {
	t.Helper()
	form := url.Values{"token": {token}, "client_id": {c.asker.id}, "client_secret": {c.asker.secret}}.Encode()
	got := call(t, "POST", c.public+"/oauth2/introspect", form, "Content-Type", formType)
	if got.status == 413 { // longer than any request may be
		return false
	}
	if got.status != 200 {
		t.Fatalf("introspection: %d %s", got.status, got.body)
	}
	var said struct {
		Active bool
		Scope  string
		Aud    json.RawMessage
	}
	must(t, json.Unmarshal([]byte(got.body), &said))
	return said.Active && slices.Contains(strings.Fields(said.Scope), "orders:read") && bytes.Contains(said.Aud, []byte(`"`+corpusAudience+`"`))
}

// soon waits for what another program would see within seconds.
func soon(t *testing.T, what string, seen func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	for !seen() {
		select {
		case <-look.C:
		case <-limit.C:
			t.Fatalf("never: %s", what)
		}
	}
}

// TestCorpus_HasOneVerdictAtEveryDoorAndNoForeignVerifierIsStricter asks every
// door of ours and every foreign verifier about every token, and prints what
// they say. Foreign ones know nothing of what the server alone knows.
func TestCorpus_HasOneVerdictAtEveryDoorAndNoForeignVerifierIsStricter(t *testing.T) {
	c := newCorpusServer(t)
	corpus := c.corpus(t)
	var good int
	asked := askedOfVerifier{Issuer: c.public, JWKSetURI: c.public + "/.well-known/jwks.json", Audience: corpusAudience, Algorithm: "ES256", Tokens: map[string]string{}}
	for _, sample := range corpus {
		if _, twice := asked.Tokens[sample.name]; twice {
			t.Fatalf("two tokens are called %s", sample.name)
		}
		asked.Tokens[sample.name] = sample.token
		if sample.good {
			good++
		}
	}
	if good < 6 || len(corpus)-good < 60 {
		t.Errorf("%d good and %d bad tokens", good, len(corpus)-good)
	}
	foreigners := foreignVerdicts(t, asked)
	if len(foreigners) < 6 {
		t.Errorf("%d foreign verifiers", len(foreigners))
	}
	doors := c.doors(t)
	table := newVerdictTable(doors, foreigners)
	for _, sample := range corpus {
		cells := []bool{}
		for _, d := range doors {
			passes := d.open(sample.token)
			cells = append(cells, passes)
			want := sample.good || sample.serverAlone && d.name == "enforce"
			if passes != want {
				t.Errorf("%s lets %q through: %t, want %t", d.name, sample.name, passes, want)
			}
		}
		for _, told := range foreigners {
			passes := told.Verdicts[sample.name].ClientID != ""
			cells = append(cells, passes)
			if sample.good && !passes {
				t.Errorf("%s is stricter than we are: %q: %s", told.Program, sample.name, told.Verdicts[sample.name].Refused)
			}
		}
		table.row(sample, cells)
	}
	t.Log("\n" + table.String())
}

// foreignVerdicts asks every verifier that nobody here wrote.
func foreignVerdicts(t *testing.T, asked askedOfVerifier) []toldByVerifier {
	t.Helper()
	nodeModules(t)
	neededModule(t, debianPython, "import jwt, cryptography, authlib", "python3-jwt python3-cryptography python3-authlib")
	return slices.Concat(
		foreign[toldByVerifier](t, asked, "node", needed(t, "node", "nodejs"), "verifiers.mjs"),
		foreign[toldByVerifier](t, asked, "python", debianPython, "verifiers.py"),
		foreign[toldByVerifier](t, asked, "ruby", needed(t, "ruby", "ruby"), "verifiers.rb"),
		foreign[toldByVerifier](t, asked, "go", goProgram(t, "verifiers")),
	)
}

// verdictTable prints who lets which token through.
type verdictTable struct {
	out     *bytes.Buffer
	writer  *tabwriter.Writer
	letPass []int // bad tokens, by column
}

func newVerdictTable(doors []door, foreigners []toldByVerifier) *verdictTable {
	v := &verdictTable{out: new(bytes.Buffer), letPass: make([]int, len(doors)+len(foreigners))}
	v.writer = tabwriter.NewWriter(v.out, 0, 0, 2, ' ', 0)
	_, _ = io.WriteString(v.writer, "token\tis")
	for _, d := range doors {
		_, _ = io.WriteString(v.writer, "\t"+d.name)
	}
	for _, told := range foreigners {
		name, _, _ := strings.Cut(told.Program, " ")
		_, _ = io.WriteString(v.writer, "\t"+name)
	}
	_, _ = io.WriteString(v.writer, "\n")
	return v
}

func (v *verdictTable) row(sample sample, cells []bool) {
	is := map[bool]string{true: "good", false: "bad"}
	_, _ = io.WriteString(v.writer, sample.name+"\t"+is[sample.good])
	for i, passes := range cells {
		mark := map[bool]string{true: "passes", false: "-"}[passes]
		if passes && !sample.good {
			v.letPass[i]++
		}
		_, _ = io.WriteString(v.writer, "\t"+mark)
	}
	_, _ = io.WriteString(v.writer, "\n")
}

// String ends the table with how many bad tokens each lets through.
func (v *verdictTable) String() string {
	_, _ = io.WriteString(v.writer, "bad ones let through\t")
	for _, n := range v.letPass {
		_, _ = fmt.Fprintf(v.writer, "\t%d", n)
	}
	_, _ = io.WriteString(v.writer, "\n")
	_ = v.writer.Flush()
	return v.out.String()
}
