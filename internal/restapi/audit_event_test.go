package restapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// auditEvents are the rows of a list.
func (i *installation) auditEvents(who caller, query string) []map[string]any {
	i.t.Helper()
	var out []map[string]any
	for _, row := range i.want(http.StatusOK, who, http.MethodGet, "/audit-events"+query, "").body["audit_events"].([]any) {
		out = append(out, row.(map[string]any))
	}
	return out
}

func TestAuditEvents_AreAsTheContractSays(t *testing.T) {
	i := install(t)
	id, _ := i.create(i.session("sue", i.accounts["first"].ID), `{"name":"Nightly","scopes":["users:read"]}`)
	patched := i.want(http.StatusOK, i.as("sue"), http.MethodPatch, "/credentials/"+id, `{"name":"Hourly"}`)
	events := i.auditEvents(i.as("ada"), "?target="+id)
	if len(events) != 2 {
		t.Fatalf("got %d events, want 2", len(events))
	}
	for _, e := range events {
		for _, member := range []string{"event_id", "at", "request_id", "address"} {
			if text, _ := e[member].(string); text == "" {
				t.Errorf("no %s in %v", member, e)
			}
		}
		delete(e, "event_id")
		delete(e, "at")
		delete(e, "address")
	}
	if events[0]["request_id"] != patched.header.Get("Claviger-Request-Id") && patched.header.Get("Claviger-Request-Id") != "" {
		t.Errorf("request_id %v", events[0]["request_id"])
	}
	if events[0]["sequence"].(float64) <= events[1]["sequence"].(float64) {
		t.Error("not newest first")
	}
	want := func(action string, before, after any) map[string]any {
		return map[string]any{
			"actor":     map[string]any{"type": "user", "id": i.users["sue"].ID, "email": "sue@example.com"},
			"acting_as": nil, "action": action, "target": map[string]any{"type": "credential", "id": id, "name": "Hourly"},
			"outcome": "done", "rule": nil, "count": 1.0, "before": before, "after": after,
		}
	}
	record := func(name string) map[string]any {
		return map[string]any{"name": name, "level": "user", "owner_id": i.users["sue"].ID, "scopes": []any{"users:read"}, "generation": 1.0}
	}
	for n, w := range []map[string]any{
		want("credential.edit", record("Nightly"), record("Hourly")), want("credential.create", nil, record("Nightly")),
	} {
		delete(events[n], "request_id")
		delete(events[n], "sequence")
		if diff := cmp.Diff(w, events[n]); diff != "" {
			t.Error(diff)
		}
	}
}

// The right is of the role first, so that who may not read the log does not
// learn that it is there.
func TestAuditEvents_AreThereForAdminsAlone(t *testing.T) {
	i := install(t)
	absent := i.send(i.as("ada"), http.MethodGet, "/nothing-here", "").body["detail"]
	for name, test := range map[string]struct {
		who    caller
		status int
		code   string
	}{
		"nobody":                      {nobody, 401, "unauthenticated"},
		"an admin":                    {i.as("ada"), 200, ""},
		"an admin with a session":     {i.session("ada", i.accounts["first"].ID), 200, ""},
		"an admin's token without":    {i.as("ada", "claviger:credentials:read"), 403, "insufficient_scope"},
		"an admin of another account": {i.as("olga"), 200, ""},
		"a supervisor":                {i.as("sue"), 404, "not_found"},
		"a supervisor with a session": {i.session("sue", i.accounts["first"].ID), 404, "not_found"},
		"an agent":                    {i.as("abe"), 404, "not_found"},
		"an agent with a session":     {i.session("abe", i.accounts["first"].ID), 404, "not_found"},
	} {
		a := i.send(test.who, http.MethodGet, "/audit-events", "")
		if a.status != test.status || a.code() != test.code {
			t.Errorf("%s: got %d %s, want %d %s", name, a.status, a.code(), test.status, test.code)
		}
		if test.status == 404 && a.body["detail"] != absent {
			t.Errorf("%s: the answer is another one than for what is not there: %s", name, a.text)
		}
	}
}

func TestAuditEvents_PagesHoldEachEventOnce(t *testing.T) {
	i := install(t)
	for n := range 12 {
		i.create(i.as("sue"), fmt.Sprintf(`{"name":"c%d","scopes":["users:read"]}`, n))
	}
	ada := i.as("ada")
	var want, got []float64
	for _, e := range i.auditEvents(ada, "?page_size=200") {
		want = append(want, e["sequence"].(float64))
	}
	query := url.Values{"page_size": {"5"}}
	for {
		a := i.want(http.StatusOK, ada, http.MethodGet, "/audit-events?"+query.Encode(), "")
		for _, row := range a.body["audit_events"].([]any) {
			got = append(got, row.(map[string]any)["sequence"].(float64))
		}
		token, more := a.body["next_page_token"].(string)
		if !more {
			break
		}
		query.Set("page_token", token)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 15 {
		t.Errorf("%d rows: %s", len(got), diff)
	}
	i.want(http.StatusBadRequest, i.as("alan"), http.MethodGet, "/audit-events?"+query.Encode(), "")
	query.Set("action", "credential.create")
	i.want(http.StatusBadRequest, ada, http.MethodGet, "/audit-events?"+query.Encode(), "")
}

func TestAuditEvents_FilterByTheParametersOfTheContract(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	id, _ := i.create(i.as("sue"), `{"name":"x","scopes":["users:read"]}`)
	i.want(http.StatusOK, ada, http.MethodPost, "/credentials/"+id+"/disable", "")
	at := i.auditEvents(ada, "?action=credential.disable")[0]["at"].(string)
	for query, want := range map[string][]string{
		"?target=" + id: {"credential.disable", "credential.create"},
		"?target=" + id + "&actor=" + i.users["sue"].ID:          {"credential.create"},
		"?target=" + id + "&actor=ADA%40example.com":             {"credential.disable"},
		"?target=" + id + "&action=credential.create":            {"credential.create"},
		"?target=" + id + "&from=" + at:                          {"credential.disable"},
		"?target=" + id + "&to=" + at:                            {"credential.create"},
		"?target=" + id + "&from=2999-01-01T00:00:00Z":           nil,
		"?target=" + id + "&to=2999-01-01T01:00:00%2B01:00":      {"credential.disable", "credential.create"},
		"?actor=operator&action=account.create":                  {"account.create"},
		"?actor=nobody%40example.com":                            nil,
		"?action=credential.create&actor=&target=&from=&to=":     {"credential.create"},
		"?target=0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811":           nil,
		"?action=session.create&target=&actor=sue%40example.com": nil,
	} {
		var got []string
		for _, e := range i.auditEvents(ada, query) {
			got = append(got, e["action"].(string))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
}
