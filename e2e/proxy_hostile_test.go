package e2e

import (
	"bufio"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hostileCall is a call over HTTP/1.1 that means harm. CRED stands for the
// header of a good token that may read and write.
type hostileCall struct {
	what  string
	lines []string // request line and headers
	body  string
	// mustEnd: no proxy may let it through. The others may pass if the API gets
	// nothing of the harm.
	mustEnd bool
}

const ordersHostLine, identityLie = "Host: " + ordersHost, "Claviger-Client-Id: spoofed"

// hostileList is one table for every proxy. What it holds about paths,
// upgrades and X-Forwarded- headers beside oddSpellings, upgrades and steering
// is their combination with framing and hop-by-hop headers.
func hostileList() []hostileCall {
	get, post := "GET /orders/42 HTTP/1.1", "POST /orders/42 HTTP/1.1"
	long := strings.Repeat("a", 40_000)
	return []hostileCall{
		// What Connection names is for the next hop alone (RFC 9110 section 7.6.1).
		{"the credential as hop-by-hop", []string{get, ordersHostLine, "CRED", "Connection: Authorization"}, "", false},
		{"the identity as hop-by-hop, in pieces", []string{get, ordersHostLine, "CRED", "Connection: keep-alive", "Connection: Claviger-Client-Id", "Connection: claviger-scope , Claviger-User-Id"}, "", false},
		{"the host as hop-by-hop", []string{get, ordersHostLine, "CRED", "Connection: Host, Content-Length"}, "", false},
		{"a lie as hop-by-hop", []string{get, ordersHostLine, "CRED", "Connection: " + "Claviger-Client-Id", identityLie, "Claviger_Client_Id: spoofed"}, "", false},
		{"Proxy-Connection", []string{get, ordersHostLine, "CRED", "Proxy-Connection: Claviger-Client-Id", identityLie}, "", false},
		{"Keep-Alive and TE", []string{get, ordersHostLine, "CRED", "Connection: TE, Keep-Alive", "TE: trailers", "Keep-Alive: Claviger-Client-Id", identityLie}, "", false},
		// One header there twice.
		{"two good credentials", []string{get, ordersHostLine, "CRED", "CRED"}, "", true},
		{"a bad and a good credential", []string{get, ordersHostLine, "Authorization: Bearer spoofed", "CRED"}, "", true},
		{"an empty and a good credential", []string{get, ordersHostLine, "Authorization:", "CRED"}, "", true},
		{"two hosts", []string{get, ordersHostLine, "Host: spoofed.example", "CRED"}, "", true},
		{"two hosts, the right one last", []string{get, "Host: spoofed.example", ordersHostLine, "CRED"}, "", true},
		{"no host", []string{get, "CRED"}, "", true},
		{"another host", []string{get, "Host: spoofed.example", "CRED"}, "", true},
		{"another host said to be ours", []string{get, "Host: spoofed.example", "X-Forwarded-Host: " + ordersHost, "Forwarded: host=" + ordersHost, "CRED"}, "", true},
		{"the identity many times", append([]string{get, ordersHostLine, "CRED"}, slices.Repeat([]string{identityLie, "claviger-user-id: spoofed", "CLAVIGER_SCOPE: spoofed"}, 5)...), "", false},
		{"empty identity in every spelling", []string{get, ordersHostLine, "CRED", "Claviger-User-Id:", "Claviger_User_Id:", "Claviger-User_Id:", "Claviger.User.Id:"}, "", false},
		// The token elsewhere.
		{"the token in the query", []string{"GET /orders/42?access_token=TOKEN HTTP/1.1", ordersHostLine}, "", true},
		{"the token in the query beside the header", []string{"GET /orders/42?x=1&access_token=TOKEN HTTP/1.1", ordersHostLine, "CRED"}, "", true},
		{"its name in the query written oddly", []string{"GET /orders/42?x=1&acc%65ss%5Ftoken=TOKEN HTTP/1.1", ordersHostLine, "CRED"}, "", true},
		{"the token in a cookie", []string{get, ordersHostLine, "Cookie: access_token=TOKEN; Authorization=TOKEN"}, "", true},
		{"the token in the body", []string{post, ordersHostLine, "Content-Type: application/x-www-form-urlencoded"}, "access_token=TOKEN", true},
		{"the token under another name", []string{get, ordersHostLine, "X-Authorization: Bearer TOKEN", "Proxy-Authorization: Bearer TOKEN", "Authorization_: Bearer TOKEN"}, "", true},
		// Headers that are none.
		{"a space before the colon", []string{get, ordersHostLine, "CRED", "Claviger-Client-Id : spoofed"}, "", false},
		{"a header on two lines", []string{get, ordersHostLine, "CRED", "X-A: b\r\n Claviger-Client-Id: c"}, "", false},
		{"a bare CR in a header", []string{get, ordersHostLine, "CRED", "X-A: b\rClaviger-Client-Id: spoofed"}, "", false},
		{"a bare LF in a header", []string{get, ordersHostLine, "CRED", "X-A: b\nClaviger-Client-Id: spoofed"}, "", false},
		{"a NUL in a header", []string{get, ordersHostLine, "CRED", "X-A: b\x00", identityLie}, "", false},
		{"a header of 40 kB", []string{get, ordersHostLine, "CRED", "X-A: " + long}, "", true},
		{"a credential of 40 kB", []string{get, ordersHostLine, "Authorization: Bearer " + long}, "", true},
		// Framing in which two programs can see different calls.
		{"two lengths", []string{post, ordersHostLine, "CRED", "Content-Length: 0", "Content-Length: 47"}, "GET /smuggled HTTP/1.1\r\nHost: orders.example.com\r\n\r\n", true},
		{"chunked and a length", []string{post, ordersHostLine, "CRED", "Content-Length: 4", "Transfer-Encoding: chunked"}, "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: orders.example.com\r\n\r\n", false},
		{"chunked, written oddly", []string{post, ordersHostLine, "CRED", "Content-Length: 4", "Transfer-Encoding: xchunked"}, "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: orders.example.com\r\n\r\n", true},
		{"identity in a trailer", []string{post, ordersHostLine, "CRED", "Transfer-Encoding: chunked", "Trailer: Claviger-Client-Id"}, "2\r\nab\r\n0\r\nClaviger-Client-Id: spoofed\r\n\r\n", false},
		{"HTTP/1.0", []string{"GET /orders/42 HTTP/1.0", ordersHostLine, "CRED", identityLie}, "", false},
		{"a pipelined call without a credential", []string{get, ordersHostLine, "CRED", "", "GET /orders/smuggled HTTP/1.1", ordersHostLine, "Connection: close"}, "", false},
	}
}

// hostileCalls: each is refused, or reaches the API as a plain call with the
// identity that Claviger gave it, and nothing else of it does.
func (p *proxyUnderTest) hostileCalls(t *testing.T) {
	c := p.create(t, []string{"orders:read", "orders:write"}, nil)
	token := p.issue(t, c)
	fill := strings.NewReplacer("CRED", "Authorization: Bearer "+token, "TOKEN", token)
	for _, h := range hostileList() {
		t.Run(h.what, func(t *testing.T) {
			text := fill.Replace(strings.Join(h.lines, "\r\n"))
			if h.body != "" && !strings.Contains(text, "Transfer-Encoding") && !strings.Contains(text, "Content-Length") {
				text += "\r\nContent-Length: " + strconv.Itoa(len(fill.Replace(h.body)))
			}
			status := p.sendBytes(t, text+"\r\n\r\n"+fill.Replace(h.body))
			calls := p.upstream.seen()
			if h.mustEnd && (len(calls) != 0 || status == 200 && p.away != 502) {
				t.Fatalf("answered %d, and the API saw %+v", status, calls)
			}
			for _, call := range calls {
				p.harmless(t, call, c, token)
			}
		})
	}
	bearer := "Bearer " + token // over HTTP/2, where there is TLS
	for what, header := range map[string][]string{
		"two good credentials":         {"Authorization", bearer, "Authorization", bearer},
		"a good and a bad credential":  {"Authorization", bearer, "Authorization", "Basic eDp5"},
		"a bad and a good credential":  {"Authorization", "Basic eDp5", "Authorization", bearer},
		"an empty and a good one":      {"Authorization", "", "Authorization", bearer},
		"the token in a cookie alone":  {"Cookie", "access_token=" + token},
		"the token in another header":  {"X-Authorization", bearer, "Proxy-Authorization", bearer},
		"two credentials in one value": {"Authorization", bearer + ", " + bearer},
	} {
		p.refused(t, what, p.send(t, program, "GET", "/orders/42", "", header...), 400, 401)
	}
	p.refused(t, "the token in the query", p.send(t, program, "GET", "/orders/42?access_token="+token, "", "Authorization", bearer), 400, 401)
}

// harmless checks a call that reached the API.
func (p *proxyUnderTest) harmless(t *testing.T, call upstreamCall, c credential, token string) {
	t.Helper()
	p.identity(t, call, c.id, "orders:read orders:write")
	host := ordersHost
	if p.plain {
		host = p.upstream.address // the gateway names the upstream
	}
	if call.uri != "/orders/42" || call.host != host {
		t.Errorf("the API saw %s %s at %s", call.method, call.uri, call.host)
	}
	parts := []http.Header{call.header, call.trailer}
	if p.passesTrailers {
		parts = parts[:1]
	}
	for _, of := range parts {
		for name, values := range of {
			if all := strings.Join(values, " "); strings.Contains(all, "spoofed") || strings.Contains(all, token) {
				t.Errorf("the API saw %s: %q", name, values)
			}
		}
	}
}

// sendBytes writes a call as it stands and returns the status of the first
// answer, or 0 where the connection was closed instead.
func (p *proxyUnderTest) sendBytes(t *testing.T, text string) int {
	t.Helper()
	conn, err := p.dial(t.Context(), program, "http/1.1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(conn, text) // an early refusal may close it meanwhile
	first, answers := 0, bufio.NewReader(conn)
	for {
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			return first
		}
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if first == 0 {
			first = res.StatusCode
		}
		if err != nil || !strings.Contains(text, "Connection: close") {
			return first
		}
	}
}
