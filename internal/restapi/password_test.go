package restapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/testserver"
)

const (
	goodPassword  = "ninth kettle under the elm"
	otherPassword = "seven lanterns by a dull quay"
)

// person is somebody acting for themselves.
func (i *installation) person(name string) apicred.Actor {
	u := i.users[name]
	return testserver.SignedIn(&u)
}

// age makes the proofs of a person's sessions as old as d.
func (i *installation) age(name string, d time.Duration, by login.Proof) {
	i.t.Helper()
	sessions, err := i.Login.Sessions(i.t.Context(), i.person(name))
	must(i.t, err)
	must(i.t, i.Store.Login().ChangeLogin(i.t.Context(), func(tx login.Tx) error {
		for _, s := range sessions {
			must(i.t, tx.ProveSession(i.t.Context(), s.ID, time.Now().Add(-d), by))
		}
		return nil
	}))
}

func TestPassword_IsSetReadAndChanged(t *testing.T) {
	i := install(t)
	abe := i.session("abe", "") // an agent
	a := i.want(http.StatusOK, abe, http.MethodGet, "/me/password", "")
	if diff := cmp.Diff(map[string]any{"set": false, "changed_at": nil, "sign_in": true}, a.body); diff != "" {
		t.Error(diff)
	}
	i.want(http.StatusNoContent, abe, http.MethodPut, "/me/password", `{"new_password":"`+goodPassword+`"}`)
	a = i.want(http.StatusOK, abe, http.MethodGet, "/me/password", "")
	if at, err := time.Parse(time.RFC3339, a.body["changed_at"].(string)); err != nil || a.body["set"] != true || time.Since(at) > time.Hour {
		t.Errorf("%s", a.text)
	}
	i.age("abe", time.Hour, login.ProofPassword)
	for body, locations := range map[string][]string{
		`{}`:                    {"body.new_password"},
		`{"new_password":7}`:    {"body.new_password"},
		`{"new_password":null}`: {"body.new_password"},
		`{"new_password":"` + otherPassword + `"}`:                                                 {"body.current_password"},
		`{"new_password":"short","current_password":"` + goodPassword + `"}`:                       {"body.new_password"},
		`{"new_password":"` + otherPassword + `","current_password":"wrong wrong wrong 1"}`:        {"body.current_password"},
		`{"new_password":"` + otherPassword + `","current_password":"` + goodPassword + `","x":1}`: {"body.x"},
	} {
		a := i.want(http.StatusUnprocessableEntity, abe, http.MethodPut, "/me/password", body)
		if diff := cmp.Diff(locations, a.locations()); diff != "" {
			t.Errorf("%s\n%s", a.text, diff)
		}
		if strings.Contains(a.text, "kettle") || strings.Contains(a.text, "lanterns") {
			t.Errorf("echoed: %s", a.text)
		}
	}
	i.want(http.StatusNoContent, abe, http.MethodPut, "/me/password", `{"new_password":"`+otherPassword+`","current_password":"`+goodPassword+`"}`)
	if strings.Contains(i.Log.String(), "kettle") || strings.Contains(i.Log.String(), "lanterns") {
		t.Error("a password was logged")
	}
}

func TestPassword_IsNotForAccessTokens(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	for _, c := range [][3]string{
		{http.MethodPut, "/me/password", `{"new_password":"` + goodPassword + `"}`}, {http.MethodPut, "/me/password", `{"x":1}`},
		{http.MethodPost, "/me/reauthenticate", `{"password":"` + goodPassword + `"}`},
	} {
		if a := i.want(http.StatusForbidden, ada, c[0], c[1], c[2]); a.code() != "forbidden" || !strings.Contains(a.text, "access token") {
			t.Error(a.text)
		}
		i.want(http.StatusUnauthorized, nobody, c[0], c[1], c[2])
		i.want(http.StatusBadRequest, nobody, c[0], c[1], "{")
	}
	i.want(http.StatusOK, i.as("abe"), http.MethodGet, "/me/password", "")
	client, _ := i.create(ada, `{"name":"robot","scopes":["claviger:credentials:read"]}`)
	robot := bearer(i.credentialToken(client))
	for _, c := range [][2]string{{http.MethodGet, "/me/password"}, {http.MethodGet, "/me/sessions"}, {http.MethodDelete, "/me/sessions"}} {
		i.want(http.StatusForbidden, robot, c[0], c[1], "")
	}
}

func TestPassword_WorksWhereTheCredentialsAreaIsHidden(t *testing.T) {
	i := install(t)
	must(t, i.disableArea())
	sam := i.session("sam", "")
	i.want(http.StatusNoContent, sam, http.MethodPut, "/me/password", `{"new_password":"`+goodPassword+`"}`)
	i.want(http.StatusNoContent, sam, http.MethodPost, "/me/reauthenticate", `{"password":"`+goodPassword+`"}`)
	i.want(http.StatusOK, sam, http.MethodGet, "/me/sessions", "")
}

// The order is: who asks, role and existence, scope, then the proof, then members and state.
func TestRisky_WantsAFreshProofAfterExistenceAndRightAndBeforeMembers(t *testing.T) {
	i := install(t)
	first, sue := i.accounts["first"].ID, "/users/"+i.users["sue"].ID
	ada, sam := i.session("ada", first), i.session("sam", first)
	i.want(http.StatusNoContent, ada, http.MethodPut, "/me/password", `{"new_password":"`+goodPassword+`"}`)
	i.age("ada", login.ReauthenticationLimit, login.ProofPassword)
	i.age("sam", login.ReauthenticationLimit, login.ProofOperatorLink)
	absent := "/users/00000000-0000-4000-8000-000000000000"
	risky := [][3]string{
		{http.MethodPost, "/users", `{"nonsense":1}`}, {http.MethodPatch, sue, `{"role":"nonsense"}`},
		{http.MethodPost, sue + "/set-up-link", ""}, {http.MethodPut, "/catalogue", `{"apis":1}`}, {http.MethodPatch, "/account", `{"nonsense":1}`},
		{http.MethodPost, "/signing-keys/rotate", ""},
		{http.MethodDelete, sue, ""},
	}
	for _, c := range risky {
		a := i.want(http.StatusForbidden, ada, c[0], c[1], c[2])
		if a.code() != "reauthentication_required" || !strings.Contains(a.text, "/me/reauthenticate") || a.header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s %s: %s", c[0], c[1], a.text)
		}
		if a := i.send(sam, c[0], c[1], c[2]); a.code() == "reauthentication_required" {
			t.Errorf("%s %s: a supervisor is asked for a proof in vain: %s", c[0], c[1], a.text)
		}
		if a := i.send(i.as("alan", "claviger:credentials:read"), c[0], c[1], c[2]); a.code() != "insufficient_scope" && c[0] != http.MethodPatch {
			t.Errorf("%s %s: %s", c[0], c[1], a.text)
		}
		if a := i.send(i.as("ada"), c[0], c[1], c[2]); a.code() == "reauthentication_required" {
			t.Errorf("%s %s: an access token is asked for a proof", c[0], c[1])
		}
	}
	sue = "/users/" + i.users["bea"].ID // the token above has removed the other
	i.want(http.StatusNotFound, ada, http.MethodPatch, absent, `{"role":"agent"}`)
	i.want(http.StatusBadRequest, ada, http.MethodPost, "/users", `{`)
	i.want(http.StatusOK, ada, http.MethodGet, "/users", "")
	i.want(http.StatusUnprocessableEntity, ada, http.MethodPost, "/me/reauthenticate", `{"password":"`+otherPassword+`"}`)
	i.want(http.StatusForbidden, ada, http.MethodPatch, sue, `{"role":"agent"}`)
	i.want(http.StatusNoContent, ada, http.MethodPost, "/me/reauthenticate", `{"password":"`+goodPassword+`"}`)
	i.want(http.StatusOK, ada, http.MethodPatch, sue, `{"role":"agent"}`)
	i.want(http.StatusUnprocessableEntity, ada, http.MethodPost, "/users", `{"nonsense":1}`)
}

// A token is never asked for a proof: a credential with such a scope would do what
// the session that made it may not.
func TestRisky_CannotBeReachedThroughACredential(t *testing.T) {
	i := install(t)
	first := i.accounts["first"].ID
	ada, sue := i.session("ada", first), i.session("sue", first)
	i.want(http.StatusNoContent, ada, http.MethodPut, "/me/password", `{"new_password":"`+goodPassword+`"}`)
	strong, _ := i.create(ada, `{"name":"strong","scopes":["claviger:users:write"],"allowed_cidrs":["10.0.0.0/8"]}`)
	plain, _ := i.create(ada, `{"name":"plain","scopes":["claviger:users:read"]}`)
	i.age("ada", login.ReauthenticationLimit, login.ProofPassword)
	i.age("sue", login.ReauthenticationLimit, login.ProofOperatorLink)
	attempts := [][3]string{
		{http.MethodPost, "/credentials", `{"name":"another","scopes":["claviger:users:read","claviger:users:write"],"nonsense":1}`},
		{http.MethodPost, "/credentials", `{"name":"another","scopes":["claviger:account:write"]}`},
		{http.MethodPost, "/credentials", `{"name":"another","scopes":["claviger:catalogue:write"]}`},
		{http.MethodPost, "/credentials", `{"name":"another","scopes":["claviger:keys:write"]}`},
		{http.MethodPatch, "/credentials/" + plain, `{"scopes":["claviger:users:read","claviger:users:write"]}`},
		{http.MethodPatch, "/credentials/" + strong, `{"allowed_cidrs":null}`},
		{http.MethodPatch, "/credentials/" + strong, `{"scopes":["claviger:users:write"],"allowed_cidrs":null}`},
		{http.MethodPost, "/credentials/" + strong + "/secrets", ""},
		{http.MethodPost, "/credentials/" + strong + "/enable", ""},
	}
	for _, a := range attempts {
		if got := i.want(http.StatusForbidden, ada, a[0], a[1], a[2]); got.code() != "reauthentication_required" {
			t.Errorf("%s %s %s: %s", a[0], a[1], a[2], got.text)
		}
	}
	if got := i.want(http.StatusForbidden, sue, http.MethodPost, "/credentials", attempts[0][2]); got.code() != "scope_not_grantable" {
		t.Errorf("a supervisor is asked for a proof in vain: %s", got.text)
	}
	for _, a := range [][3]string{ // what adds nothing, or nothing risky
		{http.MethodPatch, "/credentials/" + strong, `{"name":"renamed"}`},
		{http.MethodPatch, "/credentials/" + strong, `{"scopes":["claviger:users:write"]}`},
		{http.MethodPost, "/credentials/" + strong + "/disable", ""},
		{http.MethodPatch, "/credentials/" + plain, `{"scopes":["claviger:users:read","claviger:audit:read"]}`},
	} {
		i.want(http.StatusOK, ada, a[0], a[1], a[2])
	}
	i.want(http.StatusCreated, ada, http.MethodPost, "/credentials/"+plain+"/secrets", "")
	i.want(http.StatusNoContent, ada, http.MethodPost, "/me/reauthenticate", `{"password":"`+goodPassword+`"}`)
	i.want(http.StatusCreated, ada, http.MethodPost, "/credentials/"+strong+"/secrets", "")
}

func TestReauthenticate_RefusesByMemberAndBoundsTheTries(t *testing.T) {
	i := install(t)
	sue := i.session("sue", "")
	if a := i.want(http.StatusConflict, sue, http.MethodPost, "/me/reauthenticate", `{"password":"x"}`); !strings.Contains(a.text, "one-time link") {
		t.Error(a.text)
	}
	i.want(http.StatusNoContent, sue, http.MethodPut, "/me/password", `{"new_password":"`+goodPassword+`"}`)
	for body, want := range map[string][]string{`{}`: {"body.password"}, `{"password":["x"]}`: {"body.password"}, `{"password":"x","y":1}`: {"body.y"}} {
		if diff := cmp.Diff(want, i.want(http.StatusUnprocessableEntity, sue, http.MethodPost, "/me/reauthenticate", body).locations()); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
	for range 10 {
		a := i.want(http.StatusUnprocessableEntity, sue, http.MethodPost, "/me/reauthenticate", `{"password":"`+otherPassword+`"}`)
		if diff := cmp.Diff([]string{"body.password"}, a.locations()); diff != "" {
			t.Fatal(diff)
		}
	}
	if a := i.want(http.StatusTooManyRequests, sue, http.MethodPost, "/me/reauthenticate", `{"password":"`+goodPassword+`"}`); a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	i.want(http.StatusOK, sue, http.MethodGet, "/me", "") // still signed in
}

func TestSessions_AreListedAndEnded(t *testing.T) {
	i := install(t)
	ada := i.session("ada", "")
	bare := func(r *http.Request) { r.Header.Set("User-Agent", "Elsewhere/1") }
	a := i.want(http.StatusOK, ada, http.MethodGet, "/me/sessions", "", bare)
	list := a.body["sessions"].([]any)
	if len(list) != 1 {
		t.Fatal(a.text)
	}
	var members []string
	for _, name := range []string{"session_id", "created_at", "last_seen_at", "expires_at", "address", "user_agent", "current"} {
		if _, there := list[0].(map[string]any)[name]; !there {
			members = append(members, name)
		}
	}
	if len(members) > 0 || list[0].(map[string]any)["current"] != true || strings.Contains(a.text, "hash") {
		t.Errorf("lacks %v: %s", members, a.text)
	}
	id := list[0].(map[string]any)["session_id"].(string)
	i.want(http.StatusNotFound, i.session("alan", ""), http.MethodDelete, "/me/sessions/"+id, "")
	i.want(http.StatusNotFound, ada, http.MethodDelete, "/me/sessions/nonsense", "")
	if got := i.want(http.StatusOK, i.as("ada"), http.MethodGet, "/me/sessions", "").body["sessions"].([]any); len(got) != 1 || got[0].(map[string]any)["current"] != false {
		t.Errorf("%v", got)
	}
	i.want(http.StatusNoContent, ada, http.MethodDelete, "/me/sessions", "")
	i.want(http.StatusOK, ada, http.MethodGet, "/me", "")
	i.want(http.StatusNoContent, ada, http.MethodDelete, "/me/sessions/"+id, "")
	i.want(http.StatusUnauthorized, ada, http.MethodGet, "/me", "")
	again := i.session("ada", "")
	i.want(http.StatusNoContent, i.as("ada"), http.MethodDelete, "/me/sessions", "")
	i.want(http.StatusUnauthorized, again, http.MethodGet, "/me", "")
}

// R14: somebody at a browser that was left open tries passwords; the account's
// admin sees it.
func TestOwnAffairs_RefusalsAreAudited(t *testing.T) {
	i := install(t)
	first := i.accounts["first"].ID
	sue := i.session("sue", first)
	i.want(http.StatusNoContent, sue, http.MethodPut, "/me/password", `{"new_password":"`+goodPassword+`"}`)
	i.age("sue", login.ReauthenticationLimit, login.ProofPassword)
	for range 10 {
		i.want(http.StatusUnprocessableEntity, sue, http.MethodPost, "/me/reauthenticate", `{"password":"`+otherPassword+`"}`)
	}
	i.want(http.StatusTooManyRequests, sue, http.MethodPut, "/me/password", `{"current_password":"`+otherPassword+`","new_password":"`+otherPassword+` x"}`)
	must(t, i.Lifecycle.FlushRefusals(t.Context(), true))
	got := map[string]any{}
	for _, e := range i.auditEvents(i.as("ada"), "?actor="+i.users["sue"].ID) {
		if e["outcome"] == "refused" {
			got[e["action"].(string)+" "+e["rule"].(string)] = e["count"]
		}
		if text := fmt.Sprint(e); strings.Contains(text, goodPassword) || strings.Contains(text, otherPassword) {
			t.Errorf("a password is in %s", text)
		}
	}
	want := map[string]any{"session.reauthenticate wrong_password": 10.0, "user.password_set too_many_tries": 1.0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
