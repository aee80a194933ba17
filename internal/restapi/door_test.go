package restapi_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func TestToken_MustBeActiveAndMeantForThisAPI(t *testing.T) {
	i := install(t)
	id, secret := i.create(i.as("ada"), `{"name":"x","scopes":["stats","claviger:credentials:read"]}`)
	good := i.credentialToken(id, "claviger:credentials:read")
	authorization := func(value string) caller {
		return func(r *http.Request) { r.Header.Set("Authorization", value) }
	}
	for name, who := range map[string]caller{
		"nothing":              nobody,
		"no token":             authorization("Bearer"),
		"an empty token":       authorization("Bearer "),
		"no JWT":               bearer("x.y.z"),
		"a cut token":          bearer(good[:len(good)-1]),
		"a padded token":       bearer(good + "="),
		"two tokens":           bearer(good + " " + good),
		"another API's token":  bearer(i.credentialToken(id, "stats")),
		"the secret as token":  bearer(secret),
		"Basic":                func(r *http.Request) { r.SetBasicAuth(id, secret) },
		"another scheme":       authorization("Token " + good),
		"a token in a cookie":  func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "access_token", Value: good}) },
		"an unknown session":   session("Zm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2VkISE", i.accounts["first"].ID),
		"a session of nothing": session("", i.accounts["first"].ID),
	} {
		a := i.send(who, http.MethodGet, "/credentials", "")
		if a.status != http.StatusUnauthorized || a.code() != "unauthenticated" || a.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: %d %s %s", name, a.status, a.text, a.header.Get("WWW-Authenticate"))
		}
	}
	i.want(http.StatusOK, authorization("bEARER  "+good), http.MethodGet, "/credentials", "")
}

func session(cookie, accountID string) caller {
	return func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: cookie})
		r.Header.Set("Claviger-Account", accountID)
	}
}

func both(callers ...caller) caller {
	return func(r *http.Request) {
		for _, c := range callers {
			c(r)
		}
	}
}

func TestProofs_AreNotMixed(t *testing.T) {
	i := install(t)
	first, second := i.accounts["first"].ID, i.accounts["second"].ID
	token, bea := i.as("bea"), i.session("bea", first)
	account := func(id string) caller { return func(r *http.Request) { r.Header.Add("Claviger-Account", id) } }
	for name, c := range map[string]struct {
		who      caller
		location string
	}{
		"token and session":   {both(token, bea), "header.Authorization"},
		"two tokens":          {both(token, func(r *http.Request) { r.Header.Add("Authorization", "Bearer x") }), "header.Authorization"},
		"two sessions":        {both(bea, i.session("sue", "")), "header.Cookie"},
		"two accounts":        {both(bea, account(second)), "header.Claviger-Account"},
		"no account":          {i.session("sam", ""), "header.Claviger-Account"},
		"a token's other one": {both(token, account(second)), "header.Claviger-Account"},
	} {
		a := i.send(c.who, http.MethodGet, "/credentials", "")
		if a.status != http.StatusBadRequest || !slices.Equal(a.locations(), []string{c.location}) {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	i.want(http.StatusOK, both(token, account(first)), http.MethodGet, "/credentials", "")
}

func TestSession_ActsInTheAccountsOfItsPersonOnly(t *testing.T) {
	i := install(t)
	first, second := i.accounts["first"].ID, i.accounts["second"].ID
	cookie := i.sessionToken("bea")
	in := func(accountID string) caller { return session(cookie, accountID) }
	for _, account := range []string{first, second} {
		me := i.want(http.StatusOK, in(account), http.MethodGet, "/me", "")
		if me.body["account_id"] != account || len(me.body["accounts"].([]any)) != 2 || me.body["role"] != "supervisor" {
			t.Errorf("me: %s", me.text)
		}
		if diff := cmp.Diff([]any{apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite}, me.body["scopes"]); diff != "" {
			t.Error(diff)
		}
	}
	without := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: sessionCookie, Value: cookie}) }
	if me := i.want(http.StatusOK, without, http.MethodGet, "/me", ""); me.body["account_id"] != first {
		t.Errorf("the account used last: %s", me.text)
	}
	i.want(http.StatusNotFound, i.session("sue", second), http.MethodGet, "/me", "")
	i.want(http.StatusNotFound, in("0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811"), http.MethodGet, "/credentials", "")

	i.setStatus("bea", first, apicred.UserDeactivated)
	i.want(http.StatusNotFound, in(first), http.MethodGet, "/credentials", "")
	if me := i.want(http.StatusOK, without, http.MethodGet, "/me", ""); me.body["account_id"] != second {
		t.Errorf("the account that is left: %s", me.text)
	}
	i.setStatus("bea", second, apicred.UserArchived)
	i.want(http.StatusUnauthorized, in(second), http.MethodGet, "/credentials", "")
}

func (i *installation) setStatus(name, accountID string, status apicred.UserStatus) {
	i.t.Helper()
	_, err := i.Lifecycle.EditUser(i.t.Context(), operator(), accountID, i.users[name].ID, lifecycle.UserChange{Status: &status})
	must(i.t, err)
}

func TestSession_IsNotUsedByOtherSites(t *testing.T) {
	i := install(t)
	ada := i.session("ada", i.accounts["first"].ID)
	body := `{"name":"x","scopes":["stats"]}`
	for name, change := range map[string]func(*http.Request){
		"another site's script": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a sister host":         func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"another origin":        func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"an opaque origin":      func(r *http.Request) { r.Header.Set("Origin", "null") },
	} {
		a := i.send(ada, http.MethodPost, "/credentials", body, change)
		if a.status != http.StatusForbidden || a.code() != "forbidden" {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""} {
		i.want(http.StatusUnsupportedMediaType, ada, http.MethodPost, "/credentials", body, header("Content-Type", media))
	}
	yaml := func(r *http.Request) { r.Header.Set("Content-Type", "application/yaml") }
	i.want(http.StatusUnsupportedMediaType, ada, http.MethodPut, "/catalogue", "apis: []\nscopes: []\n", yaml)
	i.want(http.StatusOK, ada, http.MethodGet, "/credentials", "", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })

	own := func(r *http.Request) { r.Header.Set("Origin", issuerURL); r.Host = "10.0.0.7:8420" }
	i.want(http.StatusCreated, ada, http.MethodPost, "/credentials", body, own)
	i.want(http.StatusCreated, ada, http.MethodPost, "/credentials", body, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") })
	i.want(http.StatusCreated, i.as("ada"), http.MethodPost, "/credentials", body, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
}

// A proxy in front of the console may ask for Basic; that is no proof for us.
func TestSession_WorksBehindAProxyThatAsksForBasic(t *testing.T) {
	i := install(t)
	basic := func(r *http.Request) { r.SetBasicAuth("proxy", "password") }
	i.want(http.StatusOK, both(i.session("ada", i.accounts["first"].ID), basic), http.MethodGet, "/credentials", "")
}

func TestPersonToken_EndsWithTheMembershipAndFollowsTheRole(t *testing.T) {
	i := install(t)
	alan, sam := i.as("alan"), i.as("sam")
	i.want(http.StatusOK, alan, http.MethodGet, "/catalogue", "")
	supervisor := apicred.RoleSupervisor
	_, err := i.Lifecycle.EditUser(t.Context(), operator(), i.accounts["first"].ID, i.users["alan"].ID, lifecycle.UserChange{Role: &supervisor})
	must(t, err)
	i.want(http.StatusNotFound, alan, http.MethodGet, "/catalogue", "")
	me := i.want(http.StatusOK, alan, http.MethodGet, "/me", "")
	if diff := cmp.Diff([]any{apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite}, me.body["scopes"]); me.body["role"] != "supervisor" || diff != "" {
		t.Errorf("%s %s", me.text, diff)
	}
	i.setStatus("sam", i.accounts["first"].ID, apicred.UserDeactivated)
	i.want(http.StatusUnauthorized, sam, http.MethodGet, "/me", "")
	i.setStatus("sam", i.accounts["first"].ID, apicred.UserActive)
	i.want(http.StatusUnauthorized, sam, http.MethodGet, "/me", "")
}

func TestPersonToken_WithoutScopesReadsWhatEveryRoleMay(t *testing.T) {
	i := install(t)
	abe := i.as("abe", []string{}...)
	ada := i.as("ada", []string{}...)
	for _, who := range []caller{abe, ada} {
		for _, path := range []string{"/me", "/apis", "/scopes", "/scopes?all=true", "/account"} {
			i.want(http.StatusOK, who, http.MethodGet, path, "")
		}
	}
	for path, code := range map[string]string{"/credentials": "insufficient_scope", "/catalogue": "insufficient_scope"} {
		if a := i.want(http.StatusForbidden, ada, http.MethodGet, path, ""); a.code() != code {
			t.Error(a.text)
		}
		i.want(http.StatusNotFound, abe, http.MethodGet, path, "")
	}
}
