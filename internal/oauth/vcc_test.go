package oauth_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The words of VCC's own pages (contract.md "VCC manners").
func TestVCC_AnswersInItsWords(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read", "stats")
	body := "client_id=" + id + "&client_secret=" + secret
	invalidScope := func(scope string) string {
		return `{"error":"invalid_scope","error_description":"\"` + scope + `\" is an invalid scope"}`
	}
	const badClient = `{"error":"invalid_client"}`
	tests := []struct{ name, body, want string }{
		{"no grant", body + "&scope=stats", `{"error":"unsupported_grant_type","error_description":"Invalid grant_type"}`},
		{"wrong grant", body + "&grant_type=password&scope=stats", `{"error":"unsupported_grant_type","error_description":"Invalid grant_type"}`},
		{"no scope", body + "&" + grant, `{"error":"invalid_scope","error_description":"You must specify a scope"}`},
		{"empty scope", body + "&" + grant + "&scope=", `{"error":"invalid_scope","error_description":"You must specify a scope"}`},
		{"unknown scope", body + "&" + grant + "&scope=stats+newvoicemedia/api/stats", invalidScope("newvoicemedia/api/stats")},
		{"scope not held", body + "&" + grant + "&scope=orders:write", invalidScope("orders:write")},
		{"scope in another case", body + "&" + grant + "&scope=STATS", invalidScope("STATS")},
		{"scope that cannot be quoted", body + "&" + grant + "&scope=%22%3Cx", `{"error":"invalid_scope","error_description":"A scope of the request is an invalid scope"}`},
		{"wrong secret", grant + "&scope=stats&client_id=" + id + "&client_secret=x", badClient},
		{"no client", grant + "&scope=stats", badClient},
		{"client before grant", "client_id=" + id, badClient},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := i.post(t, "/Auth/connect/token", tt.body)
			if w.Code != 400 || w.Body.String() != tt.want || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("%d %v\n%s\nwant %s", w.Code, w.Header(), w.Body, tt.want)
			}
		})
	}
	if w := i.post(t, "/Auth/connect/token", "", func(r *http.Request) { r.Method = "GET" }); w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Errorf("GET: %d %v", w.Code, w.Header())
	}
}

func TestVCC_AnswersInAnyLetterCaseOfThePath(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read", "stats")
	form := grant + "&scope=stats+orders:read"
	for _, path := range []string{"/Auth/connect/token", "/auth/connect/token", "/AUTH/Connect/TOKEN", "/auth/CONNECT/token"} {
		for name, w := range map[string]map[string]any{
			"Basic": members(t, i.post(t, path, form, basic(id, secret))),
			"body":  members(t, i.post(t, path, form+"&client_id="+id+"&client_secret="+secret)),
		} {
			if got := slices.Sorted(maps.Keys(w)); !slices.Equal(got, []string{"access_token", "expires_in", "token_type"}) ||
				w["expires_in"] != 7200.0 || w["token_type"] != "Bearer" {
				t.Errorf("%s by %s: %v", path, name, w)
			}
		}
	}
	for _, path := range []string{"/Auth/connect/token/", "/Auth/connect%2Ftoken", "/Oauth2/Token", "/Auth/connect/tokens"} {
		if w := i.post(t, path, form, basic(id, secret)); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestVCC_HasNoCORS(t *testing.T) {
	i := install(t)
	w := i.post(t, "/Auth/connect/token", grant, func(r *http.Request) { r.Header.Set("Origin", "https://dashboard.example.com") })
	for name := range w.Header() {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: a secret in a web page must not work", name)
		}
	}
}
