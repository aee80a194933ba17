package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/claviger/claviger/internal/web"
)

// Secrets can be given as flags, so the command line is nobody's to read (S18).
func TestOps_ServesProfilesAndNoCommandLine(t *testing.T) {
	ops := opsHandler(web.NewMetrics().Registry)
	for path, want := range map[string]int{
		"/debug/pprof/": http.StatusOK, "/debug/pprof/goroutine": http.StatusOK, "/debug/pprof/symbol": http.StatusOK, "/debug/pprof/cmdline": http.StatusNotFound,
	} {
		w := httptest.NewRecorder()
		ops.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
