package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// http2Alone is a client as gRPC's are: HTTP/2 without TLS, by prior knowledge.
func http2Alone(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

// grpcServer is an API that speaks HTTP/2 without TLS and nothing else.
func grpcServer(t testing.TB, serve http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(serve)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func TestProxy_PassesGRPCBothWaysWithItsTrailers(t *testing.T) {
	api := grpcServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		if r.Header.Get("Te") != "trailers" || r.Header.Get("Claviger-Client-Id") == "" || r.Header.Get("Authorization") != "" {
			t.Errorf("the API got %v", r.Header)
		}
		control := http.NewResponseController(w)
		_ = control.Flush()
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			_, _ = fmt.Fprintf(w, "heard %s\n", lines.Text())
			_ = control.Flush()
		}
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
		w.Header().Set(http.TrailerPrefix+"Claviger-User-Id", "forged")
	})
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:write")
	reader, writer := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+i.listen(t)+"/orders/7", reader)
	must(t, err)
	r.Header.Set("Authorization", p.bearer())
	r.Header.Set("Content-Type", "application/grpc+proto")
	r.Header.Set("Te", "trailers")
	response, err := http2Alone(t).Do(r)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	if response.ProtoMajor != 2 || response.StatusCode != 200 {
		t.Fatal(response.Proto, response.Status)
	}
	answers := bufio.NewReader(response.Body)
	for _, word := range []string{"one", "two"} { // each heard before the next is said
		_, err := io.WriteString(writer, word+"\n")
		must(t, err)
		if got, err := answers.ReadString('\n'); err != nil || got != "heard "+word+"\n" {
			t.Fatalf("heard %q %v", got, err)
		}
	}
	must(t, writer.Close())
	_, err = io.Copy(io.Discard, answers)
	must(t, err)
	if got := response.Trailer; got.Get("Grpc-Status") != "0" || got.Get("Claviger-User-Id") != "" {
		t.Errorf("trailers %v", got)
	}
}

func TestProxy_RefusesGRPCInStatusesThatGRPCKnows(t *testing.T) {
	i := install(t, grpcServer(t, hello).URL)
	p := i.program(t, nil, "orders:read")
	client, address := http2Alone(t), i.listen(t)
	for authorization, status := range map[string]int{"": 401, "Bearer x": 401, p.bearer(): 403} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+address+"/orders/7", strings.NewReader("x"))
		must(t, err)
		r.Header.Set("Content-Type", "application/grpc")
		r.Header.Set("Authorization", authorization)
		response, err := client.Do(r)
		must(t, err)
		_ = response.Body.Close()
		if response.StatusCode != status {
			t.Errorf("%d, want %d", response.StatusCode, status)
		}
	}
}

// What comes by HTTP/2 and is no gRPC goes on as HTTP/1.1, which every API speaks.
func TestProxy_TranslatesHTTP2ForAPIsThatSpeakHTTP1(t *testing.T) {
	api := newUpstream(t, hello)
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	for _, kind := range []string{"", "application/grpc-web+proto"} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+i.listen(t)+"/orders/7", nil)
		must(t, err)
		r.Header.Set("Authorization", p.bearer())
		r.Header.Set("Content-Type", kind)
		response, err := http2Alone(t).Do(r)
		must(t, err)
		_ = response.Body.Close()
		if response.StatusCode != 200 || response.ProtoMajor != 2 || api.last(t).ProtoMajor != 1 {
			t.Errorf("%q: %s by %s", kind, response.Status, response.Proto)
		}
	}
}

func TestProxy_FlushesEachEventOfAStream(t *testing.T) {
	next := make(chan string)
	api := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for event := range next {
			_, _ = fmt.Fprintf(w, "data: %s\n\n", event)
			_ = http.NewResponseController(w).Flush()
		}
	})
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+i.listen(t)+"/orders/7", nil)
	must(t, err)
	r.Header.Set("Authorization", p.bearer())
	go func() { next <- "early" }() // the answer's header comes with the first event
	got, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
	must(t, err)
	defer func() { _ = got.Body.Close() }()
	lines := bufio.NewReader(got.Body)
	for _, event := range []string{"early", "late"} {
		if line, err := lines.ReadString('\n'); err != nil || line != "data: "+event+"\n" {
			t.Fatalf("%q %v", line, err)
		}
		_, _ = lines.ReadString('\n')
		if event == "early" {
			next <- "late"
		}
	}
	close(next)
}

// An API that agreed to speak h2c on the connection would take all that follows
// as calls that nobody has judged.
func TestProxy_SwitchesToWebSocketAlone(t *testing.T) {
	api := newUpstream(t, hello)
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	address := i.listen(t)
	for _, upgrade := range []string{"h2c", "H2C", "websocket, h2c", "h2c, websocket", "echo", "h2c\r\nUpgrade: websocket", "TLS/1.0"} {
		response := send(t, address, "GET /orders/7 HTTP/1.1\r\nHost: a\r\nAuthorization: "+p.bearer()+
			"\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nUpgrade: "+upgrade+"\r\n\r\n")
		if response.status != 200 {
			t.Errorf("%q: %d %s", upgrade, response.status, response.body)
			continue
		}
		if h := api.last(t).Header; h["Upgrade"] != nil || h["Connection"] != nil || h["Http2-Settings"] != nil {
			t.Errorf("%q: the API got %v", upgrade, h)
		}
	}
}

// 103 Early Hints is an answer before the answer.
func TestProxy_KeepsWhatItSaysThroughInformationalAnswers(t *testing.T) {
	api := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.Header().Set("Claviger-Request-Id", "forged")
		w.Header().Set("Set-Cookie", "claviger_session=forged")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusProcessing)
		_, _ = io.WriteString(w, "hello")
	})
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:write")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", i.listen(t))
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	// A chunked body, after which the connection must be closed (S35).
	_, err = io.WriteString(conn, "POST /orders/7 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nAuthorization: "+p.bearer()+"\r\n\r\n0\r\n\r\n")
	must(t, err)
	all, err := io.ReadAll(conn) // ends, since the connection is closed
	must(t, err)
	text := string(all)
	if strings.Contains(text, "forged") || strings.Count(text, "Claviger-Request-Id: ") != 3 {
		t.Errorf("answered\n%s", text)
	}
	final := text[strings.Index(text, "HTTP/1.1 200"):]
	if !strings.Contains(final, "Connection: close\r\n") || !strings.Contains(final, "Claviger-Request-Id: ") || !strings.HasSuffix(final, "hello") {
		t.Errorf("the final answer\n%s", final)
	}
}

// A kept connection may be closed by the API just as the next call is sent.
// A call that changes nothing is sent once more; another one never is, when any
// of it may have arrived.
func TestProxy_SendsACallTwiceOnlyWhereThatIsSafe(t *testing.T) {
	var served atomic.Int32
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = l.Close() }()
	go func() { // answers the first call of each connection, and cuts it at the second
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				reader := bufio.NewReader(conn)
				for n := range 2 {
					r, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					served.Add(1)
					_, _ = io.Copy(io.Discard, r.Body)
					if n == 0 {
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
					}
				}
			}()
		}
	}()
	i := install(t, "http://"+l.Addr().String())
	p := i.program(t, nil, "orders:read", "orders:write")
	call := func(method, body string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, "/orders/7", strings.NewReader(body))
		r.Header.Set("Authorization", p.bearer())
		w := httptest.NewRecorder()
		i.gateway.ServeHTTP(w, r)
		return w.Code
	}
	got := []int{call("GET", ""), call("GET", ""), call("POST", "an order")}
	if want := []int{200, 200, 502}; !slices.Equal(got, want) || served.Load() != 4 {
		t.Errorf("answered %v, want %v; the API saw %d calls, want 4", got, want, served.Load())
	}
}

func TestProxy_SendsHeadersOfOtherProxiesFromNobody(t *testing.T) {
	api := newUpstream(t, hello)
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	r := httptest.NewRequestWithContext(context.Background(), "GET", "/orders/7", nil)
	r.Header.Set("Authorization", p.bearer())
	for _, name := range []string{
		"X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP", "CF-Connecting-IP", "CF-Connecting-IPv6", "Fastly-Client-IP", "Client-IP", "X-Remote-Addr",
		"Remote-User", "Remote_User", "X-Remote-User", "X-Auth-Request-Email", "X-Authenticated-User", "X-WebAuth-User", "X-Forwarded", "X-Forwarded-User",
		"Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-SSL-Client-Verify", "SSL_Client_S_DN", "Proxy", "X-Real_IP", "x.client.ip",
	} {
		r.Header[http.CanonicalHeaderKey(name)] = []string{"forged"}
	}
	r.Header.Set("X-Client-Name", "kept")
	r.Header.Set("Clients", "kept")
	r.Header.Set("Proxy-Hint", "kept")
	w := httptest.NewRecorder()
	i.gateway.ServeHTTP(w, r)
	got, kept := api.last(t).Header, 0
	for name, values := range got {
		if slices.Contains(values, "forged") {
			t.Errorf("%s reached the API", name)
		}
		if slices.Contains(values, "kept") {
			kept++
		}
	}
	if w.Code != 200 || kept != 3 {
		t.Errorf("%d, the API got %v", w.Code, got)
	}
}

func TestProxy_LogsWhatTheAPISaid(t *testing.T) {
	api := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/orders/7", nil)
	r.Header.Set("Authorization", p.bearer())
	i.gateway.ServeHTTP(httptest.NewRecorder(), r)
	if log := i.Log.String(); !strings.Contains(log, `"upstream_status":418`) || !strings.Contains(log, `"upstream_duration_us":`) {
		t.Errorf("the log:\n%s", log)
	}
}
