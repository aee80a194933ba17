package restapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/login"
)

// add adds a person and returns the user ID.
func (i *installation) add(who caller, body string) string {
	i.t.Helper()
	a := i.want(http.StatusCreated, who, http.MethodPost, "/users", body)
	id, _ := a.body["user_id"].(string)
	if a.header.Get("Location") != "/api/v1/users/"+id {
		i.t.Errorf("Location %q", a.header.Get("Location"))
	}
	return id
}

func TestUsers_AreAddedReadChangedAndRemoved(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	id := i.add(ada, `{"email":"new@example.com","name":"New","role":"agent"}`)
	user := i.want(http.StatusOK, ada, http.MethodGet, "/users/"+id, "").body
	delete(user, "created_at")
	want := map[string]any{"user_id": id, "email": "new@example.com", "name": "New", "role": "agent", "status": "active", "last_seen_at": nil}
	if diff := cmp.Diff(want, user); diff != "" {
		t.Error(diff)
	}
	changed := i.want(http.StatusOK, ada, http.MethodPatch, "/users/"+id, `{"role":"supervisor","status":"deactivated"}`)
	if changed.body["role"] != "supervisor" || changed.body["status"] != "deactivated" {
		t.Error(changed.text)
	}
	i.want(http.StatusConflict, ada, http.MethodPost, "/users/"+id+"/set-up-link", "")
	i.want(http.StatusNoContent, ada, http.MethodDelete, "/users/"+id, "")
	i.want(http.StatusNotFound, ada, http.MethodGet, "/users/"+id, "")
	i.want(http.StatusNotFound, ada, http.MethodDelete, "/users/"+id, "")
	if list := i.want(http.StatusOK, ada, http.MethodGet, "/users", ""); strings.Contains(list.text, id) || !strings.Contains(list.text, "sue@example.com") {
		t.Error(list.text)
	}
}

func TestUsers_SetUpLinkIsShownOnceAndLetsIn(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	id := i.add(ada, `{"email":"new@example.com","role":"supervisor"}`)
	a := i.want(http.StatusCreated, ada, http.MethodPost, "/users/"+id+"/set-up-link", "")
	url, _ := a.body["url"].(string)
	text := url[strings.LastIndexByte(url, '/')+1:]
	token, _, err := i.Login.Consume(t.Context(), login.LinkTokenFrom(text), login.LinkForm{}, login.RequestFacts{})
	must(t, err)
	if a.header.Get("Cache-Control") != "no-store" || strings.Contains(i.Log.String(), text) {
		t.Error("the link is kept somewhere")
	}
	me := i.want(http.StatusOK, func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: token.Reveal()})
	}, http.MethodGet, "/me", "")
	if me.body["user_id"] != id || me.body["role"] != "supervisor" {
		t.Error(me.text)
	}
}

// Adding an address must not tell whether its owner is known elsewhere.
func TestUsers_KnownAndUnknownAddressesAreAnsweredAlike(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	answers := map[string]string{}
	for _, email := range []string{"olga@example.com", "none@example.com"} {
		body := `{"email":"` + email + `","name":"Entered","role":"agent"}`
		a := i.want(http.StatusCreated, ada, http.MethodPost, "/users", body)
		id := a.body["user_id"].(string)
		link := i.want(http.StatusCreated, ada, http.MethodPost, "/users/"+id+"/set-up-link", "{}")
		read := i.want(http.StatusOK, ada, http.MethodGet, "/users/"+id, "")
		for _, b := range []map[string]any{a.body, link.body, read.body} {
			for _, differs := range []string{"user_id", "email", "created_at", "url", "expires_at"} {
				if b[differs] != nil {
					b[differs] = "…"
				}
			}
		}
		answers[email] = cmp.Diff(nil, []any{a.body, link.body, read.body})
	}
	if diff := cmp.Diff(answers["olga@example.com"], answers["none@example.com"]); diff != "" {
		t.Error(diff)
	}
}

func TestUsers_AreHiddenFromAllButAdmins(t *testing.T) {
	i := install(t)
	sam := "/users/" + i.users["sam"].ID
	missing := i.want(http.StatusNotFound, i.as("ada"), http.MethodGet, "/users/0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811", "").body
	for name, who := range map[string]caller{
		"supervisor": i.as("sue"), "agent": i.session("abe", i.accounts["first"].ID), "another account's admin": i.as("olga"),
	} {
		for method, body := range map[string]string{http.MethodGet: "", http.MethodPatch: `{"role":"agent"}`, http.MethodDelete: ""} {
			a := i.want(http.StatusNotFound, who, method, sam, body)
			if a.body["detail"] != missing["detail"] {
				t.Errorf("%s: %s", name, a.text)
			}
		}
		i.want(http.StatusNotFound, who, http.MethodPost, sam+"/set-up-link", "")
	}
	i.want(http.StatusNotFound, i.as("sue"), http.MethodGet, "/users", "")
	i.want(http.StatusForbidden, i.as("ada", "claviger:users:read"), http.MethodPost, "/users", `{"email":"x@example.com","role":"agent"}`)
}

func TestUsers_BadMembersAreNamed(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	for body, want := range map[string][]string{
		`{"role":"agent"}`:                                             {"body.email"},
		`{"email":7,"role":"x","name":"\u202e"}`:                       {"body.email", "body.name", "body.role"},
		`{"email":"a@b.example","role":"agent","status":"active"}`:     {"body.status"},
		`{"email":"a@b.example","role":"agent","user_id":"x","odd":1}`: {"body.odd", "body.user_id"},
	} {
		if diff := cmp.Diff(want, i.want(http.StatusUnprocessableEntity, ada, http.MethodPost, "/users", body).locations()); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
	sam := "/users/" + i.users["sam"].ID
	for body, want := range map[string][]string{
		`{"role":null}`: {"body.role"}, `{"status":"removed"}`: {"body.status"}, `{"email":"x@example.com"}`: {"body.email"},
	} {
		if diff := cmp.Diff(want, i.want(http.StatusUnprocessableEntity, ada, http.MethodPatch, sam, body).locations()); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

// Rights follow the person, and so do the door and the programs (R10, S21).
func TestUsers_DeactivationEndsSessionsTokensAndCredentials(t *testing.T) {
	i := install(t)
	ada, sue := i.as("ada"), i.as("sue")
	clientID, _ := i.create(sue, `{"name":"x","scopes":["users:read"]}`)
	session := i.session("sue", i.accounts["first"].ID)
	i.want(http.StatusOK, session, http.MethodGet, "/me", "")
	path := "/users/" + i.users["sue"].ID
	i.want(http.StatusOK, ada, http.MethodPatch, path, `{"status":"deactivated"}`)
	i.want(http.StatusUnauthorized, session, http.MethodGet, "/me", "")
	i.want(http.StatusUnauthorized, sue, http.MethodGet, "/me", "")
	if c := i.want(http.StatusOK, ada, http.MethodGet, "/credentials/"+clientID, "").body; c["status"] != "suspended" || c["status_reason"] != "owner" {
		t.Errorf("%v %v", c["status"], c["status_reason"])
	}
	i.want(http.StatusOK, ada, http.MethodPatch, path, `{"status":"active"}`)
	i.want(http.StatusUnauthorized, session, http.MethodGet, "/me", "") // ended is ended
	// bea belongs to another account too: her session goes on, there alone.
	bea := i.session("bea", "")
	i.want(http.StatusNoContent, ada, http.MethodDelete, "/users/"+i.users["bea"].ID, "")
	if me := i.want(http.StatusOK, bea, http.MethodGet, "/me", ""); me.body["account_id"] != i.accounts["second"].ID {
		t.Error(me.text)
	}
}
