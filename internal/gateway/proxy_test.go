package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/web"
)

// upstream is an API that remembers the last call.
type upstream struct {
	*httptest.Server
	calls chan *http.Request
}

func newUpstream(t testing.TB, answer http.HandlerFunc) *upstream {
	t.Helper()
	u := &upstream{calls: make(chan *http.Request, 16)}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case u.calls <- r.Clone(context.WithoutCancel(r.Context())):
		default:
		}
		answer(w, r)
	}))
	t.Cleanup(u.Close)
	return u
}

func (u *upstream) last(t testing.TB) *http.Request {
	t.Helper()
	select {
	case r := <-u.calls:
		return r
	default:
		t.Fatal("the call did not reach the API")
		return nil
	}
}

// listen serves the gateway on a port of its own and returns its address.
func (i *installation) listen(t testing.TB) string {
	t.Helper()
	server := web.NewStreamingServer(i.gateway, slog.New(slog.DiscardHandler))
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return listener.Addr().String()
}

// answer is what came back for a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// send writes a request as it stands and reads the answer.
func send(t testing.TB, address, request string) answer {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, request)
	must(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestProxy_TellsTheAPIWhoCallsAndNothingElseDoes(t *testing.T) {
	api := newUpstream(t, hello)
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	address := i.listen(t)
	response := send(t, address, "GET /orders/7?x=1;y=%zz HTTP/1.1\r\nHost: api.example.com\r\n"+
		"Authorization: "+p.bearer()+"\r\n"+
		"Claviger-Client-Id: forged\r\nclaviger_client_id: forged\r\nClaviger.User.Id: forged\r\nCLAVIGER-SCOPE: orders:write\r\nClaviger-Anything: forged\r\n"+
		"X-Forwarded-For: 203.0.113.50\r\nX_Forwarded_For: forged\r\nX-Forwarded-Host: forged\r\nX-Forwarded-Uri: /forged\r\nX-Original-URL: /forged\r\nX-Rewrite-URL: /forged\r\n"+
		"Forwarded: for=forged\r\nX-Real-IP: forged\r\nX-HTTP-Method-Override: DELETE\r\nX-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\n"+
		"Cookie: a=1; __Host-claviger_session=forged; claviger=forged; b=\"2\"; Claviger_x=forged\r\nCookie: __Secure-claviger=forged\r\n"+
		"Connection: close, Claviger-Client-Id, X-Hop\r\nX-Hop: forged\r\nProxy-Authorization: forged\r\nTE: trailers\r\nX-Mine: kept\r\nclavigers: kept\r\n\r\n")
	if response.status != 200 || response.body != "hello" {
		t.Fatalf("%d %s", response.status, response.body)
	}
	got := api.last(t)
	if got.RequestURI != "/orders/7?x=1;y=%zz" || got.Method != "GET" || got.Host != strings.TrimPrefix(api.URL, "http://") {
		t.Errorf("%s %s on %s", got.Method, got.RequestURI, got.Host)
	}
	for name, want := range map[string]string{
		"Claviger-Client-Id": p.id, "Claviger-Account-Id": i.admin.AccountID, "Claviger-User-Id": i.admin.UserID,
		"Claviger-Scope": "orders:read", "Claviger-Request-Id": response.header.Get("Claviger-Request-Id"),
		"X-Forwarded-For": "203.0.113.50", "X-Forwarded-Host": "api.example.com", "X-Forwarded-Proto": "http",
		"Cookie": `a=1; b="2"`, "X-Mine": "kept", "Clavigers": "kept", "Authorization": "", "Te": "trailers",
	} {
		if values := got.Header[name]; strings.Join(values, "|") != want {
			t.Errorf("%s = %q, want %q", name, values, want)
		}
	}
	for name, values := range got.Header {
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, "forged") || v == "DELETE" }) {
			t.Errorf("%s: %q reached the API", name, values)
		}
	}
}

func TestProxy_SendsTheBytesItJudged(t *testing.T) {
	api := newUpstream(t, hello)
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	address := i.listen(t)
	for _, path := range []string{
		"/orders/files/a%20b", "/orders/files/%41%7e", "/orders/files/a|b", `/orders/files/"quoted"`, "/orders/files/{x}", "/orders/files/%C3%A9", "/orders/files/",
		"/orders/files/a?", "/orders/files/a?q=a%2Fb&&x", "/orders/files/a:b@c", "/orders/files/!$&'()*+,=",
	} {
		response := send(t, address, "GET "+path+" HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\nAuthorization: "+p.bearer()+"\r\n\r\n")
		if response.status != 200 {
			t.Errorf("%s: %d %s", path, response.status, response.body)
			continue
		}
		if got := api.last(t).RequestURI; got != path && got+"?" != path {
			t.Errorf("%s became %s", path, got)
		}
	}
	for _, path := range []string{
		"/orders/files/..%2f7", "/orders/files/../7", "/orders/files//7", "//orders/files/7", "/orders/files/a;b", "/orders/files/%2e%2e",
		"http://api.example.com/orders/files/a",
	} {
		response := send(t, address, "GET "+path+" HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\nAuthorization: "+p.bearer()+"\r\n\r\n")
		if response.status != 403 || !strings.Contains(response.body, `"bad_path"`) {
			t.Errorf("%s: %d %s", path, response.status, response.body)
		}
	}
	if len(api.calls) != 0 {
		t.Errorf("an odd path reached the API: %s", api.last(t).RequestURI)
	}
}

func TestProxy_PassesTheTokenOnlyWhereTheAPIWantsIt(t *testing.T) {
	api := newUpstream(t, hello)
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read", "stats")
	get := func(host, path, authorization string) (int, *http.Request) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		r.Host, r.RemoteAddr = host, "203.0.113.7:1"
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		i.gateway.ServeHTTP(w, r)
		if w.Code != 200 {
			return w.Code, nil
		}
		return w.Code, api.last(t)
	}
	if status, r := get("stats.example.com:8430", "/x", p.bearer()); status != 200 || r.Header.Get("Authorization") != p.bearer() {
		t.Errorf("forward_authorization: %d", status)
	}
	if status, r := get("api.example.com", "/orders/7", p.bearer()); status != 200 || r.Header.Get("Authorization") != "" {
		t.Errorf("the token reached an API that does not want it: %d", status)
	}
	if status, r := get("api.example.com", "/orders/7", basicValue(p.id, p.secret)); status != 200 || r.Header.Get("Authorization") != "" {
		t.Errorf("ID and secret reached the API: %d", status)
	}
}

func TestProxy_AnswersProgramsInFullStatuses(t *testing.T) {
	api := newUpstream(t, hello)
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read", "stats")
	tests := []struct {
		name, method, path, authorization string
		status                            int
		code                              string
	}{
		{"nothing", "GET", "/orders/7", "", 401, "unauthenticated"},
		{"bad token", "GET", "/orders/7", "Bearer x", 401, "invalid_token"},
		{"lacks the scope", "DELETE", "/orders/7", p.bearer(), 403, "insufficient_scope"},
		{"no route", "GET", "/nowhere", p.bearer(), 403, "no_route"},
		{"preflight", "OPTIONS", "/orders/7", "", 403, "no_route"},
		{"API without upstream", "GET", "/dark/x", p.bearer(), 403, "no_route"},
		{"API that is away", "GET", "/gone/x", p.bearer(), 502, "upstream_unavailable"},
		{"database away", "GET", "/orders/7?access=1", basicValue(p.id, "x"), 503, "unavailable"},
	}
	for _, tt := range tests {
		i.Away.Store(tt.status == 503)
		r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, nil)
		r.Header.Set("Authorization", tt.authorization)
		r.Header.Set("Origin", "https://app.example.com")
		w := httptest.NewRecorder()
		i.gateway.ServeHTTP(w, r)
		if w.Code != tt.status || problem(t, w).Code != tt.code || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v %s", tt.name, w.Code, w.Header(), w.Body)
		}
	}
	if len(api.calls) != 0 {
		t.Error("a refused call reached the API")
	}
	if !strings.Contains(i.Log.String(), `"route":"/orders/{id}"`) || strings.Contains(i.Log.String(), p.token) {
		t.Errorf("the log:\n%s", i.Log)
	}
}

func TestProxy_StreamsBothWays(t *testing.T) {
	api := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.EnableFullDuplex()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			_, _ = fmt.Fprintf(w, "heard %s\n", lines.Text())
			_ = control.Flush()
		}
	})
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:write")
	address := i.listen(t)
	reader, writer := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+address+"/orders/7", reader)
	must(t, err)
	r.Header.Set("Authorization", p.bearer())
	answers := make(chan string)
	go func() {
		defer close(answers)
		response, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
		if err != nil {
			return
		}
		defer func() { _ = response.Body.Close() }()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			answers <- lines.Text()
		}
	}()
	for _, word := range []string{"one", "two"} {
		_, err := io.WriteString(writer, word+"\n")
		must(t, err)
		if got := <-answers; got != "heard "+word {
			t.Fatalf("heard %q", got)
		}
	}
	must(t, writer.Close())
	if _, more := <-answers; more {
		t.Error("the answer went on")
	}
}

func TestProxy_HidesIdentityHeadersThatTheAPIEchoes(t *testing.T) {
	api := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Claviger-Client-Id", r.Header.Get("Claviger-Client-Id"))
		w.Header().Set("Claviger-Request-Id", "mine")
		w.Header().Set("X-Theirs", "kept")
		w.WriteHeader(http.StatusTeapot)
	})
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/orders/7", nil)
	r.Header.Set("Authorization", p.bearer())
	w := httptest.NewRecorder()
	i.gateway.ServeHTTP(w, r)
	ids := w.Header()["Claviger-Request-Id"]
	if w.Code != 418 || w.Header().Get("Claviger-Client-Id") != "" || w.Header().Get("X-Theirs") != "kept" || len(ids) != 1 || ids[0] == "mine" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w.Header().Get("Content-Security-Policy") != "" {
		t.Error("the gateway speaks for the API's pages")
	}
}

// On a host that the gateway shares with the console, an API must not sign
// anybody in there.
func TestProxy_LetsNoAPISetClavigersCookies(t *testing.T) {
	api := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Set-Cookie"] = r.URL.Query()["c"]
	})
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	for query, want := range map[string][]string{
		"c=claviger_session%3Dplanted&c=a%3D1&c=__Host-claviger_session%3Dplanted&c=b%3D2": {"a=1", "b=2"},
		"c=claviger_session%3Dplanted": nil,
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/orders/7?"+query, nil)
		r.Header.Set("Authorization", p.bearer())
		w := httptest.NewRecorder()
		i.gateway.ServeHTTP(w, r)
		if got := w.Header()["Set-Cookie"]; w.Code != 200 || !slices.Equal(got, want) {
			t.Errorf("%s: %d %q, want %q", query, w.Code, got, want)
		}
	}
}

func TestProxy_PassesUpgradesOn(t *testing.T) {
	api := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", r.Header.Get("Upgrade"))
		line, _ := buffered.ReadString('\n')
		_, _ = io.WriteString(conn, "heard "+line)
	})
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", i.listen(t))
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, "GET /orders/7 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: "+p.bearer()+"\r\n\r\n")
	must(t, err)
	reader := bufio.NewReader(conn)
	for {
		line, err := reader.ReadString('\n')
		must(t, err)
		if line == "\r\n" {
			break
		}
	}
	_, err = io.WriteString(conn, "hello\n")
	must(t, err)
	if line, err := reader.ReadString('\n'); err != nil || line != "heard hello\n" {
		t.Errorf("%q %v", line, err)
	}
}
