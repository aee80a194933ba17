package restapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// badInput is one bad request and exactly what it must be answered with.
type badInput struct {
	name      string
	method    string
	path      string
	body      string
	change    func(*http.Request)
	status    int
	code      string
	locations []string
}

func TestBadInput_IsRefusedByNameAndChangesNothing(t *testing.T) {
	i := install(t)
	ada := i.as("ada")
	id, _ := i.create(ada, `{"name":"kept","scopes":["stats"]}`)
	before := i.want(http.StatusOK, ada, http.MethodGet, "/credentials", "").text
	for _, c := range slices.Concat(badBodies(), badMembers(), badEdits(id), badSecrets(id), badQueries(), badHeaders(id), badAddresses(id)) {
		t.Run(c.name, func(t *testing.T) {
			if c.change == nil {
				c.change = nobody
			}
			a := i.send(ada, c.method, c.path, c.body, c.change)
			if a.status != c.status || a.code() != c.code {
				t.Fatalf("got %d %s, want %d %s: %s", a.status, a.code(), c.status, c.code, a.text)
			}
			if diff := cmp.Diff(c.locations, a.locations()); diff != "" {
				t.Errorf("%s\n%s", diff, a.text)
			}
			if got := a.header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("Content-Type %q", got)
			}
			for _, member := range []string{"type", "title", "status", "detail", "request_id"} {
				if a.body[member] == nil || a.body[member] == "" {
					t.Errorf("no %s: %s", member, a.text)
				}
			}
		})
	}
	if after := i.want(http.StatusOK, ada, http.MethodGet, "/credentials", "").text; after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

func badBodies() []badInput {
	post := func(name, body string, status int, code string, locations ...string) badInput {
		return badInput{name: name, method: http.MethodPost, path: "/credentials", body: body, status: status, code: code, locations: locations}
	}
	typed := func(name, contentType string) badInput {
		return badInput{
			name: name, method: http.MethodPost, path: "/credentials", body: `{"name":"x","scopes":["stats"]}`,
			change: header("Content-Type", contentType), status: http.StatusUnsupportedMediaType, code: "unsupported_media_type",
		}
	}
	return []badInput{
		post("no body", "", 400, "malformed", "body"),
		post("no JSON", "name=x", 400, "malformed", "body"),
		post("half a body", `{"name":"x"`, 400, "malformed", "body"),
		post("trailing data", `{"name":"x","scopes":["stats"]} {}`, 400, "malformed", "body"),
		post("trailing comma", `{"name":"x","scopes":["stats"],}`, 400, "malformed", "body"),
		post("byte order mark", "\ufeff"+`{"name":"x"}`, 400, "malformed", "body"),
		post("not UTF-8", "{\"name\":\"\xff\"}", 400, "malformed", "body"),
		post("deep nesting", strings.Repeat("[", 30000), 400, "malformed", "body"),
		post("deep nesting in a member", `{"name":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`}`, 400, "malformed", "body"),
		post("too large", `{"name":"`+strings.Repeat("x", 64<<10)+`"}`, 413, "too_large"),
		post("a list", `[]`, 422, "invalid", "body", "body.name", "body.scopes"),
		post("null", `null`, 422, "invalid", "body", "body.name", "body.scopes"),
		typed("a form", "application/x-www-form-urlencoded"),
		typed("plain text", "text/plain"),
		typed("a merge patch", "application/merge-patch+json"),
		typed("another charset", "application/json; charset=latin1"),
		typed("no type", ""),
		typed("nonsense type", ";;"),
	}
}

func badMembers() []badInput {
	scopes := make([]string, 101)
	for n := range scopes {
		scopes[n] = fmt.Sprintf(`"s%d"`, n)
	}
	post := func(name, members string, locations ...string) badInput {
		return badInput{
			name: name, method: http.MethodPost, path: "/credentials", body: "{" + members + "}", status: 422, code: "invalid", locations: locations,
		}
	}
	with := func(name, member string, locations ...string) badInput {
		return post(name, `"name":"x","scopes":["stats"],`+member, locations...)
	}
	return []badInput{
		post("nothing", "", "body.name", "body.scopes"),
		post("empty name", `"name":"","scopes":["stats"]`, "body.name"),
		post("blank name", `"name":" \t","scopes":["stats"]`, "body.name"),
		post("long name", `"name":"`+strings.Repeat("n", 129)+`","scopes":["stats"]`, "body.name"),
		post("name with a newline", `"name":"a\nb","scopes":["stats"]`, "body.name"),
		post("name with NUL", `"name":"a\u0000b","scopes":["stats"]`, "body.name"),
		post("name with text direction", `"name":"a\u202eb","scopes":["stats"]`, "body.name"),
		post("name with zero width", `"name":"a\u200bb","scopes":["stats"]`, "body.name"),
		post("name with half a surrogate", `"name":"a\ud800b","scopes":["stats"]`, "body.name"),
		post("name of another type", `"name":7,"scopes":["stats"]`, "body.name"),
		post("name null", `"name":null,"scopes":["stats"]`, "body.name"),
		post("no scopes", `"name":"x","scopes":[]`, "body.scopes"),
		post("scopes as text", `"name":"x","scopes":"stats"`, "body.scopes"),
		post("scopes null", `"name":"x","scopes":null`, "body.scopes"),
		post("a scope that is no text", `"name":"x","scopes":["stats",7,null]`, "body.scopes[1]", "body.scopes[2]"),
		post("unknown scope", `"name":"x","scopes":["stats","nope"]`, "body.scopes[1]"),
		post("scope in another case", `"name":"x","scopes":["Stats"]`, "body.scopes[0]"),
		post("empty scope", `"name":"x","scopes":[""]`, "body.scopes[0]"),
		post("two scopes in one", `"name":"x","scopes":["stats users:read"]`, "body.scopes[0]"),
		post("too many scopes", `"name":"x","scopes":[`+strings.Join(scopes, ",")+`]`, "body.scopes"),
		with("unknown member", `"nam":"x"`, "body.nam"),
		with("odd unknown member", `"<script>":"x"`, "body"),
		with("member in another case", `"Name":"x"`, "body"),
		with("repeated member", `"name":"y"`, "body.name"),
		with("several faults", `"level":"team","client_id":"x","status":"active"`, "body.client_id", "body.status", "body.level"),
		with("owner", `"owner":{"user_id":"x"}`, "body.owner"),
		with("secret", `"client_secret":"mine"`, "body.client_secret"),
		with("level of another type", `"level":1`, "body.level"),
		with("unknown level", `"level":"USER"`, "body.level"),
		with("end that is no time", `"expires_at":"tomorrow"`, "body.expires_at"),
		with("end as a number", `"expires_at":1893456000`, "body.expires_at"),
		with("end without zone", `"expires_at":"2999-01-01T00:00:00"`, "body.expires_at"),
		with("end in the past", `"expires_at":"2001-01-01T00:00:00Z"`, "body.expires_at"),
		with("end in the year 1", `"expires_at":"0001-01-01T00:00:00Z"`, "body.expires_at"),
		with("a range that is none", `"allowed_cidrs":["192.0.2.0/24","192.0.2.7"]`, "body.allowed_cidrs[1]"),
		with("a range with bits behind the mask", `"allowed_cidrs":["192.0.2.7/24"]`, "body.allowed_cidrs[0]"),
		with("a mapped range", `"allowed_cidrs":["::ffff:192.0.2.0/120"]`, "body.allowed_cidrs[0]"),
		with("a range that is no text", `"allowed_cidrs":[1]`, "body.allowed_cidrs[0]"),
		with("ranges as text", `"allowed_cidrs":"192.0.2.0/24"`, "body.allowed_cidrs"),
		with("too many ranges", `"allowed_cidrs":[`+strings.TrimSuffix(strings.Repeat(`"192.0.2.0/24",`, 65), ",")+`]`, "body.allowed_cidrs"),
		with("short lifetime", `"token_lifetime_seconds":59`, "body.token_lifetime_seconds"),
		with("long lifetime", `"token_lifetime_seconds":86401`, "body.token_lifetime_seconds"),
		with("no lifetime", `"token_lifetime_seconds":0`, "body.token_lifetime_seconds"),
		with("lifetime past any", `"token_lifetime_seconds":9223372036854775807`, "body.token_lifetime_seconds"),
		with("lifetime past numbers", `"token_lifetime_seconds":1e400`, "body.token_lifetime_seconds"),
		with("half a second", `"token_lifetime_seconds":60.5`, "body.token_lifetime_seconds"),
		with("lifetime as text", `"token_lifetime_seconds":"60"`, "body.token_lifetime_seconds"),
		with("no rate", `"requests_per_second":0`, "body.requests_per_second"),
		with("backward rate", `"requests_per_second":-1`, "body.requests_per_second"),
		with("rate past any", `"requests_per_second":100001`, "body.requests_per_second"),
		with("unknown method", `"authentication_method":"none"`, "body.authentication_method"),
		with("keys", `"jwks":{"keys":[]}`, "body.jwks"),
	}
}

func badEdits(id string) []badInput {
	patch := func(name, body string, locations ...string) badInput {
		return badInput{
			name: "edit: " + name, method: http.MethodPatch, path: "/credentials/" + id, body: body, status: 422, code: "invalid", locations: locations,
		}
	}
	malformed := patch("no JSON", "{", "body")
	malformed.status, malformed.code = 400, "malformed"
	above := patch("a member before the version", `{"name":""}`, "body.name")
	above.change = header("If-Match", `"99"`)
	return []badInput{
		malformed, above,
		patch("name null", `{"name":null}`, "body.name"),
		patch("no scopes", `{"scopes":[]}`, "body.scopes"),
		patch("level", `{"level":"account"}`, "body.level"),
		patch("owner", `{"owner":null}`, "body.owner"),
		patch("version", `{"version":9}`, "body.version"),
		patch("method", `{"authentication_method":"client_secret"}`, "body.authentication_method"),
		patch("generation", `{"generation":1}`, "body.generation"),
		patch("unknown", `{"colour":"red"}`, "body.colour"),
		patch("all at once", `{"name":7,"scopes":["nope"],"expires_at":7,"allowed_cidrs":["x"],"token_lifetime_seconds":1,"requests_per_second":1.5}`,
			"body.name", "body.expires_at", "body.allowed_cidrs[0]", "body.requests_per_second", "body.scopes[0]", "body.token_lifetime_seconds"),
	}
}

func badSecrets(id string) []badInput {
	post := func(name, body string, locations ...string) badInput {
		return badInput{
			name: "secret: " + name, method: http.MethodPost, path: "/credentials/" + id + "/secrets", body: body, status: 422, code: "invalid", locations: locations,
		}
	}
	return []badInput{
		post("label of another type", `{"label":[]}`, "body.label"),
		post("label with a newline", `{"label":"a\nb"}`, "body.label"),
		post("end in the past", `{"expires_at":"2001-01-01T00:00:00Z"}`, "body.expires_at"),
		post("retirement past 90 days", `{"retire_others_after_seconds":7776001}`, "body.retire_others_after_seconds"),
		post("backward retirement", `{"retire_others_after_seconds":-1}`, "body.retire_others_after_seconds"),
		post("quiet for no time", `{"close_others_when_quiet_hours":0}`, "body.close_others_when_quiet_hours"),
		post("quiet past 90 days", `{"close_others_when_quiet_hours":2161}`, "body.close_others_when_quiet_hours"),
		post("quiet for a part of an hour", `{"close_others_when_quiet_hours":1.5}`, "body.close_others_when_quiet_hours"),
		post("quiet for text", `{"close_others_when_quiet_hours":"24"}`, "body.close_others_when_quiet_hours"),
		post("its own quiet", `{"close_when_quiet_hours":24}`, "body.close_when_quiet_hours"),
		post("own secret", `{"client_secret":"mine"}`, "body.client_secret"),
		post("unknown", `{"name":"x"}`, "body.name"),
	}
}

func badQueries() []badInput {
	get := func(path string, locations ...string) badInput {
		return badInput{name: path, method: http.MethodGet, path: path, status: 400, code: "malformed", locations: locations}
	}
	return []badInput{
		get("/credentials?status=foo", "query.status"),
		get("/credentials?status=Active", "query.status"),
		get("/credentials?level=team", "query.level"),
		get("/credentials?sort=x", "query.sort"),
		get("/credentials?sort=--name", "query.sort"),
		get("/credentials?page_size=0", "query.page_size"),
		get("/credentials?page_size=201", "query.page_size"),
		get("/credentials?page_size=ten", "query.page_size"),
		get("/credentials?page_size=99999999999999999999", "query.page_size"),
		get("/credentials?page_token=x", "query.page_token"),
		get("/credentials?page_token=%00", "query.page_token"),
		get("/credentials?owner=you", "query.owner"),
		get("/credentials?q=a%0Ab", "query.q"),
		get("/credentials?q=%ff", "query.q"),
		get("/credentials?q="+strings.Repeat("x", 129), "query.q"),
		get("/credentials?q=%zz", "query"),
		get("/credentials?q=a;b", "query"),
		get("/credentials?status=active&status=disabled", "query.status"),
		get("/credentials?statsu=active", "query.statsu"),
		get("/credentials?sort=x&level=y&page_size=0", "query.level", "query.page_size", "query.sort"),
		get("/scopes?all=1", "query.all"),
		get("/me?account=x", "query.account"),
		get("/apis?%3Cb%3E=1", "query"),
		get("/audit-events?from=yesterday", "query.from"),
		get("/audit-events?to=2026-11-02", "query.to"),
		get("/audit-events?to=2026-11-02T09:30:00", "query.to"),
		get("/audit-events?from=2026-11-02T09:30:00+01:00", "query.from"), // a plus sign is a space here
		get("/audit-events?from=0001-01-01T00:00:00Z", "query.from"),
		get("/audit-events?page_size=201", "query.page_size"),
		get("/audit-events?page_token=x", "query.page_token"),
		get("/audit-events?outcome=refused", "query.outcome"),
		get("/audit-events?action=a&action=b", "query.action"),
		get("/audit-events?actor=%00", "query.actor"),
	}
}

func badHeaders(id string) []badInput {
	ifMatch := func(value string, status int, code string, locations ...string) badInput {
		return badInput{
			name: "If-Match " + value, method: http.MethodPatch, path: "/credentials/" + id, body: `{"name":"y"}`,
			change: header("If-Match", value), status: status, code: code, locations: locations,
		}
	}
	key := func(name, value string) badInput {
		return badInput{
			name: "Idempotency-Key " + name, method: http.MethodPost, path: "/credentials", body: `{"name":"x","scopes":["stats"]}`,
			change: func(r *http.Request) { r.Header["Idempotency-Key"] = strings.Split(value, "|") },
			status: 400, code: "malformed", locations: []string{"header.Idempotency-Key"},
		}
	}
	return []badInput{
		ifMatch("1", 400, "malformed", "header.If-Match"),
		ifMatch(`"1`, 400, "malformed", "header.If-Match"),
		ifMatch(`"1", "2"`, 400, "malformed", "header.If-Match"),
		ifMatch(`"2"`, 412, "precondition"),
		ifMatch(`"0"`, 412, "precondition"),
		ifMatch(`"01"`, 412, "precondition"),
		ifMatch(`"x"`, 412, "precondition"),
		ifMatch(`W/"1"`, 412, "precondition"),
		ifMatch(`""`, 412, "precondition"),
		key("empty", ""), key("long", strings.Repeat("k", 256)), key("beyond ASCII", "ü"), key("with a tab", "a\tb"), key("twice", "a|b"),
	}
}

func badAddresses(id string) []badInput {
	absent := func(method, path string) badInput {
		return badInput{name: method + " " + path, method: method, path: path, status: 404, code: "not_found"}
	}
	disallowed := func(method, path string) badInput {
		return badInput{name: method + " " + path, method: method, path: path, status: 405, code: "method_not_allowed"}
	}
	unknown := "0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811"
	return []badInput{
		absent("GET", ""), absent("GET", "/"), absent("GET", "/nothing"), absent("GET", "/Credentials"), absent("GET", "/credentials/"),
		absent("GET", "//credentials"), absent("GET", "/./credentials"), absent("GET", "/credentials/../me"), absent("GET", "/%6De"),
		absent("GET", "/credentials/"+unknown), absent("GET", "/credentials/"+strings.ToUpper(id)), absent("GET", "/credentials/%00"),
		absent("GET", "/credentials/x"), absent("GET", "/credentials/"+id+"%20"), absent("GET", "/credentials/"+id+"/secret"),
		absent("DELETE", "/credentials/"+id+"/secrets/"+unknown), absent("DELETE", "/credentials/"+id+"/secrets/x"),
		disallowed("POST", "/audit-events"), disallowed("DELETE", "/audit-events"),
		absent("GET", "/people"), absent("GET", "/audit-events/"), absent("GET", "/signing-keys/"), absent("DELETE", "/signing-keys/"), absent("DELETE", "/signing-keys/x"), absent("GET", "/credentials/"+id+"/use"),
		absent("GET", "/explain/"), absent("GET", "/explain?jti=nobody"), disallowed("POST", "/explain"),
		{name: "explain nothing", method: "GET", path: "/explain", status: 400, code: "malformed"},
		{name: "explain two things", method: "GET", path: "/explain?jti=a&request_id=b", status: 400, code: "malformed"},
		disallowed("DELETE", "/credentials"), disallowed("PUT", "/credentials/"+id), disallowed("POST", "/me"), disallowed("PUT", "/account"),
		disallowed("GET", "/credentials/"+id+"/disable"), disallowed("OPTIONS", "/credentials"), disallowed("TRACE", "/credentials"),
		disallowed("BREW", "/me"), disallowed("POST", "/openapi.json"),
		{name: "disable with members", method: "POST", path: "/credentials/" + id + "/disable", body: `{"x":1}`, status: 400, code: "malformed", locations: []string{"body"}},
		{name: "disable with a form", method: "POST", path: "/credentials/" + id + "/disable", change: header("Content-Type", "text/plain"), status: 415, code: "unsupported_media_type"},
	}
}

func TestMethodNotAllowed_NamesTheMethods(t *testing.T) {
	i := install(t)
	a := i.want(http.StatusMethodNotAllowed, nobody, http.MethodDelete, "/credentials", "")
	if got := a.header.Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow: %q", got)
	}
	head := i.want(http.StatusOK, i.as("ada"), http.MethodHead, "/credentials", "")
	if head.header.Get("Cache-Control") != "no-store" {
		t.Error("HEAD is not GET without its body")
	}
}

// The order of contract.md "Order of refusals": each request here has every fault of those behind it.
func TestRefusals_ComeInTheirOrder(t *testing.T) {
	i := install(t)
	ada, alan, sue, abe, olga := i.as("ada"), i.as("alan"), i.as("sue"), i.as("abe"), i.as("olga")
	id, _ := i.create(ada, `{"name":"x","scopes":["stats"]}`)
	path, stale := "/credentials/"+id, header("If-Match", `"9"`)
	bad := `{"name":""}`
	for _, c := range []struct {
		name   string
		who    caller
		body   string
		status int
		code   string
	}{
		{"size before who", nobody, strings.Repeat(" ", 64<<10+1), 413, "too_large"},
		{"syntax before who", nobody, `{`, 400, "malformed"},
		{"who before existence", nobody, bad, 401, "unauthenticated"},
		{"existence before right: an agent", abe, bad, 404, "not_found"},
		{"existence before right: a supervisor", sue, bad, 404, "not_found"},
		{"existence before right: another account", olga, bad, 404, "not_found"},
		{"existence before scope", i.as("sue", "claviger:audit:read"), bad, 404, "not_found"},
		{"scope before right", i.as("alan", "claviger:credentials:read"), bad, 403, "insufficient_scope"},
		{"right before members", alan, bad, 403, "forbidden"},
		{"members before version", ada, bad, 422, "invalid"},
		{"version at last", ada, `{"name":"y"}`, 412, "precondition"},
	} {
		a := i.send(c.who, http.MethodPatch, path, c.body, stale)
		if a.status != c.status || a.code() != c.code {
			t.Errorf("%s: got %d %s, want %d %s", c.name, a.status, a.code(), c.status, c.code)
		}
	}
	ceiling := i.send(i.as("sue"), http.MethodPost, "/credentials", `{"name":"","scopes":["users:write"]}`)
	if ceiling.code() != "scope_not_grantable" {
		t.Errorf("the ceiling does not come before members: %s", ceiling.text)
	}
}

// What one may not see must look exactly like what is not there (R2, S25).
func TestNotFound_IsOneBody(t *testing.T) {
	i := install(t)
	mine, _ := i.create(i.as("ada"), `{"name":"x","scopes":["stats"]}`)
	body := func(who caller, id string) string {
		a := i.want(http.StatusNotFound, who, http.MethodGet, "/credentials/"+id, "")
		delete(a.body, "request_id")
		return fmt.Sprint(a.body, a.header["Www-Authenticate"], a.header["Etag"])
	}
	want := body(i.as("ada"), "0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811")
	for name, who := range map[string]caller{"supervisor": i.as("sue"), "agent": i.as("abe"), "another account": i.as("olga")} {
		if got := body(who, mine); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	must(t, i.disableArea())
	if got := body(i.as("ada"), mine); got != want {
		t.Errorf("area off: %s, want %s", got, want)
	}
}
