package restapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// statuses of the signing keys, by kid.
func (i *installation) signingKeys(a *answer) map[string]string {
	i.t.Helper()
	out := map[string]string{}
	for _, row := range a.body["signing_keys"].([]any) {
		key := row.(map[string]any)
		out[key["kid"].(string)] = key["status"].(string)
	}
	return out
}

// kidWith is the kid of the key in a status.
func kidWith(t testing.TB, keys map[string]string, status string) string {
	t.Helper()
	for kid, is := range keys {
		if is == status {
			return kid
		}
	}
	t.Fatalf("no key is %s: %v", status, keys)
	return ""
}

func (i *installation) publishedKIDs() []string {
	i.t.Helper()
	var set struct{ Keys []struct{ KID string } }
	must(i.t, json.Unmarshal(i.Ring.JWKSet(), &set))
	var kids []string
	for _, k := range set.Keys {
		kids = append(kids, k.KID)
	}
	return kids
}

func TestSigningKeys_AreListedAsTheContractHasThem(t *testing.T) {
	i := install(t)
	a := i.want(http.StatusOK, i.as("ada"), http.MethodGet, "/signing-keys", "")
	rows := a.body["signing_keys"].([]any)
	if len(a.body) != 1 || len(rows) != 2 {
		t.Fatalf("got %s", a.text)
	}
	for _, row := range rows {
		var members []string
		for name := range row.(map[string]any) {
			members = append(members, name)
		}
		slices.Sort(members)
		if diff := cmp.Diff([]string{"alg", "created_at", "expires_at", "kid", "not_before", "status"}, members); diff != "" {
			t.Error(diff)
		}
	}
	keys := i.signingKeys(a)
	for _, kid := range i.publishedKIDs() {
		if keys[kid] == "" {
			t.Errorf("%s is published and not listed", kid)
		}
	}
}

func TestSigningKeys_RotateWithoutATokenDying(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	before := i.signingKeys(i.want(http.StatusOK, ada, http.MethodGet, "/signing-keys", ""))
	a := i.want(http.StatusOK, ada, http.MethodPost, "/signing-keys/rotate", "")
	after := i.signingKeys(a)
	if len(after) != 3 || after[kidWith(t, before, "active")] != "retired" || after[kidWith(t, before, "next")] != "active" {
		t.Fatalf("from %v to %v", before, after)
	}
	listed := i.want(http.StatusOK, ada, http.MethodGet, "/signing-keys", "") // by a token of the retired key
	if diff := cmp.Diff(a.body, listed.body); diff != "" {
		t.Error(diff)
	}
	i.want(http.StatusOK, i.as("ada"), http.MethodGet, "/me", "") // and by one of the new key

	again := i.want(http.StatusConflict, ada, http.MethodPost, "/signing-keys/rotate", "")
	if !strings.Contains(again.text, "Rotate again from 20") {
		t.Errorf("the refusal says no moment: %s", again.text)
	}
	events := i.want(http.StatusOK, ada, http.MethodGet, "/audit-events?action=signing_key.rotate", "")
	if !strings.Contains(events.text, kidWith(t, after, "active")) || !strings.Contains(events.text, kidWith(t, after, "retired")) {
		t.Errorf("the audit log says %s", events.text)
	}
}

func TestSigningKeys_RemovalEndsTheTokensOfTheKey(t *testing.T) {
	i := install(t)
	old := i.as("ada")
	keys := i.signingKeys(i.want(http.StatusOK, old, http.MethodGet, "/signing-keys", ""))
	active, next := kidWith(t, keys, "active"), kidWith(t, keys, "next")
	if a := i.want(http.StatusNoContent, old, http.MethodDelete, "/signing-keys/"+active, ""); a.text != "" {
		t.Errorf("the answer has a body: %s", a.text)
	}
	i.want(http.StatusUnauthorized, old, http.MethodGet, "/me", "")
	fresh := i.as("ada")
	keys = i.signingKeys(i.want(http.StatusOK, fresh, http.MethodGet, "/signing-keys", ""))
	if len(keys) != 2 || keys[next] != "active" || keys[active] != "" {
		t.Errorf("after the removal of %s: %v", active, keys)
	}
	if slices.Contains(i.publishedKIDs(), active) {
		t.Error("the removed key is still published")
	}
	// The next one: another takes its place, and nothing dies.
	next = kidWith(t, keys, "next")
	i.want(http.StatusNoContent, fresh, http.MethodDelete, "/signing-keys/"+next, "")
	keys = i.signingKeys(i.want(http.StatusOK, fresh, http.MethodGet, "/signing-keys", ""))
	if len(keys) != 2 || keys[next] != "" || kidWith(t, keys, "next") == "" {
		t.Errorf("after the removal of the next: %v", keys)
	}
	i.want(http.StatusNotFound, fresh, http.MethodDelete, "/signing-keys/"+next, "")
	events := i.want(http.StatusOK, fresh, http.MethodGet, "/audit-events?action=signing_key.delete&target="+active, "")
	if !strings.Contains(events.text, i.users["ada"].ID) {
		t.Errorf("the audit log does not name who removed it: %s", events.text)
	}
}

func TestSigningKeys_AreForTheOperatorAccountsAdminsAlone(t *testing.T) {
	i := install(t)
	kid := kidWith(t, i.signingKeys(i.want(http.StatusOK, i.as("ada"), http.MethodGet, "/signing-keys", "")), "active")
	unknown := strings.Repeat("A", 43)
	for _, c := range []struct {
		name string
		who  caller
		want map[string]int // by method and path
	}{
		{"a supervisor", i.as("sue"), map[string]int{"": 404}},
		{"an agent", i.as("abe"), map[string]int{"": 404}},
		{"another account's admin", i.as("olga"), map[string]int{"": 404}},
		{"a token without the scope", i.as("ada", "claviger:catalogue:write"), map[string]int{"": 403, "DELETE /signing-keys/" + unknown: 404}},
		{"nobody", nobody, map[string]int{"": 401}},
	} {
		for _, call := range []string{"GET /signing-keys", "POST /signing-keys/rotate", "DELETE /signing-keys/" + kid, "DELETE /signing-keys/" + unknown} {
			method, path, _ := strings.Cut(call, " ")
			want, special := c.want[call]
			if !special {
				want = c.want[""]
			}
			if a := i.send(c.who, method, path, ""); a.status != want {
				t.Errorf("%s, %s: %d %s, want %d", c.name, call, a.status, a.text, want)
			}
		}
	}
	if kids := i.publishedKIDs(); len(kids) != 2 || !slices.Contains(kids, kid) {
		t.Errorf("a refused call changed the keys: %v", kids)
	}
}
