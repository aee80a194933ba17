package gateway_test

import (
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProxy_DescribesTheAPIsWhoseAudienceIsTheirURL(t *testing.T) {
	api := newUpstream(t, hello)
	i := install(t, api.URL)
	look := func(method, host, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		i.gateway.ServeHTTP(w, r)
		return w
	}
	const known = "/.well-known/oauth-protected-resource"
	w := look("GET", "stats.example.com", known)
	const want = `{"resource":"https://stats.example.com","authorization_servers":["https://login.example.com"],` +
		`"scopes_supported":["stats"],"bearer_methods_supported":["header"],` +
		`"dpop_signing_alg_values_supported":["ES256","ES384","ES512","PS256","RS256","EdDSA"],"resource_name":"stats"}`
	if diff := cmp.Diff(want, w.Body.String()); w.Code != 200 || diff != "" {
		t.Errorf("%d\n%s", w.Code, diff)
	}
	if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Error(w.Header())
	}
	// Everything else is a call, and judged.
	for _, c := range []struct{ method, host, path string }{
		{"GET", "api.example.com", known + "/orders"}, {"GET", "elsewhere.example.com", known},
		{"GET", "stats.example.com", known + "/"}, {"GET", "stats.example.com", known + "/x"}, {"POST", "stats.example.com", known},
		{"GET", "stats.example.com", known + "/../x"},
	} {
		if w := look(c.method, c.host, c.path); w.Code != 401 && w.Code != 403 {
			t.Errorf("%s %s on %s: %d %s", c.method, c.path, c.host, w.Code, w.Body)
		}
	}
	if len(api.calls) != 0 {
		t.Error("a look-up reached the API")
	}
}
