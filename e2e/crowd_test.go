package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crowd are many connections that send requests as they are due, whether or not
// the answers keep pace: one that is late sends at once. It speaks HTTP/1.1 by
// hand, as client and server share the machine.
type crowd struct {
	address string
	pick    func() []byte // the next request, whole
	stop    chan struct{}
	running sync.WaitGroup

	mu       sync.Mutex
	took     latencies
	statuses map[string]int // with what Retry-After has to do with it
	broken   []string       // connections that ended without an answer
	silent   atomic.Bool    // nothing is noted any more
}

func newCrowd(address string, pick func() []byte) *crowd {
	return &crowd{address: address, pick: pick, stop: make(chan struct{}), statuses: map[string]int{}}
}

// begin opens the connections. Each sends a request every so often; 0: as soon as
// the last is answered.
func (c *crowd) begin(connections int, every time.Duration) *crowd {
	for range connections {
		c.running.Go(func() { c.visit(every) })
	}
	return c
}

func (c *crowd) end() {
	c.silent.Store(true)
	close(c.stop)
	c.running.Wait()
}

func (c *crowd) stopped() bool {
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

// visit is one connection, opened anew when the server ends it with an answer.
func (c *crowd) visit(every time.Duration) {
	due := time.Now()
	if every > 0 {
		due = due.Add(rand.N(every)) //nolint:gosec // chance enough
	}
	for !c.stopped() {
		conn, err := net.DialTimeout("tcp", c.address, 30*time.Second) //nolint:noctx // has a timeout
		if err != nil {
			c.fault(err)
			return
		}
		leave := context.AfterFunc(c.context(), func() { _ = conn.Close() })
		due, err = c.talk(conn, due, every)
		leave()
		_ = conn.Close()
		if err != nil {
			c.fault(err)
			return
		}
	}
}

// context ends with the crowd.
func (c *crowd) context() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-c.stop
		cancel()
	}()
	return ctx
}

func (c *crowd) talk(conn net.Conn, due time.Time, every time.Duration) (time.Time, error) {
	answers := bufio.NewReaderSize(conn, 4096)
	for {
		if pause := time.Until(due); pause > 0 {
			select {
			case <-c.stop:
				return due, nil
			case <-time.After(pause):
			}
		}
		if c.stopped() {
			return due, nil
		}
		began := time.Now()
		due = due.Add(every)
		if late := began.Add(-time.Second); due.Before(late) {
			due = late // it will never catch up
		}
		if _, err := conn.Write(c.pick()); err != nil {
			return due, err
		}
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			return due, err
		}
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if err != nil {
			return due, err
		}
		c.note(res, time.Since(began))
		if res.Close {
			return due, nil
		}
	}
}

func (c *crowd) note(res *http.Response, took time.Duration) {
	if c.silent.Load() {
		return
	}
	status := fmt.Sprint(res.StatusCode)
	if (res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusTooManyRequests) && res.Header.Get("Retry-After") == "" {
		status += " without Retry-After"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statuses[status]++
	c.took = append(c.took, took)
}

func (c *crowd) fault(err error) {
	if c.silent.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = append(c.broken, err.Error())
}

// seen are answers so far, and how long they took; they are counted anew then.
func (c *crowd) seen() (latencies, map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	took, statuses := c.took, c.statuses
	c.took, c.statuses = nil, map[string]int{}
	return took, statuses
}

// demandGrace fails for answers that say neither yes, nor no, nor when to come
// back.
func demandGrace(t *testing.T, statuses map[string]int, broken []string) {
	t.Helper()
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		if strings.Contains(status, "without") || status[0] == '5' && status != "503" {
			t.Errorf("%d answers with %s", statuses[status], status)
		}
	}
	if len(broken) > 0 {
		t.Errorf("%d connections were not answered, the first: %s", len(broken), broken[0])
	}
}

// wire writes a request as it goes over the wire; header is pairs.
func (n *node) wire(method, path, body string, header ...string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s:8420\r\n", method, path, n.address)
	for i := 0; i < len(header); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", header[i], header[i+1])
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return []byte(b.String())
}
