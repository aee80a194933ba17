package e2e

import (
	"bufio"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is where calling programs come from: an address that Claviger does
// not trust, unlike the proxy's.
const program = "127.0.0.2"

func TestNginx_LetsTheRightCallsThroughAndRefusesTheRest(t *testing.T) {
	t.Parallel()
	testProxy(t, beginNginx, 403, 503)
}

func TestCaddy_LetsTheRightCallsThroughAndRefusesTheRest(t *testing.T) {
	t.Parallel()
	testProxy(t, beginCaddy, 429, 502)
}

func TestHAProxy_LetsTheRightCallsThroughAndRefusesTheRest(t *testing.T) {
	t.Parallel()
	p := startProxy(t, beginHAProxy)
	p.tooMany, p.away, p.passesTrailers = 429, 503, true
	p.whole(t)
}

// TestHAProxy_StaysClosedWhenItsLuaFails puts a script that fails in the place
// of ours: HAProxy goes on with the next rule then, and that must refuse.
func TestHAProxy_StaysClosedWhenItsLuaFails(t *testing.T) {
	t.Parallel()
	p := startProxy(t, func(t *testing.T, at places) *exec.Cmd {
		failing := write(t, filepath.Join(at.dir, "failing.lua"), `core.register_action("claviger", { "http-req" }, function() error("failed") end, 1)`)
		return beginHAProxyWith(t, at, failing)
	})
	bearer := "Bearer " + p.issue(t, p.create(t, []string{"orders:read"}, nil))
	a := p.send(t, program, "GET", "/orders/42", "", "Authorization", bearer)
	p.refused(t, "with a failing script", a, 503)
	p.problem(t, "with a failing script", a)
}

// The built-in gateway is held to the same as the proxies of others.
func TestGateway_LetsTheRightCallsThroughAndRefusesTheRest(t *testing.T) {
	t.Parallel()
	p := startGateway(t)
	p.tooMany = 429
	p.calls(t)
}

// testProxy holds one proxy to everything that deploy/README.md promises of all
// of them. tooMany and away are how it tells of a call too many, and of
// Claviger being away.
func testProxy(t *testing.T, begin func(*testing.T, places) *exec.Cmd, tooMany, away int) {
	p := startProxy(t, begin)
	p.tooMany, p.away = tooMany, away
	p.whole(t)
}

func (p *proxyUnderTest) whole(t *testing.T) {
	p.calls(t)
	t.Run("nothing passes while Claviger hangs", p.hangingClaviger)
	t.Run("nothing passes without Claviger", p.withoutClaviger) // stops it: the last
}

func (p *proxyUnderTest) calls(t *testing.T) {
	t.Run("the right call passes", p.rightCall)
	t.Run("client ID and secret end here", p.directCredentials)
	t.Run("bound tokens need their proof", p.boundTokens)
	t.Run("refusals reach the caller", p.refusals)
	t.Run("nobody can say who they are", p.spoofedIdentity)
	t.Run("forwarded headers do not steer", p.steering)
	t.Run("no upgrade but to WebSocket", p.upgrades)
	t.Run("odd spellings are refused", p.oddSpellings)
	t.Run("hostile calls are refused or made harmless", p.hostileCalls)
	if !p.tokensAlone {
		t.Run("the address is the connection's", p.addresses)
		t.Run("too many calls", p.tooManyCalls)
	}
}

// send makes a call, over HTTP/2 where there is TLS, from an address of the loopback. header is
// pairs of name and value; a name may come twice.
func (p *proxyUnderTest) send(t *testing.T, from, method, uri, body string, header ...string) answer {
	t.Helper()
	transport := &http.Transport{
		ForceAttemptHTTP2: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dial(ctx, from, "h2") },
		DialTLSContext:    func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dial(ctx, from, "h2") },
	}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second) // mod_oauth2 gives a silent Claviger 15 s
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.scheme()+"://"+ordersHost+uri, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header[header[i]] = append(req.Header[header[i]], header[i+1])
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	return read(t, res)
}

// sendRaw makes a call over HTTP/1.1 with the bytes as they stand; lines are
// the request line and the headers but Host.
func (p *proxyUnderTest) sendRaw(t *testing.T, lines ...string) answer {
	t.Helper()
	conn, err := p.dial(t.Context(), program, "http/1.1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	lines = slices.Insert(slices.Clone(lines), 1, "Host: "+ordersHost)
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(lines[0], " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", lines[0], err)
	}
	defer func() { _ = res.Body.Close() }()
	return read(t, res)
}

func read(t *testing.T, res *http.Response) answer {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// passed checks that the call was allowed and returns what the API saw of it.
func (p *proxyUnderTest) passed(t *testing.T, a answer) upstreamCall {
	t.Helper()
	calls := p.upstream.seen()
	if a.status != 200 || a.body != "the API's answer" || len(calls) != 1 {
		t.Fatalf("answered %d %q, and the API saw %d calls; want 200 and one", a.status, a.body, len(calls))
	}
	return calls[0]
}

// refused checks that the call ended with the status and never reached the API.
func (p *proxyUnderTest) refused(t *testing.T, what string, a answer, status ...int) {
	t.Helper()
	if !slices.Contains(status, a.status) {
		t.Errorf("%s: answered %d %s, want %v", what, a.status, a.body, status)
	}
	if calls := p.upstream.seen(); len(calls) != 0 {
		t.Errorf("%s: reached the API: %+v", what, calls)
	}
}

// identity checks the five headers, and that the API sees no other that it
// could take for one of them.
func (p *proxyUnderTest) identity(t *testing.T, call upstreamCall, clientID, scope string) {
	t.Helper()
	want := map[string]string{"claviger-client-id": clientID, "claviger-user-id": p.admin, "claviger-scope": scope}
	plain := strings.NewReplacer("_", "-", ".", "-")
	for name, values := range call.header {
		normal := plain.Replace(strings.ToLower(name))
		if !strings.HasPrefix(normal, "claviger-") {
			continue
		}
		expected, known := want[normal]
		switch {
		case len(values) != 1, strings.ToLower(name) != normal, known && values[0] != expected:
			t.Errorf("the API sees %s: %q, want %q", name, values, expected)
		case values[0] == "", strings.Contains(values[0], "{"):
			t.Errorf("the API sees %s: %q", name, values)
		}
	}
	for _, name := range []string{"Claviger-Client-Id", "Claviger-Account-Id", "Claviger-User-Id", "Claviger-Scope", "Claviger-Request-Id"} {
		theirs := p.tokensAlone && name == "Claviger-Request-Id" // nobody but Claviger says it, and it was not asked about the call
		if (call.header.Get(name) == "") != theirs {
			t.Errorf("the API sees %s: %q", name, call.header.Values(name))
		}
	}
	if got := call.header.Values("Authorization"); len(got) != 0 {
		t.Error("the API sees the credential")
	}
}

func (p *proxyUnderTest) rightCall(t *testing.T) {
	c := p.create(t, []string{"orders:read", "orders:write"}, nil)
	bearer := "Bearer " + p.issue(t, c)

	const uri = "/orders/a%20b%7e%21?from=%2F..%2F&x=1+2"
	call := p.passed(t, p.send(t, program, "GET", uri, "", "Authorization", bearer))
	p.identity(t, call, c.id, "orders:read orders:write")
	if call.method != "GET" || call.uri != uri {
		t.Errorf("the API sees %s %s, want GET %s", call.method, call.uri, uri)
	}
	for name, want := range map[string]string{"X-Forwarded-For": program, "X-Forwarded-Proto": p.scheme(), "X-Forwarded-Host": ordersHost} {
		if got := call.header.Values(name); len(got) != 1 || strings.TrimSuffix(got[0], ":443") != want {
			t.Errorf("the API sees %s: %q, want %s", name, got, want)
		}
	}

	body := strings.Repeat("order ", 20_000) // more than fits any buffer
	call = p.passed(t, p.send(t, program, "POST", "/orders/new", body, "Authorization", bearer))
	p.identity(t, call, c.id, "orders:read orders:write")
	if call.method != "POST" || call.body != body {
		t.Errorf("the API sees %s with %d bytes, want POST with %d", call.method, len(call.body), len(body))
	}
}

func (p *proxyUnderTest) directCredentials(t *testing.T) {
	c := p.create(t, []string{"orders:read"}, nil)
	basic := func(secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.id+":"+secret))
	}
	a := p.send(t, program, "GET", "/orders/42", "", "Authorization", basic(c.secret))
	if p.tokensAlone {
		p.refused(t, "client ID and secret", a, 401)
		return
	}
	call := p.passed(t, a)
	p.identity(t, call, c.id, "orders:read")
	for name, values := range call.header {
		if strings.Contains(strings.Join(values, " "), c.secret) {
			t.Errorf("the API sees the secret in %s", name)
		}
	}
	p.refused(t, "a wrong secret", p.send(t, program, "GET", "/orders/42", "", "Authorization", basic("wrong")), 401)
}

func (p *proxyUnderTest) refusals(t *testing.T) {
	bearer := "Bearer " + p.issue(t, p.create(t, []string{"orders:read"}, nil))
	for _, c := range []struct {
		what, method, uri, authorization string
		status                           int
		challenge                        string
	}{
		{"a scope that is missing", "POST", "/orders/42", bearer, 403, `Bearer error="insufficient_scope", scope="orders:write"`},
		{"nothing presented", "GET", "/orders/42", "", 401, "Bearer"},
		{"a token that is none", "GET", "/orders/42", "Bearer nonsense", 401, `Bearer error="invalid_token"`},
		{"a changed token", "GET", "/orders/42", bearer[:len(bearer)-3] + "abc", 401, `Bearer error="invalid_token"`},
		{"no such route", "GET", "/invoices", bearer, 403, ""},
		{"no such method", "DELETE", "/orders/42", bearer, 403, ""},
	} {
		var header []string
		if c.authorization != "" {
			header = []string{"Authorization", c.authorization}
		}
		a := p.send(t, program, c.method, c.uri, "", header...)
		p.refused(t, c.what, a, c.status)
		if got := p.challenge(a); got != c.challenge {
			t.Errorf("%s: WWW-Authenticate: %q, want %q", c.what, got, c.challenge)
		}
		if c.status == 403 {
			p.problem(t, c.what, a)
		}
	}
}

// challenge is what WWW-Authenticate says. The modules of Apache explain
// themselves in it, and say invalid_request where nothing was presented.
func (p *proxyUnderTest) challenge(a answer) string {
	got := strings.Join(a.header.Values("WWW-Authenticate"), " | ")
	if p.ownWords {
		got, _, _ = strings.Cut(got, ", error_description=")
		got = strings.TrimSuffix(got, ` error="invalid_request"`)
	}
	return got
}

// problem checks that a person finds out what to do about a refusal.
func (p *proxyUnderTest) problem(t *testing.T, what string, a answer) {
	t.Helper()
	if a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %s %s", what, a.header.Get("Content-Type"), a.body)
		return
	}
	told := a.json(t)
	if told["detail"] == nil || a.status == 403 && !p.tokensAlone && (told["request_id"] == nil || told["request_id"] != a.header.Get("Claviger-Request-Id")) {
		t.Errorf("%s: no detail, or no request ID to ask the operator about: %v %s", what, a.header, a.body)
	}
}

func (p *proxyUnderTest) spoofedIdentity(t *testing.T) {
	c := p.create(t, []string{"orders:read"}, nil)
	bearer := "Bearer " + p.issue(t, c)
	call := p.passed(t, p.send(t, program, "GET", "/orders/42", "", "Authorization", bearer,
		"claviger-client-id", "spoofed", "claviger-client-id", "spoofed again", "claviger-account-id", "spoofed", "claviger-user-id", "spoofed",
		"claviger-scope", "orders:write", "claviger-request-id", "spoofed",
		"claviger_client_id", "spoofed", "claviger_user_id", "spoofed", "claviger-client_id", "spoofed", "claviger.client.id", "spoofed"))
	p.identity(t, call, c.id, "orders:read")
	if id := call.header.Get("Claviger-Request-Id"); id == "spoofed" {
		t.Error("the API sees the caller's request ID")
	}
	p.identity(t, p.passed(t, p.sendRaw(t, "GET /orders/42 HTTP/1.1", "CLAVIGER-CLIENT-ID: spoofed", "Claviger_Client_Id: spoofed",
		"authorization: "+bearer)), c.id, "orders:read")

	// What Connection names is for the next hop alone (RFC 9110 section 7.6.1):
	// a caller must not have the identity, or the question, taken apart by it.
	for _, names := range []string{
		"close, Claviger-Client-Id, Claviger-Account-Id, Claviger-User-Id, Claviger-Scope, Claviger-Request-Id",
		"close, X-Forwarded-For, X-Forwarded-Method, X-Forwarded-Uri, X-Forwarded-Host, X-Forwarded-Proto",
	} {
		p.identity(t, p.passed(t, p.sendRaw(t, "GET /orders/42 HTTP/1.1", "Authorization: "+bearer, "Connection: "+names)), c.id, "orders:read")
	}

	// A credential of the account has no user: the API must not see one either.
	own := p.create(t, []string{"orders:read"}, map[string]any{"level": "account"})
	seen := p.passed(t, p.send(t, program, "GET", "/orders/42", "", "Authorization", "Bearer "+p.issue(t, own), "claviger-user-id", p.admin))
	if user := strings.Join(seen.header.Values("Claviger-User-Id"), ""); user != "" || seen.header.Get("Claviger-Client-Id") != own.id {
		t.Errorf("for an account's credential the API sees user %q and client %q", user, seen.header.Get("Claviger-Client-Id"))
	}

	p.refused(t, "identity without a credential", p.send(t, program, "GET", "/orders/42", "", "claviger-client-id", c.id, "claviger-scope", "orders:read"), 401)
}

func (p *proxyUnderTest) steering(t *testing.T) {
	c := p.create(t, []string{"orders:read"}, nil)
	bearer := "Bearer " + p.issue(t, c)
	steer := []string{
		"Authorization", bearer, "X-Forwarded-Method", "GET", "X-Forwarded-Uri", "/orders/42", "X-Forwarded-Host", ordersHost,
		"X-Original-Method", "GET", "X-Original-Uri", "/orders/42", "X-Original-Url", "/orders/42", "X-Original-Host", ordersHost,
		"X-Rewrite-Url", "/orders/42", "X-Http-Method-Override", "GET", "X-Forwarded_Method", "GET",
	}
	p.refused(t, "POST said to be GET", p.send(t, program, "POST", "/orders/42", "", steer...), 403)
	p.refused(t, "one path said to be another", p.send(t, program, "GET", "/invoices", "", steer...), 403)

	call := p.passed(t, p.send(t, program, "GET", "/orders/42", "", "Authorization", bearer, "X-Http-Method-Override", "POST",
		"X-Http-Method", "POST", "X-Method-Override", "POST", "X-Rewrite-Url", "/admin", "X-Original-Url", "/admin", "X-Original-Uri", "/admin",
		"X-Forwarded-Uri", "/admin", "X-Forwarded-Uri", "/admin", "X-Forwarded-Method", "POST", "X-Forwarded-Host", "elsewhere.example",
		"X-Forwarded-Proto", "gopher", "X-Forwarded-For", "203.0.113.7", "X-Forwarded-Prefix", "/admin", "X-Forwarded-Port", "4711",
		"X-Original-Method", "POST", "X-Original-Host", "elsewhere.example", "X-Real-Ip", "203.0.113.7",
		"X-Client-Ip", "203.0.113.7", "True-Client-Ip", "203.0.113.7", "Cf-Connecting-Ip", "203.0.113.7", "Remote-User", "elsewhere", "X-Remote-User", "elsewhere",
		"Client-Cert", "elsewhere", "Forwarded", "for=203.0.113.7", "X_Forwarded_For", "203.0.113.7",
		"Client-Ip", "203.0.113.7", "X-Cluster-Client-Ip", "203.0.113.7", "X-Remote-Addr", "203.0.113.7", "Fastly-Client-Ip", "203.0.113.7",
		"Remote-Addr", "203.0.113.7", "Remote-Groups", "elsewhere", "X-Auth-Request-User", "elsewhere", "X-Auth-Request-Groups", "elsewhere",
		"X-Authenticated-Userid", "elsewhere", "X-Webauth-User", "elsewhere", "X-Client-Cert", "elsewhere", "Ssl-Client-Verify", "elsewhere",
		"X-Ssl-Client-S-Dn", "elsewhere", "Proxy", "elsewhere"))
	for name, values := range call.header {
		for _, lie := range []string{"POST", "/admin", "elsewhere", "gopher", "203.0.113.7", "4711"} {
			if strings.Contains(strings.Join(values, " "), lie) {
				t.Errorf("the API sees what the caller made up: %s: %q", name, values)
			}
		}
	}
}

// upgrades: an API that agreed to speak h2c would take everything that follows
// on the connection as calls.
func (p *proxyUnderTest) upgrades(t *testing.T) {
	bearer := "Authorization: Bearer " + p.issue(t, p.create(t, []string{"orders:read"}, nil))
	for _, upgrade := range []string{"h2c", "H2C", "h2c, websocket"} {
		a := p.sendRaw(t, "GET /orders/42 HTTP/1.1", bearer, "Connection: Upgrade, HTTP2-Settings", "Upgrade: "+upgrade, "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
		if a.status == 400 { // not passed either
			p.refused(t, upgrade, a, 400)
			continue
		}
		call := p.passed(t, a)
		if call.header["Upgrade"] != nil || call.header["Http2-Settings"] != nil {
			t.Errorf("%s: the API is asked to upgrade: %v", upgrade, call.header)
		}
	}
}

// addresses: a credential's allow-list is held against the address of the
// connection, whatever the caller writes about it.
func (p *proxyUnderTest) addresses(t *testing.T) {
	bearer := func(cidr string) string {
		c := p.create(t, []string{"orders:read"}, map[string]any{"allowed_cidrs": []string{cidr}})
		// Tokens too are given to that address alone: fetched through a trusted
		// peer, which says so.
		form := "grant_type=client_credentials&client_id=" + c.id + "&client_secret=" + c.secret
		a := call(t, "POST", p.address+"/oauth2/token", form, "Content-Type", formType,
			"X-Forwarded-For", strings.Split(cidr, "/")[0])
		return "Bearer " + a.json(t)["access_token"].(string)
	}
	own, elsewhere := bearer(program+"/32"), bearer("203.0.113.7/32")
	p.passed(t, p.send(t, program, "GET", "/orders/42", "", "Authorization", own))
	p.passed(t, p.send(t, program, "GET", "/orders/42", "", "Authorization", own, "X-Forwarded-For", "203.0.113.9"))
	p.refused(t, "from another address", p.send(t, "127.0.0.3", "GET", "/orders/42", "", "Authorization", own), 403)
	p.refused(t, "from another address that claims to be the right one",
		p.send(t, "127.0.0.3", "GET", "/orders/42", "", "Authorization", own, "X-Forwarded-For", program, "X-Real-Ip", program), 403)
	p.refused(t, "from an address that is only claimed",
		p.send(t, program, "GET", "/orders/42", "", "Authorization", elsewhere, "X-Forwarded-For", "203.0.113.7", "Forwarded", "for=203.0.113.7"), 403)
}

func (p *proxyUnderTest) oddSpellings(t *testing.T) {
	bearer := "Authorization: Bearer " + p.issue(t, p.create(t, []string{"orders:read", "orders:write"}, nil))
	p.passed(t, p.sendRaw(t, "GET /orders/42 HTTP/1.1", bearer)) // the plain spelling
	for _, uri := range []string{
		"/orders/../admin", "/orders/%2e%2e/admin", "/orders/%2E%2E/admin", "/orders/.%2e/admin", "/orders/..", "/orders/./42", "/orders/%2e/42",
		"/orders//42", "//orders/42", "//evil.example/orders/42", "/orders/a%2fb", "/orders/a%2Fb", "/orders/a%5cb", `/orders/a\b`, `\orders\42`,
		"/orders/42;x=1", "/orders;/42", "/orders/%00", "/orders/42%00.txt", "/ORDERS/42", "/Orders/42", "/orders/42#/../../admin", "/orders/%zz",
		"/%6frders/../42", "orders/42", "*", "/_claviger", "/forward-auth", "/orders/42?access_token=x",
	} {
		p.refused(t, uri, p.sendRaw(t, "GET "+uri+" HTTP/1.1", bearer), 400, 401, 403, 404, 421)
	}
	p.refused(t, "two Authorization headers", p.sendRaw(t, "GET /orders/42 HTTP/1.1", bearer, "Authorization: Basic eDp5"), 400, 401)
	p.refused(t, "two Authorization headers, the good one last", p.sendRaw(t, "GET /orders/42 HTTP/1.1", "Authorization: Basic eDp5", bearer), 400, 401)
	// Caddy answers an empty 200 for a site that it does not have.
	p.refused(t, "the URL of another host", p.sendRaw(t, "GET http://evil.example/orders/42 HTTP/1.1", bearer), 200, 400, 403, 404, 421)
	p.refused(t, "the method in lower case", p.sendRaw(t, "get /orders/42 HTTP/1.1", bearer), 400, 403, 405)
	p.refused(t, "TRACE", p.sendRaw(t, "TRACE /orders/42 HTTP/1.1", bearer), 400, 403, 405)
}

func (p *proxyUnderTest) tooManyCalls(t *testing.T) {
	c := p.create(t, []string{"orders:read"}, map[string]any{"requests_per_second": 1})
	bearer := "Bearer " + p.issue(t, c)
	for range 10 { // the burst is 2
		a := p.send(t, program, "GET", "/orders/42", "", "Authorization", bearer)
		if a.status == 200 {
			p.passed(t, a)
			continue
		}
		p.refused(t, "a call too many", a, p.tooMany)
		if a.header.Get("Retry-After") == "" {
			t.Errorf("a call too many is not told when to try again: %v", a.header)
		}
		return
	}
	t.Error("ten calls a second passed where one may")
}

// hangingClaviger stops Claviger as a debugger does: it takes connections and
// never answers.
func (p *proxyUnderTest) hangingClaviger(t *testing.T) {
	c := p.create(t, []string{"orders:read"}, nil)
	bearer := "Bearer " + p.issue(t, c)
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	soon(t, "Claviger has stopped", func() bool { // on a busy machine the signal takes a while
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "stat"))
		return err == nil && strings.Contains(string(stat), ") T ")
	})
	p.refused(t, "while Claviger hangs", p.send(t, program, "GET", "/orders/42", "", "Authorization", bearer), p.away, 504)
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	p.passed(t, p.send(t, program, "GET", "/orders/42", "", "Authorization", bearer))
}

func (p *proxyUnderTest) withoutClaviger(t *testing.T) {
	c := p.create(t, []string{"orders:read"}, nil)
	bearer := "Bearer " + p.issue(t, c)
	p.stop(t)
	a := p.send(t, program, "GET", "/orders/42", "", "Authorization", bearer)
	p.refused(t, "without Claviger", a, p.away)
	if a.status == 503 {
		p.problem(t, "without Claviger", a)
		if a.header.Get("Retry-After") == "" {
			t.Errorf("without Claviger: no Retry-After: %v", a.header)
		}
	}
}
