package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// slowBound is how long 99 of 100 requests may take beside slow clients (S34).
const slowBound = time.Second

// TestOverload_IdleAndSlowClientsHoldNobodyUp keeps 500 connections idle, and 400
// slow, on the public listener and on the gateway: their header or body comes
// byte by byte, or they do not read their answer. Programs get their tokens and
// calls beside them, and whoever is too slow is cut off (S34).
func TestOverload_IdleAndSlowClientsHoldNobodyUp(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(make([]byte, 1<<20))
	}))
	t.Cleanup(api.Close)
	f := newFleet(t, "", 1, "gateway_listen: {address}:8430")
	n := f.nodes[0]
	document := n.manage(t, f.token, "GET", "/catalogue", "")
	document["apis"].([]any)[0].(map[string]any)["upstream"] = api.URL
	n.manage(t, f.token, "PUT", "/catalogue", jsonText(t, document))
	c := n.create(t, f.token, "orders:read", "orders:write")
	o := &overload{node: n, programs: []credential{c}}
	bearer := "Bearer " + n.issue(t, c)

	s := &slowClients{node: n, stop: make(chan struct{})}
	defer s.end()
	const header = "GET /healthz HTTP/1.1\r\nHost: "
	form := "grant_type=client_credentials&client_id=" + c.id + "&client_secret=" + c.secret + strings.Repeat("&x=", 1000)
	call := func(method, more string) string {
		return fmt.Sprintf("%s /orders/7 HTTP/1.1\r\nHost: orders.example.com\r\nAuthorization: %s\r\n%s\r\n", method, bearer, more)
	}
	s.idle("8420", 250)
	s.idle("8430", 250)
	s.drip("8420", 70, "", header+strings.Repeat("a", 20000))
	s.drip("8430", 70, "", header+strings.Repeat("a", 20000))
	s.drip("8420", 70, string(n.wire("POST", "/oauth2/token", form, "Content-Type", formType))[:200], form)
	s.drip("8430", 70, call("POST", "Content-Length: 1000000\r\n"), strings.Repeat("x", 1000000))
	s.deaf("8420", 60, string(n.wire("GET", "/api/v1/openapi.json", "", "Authorization", "Bearer "+f.token)), 40)
	s.deaf("8430", 60, call("GET", ""), 1)
	s.opening.Wait()

	programs := newCrowd(n.address+":8420", o.askToken).begin(8, 50*time.Millisecond)
	calls := newCrowd(n.address+":8430", func() []byte { return []byte(call("GET", "")) }).begin(2, 200*time.Millisecond)
	<-time.After(atLength(3*time.Second, 45*time.Second))
	for name, crowd := range map[string]*crowd{"tokens": programs, "calls through the gateway": calls} {
		took, statuses := crowd.seen()
		crowd.end()
		figure(t, "S34", "%s beside 500 idle and 400 slow clients: %v, %v (bound %v)", name, took, statuses, slowBound)
		demandGrace(t, statuses, crowd.broken)
		if statuses["200"] == 0 || chaos() && statuses["200"] != len(took) {
			t.Errorf("%s: %v", name, statuses)
		}
		if chaos() && took.at(0.99) > slowBound { // a busy machine alone would fail it
			t.Errorf("%s: 99 of 100 took up to %v", name, took.at(0.99))
		}
	}
	figure(t, "S34", "%d of 210 whose header or form was too slow were cut off (after 10 and 30 s)", s.cut.Load())
	if chaos() && s.cut.Load() < 210 {
		t.Errorf("who is too slow keeps a connection")
	}
}

// slowClients are connections that take their time.
type slowClients struct {
	node    *node
	stop    chan struct{}
	opening sync.WaitGroup
	running sync.WaitGroup
	cut     atomic.Int64 // of those that drip, ended by the server
}

func (s *slowClients) end() {
	close(s.stop)
	s.running.Wait()
}

func (s *slowClients) open(port string, count int, client func(net.Conn)) {
	for range count {
		s.opening.Add(1)
		s.running.Go(func() {
			conn, err := net.Dial("tcp", net.JoinHostPort(s.node.address, port)) //nolint:noctx // loopback
			s.opening.Done()
			if err != nil {
				return
			}
			defer func() { _ = conn.Close() }()
			client(conn)
		})
	}
}

// idle connects and says nothing after its first request.
func (s *slowClients) idle(port string, count int) {
	s.open(port, count, func(conn net.Conn) {
		_, _ = conn.Write(s.node.wire("GET", "/healthz", ""))
		_, _ = http.ReadResponse(bufio.NewReader(conn), nil) //nolint:bodyclose // the connection is closed
		<-s.stop
	})
}

// drip sends the beginning at once and the rest byte by byte.
func (s *slowClients) drip(port string, count int, beginning, rest string) {
	s.open(port, count, func(conn net.Conn) {
		_, _ = conn.Write([]byte(beginning))
		every := time.NewTicker(100 * time.Millisecond)
		defer every.Stop()
		for i := range len(rest) {
			select {
			case <-s.stop:
				return
			case <-every.C:
			}
			if _, err := conn.Write([]byte{rest[i]}); err != nil {
				s.cut.Add(1)
				return
			}
		}
	})
}

// deaf asks several times and reads nothing.
func (s *slowClients) deaf(port string, count int, request string, times int) {
	s.open(port, count, func(conn net.Conn) {
		_ = conn.(*net.TCPConn).SetReadBuffer(4096)
		_, _ = conn.Write([]byte(strings.Repeat(request, times)))
		<-s.stop
	})
}
