package restapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScopes_OnOfferAreThoseThatMayBeGiven(t *testing.T) {
	i := install(t)
	offered := func(who caller, path string) (values []string, on int) {
		t.Helper()
		for _, row := range i.want(http.StatusOK, who, http.MethodGet, path, "").body["scopes"].([]any) {
			scope := row.(map[string]any)
			values = append(values, scope["value"].(string))
			if scope["on_offer"].(bool) {
				on++
			}
		}
		return values, on
	}
	mine, _ := offered(i.as("sue"), "/scopes")
	if diff := cmp.Diff([]string{"users:read", "interaction-content:read", "claviger:credentials:read", "claviger:credentials:write"}, mine); diff != "" {
		t.Error(diff)
	}
	all, on := offered(i.as("sue"), "/scopes?all=true")
	if len(all) != 10+11 || on != 4 {
		t.Errorf("all: %d, on offer %d: %v", len(all), on, all)
	}
	if none, _ := offered(i.as("abe"), "/scopes"); len(none) != 0 {
		t.Errorf("an agent is offered %v", none)
	}
	if other, _ := offered(i.as("olga"), "/scopes?all=true"); slices.Contains(other, "claviger:keys:write") {
		t.Error("another account is shown scopes of the operator account")
	}
	// On offer and the ceiling are one decision.
	narrow := i.as("ada", "claviger:credentials:write")
	values, _ := offered(narrow, "/scopes")
	everything, _ := offered(narrow, "/scopes?all=true")
	for _, value := range everything {
		want := http.StatusForbidden
		if slices.Contains(values, value) {
			want = http.StatusCreated
		}
		i.want(want, narrow, http.MethodPost, "/credentials", `{"name":"x","scopes":["`+value+`"]}`)
	}
}

func TestAPIs_TellNothingOfTheOperator(t *testing.T) {
	i := install(t)
	a := i.want(http.StatusOK, i.as("ada"), http.MethodPut, "/catalogue", `{"apis":[{"id":"orders","audience":"urn:orders","upstream":"http://10.1.2.3:80",
		"accounts":["`+i.accounts["second"].ID+`"],"routes":[{"path":"/x","scopes":["orders"]}]}],"scopes":[{"value":"orders","description":"Orders","api":"orders"}]}`)
	if !strings.Contains(a.text, "10.1.2.3") {
		t.Error("the operator's admin does not see the upstream")
	}
	apis := i.want(http.StatusOK, i.as("abe"), http.MethodGet, "/apis", "")
	for _, secret := range []string{"10.1.2.3", i.accounts["second"].ID} {
		if strings.Contains(apis.text, secret) {
			t.Errorf("GET /apis tells %s", secret)
		}
	}
	want := []any{map[string]any{
		"id": "orders", "name": "orders", "audience": "urn:orders", "hosts": []any{}, "base_path": "", "direct_credentials": false, "retired": false,
		"routes": []any{map[string]any{"methods": []any{}, "path": "/x", "scopes": []any{"orders"}}},
	}}
	if diff := cmp.Diff(want, apis.body["apis"]); diff != "" {
		t.Error(diff)
	}
}

func TestCatalogue_IsAppliedWholeOrNotAtAll(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	read := i.want(http.StatusOK, ada, http.MethodGet, "/catalogue", "")
	etag := read.header.Get("ETag")
	same := i.want(http.StatusOK, ada, http.MethodPut, "/catalogue", read.text, header("If-Match", etag))
	if same.header.Get("ETag") != etag || same.text != read.text {
		t.Error("applying what stands is a change")
	}
	i.create(ada, `{"name":"x","scopes":["stats"]}`)
	valid := `{"apis":[],"scopes":[]}`
	for name, c := range map[string]struct {
		who       caller
		body      string
		change    func(*http.Request)
		status    int
		locations []string
	}{
		"not JSON":             {ada, "{", nobody, 400, []string{"body"}},
		"no body":              {ada, "", nobody, 400, []string{"body"}},
		"not YAML":             {ada, "apis: [", header("Content-Type", "application/yaml"), 400, nil},
		"a form":               {ada, "apis=x", header("Content-Type", "application/x-www-form-urlencoded"), 415, nil},
		"too large":            {ada, strings.Repeat(" ", 1<<20+1), nobody, 413, nil},
		"unknown member":       {ada, `{"apis":[],"scopes":[],"routes":[]}`, nobody, 422, []string{"body"}},
		"repeated member":      {ada, `{"apis":[],"apis":[],"scopes":[]}`, nobody, 422, []string{"body"}},
		"wrong type":           {ada, `{"apis":7,"scopes":[]}`, nobody, 422, []string{"body"}},
		"all faults at once":   {ada, `{"apis":[{"id":"A","audience":"x","routes":[]}],"scopes":[{"value":"a b","description":"","api":"z"}]}`, nobody, 422, []string{"body.apis[0].id", "body.apis[0].audience", "body.scopes[0].value", "body.scopes[0].description", "body.scopes[0].api"}},
		"a held scope dropped": {ada, valid, nobody, 409, nil},
		"stale":                {ada, valid, header("If-Match", `"99"`), 412, nil},
		"a broken If-Match":    {ada, valid, header("If-Match", "1"), 400, []string{"header.If-Match"}},
		"nobody":               {nobody, valid, nobody, 401, nil},
		"nobody, not YAML":     {nobody, "apis: [", header("Content-Type", "application/yaml"), 401, nil},
		"a supervisor":         {i.as("sue"), `{"x":1}`, nobody, 404, nil},
		"another account":      {i.as("olga"), `{"x":1}`, nobody, 404, nil},
		"without the scope":    {i.as("alan", "claviger:catalogue:read"), `{"x":1}`, nobody, 403, nil},
	} {
		a := i.send(c.who, http.MethodPut, "/catalogue", c.body, c.change)
		if a.status != c.status || !cmp.Equal(a.locations(), c.locations) {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	if after := i.want(http.StatusOK, ada, http.MethodGet, "/catalogue", ""); after.text != read.text {
		t.Error("a refused catalogue changed something")
	}
	i.want(http.StatusOK, ada, http.MethodPut, "/catalogue", "apis: []\nscopes: []\n", header("Content-Type", "application/yaml"), func(*http.Request) { i.deleteAll(ada) })
	empty := i.want(http.StatusOK, ada, http.MethodGet, "/catalogue", "")
	if !cmp.Equal(empty.body, map[string]any{"apis": []any{}, "scopes": []any{}}) || empty.header.Get("ETag") == etag {
		t.Errorf("after: %s %s", empty.text, empty.header.Get("ETag"))
	}
}

// deleteAll deletes every credential that who sees.
func (i *installation) deleteAll(who caller) {
	i.t.Helper()
	for _, row := range i.want(http.StatusOK, who, http.MethodGet, "/credentials", "").body["credentials"].([]any) {
		i.want(http.StatusNoContent, who, http.MethodDelete, "/credentials/"+row.(map[string]any)["client_id"].(string), "")
	}
}

func TestAccount_IsTheOneActedIn(t *testing.T) {
	i := install(t)
	a := i.want(http.StatusOK, i.as("abe"), http.MethodGet, "/account", "")
	want := map[string]any{
		"account_id": i.accounts["first"].ID, "name": "default", "api_credentials_enabled": true,
		"account_level_credentials": "closed", "max_token_lifetime_seconds": nil, "version": 1.0,
		"max_secret_age_seconds": nil, "unused_warn_after_seconds": nil, "unused_disable_after_seconds": nil,
	}
	if diff := cmp.Diff(want, a.body); diff != "" {
		t.Error(diff)
	}
}
