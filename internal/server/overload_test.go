package server

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/gateway"
	"github.com/claviger/claviger/internal/oauth"
	"github.com/claviger/claviger/internal/signin"
	"github.com/claviger/claviger/internal/web"
)

// Whoever is turned away unread learns it in the words of the surface that was
// asked: a proxy that knows 401 and 403 alone is told no other status, and no
// answer says anything of a credential.
func TestOverload_IsToldInEachSurfacesWords(t *testing.T) {
	core := openTestCore(t)
	pages, err := signin.New(core.Login, core.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	decider := gateway.NewDecider(core.Directory, core.Verifier, core.Issuer)
	routes := oauth.Routes(oauth.Config{IssuerURL: core.Issuer, Clients: core.Directory, Issuer: core.Tokens, Keys: core.Ring.JWKSet, Verifier: core.Verifier})
	routes = append(routes, gateway.Routes(decider)...)
	proxy := gateway.NewProxy(decider, core.Log, "")
	t.Cleanup(proxy.Close)
	behind := proxy.Routes()[0]
	behind.Path = "/behind/"
	routes = append(routes, behind, web.Route{Path: "/api/v1/me"})
	router := web.NewRouter()
	for _, route := range routes {
		if route.Handler = route.Overloaded; route.Handler == nil {
			route.Handler = func(_ http.ResponseWriter, _ *http.Request, x *web.Exchange) { x.WriteError(web.Overloaded()) }
		}
		route.Methods = nil
		router.Add(route)
	}
	router.Mount("/sign-in", 0, http.HandlerFunc(pages.Overloaded))
	shell := web.NewShell(web.Config{
		Logger: slog.New(slog.DiscardHandler), Metrics: web.NewMetrics(), SealRefusal: core.Lifecycle.SealRefusal,
		Proxies: web.NewProxies([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}),
	}, router)
	for _, tt := range []struct {
		method, target string
		status         int
		code           string // of the member error or code; empty: a page
	}{
		{"POST", "/oauth2/token", 503, "temporarily_unavailable"},
		{"POST", "/Auth/connect/token", 503, "temporarily_unavailable"},
		{"POST", "/oauth2/introspect", 503, "temporarily_unavailable"},
		{"POST", "/oauth2/revoke", 503, "temporarily_unavailable"},
		{"GET", "/revocations", 503, "temporarily_unavailable"},
		{"GET", "/.well-known/jwks.json", 503, "temporarily_unavailable"},
		{"GET", "/forward-auth", 403, "unavailable"},
		{"GET", "/forward-auth?status=full", 503, "unavailable"},
		{"GET", "/forward-auth/envoy/x?status=full", 403, "unavailable"},
		{"GET", "/behind/x", 503, "unavailable"},
		{"GET", "/api/v1/me", 503, "unavailable"},
		{"GET", "/sign-in", 503, ""},
	} {
		r, w := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, http.NoBody), httptest.NewRecorder()
		r.Header.Set("Accept", "text/html")
		shell.ServeHTTP(w, r)
		body, _ := io.ReadAll(w.Body)
		if w.Code != tt.status || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
			t.Errorf("%s %s: %d, headers %v", tt.method, tt.target, w.Code, w.Header())
		}
		if tt.code == "" {
			if !strings.Contains(string(body), "more than it can do") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				t.Errorf("%s: no page: %s", tt.target, body)
			}
			continue
		}
		var said struct{ Error, Code string }
		if err := json.Unmarshal(body, &said); err != nil || said.Error+said.Code != tt.code {
			t.Errorf("%s %s: %s (%v)", tt.method, tt.target, body, err)
		}
	}
}

// A probe that is turned away makes others end a server that only has much to do.
func TestOverload_SparesTheProbes(t *testing.T) {
	for _, route := range new(health).routes() {
		if !route.Always || route.Crowd != nil {
			t.Errorf("%s may be turned away", route.Path)
		}
	}
}
