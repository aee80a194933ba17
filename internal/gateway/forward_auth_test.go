package gateway_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/testserver"
)

const nowhere = "http://127.0.0.1:1"

func TestForwardAuth_AllowsWithFiveIdentityHeaders(t *testing.T) {
	i := install(t, nowhere)
	p := i.program(t, nil, "orders:read", "stats", "claviger:credentials:read")
	for name, authorization := range map[string]string{
		"Bearer": p.bearer(), "bearer in another case": "bEARER  " + p.token, "Basic": basicValue(p.id, p.secret),
	} {
		w := i.ask(t, call{authorization: []string{authorization}})
		if w.Code != 200 || w.Body.Len() != 0 {
			t.Fatalf("%s: %d %s", name, w.Code, w.Body)
		}
		want := http.Header{
			"Claviger-Client-Id": {p.id}, "Claviger-Account-Id": {i.admin.AccountID}, "Claviger-User-Id": {i.admin.UserID},
			"Claviger-Scope": {"orders:read stats"}, "Claviger-Request-Id": {w.Header().Get("Claviger-Request-Id")},
		}
		if diff := cmp.Diff(want, w.Header()); diff != "" || want.Get("Claviger-Request-Id") == "" {
			t.Errorf("%s: headers %s", name, diff)
		}
	}
}

func TestForwardAuth_SendsEmptyIdentityHeadersToo(t *testing.T) {
	i := install(t, nowhere)
	open := apicred.AccountLevelOpen
	_, err := i.Lifecycle.EditAccount(t.Context(), testserver.Operator(), i.admin.AccountID, lifecycle.AccountChange{AccountLevelCredentials: &open})
	must(t, err)
	p := i.program(t, func(in *lifecycle.NewCredential) { in.Level = apicred.LevelAccount }, "stats")
	w := i.ask(t, call{host: "stats.example.com", uri: "/x", authorization: []string{p.bearer()}})
	if user, sent := w.Header()["Claviger-User-Id"]; w.Code != 200 || !sent || user[0] != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestForwardAuth_DeniesWithCodeAndChallenge(t *testing.T) {
	i := install(t, nowhere)
	p := i.program(t, nil, "orders:read", "stats")
	narrow, dark := i.token(t, p, "stats"), i.tokenFor(t, p, "stats", "urn:dark")
	orders := i.token(t, p, "orders:read")
	management := i.program(t, nil, "claviger:credentials:read")
	elsewhere := i.program(t, func(in *lifecycle.NewCredential) {
		in.AllowedCIDRs = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	}, "orders:read")
	person, err := i.Tokens.IssuePerson(t.Context(), accesstoken.PersonGrant{
		UserID: i.admin.UserID, AccountID: i.admin.AccountID, ClientID: accesstoken.ClientCLI, TTL: time.Hour, Generation: 1,
	})
	must(t, err)
	auth := func(values ...string) []string { return values }
	const presented, scopes = `Bearer error="invalid_token"`, `Bearer error="insufficient_scope", scope="`
	tests := []struct {
		name      string
		call      call
		status    int
		code      string
		challenge string
		scopes    []string
	}{
		{"nothing", call{}, 401, "unauthenticated", "Bearer", nil},
		{"empty header", call{authorization: auth("")}, 401, "unauthenticated", "Bearer", nil},
		{"token in a cookie", call{change: func(r *http.Request) { r.Header.Set("Cookie", "access_token="+p.token) }}, 401, "unauthenticated", "Bearer", nil},
		{"bad token", call{authorization: auth("Bearer x.y.z")}, 401, "invalid_token", presented, nil},
		{"empty token", call{authorization: auth("Bearer ")}, 401, "invalid_token", presented, nil},
		{"truncated token", call{authorization: auth(strings.TrimSuffix(p.bearer(), p.token[len(p.token)-1:]))}, 401, "invalid_token", presented, nil},
		{"token for another API", call{host: "stats.example.com", uri: "/x", authorization: auth("Bearer " + dark)}, 401, "invalid_token", presented, nil},
		{"token without the scope and so without the audience", call{authorization: auth("Bearer " + narrow)}, 403, "insufficient_scope", scopes + `orders:read"`, []string{"orders:read", "orders:write"}},
		{"management token", call{authorization: auth(management.bearer())}, 401, "invalid_token", presented, nil},
		{"people-token", call{authorization: auth("Bearer " + person.Raw)}, 401, "invalid_token", presented, nil},
		{"other scheme", call{authorization: auth("Digest x")}, 401, "invalid_token", presented, nil},
		{"wrong secret", call{authorization: auth(basicValue(p.id, "wrong"))}, 401, "invalid_token", presented, nil},
		{"Basic where the API does not take it", call{host: "stats.example.com", authorization: auth(basicValue(p.id, p.secret))}, 401, "invalid_token", presented, nil},
		{"Basic from an address not allowed", call{authorization: auth(basicValue(elsewhere.id, elsewhere.secret))}, 401, "invalid_token", presented, nil},
		{"two headers", call{authorization: auth(p.bearer(), p.bearer())}, 401, "invalid_token", presented, nil},
		{"Bearer and Basic", call{authorization: auth(p.bearer(), basicValue(p.id, p.secret))}, 401, "invalid_token", presented, nil},
		{"token in the query beside", call{uri: "/orders/7?a=b&access_token=x", authorization: auth(p.bearer())}, 401, "invalid_token", presented, nil},
		{"token in the query, encoded name", call{uri: "/orders/7?%61ccess_token=x", authorization: auth(p.bearer())}, 401, "invalid_token", presented, nil},
		{"token in the query behind a semicolon", call{uri: "/orders/7?a=b;ACCESS_TOKEN", authorization: auth(p.bearer())}, 401, "invalid_token", presented, nil},
		{"token from an address not allowed", call{authorization: auth(elsewhere.bearer())}, 403, "address_not_allowed", "", nil},
		{"lacks the scope", call{method: "DELETE", authorization: auth(p.bearer())}, 403, "insufficient_scope", scopes + `orders:write"`, []string{"orders:write"}},
		{"lacks the scope, Basic", call{method: "POST", authorization: auth(basicValue(p.id, p.secret))}, 403, "insufficient_scope", scopes + `orders:write"`, []string{"orders:write"}},
		{"lacks the second any-of", call{options: "?scope=orders:write+other", authorization: auth(p.bearer())}, 403, "insufficient_scope", scopes + `orders:write"`, []string{"orders:write", "other"}},
		{"second any-of does not replace the first", call{method: "DELETE", options: "?scope=orders:read", authorization: auth(p.bearer())}, 403, "insufficient_scope", scopes + `orders:write"`, []string{"orders:write"}},
		{"no route", call{uri: "/nowhere", authorization: auth(p.bearer())}, 403, "no_route", "", nil},
		{"no route for the method", call{method: "PATCH", authorization: auth(p.bearer())}, 403, "no_route", "", nil},
		{"OPTIONS needs its own route", call{method: "OPTIONS", uri: "/orders/files/x", authorization: auth(p.bearer())}, 403, "no_route", "", nil},
		{"TRACE", call{method: "TRACE", uri: "/orders/files/x", authorization: auth(p.bearer())}, 403, "no_route", "", nil},
		{"method in lower case", call{method: "get", uri: "/orders/files/x", authorization: auth(p.bearer())}, 403, "no_route", "", nil},
		{"path in another case", call{uri: "/Orders/7", authorization: auth(p.bearer())}, 403, "no_route", "", nil},
		{"trailing slash", call{uri: "/orders/7/", authorization: auth(p.bearer())}, 403, "no_route", "", nil},
		{"unknown API", call{options: "?api=nothing", authorization: auth(p.bearer())}, 403, "no_route", "", nil},
		{"another API's route", call{options: "?api=stats", uri: "/orders/7", authorization: auth(p.bearer()), host: "x"}, 200, "", "", nil},
		{"token in forward-auth's own query", call{options: "?access_token=x", authorization: auth(p.bearer())}, 401, "invalid_token", presented, nil},
		{"dot behind the host", call{host: "Stats.Example.com.", uri: "/orders/files/x", authorization: auth("Bearer " + orders)}, 403, "insufficient_scope", scopes + `stats"`, []string{"stats"}},
		{"dot and port behind the host", call{host: "stats.example.com.:443", uri: "/orders/files/x", authorization: auth("Bearer " + orders)}, 403, "insufficient_scope", scopes + `stats"`, []string{"stats"}},
		{"dead host", call{host: "stats.example.com.evil.example", uri: "/x", authorization: auth(p.bearer())}, 403, "no_route", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := i.ask(t, tt.call)
			if w.Code != tt.status {
				t.Fatalf("%d %s, want %d", w.Code, w.Body, tt.status)
			}
			if tt.status == 200 {
				return
			}
			got := problem(t, w)
			if got.Code != tt.code || got.Status != tt.status || !cmp.Equal(got.Scopes, tt.scopes) || got.RequestID != w.Header().Get("Claviger-Request-Id") || len(got.Detail) < 40 {
				t.Errorf("%s, want %s %v", w.Body, tt.code, tt.scopes)
			}
			if challenge := w.Header().Get("WWW-Authenticate"); challenge != tt.challenge {
				t.Errorf("WWW-Authenticate: %q, want %q", challenge, tt.challenge)
			}
			if w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Claviger-Client-Id") != "" {
				t.Errorf("headers %v", w.Header())
			}
			if tt.status == 403 && slices.Contains([]string{"no_route", "address_not_allowed"}, tt.code) && w.Header().Get("Retry-After") != "" {
				t.Error("Retry-After where waiting does not help")
			}
		})
	}
	if !strings.Contains(i.Log.String(), `"judged":"/orders/{id}","actor":"`+p.id+`","code":"insufficient_scope"`) {
		t.Error("the log does not say who was refused where")
	}
	for _, secret := range []string{p.secret, p.token, elsewhere.secret} {
		if strings.Contains(i.Log.String(), secret) {
			t.Error("the log holds a credential")
		}
	}
}

func TestForwardAuth_RefusesOddSpellingsOfAPath(t *testing.T) {
	i := install(t, nowhere)
	p := i.program(t, nil, "orders:read")
	for _, path := range []string{
		"/orders/files/a%2Fb", "/orders/files/a%2fb", "/orders/files/a%5Cb", `/orders/files/a\b`, "/orders/files/%2e%2e/x", "/orders/files/%2E",
		"/orders/files/a%00", "/orders//files/a", "//orders/files/a", "/orders/files/./a", "/orders/files/../7", "/orders/files/..", "/orders/files/a;b",
		"/orders/files/a;b=c", "/orders/files/%zz", "/orders/files/%", "orders/files/a", "", "*", "https://api.example.com/orders/files/a", "/orders/files/a#b",
		"/orders/files/a, /admin", "/orders/files/a?b, /admin", "/orders/files/%c0%ae%c0%ae/x", "/orders/files/a%ff",
	} {
		w := i.ask(t, call{authorization: []string{p.bearer()}, change: func(r *http.Request) { r.Header.Set("X-Forwarded-Uri", path) }})
		if w.Code != 403 || problem(t, w).Code != "bad_path" {
			t.Errorf("%q: %d %s", path, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/orders/files/a%20b", "/orders/files/%41", "/orders/files/a?x=..//", "/orders/files/", "/orders/files/a.b..c"} {
		if w := i.ask(t, call{authorization: []string{p.bearer()}, uri: path}); w.Code != 200 {
			t.Errorf("%q: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestForwardAuth_BelievesTrustedPeersAndOneHeaderFamilyAlone(t *testing.T) {
	i := install(t, nowhere)
	p := i.program(t, nil, "orders:read")
	set := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
	}
	original := func(changes ...func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) {
			for _, name := range []string{"X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Proto"} {
				r.Header.Set(name, "ignored, surely")
			}
			r.Header.Set("X-Original-Method", "GET")
			r.Header.Set("X-Original-Uri", "/orders/7?x=y")
			r.Header.Set("X-Original-Host", "api.example.com")
			for _, change := range changes {
				change(r)
			}
		}
	}
	const first, second = "", "?headers=original"
	tests := []struct {
		name, options string
		change        func(*http.Request)
		code          string // empty: allowed
	}{
		{"as it should be", first, nil, ""},
		{"the other family is ignored", first, set("X-Original-Uri", "/nowhere", "/twice"), ""},
		{"stranger", first, func(r *http.Request) { r.RemoteAddr = "203.0.113.7:1" }, "untrusted_peer"},
		{"stranger who forwards himself", first, func(r *http.Request) {
			r.RemoteAddr = "203.0.113.7:1"
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
		}, "untrusted_peer"},
		{"no method", first, set("X-Forwarded-Method"), "untrusted_peer"},
		{"two methods", first, set("X-Forwarded-Method", "GET", "DELETE"), "untrusted_peer"},
		{"no host", first, set("X-Forwarded-Host"), "untrusted_peer"},
		{"two hosts", first, set("X-Forwarded-Host", "a", "b"), "untrusted_peer"},
		{"list of hosts", first, set("X-Forwarded-Host", "a, b"), "untrusted_peer"},
		{"empty host", first, set("X-Forwarded-Host", ""), "untrusted_peer"},
		{"no protocol", first, set("X-Forwarded-Proto"), "untrusted_peer"},
		{"odd protocol", first, set("X-Forwarded-Proto", "https,http"), "untrusted_peer"},
		{"no URI", first, set("X-Forwarded-Uri"), "bad_path"},
		{"two URIs", first, set("X-Forwarded-Uri", "/orders/7", "/orders/8"), "bad_path"},
		{"original family", second, original(), ""},
		{"original URL", second, original(set("X-Original-Uri"), set("X-Original-Url", "/orders/7")), ""},
		{"absolute original URL", second, original(set("X-Original-Uri"), set("X-Original-Url", "https://API.example.com/orders/7?x")), ""},
		{"absolute URL of another host", second, original(set("X-Original-Uri"), set("X-Original-Url", "https://evil.example/orders/7")), "bad_path"},
		{"absolute URL with user", second, original(set("X-Original-Uri"), set("X-Original-Url", "https://x@api.example.com/orders/7")), "bad_path"},
		{"original URI and URL", second, original(set("X-Original-Url", "/orders/7")), "bad_path"},
		{"no original method", second, original(set("X-Original-Method")), "untrusted_peer"},
		{"no original host", second, original(set("X-Original-Host")), "untrusted_peer"},
		{"no original URI", second, original(set("X-Original-Uri")), "bad_path"},
		{"unknown option", "?scopes=orders:write", nil, "untrusted_peer"},
		{"unknown family", "?headers=other", nil, "untrusted_peer"},
		{"option twice", "?scope=orders:read&scope=orders:write", nil, "untrusted_peer"},
		{"empty scope option", "?scope=", nil, "untrusted_peer"},
		{"scope that cannot be one", "?scope=%22", nil, "untrusted_peer"},
		{"badly encoded option", "?api=%zz", nil, "untrusted_peer"},
		{"second any-of", "?scope=other+orders:read", nil, ""},
		{"API by name", "?api=orders", set("X-Forwarded-Host", "whatever.example"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := i.ask(t, call{authorization: []string{p.bearer()}, options: tt.options, change: tt.change})
			if tt.code == "" {
				if w.Code != 200 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
				return
			}
			if w.Code != 403 || problem(t, w).Code != tt.code {
				t.Errorf("%d %s, want 403 %s", w.Code, w.Body, tt.code)
			}
		})
	}
}

func TestForwardAuth_TakesAnyMethodItself(t *testing.T) {
	i := install(t, nowhere)
	p := i.program(t, nil, "orders:read")
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "TRACE"} {
		w := i.ask(t, call{authorization: []string{p.bearer()}, change: func(r *http.Request) { r.Method = method }})
		if w.Code != 200 {
			t.Errorf("%s: %d %s", method, w.Code, w.Body)
		}
	}
}

func TestForwardAuth_AnswersTooFastAndAwayInStatusesThatProxiesKnow(t *testing.T) {
	i := install(t, nowhere)
	slow := i.program(t, func(in *lifecycle.NewCredential) { in.RequestsPerSecond = 1 }, "orders:read")
	p := i.program(t, nil, "orders:read")
	status := func(options, authorization string) *httptest.ResponseRecorder {
		return i.ask(t, call{method: "GET", options: options, authorization: []string{authorization}})
	}
	// The burst is twice the rate; one was spent on the token.
	if w := status("", slow.bearer()); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	i.Away.Store(true)
	tests := []struct {
		name, options, authorization string
		status                       int
		code                         string
	}{
		{"too fast", "", slow.bearer(), 403, "rate_limited"},
		{"too fast, full", "?status=full", slow.bearer(), 429, "rate_limited"},
		{"too fast, Basic", "?status=full", basicValue(slow.id, slow.secret), 429, "rate_limited"},
		{"away, wrong secret", "", basicValue(p.id, "wrong"), 403, "unavailable"},
		{"away, wrong secret, full", "?status=full", basicValue(p.id, "wrong"), 503, "unavailable"},
		{"away, missing scope", "?scope=stats", p.bearer(), 403, "unavailable"},
		{"away, known", "", p.bearer(), 200, ""},
	}
	for _, tt := range tests {
		w := status(tt.options, tt.authorization)
		for range 20 { // a slow machine earns another call meanwhile
			if tt.code == "rate_limited" && w.Code == 200 {
				w = status(tt.options, tt.authorization)
			}
		}
		if w.Code != tt.status {
			t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
			continue
		}
		if tt.code != "" && (problem(t, w).Code != tt.code || w.Header().Get("Retry-After") == "") {
			t.Errorf("%s: %v %s", tt.name, w.Header(), w.Body)
		}
	}
	if w := i.ask(t, call{uri: "/nowhere", authorization: []string{p.bearer()}}); w.Code != 403 || problem(t, w).Code != "unavailable" {
		t.Errorf("a route that another node may just have added: %d %s", w.Code, w.Body)
	}
}

func TestForwardAuth_FollowsWhatTheCredentialMayDoNow(t *testing.T) {
	i := install(t, nowhere)
	p := i.program(t, nil, "orders:read", "orders:write")
	basic := []string{basicValue(p.id, p.secret)}
	bearer := []string{p.bearer()}
	_, err := i.Lifecycle.CreateUser(t.Context(), testserver.Operator(), i.admin.AccountID, lifecycle.NewUser{Email: "grace@example.com", Role: apicred.RoleAdmin})
	must(t, err) // the last admin stays one
	supervisor := apicred.RoleSupervisor
	_, err = i.Lifecycle.EditUser(t.Context(), testserver.Operator(), i.admin.AccountID, i.admin.UserID, lifecycle.UserChange{Role: &supervisor})
	must(t, err)
	for name, authorization := range map[string][]string{"token": bearer, "Basic": basic} {
		if w := i.ask(t, call{method: "DELETE", authorization: authorization}); w.Code != 403 || problem(t, w).Code != "insufficient_scope" {
			t.Errorf("demoted owner, %s: %d %s", name, w.Code, w.Body)
		}
		if w := i.ask(t, call{authorization: authorization}); w.Code != 200 || w.Header().Get("Claviger-Scope") != "orders:read" {
			t.Errorf("demoted owner, %s, what is left: %d %v", name, w.Code, w.Header())
		}
	}
	i.admin.Role = apicred.RoleSupervisor
	must(t, i.Lifecycle.DeleteCredential(t.Context(), i.admin, p.id))
	for name, authorization := range map[string][]string{"token": bearer, "Basic": basic} {
		if w := i.ask(t, call{authorization: authorization}); w.Code != 401 || problem(t, w).Code != "invalid_token" {
			t.Errorf("deleted, %s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestEnvoy_JudgesTheCheckRequestItself(t *testing.T) {
	i := install(t, nowhere)
	p := i.program(t, nil, "orders:read", "stats")
	check := func(method, host, uri string, change ...func(*http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "/forward-auth/envoy"+uri, nil)
		r.RemoteAddr, r.Host = "127.0.0.1:1", host
		r.Header.Set("Authorization", p.bearer())
		for _, f := range change {
			f(r)
		}
		w := httptest.NewRecorder()
		i.public.ServeHTTP(w, r)
		return w
	}
	if w := check("GET", "api.example.com", "/orders/7?scope=other&api=stats"); w.Code != 200 || w.Header().Get("Claviger-Client-Id") != p.id {
		t.Errorf("a program's query was taken for options: %d %s", w.Code, w.Body)
	}
	if w := check("GET", "stats.example.com", "/x"); w.Code != 200 {
		t.Errorf("by host: %d %s", w.Code, w.Body)
	}
	for _, tt := range []struct{ method, uri, code string }{
		{"DELETE", "/orders/7", "insufficient_scope"}, {"GET", "/nowhere", "no_route"}, {"GET", "/orders//7", "bad_path"},
		{"GET", "/orders/files/%2e%2e/7", "bad_path"}, {"GET", "/orders/files/../7", "bad_path"},
	} {
		if w := check(tt.method, "api.example.com", tt.uri); w.Code != 403 || problem(t, w).Code != tt.code {
			t.Errorf("%s %s: %d %s", tt.method, tt.uri, w.Code, w.Body)
		}
	}
	if w := check("GET", "api.example.com", "/orders/7", func(r *http.Request) { r.RemoteAddr = "203.0.113.7:1" }); w.Code != 403 || problem(t, w).Code != "untrusted_peer" {
		t.Errorf("stranger: %d %s", w.Code, w.Body)
	}
}

func TestForwardAuth_CountsUse(t *testing.T) {
	i := install(t, nowhere)
	p := i.program(t, nil, "orders:read")
	i.ask(t, call{authorization: []string{p.bearer()}})
	i.ask(t, call{method: "DELETE", authorization: []string{p.bearer()}})
	must(t, i.Directory.Flush(t.Context()))
	view, err := i.Lifecycle.Credential(t.Context(), i.admin, p.id)
	must(t, err)
	if view.LastUsedAt.IsZero() || view.LastUsedAddress != "198.51.100.9" {
		t.Errorf("last used %v from %q", view.LastUsedAt, view.LastUsedAddress)
	}
	page, err := i.Lifecycle.ListCredentials(t.Context(), i.admin, lifecycle.ListRequest{PageSize: 10})
	must(t, err)
	if calls := page.Credentials[0].DailyCalls; calls[len(calls)-1] < 2 {
		t.Errorf("daily calls %v", calls)
	}
}

func TestForwardAuth_KeepsItsHeadersUnderThreeKiB(t *testing.T) {
	i := install(t, nowhere)
	var file strings.Builder
	file.WriteString(`{apis: [{id: big, audience: "urn:big", routes: [{path: /big, scopes: [s0]}]}], scopes: [`)
	var scopes []string
	for n := range 31 {
		value := "s" + strings.Repeat("x", 62-len(string(rune('a'+n%26)))) + string(rune('a'+n%26))
		if n == 0 {
			value = "s0"
		} else if n > 26 {
			value = strings.ToUpper(value)
		}
		scopes = append(scopes, value)
		file.WriteString("{value: " + value + ", description: Big, api: big},")
	}
	file.WriteString("]}")
	i.Apply(t, []byte(file.String()))
	p := i.program(t, nil, scopes...)
	w := i.ask(t, call{uri: "/big", authorization: []string{p.bearer()}})
	size := 0
	for name, values := range maps.All(w.Header()) {
		size += len(name) + len(values[0]) + 4
	}
	if w.Code != 200 || size > 3<<10 || size < 1900 {
		t.Errorf("%d, %d bytes of header", w.Code, size)
	}
}
