package restapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
)

func TestCredential_LivesFromCreateToDelete(t *testing.T) {
	i := install(t)
	sue := i.as("sue")
	made := i.want(http.StatusCreated, sue, http.MethodPost, "/credentials",
		`{"name":" Export ","scopes":["users:read"],"expires_at":"2999-01-31T12:00:00+02:00","allowed_cidrs":["192.0.2.0/24"],"token_lifetime_seconds":600,"requests_per_second":5}`)
	id := made.body["client_id"].(string)
	if got := made.header.Get("Location"); got != "/api/v1/credentials/"+id {
		t.Errorf("Location is %q", got)
	}
	if !apicred.WellFormedSecret(made.body["client_secret"].(string)) {
		t.Error("the secret is not well formed")
	}
	read := i.want(http.StatusOK, sue, http.MethodGet, "/credentials/"+id, "")
	want := map[string]any{
		"client_id": id, "name": "Export", "level": "user",
		"owner":  map[string]any{"user_id": i.users["sue"].ID, "email": "sue@example.com"},
		"scopes": []any{"users:read"}, "effective_scopes": []any{"users:read"}, "status": "active", "status_reason": nil,
		"created_by": i.users["sue"].ID, "expires_at": "2999-01-31T10:00:00Z", "last_used_at": nil, "last_used_address": nil,
		"authentication_method": "client_secret", "allowed_cidrs": []any{"192.0.2.0/24"}, "token_lifetime_seconds": 600.0,
		"requests_per_second": 5.0, "api": nil, "jwks": nil, "tls_client_subject": nil, "version": 1.0, "actions": []any{"view", "edit", "disable", "delete"},
	}
	for _, name := range []string{"created_at", "updated_at", "secrets"} {
		if read.body[name] == nil {
			t.Errorf("%s is missing", name)
		}
		delete(read.body, name)
	}
	if diff := cmp.Diff(want, read.body); diff != "" {
		t.Error(diff)
	}

	edited := i.want(http.StatusOK, sue, http.MethodPatch, "/credentials/"+id,
		`{"name":"Import","scopes":["interaction-content:read","users:read"],"expires_at":null,"requests_per_second":null,"token_lifetime_seconds":null,"allowed_cidrs":null}`,
		header("If-Match", read.header.Get("ETag")), header("Content-Type", "application/merge-patch+json"))
	for name, want := range map[string]any{
		"name": "Import", "scopes": []any{"interaction-content:read", "users:read"}, "expires_at": nil,
		"requests_per_second": nil, "token_lifetime_seconds": nil, "allowed_cidrs": []any{}, "version": 2.0,
	} {
		if diff := cmp.Diff(want, edited.body[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got := edited.header.Get("ETag"); got != `"2"` {
		t.Errorf("ETag is %s", got)
	}

	off := i.want(http.StatusOK, sue, http.MethodPost, "/credentials/"+id+"/disable", "")
	if off.body["status"] != "disabled" || off.body["status_reason"] != "disabled_by_owner" {
		t.Errorf("after disable: %s", off.text)
	}
	on := i.want(http.StatusOK, sue, http.MethodPost, "/credentials/"+id+"/enable", "{}")
	if on.body["status"] != "active" || on.body["status_reason"] != nil {
		t.Errorf("after enable: %s", on.text)
	}
	gone := i.want(http.StatusNoContent, sue, http.MethodDelete, "/credentials/"+id, "")
	if gone.text != "" {
		t.Errorf("204 has a body: %q", gone.text)
	}
	i.want(http.StatusNotFound, sue, http.MethodGet, "/credentials/"+id, "")
}

func TestSecrets_RotateWithinFive(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	id, _ := i.create(ada, `{"name":"x","scopes":["stats"]}`)
	path := "/credentials/" + id + "/secrets"
	first := i.want(http.StatusOK, ada, http.MethodGet, path, "").body["secrets"].([]any)[0].(map[string]any)
	if first["expires_at"] != nil || first["label"] != nil {
		t.Errorf("first secret: %v", first)
	}
	i.want(http.StatusConflict, ada, http.MethodDelete, path+"/"+first["secret_id"].(string), "")

	added := i.want(http.StatusCreated, ada, http.MethodPost, path, `{"label":"next","retire_others_after_seconds":86400}`)
	if !apicred.WellFormedSecret(added.body["client_secret"].(string)) || added.body["label"] != "next" {
		t.Errorf("added: %v", added.body)
	}
	secrets := i.want(http.StatusOK, ada, http.MethodGet, path, "").body["secrets"].([]any)
	if len(secrets) != 2 || secrets[0].(map[string]any)["expires_at"] == nil || secrets[1].(map[string]any)["expires_at"] != nil {
		t.Errorf("after rotation: %v", secrets)
	}
	for range 3 {
		i.want(http.StatusCreated, ada, http.MethodPost, path, "")
	}
	sixth := i.want(http.StatusConflict, ada, http.MethodPost, path, "{}")
	if sixth.code() != "conflict" {
		t.Errorf("sixth: %s", sixth.text)
	}
	i.want(http.StatusNoContent, ada, http.MethodDelete, path+"/"+first["secret_id"].(string)+"?compromised=true", "")
	i.want(http.StatusNotFound, ada, http.MethodDelete, path+"/"+first["secret_id"].(string), "")
}

func TestSecret_IsClosedWhenQuietOnRequest(t *testing.T) {
	i := install(t)
	sue := i.as("sue")
	id, _ := i.create(sue, `{"name":"x","scopes":["users:read"]}`)
	path := "/credentials/" + id + "/secrets"
	i.want(http.StatusCreated, sue, http.MethodPost, path, `{"retire_others_after_seconds":2592000,"close_others_when_quiet_hours":48}`)
	old := func() map[string]any {
		secrets := i.want(http.StatusOK, sue, http.MethodGet, path, "").body["secrets"].([]any)
		if _, there := secrets[1].(map[string]any)["close_when_quiet_hours"]; there {
			t.Errorf("the new one is to be closed: %v", secrets[1])
		}
		return secrets[0].(map[string]any)
	}
	shown := old()
	one := path + "/" + shown["secret_id"].(string)
	if shown["close_when_quiet_hours"] != 48.0 || shown["closes_at"] == nil || shown["expires_at"] == nil {
		t.Errorf("after rotation: %v", shown)
	}
	edited := i.want(http.StatusOK, sue, http.MethodPatch, one, `{"close_when_quiet_hours":2160}`, header("Content-Type", "application/merge-patch+json"))
	if edited.body["close_when_quiet_hours"] != 2160.0 || edited.body["secret_id"] != shown["secret_id"] {
		t.Errorf("edited: %v", edited.body)
	}
	if left := i.want(http.StatusOK, sue, http.MethodPatch, one, `{}`); left.body["close_when_quiet_hours"] != 2160.0 {
		t.Errorf("an edit of nothing: %v", left.body)
	}
	taken := i.want(http.StatusOK, sue, http.MethodPatch, one, `{"close_when_quiet_hours":null}`)
	for _, name := range []string{"close_when_quiet_hours", "closes_at"} {
		if _, there := taken.body[name]; there {
			t.Errorf("taken back, %s is %v", name, taken.body[name])
		}
		if _, there := old()[name]; there {
			t.Errorf("taken back, %s is listed", name)
		}
	}
	i.want(http.StatusForbidden, i.as("ada"), http.MethodPatch, one, `{"close_when_quiet_hours":1}`)
	i.want(http.StatusNotFound, i.as("abe"), http.MethodPatch, one, `{"close_when_quiet_hours":1}`)
}

func TestList_PagesFilterAndCount(t *testing.T) {
	i := install(t)
	ada, sue := i.as("ada"), i.as("sue")
	for _, name := range []string{"alpha one", "alpha two", "beta"} {
		i.create(ada, `{"name":"`+name+`","scopes":["stats"]}`)
	}
	i.create(sue, `{"name":"gamma","scopes":["users:read"]}`)

	names := func(who caller, query string) []string {
		t.Helper()
		var out []string
		for _, row := range i.want(http.StatusOK, who, http.MethodGet, "/credentials"+query, "").body["credentials"].([]any) {
			out = append(out, row.(map[string]any)["name"].(string))
		}
		return out
	}
	for query, want := range map[string][]string{
		"?sort=name":                          {"alpha one", "alpha two", "beta", "gamma"},
		"?sort=-name":                         {"gamma", "beta", "alpha two", "alpha one"},
		"?sort=name&owner=me":                 {"alpha one", "alpha two", "beta"},
		"?owner=" + i.users["sue"].ID:         {"gamma"},
		"?scope=users:read":                   {"gamma"},
		"?q=al&sort=name":                     {"alpha one", "alpha two"},
		"?q=tw+alph&sort=name":                {"alpha two"},
		"?q=sue@&sort=name":                   {"gamma"},
		"?status=disabled":                    nil,
		"?level=account":                      nil,
		"?sort=name&status=&q=&page_token=":   {"alpha one", "alpha two", "beta", "gamma"},
		"?q=%E2%80%AE":                        nil,
		"?scope=nothing":                      nil,
		"?owner=" + i.users["olga"].ID + "&q": nil,
	} {
		if diff := cmp.Diff(want, names(ada, query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	if diff := cmp.Diff([]string{"gamma"}, names(sue, "?sort=name")); diff != "" {
		t.Errorf("a supervisor sees: %s", diff)
	}
	if got := names(sue, "?owner="+i.users["ada"].ID); got != nil {
		t.Errorf("a supervisor sees an admin's: %v", got)
	}

	first := i.want(http.StatusOK, ada, http.MethodGet, "/credentials?sort=name&page_size=3", "")
	token, _ := first.body["next_page_token"].(string)
	if token == "" || first.body["total"] != 4.0 || first.body["total_capped"] != false {
		t.Fatalf("first page: %s", first.text)
	}
	if calls := first.body["credentials"].([]any)[0].(map[string]any)["daily_calls"].([]any); len(calls) != 14 {
		t.Errorf("daily_calls: %v", calls)
	}
	second := i.want(http.StatusOK, ada, http.MethodGet, "/credentials?sort=name&page_size=3&page_token="+token, "")
	if len(second.body["credentials"].([]any)) != 1 || second.body["next_page_token"] != nil {
		t.Errorf("second page: %s", second.text)
	}
	for name, a := range map[string]*answer{
		"another caller": i.send(i.as("alan"), http.MethodGet, "/credentials?sort=name&page_size=3&page_token="+token, ""),
		"another query":  i.send(ada, http.MethodGet, "/credentials?sort=-name&page_token="+token, ""),
		"a bent token":   i.send(ada, http.MethodGet, "/credentials?sort=name&page_token="+token[:len(token)-2]+"AA", ""),
	} {
		if a.status != http.StatusBadRequest || !slices.Equal(a.locations(), []string{"query.page_token"}) {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}

func TestCreate_IdempotencyKeyNeverShowsASecondSecret(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	key := header("Idempotency-Key", "try 1")
	first := i.want(http.StatusCreated, ada, http.MethodPost, "/credentials", `{"name":"x","scopes":["stats"]}`, key)
	again := i.want(http.StatusConflict, ada, http.MethodPost, "/credentials", `{ "scopes":["stats"], "name":"x" }`, key)
	if again.body["client_id"] != first.body["client_id"] || strings.Contains(again.text, "clav_") {
		t.Errorf("replay: %s", again.text)
	}
	other := i.want(http.StatusUnprocessableEntity, ada, http.MethodPost, "/credentials", `{"name":"y","scopes":["stats"]}`, key)
	if diff := cmp.Diff([]string{"header.Idempotency-Key"}, other.locations()); diff != "" {
		t.Error(diff)
	}
	i.want(http.StatusCreated, i.as("alan"), http.MethodPost, "/credentials", `{"name":"x","scopes":["stats"]}`, key)
	if total := i.want(http.StatusOK, ada, http.MethodGet, "/credentials", "").body["total"]; total != 2.0 {
		t.Errorf("there are %v credentials, want 2", total)
	}
}

func TestCredential_ActsAsItsOwnerWithinItsScopes(t *testing.T) {
	i := install(t)
	id, _ := i.create(i.as("ada"), `{"name":"manager","scopes":["claviger:credentials:read","claviger:credentials:write","stats"]}`)
	manager := bearer(i.credentialToken(id, "claviger:credentials:read", "claviger:credentials:write"))
	made := i.want(http.StatusCreated, manager, http.MethodPost, "/credentials", `{"name":"made","scopes":["stats","claviger:credentials:read"]}`)
	if made.body["created_by"] != id || made.body["owner"].(map[string]any)["user_id"] != i.users["ada"].ID {
		t.Errorf("made: %s", made.text)
	}
	above := i.want(http.StatusForbidden, manager, http.MethodPost, "/credentials", `{"name":"made","scopes":["stats","claviger:audit:read"]}`)
	if above.code() != "scope_not_grantable" || !slices.Equal(above.locations(), []string{"body.scopes[1]"}) {
		t.Errorf("above the ceiling: %s", above.text)
	}
	reader := bearer(i.credentialToken(id, "claviger:credentials:read"))
	i.want(http.StatusOK, reader, http.MethodGet, "/credentials", "")
	refused := i.want(http.StatusForbidden, reader, http.MethodPost, "/credentials", `{"name":"made","scopes":["stats"]}`)
	if refused.code() != "insufficient_scope" {
		t.Errorf("without the scope: %s", refused.text)
	}
	me := i.want(http.StatusOK, reader, http.MethodGet, "/me", "")
	if me.body["user_id"] != i.users["ada"].ID || !cmp.Equal(me.body["scopes"], []any{"claviger:credentials:read"}) {
		t.Errorf("me: %s", me.text)
	}
	i.want(http.StatusUnauthorized, bearer(i.credentialToken(id, "stats")), http.MethodGet, "/scopes", "")

	i.want(http.StatusOK, i.as("alan"), http.MethodPost, "/credentials/"+id+"/disable", "")
	i.want(http.StatusUnauthorized, reader, http.MethodGet, "/credentials", "")
}

func TestCredential_MayBeUsedForManagementFromItsAddressesOnly(t *testing.T) {
	i := install(t)
	id, _ := i.create(i.as("ada"), `{"name":"x","scopes":["claviger:credentials:read"],"allowed_cidrs":["198.51.100.0/24"],"requests_per_second":1}`)
	token := bearer(i.credentialToken(id))
	a := i.want(http.StatusForbidden, token, http.MethodGet, "/credentials", "")
	if a.code() != "address_not_allowed" {
		t.Error(a.text)
	}
	near := func(r *http.Request) { r.RemoteAddr = "198.51.100.7:1234" }
	statuses := map[int]int{}
	for range 4 {
		statuses[i.send(token, http.MethodGet, "/credentials", "", near).status]++
	}
	if statuses[http.StatusOK] == 0 || statuses[http.StatusTooManyRequests] == 0 || len(statuses) != 2 {
		t.Errorf("statuses of four calls at one a second: %v", statuses)
	}
}
