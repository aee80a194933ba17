package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
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

const (
	introspectionPath = "/oauth2/introspect"
	inactive          = `{"active":false}`
)

// token is an access token by Basic.
func (i *installation) token(t testing.TB, id, secret, scope string) string {
	t.Helper()
	w := i.post(t, tokenPath, grant+"&scope="+url.QueryEscape(scope), basic(id, secret))
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return answer.AccessToken
}

// personToken is a management token of the admin.
func (i *installation) personToken(t testing.TB, user *apicred.User, scopes ...string) string {
	t.Helper()
	token, err := i.Tokens.IssuePerson(t.Context(), accesstoken.PersonGrant{
		UserID: user.ID, AccountID: user.AccountID, ClientID: accesstoken.ClientCLI, Scopes: scopes, TTL: time.Hour, Generation: user.Generation,
	})
	must(t, err)
	return token.Raw
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// introspect asks as a client that may.
func (i *installation) introspect(t testing.TB, token string, who func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	return i.post(t, introspectionPath, "token="+url.QueryEscape(token), who)
}

// RFC 7662 section 2.2.
func TestIntrospection_DescribesALiveTokenAsItIsNow(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read", "stats")
	asker, askerSecret := i.credential(t, nil, apicred.ScopeIntrospect)
	token := i.token(t, id, secret, "orders:read stats")
	claims := decodedClaims(t, token)

	w := i.introspect(t, token, basic(asker, askerSecret))
	want := map[string]any{
		"active": true, "scope": "orders:read stats", "client_id": id, "token_type": "Bearer", "exp": claims["exp"], "iat": claims["iat"],
		"sub": id, "aud": claims["aud"], "iss": issuerURL, "jti": claims["jti"], "account": i.Account.ID, "owner": i.admin.UserID,
	}
	if diff := cmp.Diff(want, members(t, w)); w.Code != 200 || diff != "" {
		t.Fatalf("%d (-want +got):\n%s", w.Code, diff)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "Access-Control-Allow-Origin": "",
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "", // no browser asks
	} {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}

	// A scope that stopped working since is not in it any more.
	i.Apply(t, []byte(strings.Replace(catalogueFile, "description: View stats, api: stats", "description: View stats, api: stats, retired: true", 1)))
	if got := members(t, i.introspect(t, token, basic(asker, askerSecret)))["scope"]; got != "orders:read" {
		t.Errorf("scope %v after one was retired", got)
	}
	must(t, i.Lifecycle.DeleteCredential(t.Context(), i.admin, id))
	if w := i.introspect(t, token, basic(asker, askerSecret)); w.Code != 200 || w.Body.String() != inactive {
		t.Errorf("after its credential was deleted: %d %s", w.Code, w.Body)
	}
}

func decodedClaims(t testing.TB, token string) map[string]any {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	must(t, err)
	var claims map[string]any
	must(t, json.Unmarshal(payload, &claims))
	return claims
}

// S11, S13: whatever is no live token is one and the same answer.
func TestIntrospection_SaysNothingOfADeadOrForeignToken(t *testing.T) {
	i := install(t)
	asker, askerSecret := i.credential(t, nil, apicred.ScopeIntrospect)
	id, secret := i.credential(t, nil, "stats")
	token := i.token(t, id, secret, "stats")

	other, err := i.Lifecycle.CreateAccount(t.Context(), testserver.Operator(), "other")
	must(t, err)
	bob := i.AddUser(t, "bob", other.ID, apicred.RoleAdmin)
	made, err := i.Lifecycle.CreateCredential(t.Context(), testserver.SignedIn(&bob), lifecycle.NewCredential{Name: "x", Scopes: []string{"stats"}})
	must(t, err)

	cut := strings.LastIndexByte(token, '.')
	for name, text := range map[string]string{
		"nothing of ours":        "x.y.z",
		"another account's":      i.token(t, made.ClientID, made.Secret.Reveal(), "stats"),
		"shortened":              token[:len(token)-1],
		"lengthened":             token + "A",
		"padded":                 token + "=",
		"without signature":      token[:cut+1],
		"with a line break":      token[:cut] + "\n" + token[cut:],
		"too long":               strings.Repeat("a", 9<<10),
		"management of another":  i.personToken(t, &bob),
		"with another signature": token[:cut+1] + strings.Repeat("A", len(token)-cut-1),
	} {
		if w := i.introspect(t, text, basic(asker, askerSecret)); w.Code != 200 || w.Body.String() != inactive {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestIntrospection_IsForThoseWhoHoldItsScope(t *testing.T) {
	i := install(t)
	without, withoutSecret := i.credential(t, nil, "stats")
	token := i.token(t, without, withoutSecret, "stats")
	admin, err := i.Store.Login().Memberships(t.Context(), i.admin.UserID)
	must(t, err)
	with, withSecret := i.credential(t, nil, apicred.ScopeIntrospect)

	tests := []struct {
		name      string
		who       func(*http.Request)
		status    int
		code      string
		challenge string
	}{
		{"nobody", func(*http.Request) {}, 401, "invalid_client", `Basic realm="claviger"`},
		{"a wrong secret", basic(with, "wrong"), 401, "invalid_client", `Basic realm="claviger"`},
		{"a client without the scope", basic(without, withoutSecret), 403, "insufficient_scope", `Bearer error="insufficient_scope", scope="claviger:introspect"`},
		{"a person without the scope", bearer(i.personToken(t, &admin[0], apicred.ScopeAuditRead)), 403, "insufficient_scope", `Bearer error="insufficient_scope", scope="claviger:introspect"`},
		{"a bad token", bearer("x.y.z"), 401, "invalid_token", `Bearer error="invalid_token"`},
		{"a token for another audience", bearer(token), 401, "invalid_token", `Bearer error="invalid_token"`},
	}
	for _, tt := range tests {
		w := i.introspect(t, token, tt.who)
		if m := members(t, w); w.Code != tt.status || m["error"] != tt.code || w.Header().Get("WWW-Authenticate") != tt.challenge {
			t.Errorf("%s: %d %s %q", tt.name, w.Code, w.Body, w.Header().Get("WWW-Authenticate"))
		}
	}
	for name, who := range map[string]func(*http.Request){
		"a client":         basic(with, withSecret),
		"a client's token": bearer(i.token(t, with, withSecret, apicred.ScopeIntrospect)),
		"a person":         bearer(i.personToken(t, &admin[0], apicred.ScopeIntrospect)),
		"the scheme's case": func(r *http.Request) {
			r.Header.Set("Authorization", "bEARER "+i.personToken(t, &admin[0], apicred.ScopeIntrospect))
		},
		"a client, by body":  nil,
		"a hint is not read": nil,
	} {
		body := "token=" + token
		if who == nil {
			body, who = body+"&token_type_hint=refresh_token&client_id="+with+"&client_secret="+withSecret, func(*http.Request) {}
		}
		if m := members(t, i.post(t, introspectionPath, body, who)); m["active"] != true {
			t.Errorf("%s: %v", name, m)
		}
	}
}

func TestIntrospection_RefusesWhatIsNoRequest(t *testing.T) {
	i := install(t)
	asker, secret := i.credential(t, nil, apicred.ScopeIntrospect)
	for name, tt := range map[string]struct {
		body   string
		change func(*http.Request)
		status int
	}{
		"GET":               {"token=x", func(r *http.Request) { r.Method = http.MethodGet }, 405},
		"JSON":              {`{"token":"x"}`, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 415},
		"no token":          {"a=b", nil, 400},
		"the token twice":   {"token=x&token=y", nil, 400},
		"a token in query":  {"", func(r *http.Request) { r.URL.RawQuery = "token=x" }, 400},
		"two ways at once":  {"token=x&client_secret=y", nil, 400},
		"two header fields": {"token=x", func(r *http.Request) { r.Header.Add("Authorization", "Bearer x") }, 400},
	} {
		w := i.post(t, introspectionPath, tt.body, func(r *http.Request) {
			r.SetBasicAuth(asker, secret)
			if tt.change != nil {
				tt.change(r)
			}
		})
		if w.Code != tt.status || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// RFC 9701 section 5.
func TestIntrospection_SignsItsAnswerOnRequest(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "stats")
	asker, askerSecret := i.credential(t, nil, apicred.ScopeIntrospect)
	token := i.token(t, id, secret, "stats")
	signed := func(token string) map[string]any {
		w := i.introspect(t, token, func(r *http.Request) {
			r.SetBasicAuth(asker, askerSecret)
			r.Header.Set("Accept", "application/json;q=0.5, application/Token-Introspection+jwt")
		})
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/token-introspection+jwt" {
			t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		answer := w.Body.String()
		header, err := base64.RawURLEncoding.DecodeString(strings.Split(answer, ".")[0])
		must(t, err)
		var h struct{ Typ, Kid string }
		must(t, json.Unmarshal(header, &h))
		key, ok := i.Ring.Public(h.Kid)
		cut := strings.LastIndexByte(answer, '.')
		signature, err := base64.RawURLEncoding.DecodeString(answer[cut+1:])
		must(t, err)
		if h.Typ != "token-introspection+jwt" || !ok || !key.Verify([]byte(answer[:cut]), signature) {
			t.Fatalf("the answer %s is not signed as it should be", answer)
		}
		// It must never pass for an access token itself.
		if w := i.introspect(t, answer, basic(asker, askerSecret)); w.Body.String() != inactive {
			t.Errorf("the answer is a token: %s", w.Body)
		}
		return decodedClaims(t, answer)
	}
	c := signed(token)
	if got := slices.Sorted(maps.Keys(c)); !slices.Equal(got, []string{"aud", "iat", "iss", "token_introspection"}) || c["aud"] != asker || c["iss"] != issuerURL {
		t.Errorf("claims %v", c)
	}
	if said := c["token_introspection"].(map[string]any); said["active"] != true || said["client_id"] != id {
		t.Errorf("says %v", said)
	}
	if said := signed("x.y.z")["token_introspection"]; !cmp.Equal(said, any(map[string]any{"active": false})) {
		t.Errorf("says of a dead one %v", said)
	}
	for _, accept := range []string{"", "*/*", "application/*", "application/token-introspection+jwt; q=0"} {
		w := i.introspect(t, token, func(r *http.Request) { r.SetBasicAuth(asker, askerSecret); r.Header.Set("Accept", accept) })
		if w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("Accept %q gave %s", accept, w.Header().Get("Content-Type"))
		}
	}
}

func TestIntrospection_WithoutTheDatabaseNeverSaysAWrongNo(t *testing.T) {
	i := install(t)
	asker, secret := i.credential(t, nil, apicred.ScopeIntrospect)
	i.Away.Store(true)
	if w := i.introspect(t, "x.y.z", basic(asker, secret)); w.Code != 200 || w.Body.String() != inactive {
		t.Errorf("what is no token at all: %d %s", w.Code, w.Body)
	}
	id, idSecret := "00000000-0000-7000-8000-000000000000", "wrong"
	if w := i.introspect(t, "x.y.z", basic(id, idSecret)); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("an asker who may be new: %d %s", w.Code, w.Body)
	}
}

// RFC 9449 section 6.2, RFC 8705 section 3.2: who asks learns what to demand of
// the bearer.
func TestIntrospection_SaysWhatATokenIsBoundTo(t *testing.T) {
	i := install(t)
	id, _ := i.credential(t, nil, "orders:read")
	asker, askerSecret := i.credential(t, nil, apicred.ScopeIntrospect)
	thumbprint := strings.Repeat("A", 43)
	client, _ := i.Directory.Client(id)
	for scheme, bound := range map[string]accesstoken.Confirmation{"DPoP": {Key: thumbprint}, "Bearer": {Certificate: thumbprint}} {
		token, err := i.Tokens.Issue(t.Context(), client, accesstoken.IssueRequest{Confirmation: bound})
		must(t, err)
		want := map[string]any{"jkt": thumbprint}
		if bound.Key == "" {
			want = map[string]any{"x5t#S256": thumbprint}
		}
		got := members(t, i.introspect(t, token.Raw, basic(asker, askerSecret)))
		if diff := cmp.Diff(want, got["cnf"]); diff != "" || got["active"] != true || got["token_type"] != scheme {
			t.Errorf("%v %s", got, diff)
		}
	}
}
