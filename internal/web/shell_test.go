package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/claviger/claviger/internal/apicred"
)

// bench is a shell with its log in memory.
type bench struct {
	*Shell
	metrics *Metrics
	log     *bytes.Buffer
}

func newBench(t *testing.T, c Config, routes ...Route) bench {
	t.Helper()
	router := NewRouter()
	router.Add(routes...)
	router.Mount("GET /plain/{name}", 0, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, From(r.Context()).RequestID)
	}))
	router.Mount("POST /plain/{name}", 8, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			From(r.Context()).WriteError(err)
		}
	}))
	b := bench{metrics: NewMetrics(), log: &bytes.Buffer{}}
	c.Logger, c.Metrics, c.Listener = slog.New(slog.NewJSONHandler(b.log, nil)), b.metrics, "public"
	b.Shell = NewShell(c, router)
	return b
}

func (b bench) get(t *testing.T, method, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func (b bench) lastLine(t *testing.T) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(b.log.String()), "\n")
	var line map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &line); err != nil {
		t.Fatal(err)
	}
	return line
}

func hello(w http.ResponseWriter, _ *http.Request, _ *Exchange) { _, _ = io.WriteString(w, "hello") }

func TestShell_NamesEachRequestItself(t *testing.T) {
	b := newBench(t, Config{}, Route{Path: "/hello", Handler: hello})
	pattern := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{26}$`)
	seen := map[string]bool{}
	for range 100 {
		w := b.get(t, "GET", "/hello", func(r *http.Request) {
			r.Header.Set("X-Request-Id", "mine")
			r.Header.Set("Claviger-Request-Id", "mine")
		})
		id := w.Header().Get("Claviger-Request-Id")
		if !pattern.MatchString(id) || seen[id] {
			t.Fatalf("request ID %q", id)
		}
		seen[id] = true
	}
	if got := b.lastLine(t)["request_id"]; !seen[got.(string)] {
		t.Errorf("the log names the request %v", got)
	}
}

func TestRequestID_SortsByTime(t *testing.T) {
	early, late := time.UnixMilli(1_700_000_000_000), time.UnixMilli(1_700_000_000_001)
	if a, b := newRequestID(early), newRequestID(late); a >= b {
		t.Errorf("%s of %v does not sort before %s of %v", a, early, b, late)
	}
	if a, b := newRequestID(early)[:9], newRequestID(early)[:9]; a != b {
		t.Errorf("the first 45 bits are the time: %s, %s", a, b)
	}
}

func TestShell_LogsPatternNeverPathOrQuery(t *testing.T) {
	b := newBench(t, Config{Proxies: NewProxies(loopback())}, Route{Path: "/hello", Handler: func(w http.ResponseWriter, _ *http.Request, x *Exchange) {
		x.Actor = "someone"
		x.WriteError(apicred.Forbidden("No.").Because(errors.New("rule 7")))
	}})
	b.get(t, "GET", "/hello?client_secret=canary", func(r *http.Request) {
		r.RemoteAddr = "127.0.0.1:9"
		r.Header.Set("X-Forwarded-For", "198.51.100.1")
	})
	line := b.lastLine(t)
	for key, want := range map[string]any{
		"msg": "request", "level": "INFO", "method": "GET", "route": "/hello", "status": 403.0,
		"client": "198.51.100.1", "actor": "someone", "code": "forbidden", "cause": "rule 7",
	} {
		if line[key] != want {
			t.Errorf("%s = %v, want %v", key, line[key], want)
		}
	}
	b.get(t, "GET", "/plain/canary")
	if got := b.lastLine(t)["route"]; got != "/plain/{name}" {
		t.Errorf("route = %v", got)
	}
	b.get(t, "CANARY", "/canary/canary?canary")
	if line := b.lastLine(t); line["route"] != "unmatched" || line["method"] != "OTHER" {
		t.Errorf("line = %v", line)
	}
	if strings.Contains(strings.ToLower(b.log.String()), "canary") {
		t.Errorf("the log shows what the request said:\n%s", b.log)
	}
}

func TestShell_AnswersPanicWithProblem(t *testing.T) {
	b := newBench(t, Config{}, Route{Path: "/panic", Handler: func(w http.ResponseWriter, _ *http.Request, _ *Exchange) {
		w.Header().Set("Set-Cookie", "half=made")
		panic("canary 42")
	}})
	w := b.get(t, "GET", "/panic")
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if w.Code != 500 || p.Code != "internal" || p.RequestID != w.Header().Get("Claviger-Request-Id") || strings.Contains(w.Body.String(), "canary") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w.Header().Get("Set-Cookie") != "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", w.Header())
	}
	line := b.lastLine(t)
	if line["level"] != "ERROR" || !strings.Contains(line["cause"].(string), "canary 42") || !strings.Contains(line["cause"].(string), "shell_test.go") {
		t.Errorf("line = %v", line)
	}
}

func TestShell_CutsTheConnectionWhenAnAnswerHadBegun(t *testing.T) {
	b := newBench(t, Config{}, Route{Path: "/panic", Handler: func(w http.ResponseWriter, _ *http.Request, _ *Exchange) {
		_, _ = io.WriteString(w, "half")
		panic("late")
	}})
	defer func() {
		if fault := recover(); fault != http.ErrAbortHandler { //nolint:errorlint // net/http compares the panic value itself.
			t.Errorf("panic value %v", fault)
		}
		if !strings.Contains(b.lastLine(t)["cause"].(string), "late") {
			t.Errorf("the log does not tell: %s", b.log)
		}
	}()
	b.get(t, "GET", "/panic")
	t.Error("the handler's half answer was taken for a whole one")
}

func TestShell_AClientThatWentAwayIsNoFaultOfTheServer(t *testing.T) {
	unavailable := func(_ http.ResponseWriter, r *http.Request, x *Exchange) {
		x.WriteError(apicred.Unavailable(fmt.Errorf("read: %w", context.Canceled)))
	}
	b := newBench(t, Config{}, Route{Path: "/gone", Handler: unavailable})
	b.get(t, "GET", "/gone", func(r *http.Request) {
		gone, leave := context.WithCancel(r.Context())
		leave()
		*r = *r.WithContext(gone)
	})
	if line := b.lastLine(t); line["level"] != "INFO" || line["code"] != "aborted" {
		t.Errorf("a client that left was logged as %v", line)
	}
	b.get(t, "GET", "/gone")
	if line := b.lastLine(t); line["level"] != "ERROR" || line["code"] != "unavailable" {
		t.Errorf("a fault while the client waits was logged as %v", line)
	}
}

func TestShell_SetsSecurityHeaders(t *testing.T) {
	want := map[string]string{
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Content-Security-Policy":    apiPolicy,
	}
	for _, hsts := range []bool{false, true} {
		want["Strict-Transport-Security"] = ""
		if hsts {
			want["Strict-Transport-Security"] = "max-age=31536000"
		}
		b := newBench(t, Config{HSTS: hsts}, Route{Path: "/hello", Handler: hello}, Route{Path: "/bare", Bare: true, Handler: hello})
		for _, target := range []string{"/hello", "/plain/x", "/nowhere"} {
			w := b.get(t, "GET", target)
			for name, value := range want {
				if got := w.Header().Get(name); got != value {
					t.Errorf("%s, HSTS %v: %s = %q, want %q", target, hsts, name, got, value)
				}
			}
		}
		if w := b.get(t, "GET", "/bare"); w.Header().Get("Referrer-Policy") != "" {
			t.Errorf("/bare has %v", w.Header())
		}
	}
}

func TestShell_OneHandlersHeadersDoNotReachAnother(t *testing.T) {
	b := newBench(t, Config{},
		Route{Path: "/hello", Handler: hello},
		Route{Path: "/page", Handler: func(w http.ResponseWriter, _ *http.Request, _ *Exchange) {
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
			w.Header().Add("X-Content-Type-Options", "other")
		}})
	b.get(t, "GET", "/page")
	if w := b.get(t, "GET", "/hello"); w.Header().Get("Content-Security-Policy") != apiPolicy || len(w.Header()["X-Content-Type-Options"]) != 1 {
		t.Errorf("headers %v", w.Header())
	}
}

func TestRouter_FindsExactFoldedPrefixedAndMounted(t *testing.T) {
	echo := func(name string) Handler {
		return func(w http.ResponseWriter, _ *http.Request, _ *Exchange) { _, _ = io.WriteString(w, name) }
	}
	b := newBench(t, Config{},
		Route{Path: "/exact", Methods: []string{"GET"}, Handler: echo("exact")},
		Route{Path: "/Folded/Path", Match: MatchFold, Handler: echo("folded")},
		Route{Path: "/prefix/", Match: MatchPrefix, Handler: echo("prefix")})
	tests := []struct {
		method, target string
		status         int
		body           string
	}{
		{"GET", "/exact", 200, "exact"},
		{"HEAD", "/exact", 200, "exact"},
		{"POST", "/exact", 405, ""},
		{"TRACE", "/exact", 405, ""},
		{"GET", "/Exact", 404, ""},
		{"GET", "/exact/", 404, ""},
		{"GET", "/%65xact", 404, ""},
		{"GET", "/FOLDED/path", 200, "folded"},
		{"GET", "/FOLDED%2Fpath", 404, ""},
		{"GET", "/prefix/a//b/../c", 200, "prefix"},
		{"GET", "/prefix", 404, ""},
		{"GET", "/plain/x", 200, ""},
		{"PUT", "/plain/x", 405, ""},
		{"TRACE", "/plain/x", 405, ""},
		{"GET", "/nowhere", 404, ""},
	}
	for _, tt := range tests {
		w := b.get(t, tt.method, tt.target)
		if w.Code != tt.status || tt.body != "" && w.Body.String() != tt.body {
			t.Errorf("%s %s: %d %s, want %d %s", tt.method, tt.target, w.Code, w.Body, tt.status, tt.body)
		}
		if tt.status >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: a refusal of type %s", tt.method, tt.target, w.Header().Get("Content-Type"))
		}
		if tt.status == 405 && !strings.Contains(w.Header().Get("Allow"), "GET, HEAD") {
			t.Errorf("%s %s: Allow = %q", tt.method, tt.target, w.Header().Get("Allow"))
		}
	}
}

func TestShell_BoundsBodies(t *testing.T) {
	b := newBench(t, Config{})
	for _, announced := range []bool{true, false} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/plain/x", strings.NewReader("more than eight"))
		if !announced {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		if w.Code != 413 || !strings.Contains(w.Body.String(), `"code":"too_large"`) {
			t.Errorf("announced %v: %d %s", announced, w.Code, w.Body)
		}
	}
}

func TestShell_RefusesOddHosts(t *testing.T) {
	b := newBench(t, Config{}, Route{Path: "/hello", Handler: hello})
	for host, status := range map[string]int{
		"api.example.com": 200, "api.example.com:8420": 200, "[::1]:80": 200, "": 200, "my_proxy": 200,
		"a b": 400, "a,b": 400, "a/b": 400, "a@b": 400, "é": 400, strings.Repeat("a", 300): 400,
	} {
		w := b.get(t, "GET", "/hello", func(r *http.Request) { r.Host = host })
		if w.Code != status {
			t.Errorf("Host %q: %d, want %d", host, w.Code, status)
		}
	}
}

func TestMetrics_CountByPatternAndClass(t *testing.T) {
	b := newBench(t, Config{}, Route{Path: "/hello", Handler: hello})
	b.get(t, "GET", "/hello")
	b.get(t, "GET", "/hello?x=1")
	for i := range 50 {
		b.get(t, "GET", fmt.Sprintf("/nowhere/%d", i))
		b.get(t, "GET", fmt.Sprintf("/plain/%d", i))
	}
	count := func(route, class string) float64 {
		return testutil.ToFloat64(b.metrics.requests.WithLabelValues("public", route, class))
	}
	if count("/hello", "2xx") != 2 || count("unmatched", "4xx") != 50 || count("/plain/{name}", "2xx") != 50 {
		t.Errorf("counts %v %v %v", count("/hello", "2xx"), count("unmatched", "4xx"), count("/plain/{name}", "2xx"))
	}
	if series := testutil.CollectAndCount(b.metrics.durations); series != 3 {
		t.Errorf("%d series: what strangers ask for makes series", series)
	}
}

func TestStatus_OfEachKind(t *testing.T) {
	tests := map[int]*apicred.Error{
		400: apicred.Malformed(""), 401: apicred.Unauthenticated(""), 403: apicred.ScopeNotGrantable(""), 404: apicred.NotFound(),
		405: MethodNotAllowed(), 409: apicred.Conflict(""), 412: apicred.Stale(), 413: TooLarge(), 422: apicred.Invalid(),
		429: apicred.RateLimited(time.Second), 500: apicred.Internal(nil), 503: apicred.Unavailable(nil),
	}
	for want, e := range tests {
		if got := Status(e); got != want {
			t.Errorf("%s: %d, want %d", e.WireCode(), got, want)
		}
	}
}

func TestWriteError_MakesProblemDocument(t *testing.T) {
	b := newBench(t, Config{}, Route{Path: "/limited", Handler: func(_ http.ResponseWriter, _ *http.Request, x *Exchange) {
		x.WriteError(apicred.RateLimited(1500 * time.Millisecond))
	}}, Route{Path: "/invalid", Handler: func(_ http.ResponseWriter, _ *http.Request, x *Exchange) {
		x.WriteError(fmt.Errorf("wrapped: %w", apicred.Invalid(apicred.FieldError{Location: "body.name", Message: "Give a name."})))
	}}, Route{Path: "/who", Handler: func(_ http.ResponseWriter, _ *http.Request, x *Exchange) {
		x.WriteError(apicred.Unauthenticated("Sign in."))
	}})
	w := b.get(t, "GET", "/limited")
	if w.Code != 429 || w.Header().Get("Retry-After") != "2" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = b.get(t, "GET", "/invalid")
	want := `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"Give a name.","code":"invalid","request_id":"` +
		w.Header().Get("Claviger-Request-Id") + `","errors":[{"location":"body.name","message":"Give a name."}]}` + "\n"
	if w.Body.String() != want {
		t.Errorf("got  %s\nwant %s", w.Body, want)
	}
	if w = b.get(t, "GET", "/who"); w.Code != 401 || w.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// serve runs a real server and returns its address.
func serve(t *testing.T, b bench) string {
	t.Helper()
	server := NewServer(b, slog.New(slog.DiscardHandler))
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Shutdown(context.Background()); <-done })
	return listener.Addr().String()
}

// raw sends bytes and returns all answers until the server closes the
// connection; it fails when the server keeps it.
func raw(t *testing.T, address, request string) (answers string) {
	t.Helper()
	conn := dial(t, address)
	_, _ = io.WriteString(conn, request)
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("the connection stays open: %v, after\n%s", err, all)
	}
	return string(all)
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

func TestServer_ClosesAfterAmbiguousFraming(t *testing.T) {
	address := serve(t, newBench(t, Config{}, Route{Path: "/hello", Handler: func(w http.ResponseWriter, r *http.Request, _ *Exchange) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "hello")
	}}))
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	tests := []struct{ name, request string }{
		{"Content-Length beside chunked", "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled},
		{"chunked", "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled},
		{"chunked in HTTP/1.0", "POST /hello HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled},
		{"two Content-Lengths", "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n" + smuggled},
		{"chunked twice", "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled},
		{"odd spelling of chunked", "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if answers := raw(t, address, tt.request); strings.Count(answers, "HTTP/1.") != 1 {
				t.Errorf("answers:\n%s", answers)
			}
		})
	}
}

func TestServer_KeepsPlainConnections(t *testing.T) {
	address := serve(t, newBench(t, Config{}, Route{Path: "/hello", Handler: hello}))
	conn := dial(t, address)
	reader := bufio.NewReader(conn)
	for range 3 {
		_, _ = io.WriteString(conn, "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode != 200 || response.Close {
			t.Errorf("%d, close %v", response.StatusCode, response.Close)
		}
	}
}

func TestServer_BoundsHeaders(t *testing.T) {
	address := serve(t, newBench(t, Config{}, Route{Path: "/hello", Handler: hello}))
	for size, status := range map[int]string{30 << 10: "200", 34 << 10: "431"} {
		answers := raw(t, address, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: "+strings.Repeat("x", size)+"\r\n\r\n")
		if !strings.HasPrefix(answers, "HTTP/1.1 "+status) {
			t.Errorf("%d bytes of header: %.60s, want %s", size, answers, status)
		}
	}
}

func TestServer_DoesNotAnswerOptionsStarItself(t *testing.T) {
	address := serve(t, newBench(t, Config{}))
	answers := raw(t, address, "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answers, "HTTP/1.1 404") {
		t.Errorf("%s", answers)
	}
}

// nullWriter is a reusable ResponseWriter.
type nullWriter struct{ h http.Header }

func (n *nullWriter) Header() http.Header         { return n.h }
func (n *nullWriter) Write(b []byte) (int, error) { return len(b), nil }
func (n *nullWriter) WriteHeader(int)             {}

func BenchmarkShell(b *testing.B) {
	router := NewRouter()
	router.Add(Route{Path: "/hello", Handler: func(w http.ResponseWriter, _ *http.Request, _ *Exchange) { w.WriteHeader(200) }})
	logs := NewLogWriter(io.Discard)
	s := NewShell(Config{
		Logger: slog.New(slog.NewJSONHandler(logs, nil)), Metrics: NewMetrics(), Listener: "public",
		Proxies: NewProxies([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}),
	}, router)
	r := httptest.NewRequestWithContext(b.Context(), "GET", "/hello", nil)
	r.RemoteAddr = "127.0.0.1:4711"
	w := &nullWriter{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		s.ServeHTTP(w, r)
	}
	_ = logs.Close()
}
