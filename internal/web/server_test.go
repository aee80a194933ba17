package web

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// deadlineRecorder is a connection's ResponseWriter that remembers the read
// deadlines set on it.
type deadlineRecorder struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

func (d *deadlineRecorder) SetReadDeadline(at time.Time) error {
	d.deadlines = append(d.deadlines, at)
	return nil
}

func TestStreamingServer_BoundsEachReadAndLeavesNoDeadlineBehind(t *testing.T) {
	server := NewStreamingServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}), slog.New(slog.DiscardHandler))
	w := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder()}
	server.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader("body")))
	if len(w.deadlines) < 2 {
		t.Fatalf("deadlines %v", w.deadlines)
	}
	if ahead := time.Until(w.deadlines[0]); ahead <= 0 || ahead > streamTimeout {
		t.Errorf("the first read may take %v", ahead)
	}
	if last := w.deadlines[len(w.deadlines)-1]; !last.IsZero() {
		t.Errorf("the answer is cut off at %v", last)
	}
	if server.ReadTimeout != 0 || server.WriteTimeout != 0 || server.ReadHeaderTimeout == 0 || server.IdleTimeout == 0 {
		t.Error("a stream is bounded as a whole, or a header is not")
	}
}

func TestServer_BoundsEverythingElse(t *testing.T) {
	s := NewServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 || !s.DisableGeneralOptionsHandler {
		t.Errorf("%+v", s)
	}
}

// pipeListener gives a server one connection, on the test's clock.
type pipeListener struct{ conns chan net.Conn }

func (l pipeListener) Accept() (net.Conn, error) {
	if conn, ok := <-l.conns; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (l pipeListener) Close() error   { close(l.conns); return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// overAPipe serves h to one client, which the test is.
func overAPipe(t *testing.T, h http.HandlerFunc) (client net.Conn, stop func()) {
	t.Helper()
	near, far := net.Pipe()
	l := pipeListener{make(chan net.Conn, 1)}
	l.conns <- far
	server := NewStreamingServer(h, slog.New(slog.DiscardHandler))
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(l) }()
	return near, func() {
		_ = near.Close()
		_ = server.Close()
		<-ended
	}
}

func TestStreamingServer_CutsOffWhoeverDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := make(chan time.Duration, 1)
		client, stop := overAPipe(t, func(w http.ResponseWriter, _ *http.Request) {
			began := time.Now()
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					cut <- time.Since(began)
					return
				}
			}
		})
		defer stop()
		_, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		if after := <-cut; after != streamTimeout {
			t.Errorf("cut off after %v, want %v", after, streamTimeout)
		}
	})
}

// Events may be hours apart.
func TestStreamingServer_LetsAnAnswerPauseForAsLongAsItLikes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, stop := overAPipe(t, func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				time.Sleep(time.Hour) // the bubble's clock
				_, _ = io.WriteString(w, "event\n")
				_ = http.NewResponseController(w).Flush()
			}
		})
		defer stop()
		_, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil || strings.Count(string(body), "event") != 3 {
			t.Errorf("%q %v", body, err)
		}
	})
}
