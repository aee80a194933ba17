package enforce_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/enforce"
)

// RFC 6750 section 3.
func TestRequire_RefusesWithTheChallengeThatHelps(t *testing.T) {
	i := install(t)
	v := i.verifier(nil)
	id, secret := i.credential("orders:read", "stats")
	good := i.token(id, "orders:read")
	tests := []struct {
		name      string
		change    func(*http.Request)
		status    int
		code      string
		challenge string
	}{
		{"nothing", nil, 401, enforce.CodeUnauthenticated, "Bearer"},
		{"a token in a cookie", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "access_token", Value: good}) }, 401, enforce.CodeUnauthenticated, "Bearer"},
		{"another scheme", func(r *http.Request) { r.Header.Set("Authorization", "Digest x") }, 401, enforce.CodeUnauthenticated, "Bearer"},
		{"client ID and secret where that is off", func(r *http.Request) { r.SetBasicAuth(id, secret) }, 401, enforce.CodeUnauthenticated, "Bearer"},
		{"a bad token", bearer("x.y.z"), 401, enforce.CodeInvalidToken, `Bearer error="invalid_token"`},
		{"two headers", func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer " + good, "Bearer " + good} }, 401, enforce.CodeInvalidToken, `Bearer error="invalid_token"`},
		{"a token in the query too", func(r *http.Request) { bearer(good)(r); r.URL.RawQuery = "a=b&access%5Ftoken=x" }, 401, enforce.CodeInvalidToken, `Bearer error="invalid_token"`},
		{"without the scope", bearer(good), 403, enforce.CodeInsufficientScope, `Bearer error="insufficient_scope", scope="orders:write"`},
	}
	for _, tt := range tests {
		w := call(v, tt.change, "orders:write")
		var p struct {
			Status int      `json:"status"`
			Code   string   `json:"code"`
			Detail string   `json:"detail"`
			Scopes []string `json:"scopes"`
		}
		must(t, json.Unmarshal(w.Body.Bytes(), &p))
		if w.Code != tt.status || p.Status != tt.status || p.Code != tt.code || p.Detail == "" || w.Header().Get("WWW-Authenticate") != tt.challenge ||
			w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v %s", tt.name, w.Code, w.Header(), w.Body)
		}
		if tt.code == enforce.CodeInsufficientScope && !cmp.Equal(p.Scopes, []string{"orders:write"}) {
			t.Errorf("%s names %v", tt.name, p.Scopes)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"a token":                 bearer(good),
		"the scheme in any case":  func(r *http.Request) { r.Header.Set("Authorization", "bEARER  "+good) },
		"a harmless query beside": func(r *http.Request) { bearer(good)(r); r.URL.RawQuery = "token=%20&x" },
	} {
		if w := call(v, change, "orders:write", "orders:read"); w.Code != 200 || w.Body.String() != id {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestRequire_PanicsWhereItWouldProtectNothing(t *testing.T) {
	v := install(t).verifier(nil)
	for _, scopes := range [][]string{nil, {""}, {"a b"}, {`a"`}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q were taken", scopes)
				}
			}()
			v.Require(scopes...)
		}()
	}
}

func TestRequire_TellsTheObserver(t *testing.T) {
	i := install(t)
	var seen []enforce.Verdict
	v := i.verifier(func(c *enforce.Config) {
		c.Observe = func(_ context.Context, v enforce.Verdict) { seen = append(seen, v) }
	})
	id, _ := i.credential("orders:read")
	call(v, nil, "orders:read")
	call(v, bearer(i.token(id)), "orders:write")
	call(v, bearer(i.token(id)), "orders:read")
	for n, want := range []enforce.Verdict{{Code: enforce.CodeUnauthenticated}, {Code: enforce.CodeInsufficientScope, ClientID: id}, {ClientID: id}} {
		if len(seen) != 3 || seen[n].Code != want.Code || seen[n].ClientID != want.ClientID || seen[n].Duration < 0 {
			t.Fatalf("verdicts %+v", seen)
		}
	}
}

func TestRequire_TakesClientIDAndSecretWhereThatIsOn(t *testing.T) {
	i := install(t)
	v := i.following(func(c *enforce.Config) { c.DirectCredentials = true })
	id, secret := i.credential("orders:read", "stats")
	direct := func(id, secret string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(id, secret) }
	}
	for range 20 {
		if w := call(v, direct(id, secret), "orders:read"); w.Code != 200 || w.Body.String() != id {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if n := i.asked["/oauth2/token"].Load(); n != 1 {
		t.Errorf("20 calls made %d exchanges", n)
	}
	other, otherSecret := i.credential("stats")
	for name, tt := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"a wrong secret":         {direct(id, secret+"x"), 401},
		"nobody's ID":            {direct("x", secret), 401},
		"no colon":               {func(r *http.Request) { r.Header.Set("Authorization", "Basic YWJj") }, 401},
		"without the scope":      {direct(id, secret), 403},
		"nothing for this API":   {direct(other, otherSecret), 401},
		"two spellings of a ':'": {func(r *http.Request) { r.Header.Set("Authorization", "Basic Og==") }, 401},
	} {
		scope := "orders:read"
		if tt.status == 403 {
			scope = "orders:write"
		}
		if w := call(v, tt.change, scope); w.Code != tt.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	_, err := i.Lifecycle.DisableCredential(t.Context(), i.admin, id)
	must(t, err)
	i.soon("a disabled credential is refused", func() bool { return call(v, direct(id, secret), "orders:read").Code == 401 })
	i.down.Store(true)
	if w := call(v, direct(other, otherSecret), "orders:read"); w.Code != 503 {
		t.Errorf("without the server: %d %s", w.Code, w.Body)
	}
}

// FromContext of a handler that nobody protects.
func TestFromContext_WithoutRequireHasNobody(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody) //nolint:noctx // the request's own context will do
	if c, ok := enforce.FromContext(r.Context()); ok || c != nil {
		t.Errorf("%v", c)
	}
}
