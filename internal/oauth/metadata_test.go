package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func (i *installation) get(t testing.TB, method, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	bodiless := func(r *http.Request) { r.Method = method; r.Body = http.NoBody; r.ContentLength = 0 }
	return i.post(t, path, "", append(change, bodiless)...)
}

func TestMetadata_NamesWhatWorks(t *testing.T) {
	i := install(t)
	const want = `{"issuer":"https://login.example.com","token_endpoint":"https://login.example.com/oauth2/token",` +
		`"jwks_uri":"https://login.example.com/.well-known/jwks.json","scopes_supported":["orders:read","orders:write","stats"],` +
		`"response_types_supported":[],"grant_types_supported":["client_credentials"],` +
		`"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","private_key_jwt"],` +
		`"token_endpoint_auth_signing_alg_values_supported":["ES256","ES384","ES512","PS256","RS256","EdDSA"],` +
		`"introspection_endpoint":"https://login.example.com/oauth2/introspect",` +
		`"introspection_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","private_key_jwt"],` +
		`"introspection_endpoint_auth_signing_alg_values_supported":["ES256","ES384","ES512","PS256","RS256","EdDSA"],` +
		`"revocation_endpoint":"https://login.example.com/oauth2/revoke",` +
		`"revocation_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","private_key_jwt"],` +
		`"revocation_endpoint_auth_signing_alg_values_supported":["ES256","ES384","ES512","PS256","RS256","EdDSA"],` +
		`"dpop_signing_alg_values_supported":["ES256","ES384","ES512","PS256","RS256","EdDSA"]}`
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		w := i.get(t, "GET", path)
		if diff := cmp.Diff(want, w.Body.String()); w.Code != 200 || diff != "" {
			t.Errorf("%s: %d\n%s", path, w.Code, diff)
		}
		if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", path, w.Header())
		}
	}
}

func TestMetadata_FollowsTheCatalogue(t *testing.T) {
	i := install(t)
	i.get(t, "GET", "/.well-known/oauth-authorization-server")
	catalogue, err := lifecycle.DecodeCatalogue([]byte(`{apis: [{id: a, audience: "urn:a", routes: []}], scopes: [{value: new, description: New, api: a}]}`))
	must(t, err)
	_, _, err = i.Lifecycle.ApplyCatalogue(t.Context(), apicred.Actor{Type: apicred.ActorOperator, Unlimited: true}, catalogue, -1)
	must(t, err)
	var m struct {
		Scopes []string `json:"scopes_supported"`
	}
	must(t, json.Unmarshal(i.get(t, "GET", "/.well-known/oauth-authorization-server").Body.Bytes(), &m))
	if !cmp.Equal(m.Scopes, []string{"new"}) {
		t.Errorf("scopes %v", m.Scopes)
	}
}

func TestKeys_ArePublicAndPublishTheNext(t *testing.T) {
	i := install(t)
	w := i.get(t, "GET", "/.well-known/jwks.json")
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	must(t, json.Unmarshal(w.Body.Bytes(), &set))
	if w.Code != 200 || len(set.Keys) != 2 || w.Header().Get("Cache-Control") != "public, max-age=300" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for _, key := range set.Keys {
		if key["kty"] != "EC" || key["alg"] != "ES256" || key["kid"] == "" || key["d"] != nil {
			t.Errorf("key %v", key)
		}
	}
}

func TestDocuments_TakeReadingAlone(t *testing.T) {
	i := install(t)
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/jwks.json"} {
		if w := i.get(t, "HEAD", path); w.Code != 200 {
			t.Errorf("HEAD %s: %d", path, w.Code)
		}
		if w := i.get(t, "OPTIONS", path); w.Code != 204 || w.Header().Get("Access-Control-Allow-Methods") != "GET, HEAD" {
			t.Errorf("OPTIONS %s: %d %v", path, w.Code, w.Header())
		}
		if w := i.get(t, "POST", path); w.Code != 405 || w.Header().Get("Allow") == "" {
			t.Errorf("POST %s: %d %v", path, w.Code, w.Header())
		}
	}
}

// RFC 9728 sections 3.1 and 3.3: the address is made from the resource, which
// the document repeats.
func TestResourceMetadata_DescribesTheManagementAPI(t *testing.T) {
	i := install(t)
	w := i.get(t, "GET", "/.well-known/oauth-protected-resource/api/v1")
	var got struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
		Keys     string   `json:"jwks_uri"`
		Scopes   []string `json:"scopes_supported"`
		Methods  []string `json:"bearer_methods_supported"`
	}
	must(t, json.Unmarshal(w.Body.Bytes(), &got))
	if w.Code != 200 || got.Resource != issuerURL+"/api/v1" || got.Keys != issuerURL+"/.well-known/jwks.json" ||
		len(got.Servers) != 1 || got.Servers[0] != issuerURL || len(got.Methods) != 1 || got.Methods[0] != "header" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, s := range got.Scopes {
		if !apicred.IsManagement(s) {
			t.Errorf("the management API is opened by %s", s)
		}
	}
	if len(got.Scopes) != len(apicred.BuiltInScopes()) {
		t.Errorf("scopes %v", got.Scopes)
	}
	if w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Error("web pages cannot read it")
	}
}
