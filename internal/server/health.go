package server

import (
	"net/http"
	"sync/atomic"

	"github.com/claviger/claviger/internal/web"
)

// health answers the probes: healthz tells that the process serves, readyz that
// it should be sent calls. Neither tells a stranger more than its status.
type health struct {
	draining atomic.Bool
	// closing is closed when draining begins.
	closing chan struct{}
	serves  func() bool
}

// ready tells whether the server should be sent calls.
func (h *health) ready() bool { return !h.draining.Load() && h.serves() }

// drain turns readiness off and ends the answers that wait for something.
func (h *health) drain() {
	if !h.draining.Swap(true) {
		close(h.closing)
	}
}

func (h *health) routes() []web.Route {
	get := []string{http.MethodGet}
	return []web.Route{
		{Path: "/healthz", Methods: get, Always: true, Handler: func(w http.ResponseWriter, _ *http.Request, _ *web.Exchange) { probe(w, true) }},
		{Path: "/readyz", Methods: get, Always: true, Handler: func(w http.ResponseWriter, _ *http.Request, _ *web.Exchange) {
			probe(w, h.ready())
		}},
	}
}

func probe(w http.ResponseWriter, well bool) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	web.SetNoStore(w.Header())
	status, word := http.StatusOK, "ok\n"
	if !well {
		status, word = http.StatusServiceUnavailable, "unavailable\n"
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(word)) // a prober that went away is no fault of ours
}
