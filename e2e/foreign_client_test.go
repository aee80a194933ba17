package e2e

import (
	"slices"
	"strings"
	"testing"
)

// debianPython is the interpreter that Debian's Python modules belong to;
// another may stand before it in the PATH.
const debianPython = "/usr/bin/python3"

// askedOfClient is what a foreign client is told.
type askedOfClient struct {
	Issuer        string `json:"issuer"`
	TokenEndpoint string `json:"token_endpoint"`
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
	Scope         string `json:"scope"`
}

// toldByClient is what came of one way of asking for a token.
type toldByClient struct {
	Program     string `json:"program"`
	Way         string `json:"way"`
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
	// The error codes that the library reports for a wrong secret and for a
	// scope that does not exist.
	WrongSecret string `json:"wrong_secret"`
	WrongScope  string `json:"wrong_scope"`
}

// TestForeignClients_GetTokensThatOpenTheAPI lets OAuth clients of four
// languages, as they are published, get tokens by Basic and by body, found
// through both metadata documents where the library reads them; and each must
// understand the server's two commonest refusals.
func TestForeignClients_GetTokensThatOpenTheAPI(t *testing.T) {
	in := install(t)
	made := in.create(t, []string{"orders:read", "orders:write"}, nil)
	asked := askedOfClient{
		Issuer: in.address, TokenEndpoint: in.address + "/oauth2/token",
		ClientID: made.id, ClientSecret: made.secret, Scope: "orders:read",
	}
	check := func(t *testing.T, lines []toldByClient, ways ...string) {
		t.Helper()
		var got []string
		for _, told := range lines {
			library, version, _ := strings.Cut(told.Program, " ")
			t.Logf("%s %s: %s", library, version, told.Way)
			got = append(got, library+": "+told.Way)
			in.checkToken(t, told)
		}
		if !slices.Equal(got, ways) {
			t.Errorf("ways that were tried:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(ways, "\n"))
		}
	}
	t.Run("python", func(t *testing.T) {
		neededModule(t, debianPython, "import authlib, requests", "python3-authlib python3-requests")
		neededModule(t, debianPython, "import requests_oauthlib", "python3-requests-oauthlib")
		check(t, foreign[toldByClient](t, asked, "python", debianPython, "clients.py"),
			"authlib: oauth-authorization-server, Basic", "authlib: oauth-authorization-server, body",
			"requests-oauthlib: Basic", "requests-oauthlib: body", "requests-oauthlib: Basic, client_id in the body too")
	})
	t.Run("node", func(t *testing.T) {
		nodeModules(t)
		check(t, foreign[toldByClient](t, asked, "node", needed(t, "node", "nodejs"), "clients.mjs"),
			"openid-client: oauth-authorization-server, Basic", "openid-client: openid-configuration, Basic",
			"openid-client: oauth-authorization-server, body", "openid-client: openid-configuration, body",
			"oauth4webapi: oauth-authorization-server, Basic", "oauth4webapi: oauth-authorization-server, body",
			"simple-oauth2: Basic, strict encoding", "simple-oauth2: Basic, loose encoding", "simple-oauth2: body")
	})
	t.Run("go", func(t *testing.T) {
		check(t, foreign[toldByClient](t, asked, "go", goProgram(t, "clients")),
			"x/oauth2: Basic", "x/oauth2: body", "x/oauth2: go-oidc's discovery, auto-detect")
	})
}

func (in *installation) checkToken(t *testing.T, told toldByClient) {
	t.Helper()
	where := told.Program + ", " + told.Way
	if !strings.EqualFold(told.TokenType, "Bearer") || told.ExpiresIn != 3600 || told.Scope != "orders:read" {
		t.Errorf("%s: the library read %q, %d s, scope %q; want Bearer, 3600 s, orders:read", where, told.TokenType, told.ExpiresIn, told.Scope)
	}
	if told.WrongSecret != "invalid_client" || told.WrongScope != "invalid_scope" {
		t.Errorf("%s: the library reports %q for a wrong secret and %q for an unknown scope", where, told.WrongSecret, told.WrongScope)
	}
	for method, want := range map[string]int{"GET": 200, "POST": 403} {
		got := call(t, "GET", in.address+"/forward-auth", "", "Authorization", "Bearer "+told.AccessToken, "X-Forwarded-Method", method,
			"X-Forwarded-Proto", "https", "X-Forwarded-Host", "orders.example.com", "X-Forwarded-Uri", "/orders/42")
		if got.status != want {
			t.Errorf("%s: the token is answered %d for %s, want %d", where, got.status, method, want)
		}
	}
}
