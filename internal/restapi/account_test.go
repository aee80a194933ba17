package restapi_test

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestAccount_AdminsChangeItsRulesAndNullClears(t *testing.T) {
	i := install(t)
	a := i.want(http.StatusOK, i.as("ada"), http.MethodPatch, "/account", `{"name":"North","account_level_credentials":"open",
		"max_token_lifetime_seconds":600,"max_secret_age_seconds":31536000,"unused_warn_after_seconds":5184000,"unused_disable_after_seconds":7776000}`)
	for member, want := range map[string]any{
		"name": "North", "account_level_credentials": "open", "max_token_lifetime_seconds": 600.0, "max_secret_age_seconds": 31536000.0,
		"unused_warn_after_seconds": 5184000.0, "unused_disable_after_seconds": 7776000.0, "api_credentials_enabled": true,
	} {
		if a.body[member] != want {
			t.Errorf("%s is %v, want %v", member, a.body[member], want)
		}
	}
	if a.header.Get("ETag") != `"2"` || a.body["version"] != 2.0 {
		t.Errorf("version %v, ETag %s", a.body["version"], a.header.Get("ETag"))
	}
	a = i.want(http.StatusOK, i.as("ada"), http.MethodPatch, "/account", `{"max_token_lifetime_seconds":null,"max_secret_age_seconds":null,"unused_warn_after_seconds":null,"unused_disable_after_seconds":null}`,
		header("Content-Type", "application/merge-patch+json"), header("If-Match", `"2"`))
	for _, member := range []string{"max_token_lifetime_seconds", "max_secret_age_seconds", "unused_warn_after_seconds", "unused_disable_after_seconds"} {
		if value, there := a.body[member]; !there || value != nil {
			t.Errorf("%s is %v, want null", member, value)
		}
	}
	read := i.want(http.StatusOK, i.as("abe"), http.MethodGet, "/account", "")
	if read.text != a.text {
		t.Errorf("an agent reads %s, the admin was answered %s", read.text, a.text)
	}
	events := i.want(http.StatusOK, i.as("ada"), http.MethodGet, "/audit-events?action=account.edit", "")
	rows := events.body["audit_events"].([]any)
	before := rows[1].(map[string]any)["before"].(map[string]any)
	after := rows[1].(map[string]any)["after"].(map[string]any)
	if len(rows) != 2 || before["max_secret_age_seconds"] != 0.0 || after["max_secret_age_seconds"] != 31536000.0 || after["unused_disable_after_seconds"] != 7776000.0 {
		t.Errorf("audited: %s", events.text)
	}
}

func TestAccount_RefusalsComeInTheirOrder(t *testing.T) {
	i := install(t)
	forBoth := i.as("ada")
	for name, test := range map[string]struct {
		who    caller
		body   string
		change []func(*http.Request)
		status int
		blames string
	}{
		"a supervisor":       {i.as("sue"), `{"name":"x","odd":1}`, nil, 403, ""},
		"an agent":           {i.as("abe"), `{"name":"x"}`, nil, 403, ""},
		"without the scope":  {i.as("ada", "claviger:users:write"), `{"odd":1}`, nil, 403, ""},
		"nobody":             {nobody, `{"odd":1}`, nil, 401, ""},
		"not JSON":           {nobody, `{`, nil, 400, "body"},
		"the operator's":     {forBoth, `{"api_credentials_enabled":false}`, nil, 422, "body.api_credentials_enabled"},
		"read-only":          {forBoth, `{"account_id":"x"}`, nil, 422, "body.account_id"},
		"unknown":            {forBoth, `{"colour":"red"}`, nil, 422, "body.colour"},
		"null policy":        {forBoth, `{"account_level_credentials":null}`, nil, 422, "body.account_level_credentials"},
		"odd policy":         {forBoth, `{"account_level_credentials":"ajar"}`, nil, 422, "body.account_level_credentials"},
		"policy of a number": {forBoth, `{"account_level_credentials":1}`, nil, 422, "body.account_level_credentials"},
		"too short":          {forBoth, `{"max_secret_age_seconds":59}`, nil, 422, "body.max_secret_age_seconds"},
		"zero":               {forBoth, `{"unused_warn_after_seconds":0}`, nil, 422, "body.unused_warn_after_seconds"},
		"a fraction":         {forBoth, `{"max_token_lifetime_seconds":90.5}`, nil, 422, "body.max_token_lifetime_seconds"},
		"too long":           {forBoth, `{"unused_disable_after_seconds":9223372036854775807}`, nil, 422, "body.unused_disable_after_seconds"},
		"disable at warning": {forBoth, `{"unused_warn_after_seconds":600,"unused_disable_after_seconds":600}`, nil, 422, "body.unused_disable_after_seconds"},
		"empty name":         {forBoth, `{"name":""}`, nil, 422, "body.name"},
		"a taken name":       {forBoth, `{"name":"Second"}`, nil, 409, ""},
		"stale and faulty":   {forBoth, `{"max_secret_age_seconds":1}`, []func(*http.Request){header("If-Match", `"9"`)}, 422, "body.max_secret_age_seconds"},
		"stale":              {forBoth, `{"name":"x"}`, []func(*http.Request){header("If-Match", `"9"`)}, 412, ""},
	} {
		a := i.send(test.who, http.MethodPatch, "/account", test.body, test.change...)
		if a.status != test.status || test.blames != "" && !slices.Equal(a.locations(), []string{test.blames}) {
			t.Errorf("%s: got %d %s, want %d for %q", name, a.status, a.text, test.status, test.blames)
		}
	}
	if a := i.want(http.StatusOK, forBoth, http.MethodGet, "/account", ""); a.body["version"] != 1.0 {
		t.Errorf("refused, and yet changed: %s", a.text)
	}
}

func TestAccount_OfAShorterTokenLifetimeBindsTheNextToken(t *testing.T) {
	i := install(t)
	clientID, _ := i.create(i.as("ada"), `{"name":"x","scopes":["users:read"]}`)
	i.want(http.StatusOK, i.as("ada"), http.MethodPatch, "/account", `{"max_token_lifetime_seconds":120}`)
	verified, err := i.Verifier.VerifyAnyAudience(t.Context(), i.credentialToken(clientID), time.Time{})
	must(t, err)
	if life := verified.ExpiresAt.Sub(verified.IssuedAt).Seconds(); life != 120 {
		t.Errorf("a token lives %v s, want 120", life)
	}
}

func TestAttention_FiltersTheListAndIsBoundIntoItsPages(t *testing.T) {
	i := install(t)
	soon := time.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)
	for range 2 {
		i.create(i.as("sue"), `{"name":"ends soon","scopes":["users:read"],"expires_at":"`+soon+`"}`)
	}
	i.create(i.as("sue"), `{"name":"lasts","scopes":["users:read"]}`)
	for attention, want := range map[string]float64{"expiring": 2, "unused": 0, "unrotated": 0, "suspended": 0} {
		if a := i.want(http.StatusOK, i.as("sue"), http.MethodGet, "/credentials?attention="+attention, ""); a.body["total"] != want {
			t.Errorf("%s: %v, want %v", attention, a.body["total"], want)
		}
	}
	i.want(http.StatusBadRequest, i.as("sue"), http.MethodGet, "/credentials?attention=all", "")
	first := i.want(http.StatusOK, i.as("sue"), http.MethodGet, "/credentials?attention=expiring&page_size=1", "")
	next, _ := first.body["next_page_token"].(string)
	i.want(http.StatusOK, i.as("sue"), http.MethodGet, "/credentials?attention=expiring&page_size=1&page_token="+next, "")
	i.want(http.StatusBadRequest, i.as("sue"), http.MethodGet, "/credentials?page_size=1&page_token="+next, "")
}

func TestMaxSecretAge_ShowsWhereSecretsEndAndRefusesLater(t *testing.T) {
	i := install(t)
	clientID, _ := i.create(i.as("sue"), `{"name":"x","scopes":["users:read"]}`)
	i.want(http.StatusOK, i.as("ada"), http.MethodPatch, "/account", `{"max_secret_age_seconds":86400}`)
	secrets := i.want(http.StatusOK, i.as("sue"), http.MethodGet, "/credentials/"+clientID+"/secrets", "").body["secrets"].([]any)
	shown := secrets[0].(map[string]any)
	made, err := time.Parse(time.RFC3339, shown["created_at"].(string))
	must(t, err)
	end, _ := shown["expires_at"].(string)
	if at, err := time.Parse(time.RFC3339, end); err != nil || !at.Equal(made.Add(24*time.Hour)) {
		t.Errorf("a secret of %v ends %v (%v)", made, end, err)
	}
	late := time.Now().Add(25 * time.Hour).UTC().Format(time.RFC3339)
	a := i.want(http.StatusUnprocessableEntity, i.as("sue"), http.MethodPost, "/credentials/"+clientID+"/secrets", `{"expires_at":"`+late+`"}`)
	if got := a.locations(); !slices.Equal(got, []string{"body.expires_at"}) {
		t.Errorf("blames %v: %s", got, a.text)
	}
	i.want(http.StatusCreated, i.as("sue"), http.MethodPost, "/credentials/"+clientID+"/secrets", `{}`)
}
