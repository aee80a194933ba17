package restapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// A secret stands in the two answers that make it and nowhere else, whatever is
// done with it afterwards (S18).
func TestSecrets_AppearInNoOtherAnswerAndInNoLog(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	cookie := i.sessionToken("ada")
	id, first := i.create(ada, `{"name":"canary","scopes":["stats","claviger:credentials:read"]}`)
	path := "/credentials/" + id
	second := i.want(http.StatusCreated, ada, http.MethodPost, path+"/secrets", "{}").body["client_secret"].(string)
	token := i.credentialToken(id, "claviger:credentials:read")
	canaries := []string{first, second, token, cookie}

	var answers []*answer
	send := func(who caller, method, path, body string, change ...func(*http.Request)) {
		answers = append(answers, i.send(who, method, path, body, change...))
	}
	for _, canary := range canaries {
		quoted := `"` + canary + `"`
		send(ada, http.MethodPost, "/credentials", `{"name":`+quoted+`,"scopes":[]}`)
		send(ada, http.MethodPost, "/credentials", `{"name":"x","scopes":["stats"],"client_secret":`+quoted+`,"level":`+quoted+`,"expires_at":`+quoted+`}`)
		send(ada, http.MethodPost, "/credentials", `{"name":"x","scopes":["stats"],"allowed_cidrs":[`+quoted+`],"token_lifetime_seconds":`+quoted+`,"authentication_method":`+quoted+`}`)
		send(ada, http.MethodPost, "/credentials", `{`+quoted+`:`+quoted+`}`)
		send(ada, http.MethodPost, "/credentials", `{"name":`+quoted)
		send(ada, http.MethodPatch, path, `{"client_secret":`+quoted+`}`, header("If-Match", canary))
		send(ada, http.MethodPost, path+"/secrets", `{"label":{"x":`+quoted+`},"client_secret":`+quoted+`}`)
		send(ada, http.MethodGet, "/credentials?status="+canary+"&sort="+canary+"&"+canary+"="+canary, "")
		send(ada, http.MethodGet, "/credentials?owner="+canary, "")
		send(ada, http.MethodGet, "/credentials?page_token="+canary, "")
		send(ada, http.MethodGet, "/credentials/"+canary, "")
		send(ada, http.MethodGet, "/"+canary, "")
		send(bearer(canary), http.MethodGet, "/credentials", "")
		send(bearer(canary+"x"), http.MethodGet, "/me", "")
		send(session(canary, canary), http.MethodGet, "/me", "")
		send(ada, http.MethodPost, "/credentials", `{"name":"x","scopes":["stats"]}`, header("Content-Type", canary))
		send(ada, http.MethodPut, "/catalogue", `{"apis":`+quoted+`}`)
	}
	for _, p := range []string{"/credentials", path, path + "/secrets", "/me", "/scopes?all=true", "/apis", "/catalogue", "/account", "/audit-events?page_size=200", "/docs", "/openapi.json"} {
		send(ada, http.MethodGet, p, "")
	}
	i.deleteAll(ada)
	for _, canary := range canaries {
		for _, a := range answers {
			if strings.Contains(a.text, canary) || strings.Contains(headerText(a.header), canary) {
				t.Errorf("an answer of %d holds %s: %s", a.status, canary, a.text)
			}
		}
		if strings.Contains(i.Log.String(), canary) {
			t.Errorf("the log holds %s", canary)
		}
	}
}

func headerText(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b)
	return b.String()
}
