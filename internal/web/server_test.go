package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
