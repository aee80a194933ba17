package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/lifecycle"
)

const (
	tokenPath = "/oauth2/token"
	grant     = "grant_type=client_credentials"
)

// members decodes a JSON answer.
func members(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return m
}

// RFC 6749 sections 4.4.2, 4.4.3 and 5.1.
func TestToken_AnswersBasicAndBodyAlike(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read", "stats")
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	header := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", value) }
	}
	tests := []struct {
		name, body string
		change     func(*http.Request)
	}{
		{"Basic", grant, basic(id, secret)},
		{"Basic in another case", grant, header("bAsIC " + encoded(id+":"+secret))},
		{"Basic with form-encoded parts", grant, header("Basic " + encoded(strings.ReplaceAll(id, "-", "%2D")+":"+strings.ReplaceAll(secret, "_", "%5f")))},
		{"Basic beside the same client_id", grant + "&client_id=" + id, basic(id, secret)},
		{"body", grant + "&client_id=" + id + "&client_secret=" + secret, nil},
		{"body with encoded secret", grant + "&client_id=" + id + "&client_secret=" + strings.ReplaceAll(secret, "_", "%5F"), nil},
		{"media type with parameter", grant, func(r *http.Request) {
			r.Header.Set("Content-Type", "Application/X-WWW-Form-URLEncoded ; charset=UTF-8")
			r.SetBasicAuth(id, secret)
		}},
		{"unknown and empty parameters", "foo=bar&scope=&resource=&&" + grant + "&client_assertion=junk&=x", basic(id, secret)},
		{"empty parameter beside the same with a value", "scope=&" + grant + "&scope=orders:read+stats", basic(id, secret)},
		{"two hundred parameters", strings.Repeat("&", 300) + grant + manyParameters(199), basic(id, secret)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			change := tt.change
			if change == nil {
				change = func(*http.Request) {}
			}
			w := i.post(t, tokenPath, tt.body, change)
			m := members(t, w)
			if w.Code != 200 || m["token_type"] != "Bearer" || m["expires_in"] != 3600.0 || m["scope"] != "orders:read stats" {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if got := slices.Sorted(maps.Keys(m)); !slices.Equal(got, []string{"access_token", "expires_in", "scope", "token_type"}) {
				t.Errorf("members %v", got)
			}
			for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache", "Access-Control-Allow-Origin": ""} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			v, err := i.Verifier.Verify(t.Context(), m["access_token"].(string), "urn:stats", time.Time{})
			if err != nil || v.ClientID != id {
				t.Errorf("the token does not verify: %v", err)
			}
		})
	}
}

func manyParameters(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&p%d=1", i)
	}
	return b.String()
}

func TestToken_NarrowsToScopeAndResource(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read", "orders:write", "stats", "claviger:credentials:read")
	tests := []struct {
		form, scope string
		audience    any
	}{
		{"", "orders:read orders:write stats", []any{"urn:orders", "urn:stats"}},
		{"&scope=stats", "stats", "urn:stats"},
		{"&scope=++stats++stats+orders:write", "stats orders:write", []any{"urn:orders", "urn:stats"}},
		{"&scope=orders:write", "orders:write", "urn:orders"},
		{"&resource=urn:stats", "orders:read stats", "urn:stats"},
		{"&scope=orders:read&resource=urn:orders", "orders:read", "urn:orders"},
		{"&scope=claviger:credentials:read", "claviger:credentials:read", issuerURL + "/api/v1"},
	}
	for _, tt := range tests {
		m := members(t, i.post(t, tokenPath, grant+tt.form, basic(id, secret)))
		if m["scope"] != tt.scope {
			t.Errorf("%s: scope %v, want %s", tt.form, m["scope"], tt.scope)
			continue
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(m["access_token"].(string), ".")[1])
		must(t, err)
		var claims map[string]any
		must(t, json.Unmarshal(payload, &claims))
		if !cmp.Equal(claims["aud"], tt.audience) || claims["scope"] != tt.scope {
			t.Errorf("%s: claims %s", tt.form, payload)
		}
	}
}

func TestToken_RefusesBadRequests(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read", "stats", "claviger:credentials:read")
	auth := basic(id, secret)
	good := []func(*http.Request){auth}
	anonymous := []func(*http.Request){}
	mediaType := func(value string) []func(*http.Request) {
		return []func(*http.Request){auth, func(r *http.Request) { r.Header["Content-Type"] = strings.Split(value, "|") }}
	}
	method := func(m string) []func(*http.Request) {
		return []func(*http.Request){auth, func(r *http.Request) { r.Method = m }}
	}
	twoHeaders := func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }
	tests := []struct {
		name, body string
		change     []func(*http.Request)
		status     int
		code       string
		names      string // in the description
	}{
		{"GET", grant, method("GET"), 405, "invalid_request", "POST"},
		{"OPTIONS", grant, method("OPTIONS"), 405, "invalid_request", "POST"},
		{"TRACE", grant, method("TRACE"), 405, "invalid_request", "POST"},
		{"PUT", grant, method("PUT"), 405, "invalid_request", "POST"},
		{"JSON", `{"grant_type":"client_credentials"}`, mediaType("application/json"), 415, "invalid_request", "application/x-www-form-urlencoded"},
		{"multipart", grant, mediaType("multipart/form-data; boundary=x"), 415, "invalid_request", ""},
		{"longer media type", grant, mediaType("application/x-www-form-urlencodedx"), 415, "invalid_request", ""},
		{"no media type", grant, mediaType(""), 415, "invalid_request", ""},
		{"two media types", grant, mediaType("application/x-www-form-urlencoded|application/json"), 415, "invalid_request", ""},
		{"too large", grant + "&x=" + strings.Repeat("x", 16<<10), good, 413, "invalid_request", "16 KiB"},
		{"too many parameters", grant + manyParameters(200), good, 400, "invalid_request", "200"},
		{"repeated", grant + "&" + grant, good, 400, "invalid_request", "twice"},
		{"repeated, spelt otherwise", grant + "&grant%5Ftype=x", good, 400, "invalid_request", "twice"},
		{"repeated unknown", grant + "&x=1&x=2", good, 400, "invalid_request", "twice"},
		{"repeated resource", grant + "&resource=urn:stats&resource=urn:orders", good, 400, "invalid_request", "twice"},
		{"bad percent", grant + "&x=%zz", good, 400, "invalid_request", "percent"},
		{"cut percent", grant + "&x=%4", good, 400, "invalid_request", "percent"},
		{"Basic and body secret", grant + "&client_secret=" + secret, good, 400, "invalid_request", "two ways"},
		{"Basic and body", grant + "&client_id=" + id + "&client_secret=" + secret, good, 400, "invalid_request", "two ways"},
		{"two Authorization headers", grant, []func(*http.Request){auth, twoHeaders}, 400, "invalid_request", "two ways"},
		{"Basic beside another client_id", grant + "&client_id=" + strings.Repeat("0", 36), good, 400, "invalid_request", "client_id"},
		{"form before client", "x=%", anonymous, 400, "invalid_request", "percent"},
		{"client before grant", "grant_type=password", anonymous, 401, "invalid_client", "client"},
		{"credentials in the query do not count", grant, []func(*http.Request){func(r *http.Request) {
			r.URL.RawQuery = "client_id=" + id + "&client_secret=" + secret
		}}, 401, "invalid_client", ""},
		{"parameters in the query do not count", "", []func(*http.Request){auth, func(r *http.Request) { r.URL.RawQuery = grant }}, 400, "invalid_request", "grant_type"},
		{"no grant", "scope=stats", good, 400, "invalid_request", "grant_type"},
		{"empty grant", "grant_type=", good, 400, "invalid_request", "grant_type"},
		{"wrong grant", "grant_type=password&username=a&password=b", good, 400, "unsupported_grant_type", "client_credentials"},
		{"grant in another case", "grant_type=Client_Credentials", good, 400, "unsupported_grant_type", ""},
		{"grant before scope", "grant_type=password&scope=nonsense", good, 400, "unsupported_grant_type", ""},
		{"unknown scope", grant + "&scope=stats+nonsense+worse", good, 400, "invalid_scope", "The scope nonsense does not exist"},
		{"scope in another case", grant + "&scope=Stats", good, 400, "invalid_scope", "The scope Stats does not exist"},
		{"scope not held", grant + "&scope=orders:write", good, 400, "invalid_scope", "orders:write is not held"},
		{"retired scope", grant + "&scope=old", good, 400, "invalid_scope", "old"},
		{"scope that cannot be quoted", grant + "&scope=%22%5C%0A%C3%A9", good, 400, "invalid_scope", "A scope does not exist"},
		{"scope that is too long to quote", grant + "&scope=" + strings.Repeat("x", 129), good, 400, "invalid_scope", "A scope does not exist"},
		{"management scope with others", grant + "&scope=stats+claviger:credentials:read", good, 400, "invalid_scope", "claviger:credentials:read cannot be combined"},
		{"too many scopes", grant + "&scope=" + manyScopes(101), good, 400, "invalid_scope", "100"},
		{"scope before resource", grant + "&scope=nonsense&resource=urn:nowhere", good, 400, "invalid_scope", "nonsense"},
		{"unknown resource", grant + "&resource=urn:nowhere", good, 400, "invalid_target", "resource"},
		{"relative resource", grant + "&scope=stats&resource=stats", good, 400, "invalid_target", "resource"},
		{"resource with fragment", grant + "&scope=stats&resource=urn:stats%23x", good, 400, "invalid_target", "resource"},
		{"resource that the scope does not open", grant + "&scope=stats&resource=urn:orders", good, 400, "invalid_scope", "stats does not open"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := i.post(t, tokenPath, tt.body, tt.change...)
			m := members(t, w)
			description, _ := m["error_description"].(string)
			if w.Code != tt.status || m["error"] != tt.code || !strings.Contains(description, tt.names) {
				t.Fatalf("%d %s, want %d %s with %q", w.Code, w.Body, tt.status, tt.code, tt.names)
			}
			// RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E
			if strings.ContainsFunc(description, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) || description == "" {
				t.Errorf("description %q", description)
			}
			challenge, allow := "", ""
			switch tt.status {
			case 401:
				challenge = `Basic realm="claviger"`
			case 405:
				allow = "POST"
			}
			for name, want := range map[string]string{
				"WWW-Authenticate": challenge, "Allow": allow, "Cache-Control": "no-store", "Pragma": "no-cache",
				"Content-Type": "application/json", "Access-Control-Allow-Origin": "",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
		})
	}
	if strings.Contains(i.Log.String(), secret) {
		t.Error("the log holds the secret")
	}
}

func manyScopes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "s%d+", i)
	}
	return b.String()
}

func TestToken_RefusesAnyoneAlike(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "stats")
	disabled, disabledSecret := i.credential(t, nil, "stats")
	_, err := i.Lifecycle.DisableCredential(t.Context(), i.admin, disabled)
	must(t, err)
	deleted, deletedSecret := i.credential(t, nil, "stats")
	must(t, i.Lifecycle.DeleteCredential(t.Context(), i.admin, deleted))
	elsewhere, elsewhereSecret := i.credential(t, func(in *lifecycle.NewCredential) {
		in.AllowedCIDRs = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	}, "stats")
	recased := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 32
		}
		return r
	}, secret)
	header := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", value) }
	}
	body := func(id, secret string) string { return grant + "&client_id=" + id + "&client_secret=" + secret }
	tests := []struct {
		name, body string
		change     func(*http.Request)
	}{
		{"unknown", grant, basic("01234567-89ab-cdef-0123-456789abcdef", secret)},
		{"unknown in the body", body("01234567-89ab-cdef-0123-456789abcdef", secret), nil},
		{"a dash among the digits", grant, basic("01234567-89ab-cdef-0123-456789-bcdef", secret)},
		{"no UUID", grant, basic("nobody", secret)},
		{"upper-case ID", grant, basic(strings.ToUpper(id), secret)},
		{"wrong secret", grant, basic(id, disabledSecret)},
		{"truncated", grant, basic(id, secret[:len(secret)-1])},
		{"re-cased", grant, basic(id, recased)},
		{"wrapped", grant, basic(id, " "+secret)},
		{"NUL appended", body(id, secret+"%00"), nil},
		{"line end appended", body(id, secret+"%0A"), nil},
		{"no secret", grant + "&client_id=" + id, nil},
		{"empty secret", grant, basic(id, "")},
		{"nothing", grant, nil},
		{"disabled", grant, basic(disabled, disabledSecret)},
		{"deleted", grant, basic(deleted, deletedSecret)},
		{"address not allowed", grant, basic(elsewhere, elsewhereSecret)},
		{"Bearer", grant, header("Bearer abc")},
		{"Basic without value", grant, header("Basic")},
		{"Basic of no base64", grant, header("Basic !!!")},
		{"Basic without colon", grant, header("Basic " + base64.StdEncoding.EncodeToString([]byte(id)))},
		{"Basic without padding", grant, header("Basic " + strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(id+":"+secret+"x")), "="))},
		{"Basic with bad encoding inside", grant, header("Basic " + base64.StdEncoding.EncodeToString([]byte(id+":%zz")))},
	}
	var first *httptest.ResponseRecorder
	for _, tt := range tests {
		change := tt.change
		if change == nil {
			change = func(*http.Request) {}
		}
		w := i.post(t, tokenPath, tt.body, change)
		w.Header().Del("Claviger-Request-Id")
		if w.Code != 401 {
			t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
		}
		if first == nil {
			first = w
		}
		if diff := cmp.Diff(first.Header(), w.Header()); diff != "" || w.Body.String() != first.Body.String() {
			t.Errorf("%s is told from the others: %s\n%s", tt.name, w.Body, diff)
		}
	}
	if w := i.post(t, tokenPath, grant, basic(id, secret)); w.Code != 200 {
		t.Errorf("the right one: %d %s", w.Code, w.Body)
	}
}

func TestToken_ThrottlesFailuresAlone(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "stats")
	limited := false
	for range 150 {
		w := i.post(t, tokenPath, grant, basic(id, "wrong"))
		if w.Code == 429 {
			limited = true
			if w.Header().Get("Retry-After") == "" || members(t, w)["error"] != "rate_limited" {
				t.Fatalf("%v %s", w.Header(), w.Body)
			}
			break
		}
	}
	if !limited {
		t.Error("150 failures were not limited")
	}
	if w := i.post(t, tokenPath, grant, basic(id, secret)); w.Code != 200 {
		t.Errorf("an outsider locked the client out: %d %s", w.Code, w.Body)
	}
}

func TestToken_HoldsACredentialToItsRate(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, func(in *lifecycle.NewCredential) { in.RequestsPerSecond = 1 }, "stats")
	if w := i.post(t, tokenPath, grant, basic(id, secret)); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for range 20 { // the burst is twice the rate, and a slow machine earns more meanwhile
		if w := i.post(t, tokenPath, grant, basic(id, secret)); w.Code != 200 {
			if w.Code != 429 || w.Header().Get("Retry-After") != "1" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			return
		}
	}
	t.Error("20 calls at once were not limited")
}

func TestToken_SaysNoWrongNoWhileTheDatabaseIsAway(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "stats")
	i.Away.Store(true)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"wrong secret": i.post(t, tokenPath, grant, basic(id, "wrong")),
		"no client":    i.post(t, tokenPath, grant),
		"wrong scope":  i.post(t, tokenPath, grant+"&scope=nonsense", basic(id, secret)),
	} {
		if m := members(t, w); w.Code != 503 || w.Header().Get("Retry-After") == "" || m["error"] != "temporarily_unavailable" {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
	if w := i.post(t, tokenPath, grant, basic(id, secret)); w.Code != 200 {
		t.Errorf("a known credential: %d %s", w.Code, w.Body)
	}
}
