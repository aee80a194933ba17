package restapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/examples"
	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/restapi"
	"github.com/claviger/claviger/internal/testserver"
	"github.com/claviger/claviger/internal/web"
)

const (
	issuerURL     = "https://claviger.example"
	sessionCookie = "__Host-claviger_session"
)

// installation is everything behind the surface, and the surface: two
// accounts, the first with admins ada and alan, supervisors sue and sam, agent
// abe; the second with admin olga. bea is supervisor of both.
type installation struct {
	*testserver.Installation
	t        testing.TB
	shell    http.Handler
	accounts map[string]apicred.Account
	users    map[string]apicred.User // by name; bea's membership in the first account
}

func operator() apicred.Actor { return testserver.Operator() }

func install(t testing.TB) *installation {
	t.Helper()
	i := &installation{
		Installation: testserver.New(t, issuerURL), t: t,
		accounts: map[string]apicred.Account{}, users: map[string]apicred.User{},
	}
	i.populate()
	surface, err := restapi.New(restapi.Deps{
		Lifecycle: i.Lifecycle, Tokens: i.Verifier, Views: i.Directory, Sessions: i.Login,
		SetUpLinks: i.Login, OwnAffairs: i.Login, LinkURL: func(t login.LinkToken) string { return issuerURL + "/sign-in/link/" + t.Reveal() }, Issuer: issuerURL,
	})
	must(t, err)
	router := web.NewRouter()
	router.Add(surface.Routes()...)
	i.shell = web.NewShell(i.ShellConfig(), router)
	return i
}

func (i *installation) populate() {
	second, err := i.Lifecycle.CreateAccount(i.t.Context(), operator(), "second")
	must(i.t, err)
	i.accounts["first"], i.accounts["second"] = i.Account, second
	i.Apply(i.t, examples.VCC)
	i.addUser("bea", second.ID, apicred.RoleSupervisor)
	i.addUser("olga", second.ID, apicred.RoleAdmin)
	for name, role := range map[string]apicred.Role{
		"ada": apicred.RoleAdmin, "alan": apicred.RoleAdmin, "sue": apicred.RoleSupervisor, "sam": apicred.RoleSupervisor,
		"bea": apicred.RoleSupervisor, "abe": apicred.RoleAgent,
	} {
		i.addUser(name, i.Account.ID, role)
	}
}

func (i *installation) addUser(name, accountID string, role apicred.Role) {
	i.t.Helper()
	i.users[name] = i.AddUser(i.t, name, accountID, role)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// caller proves who asks.
type caller func(*http.Request)

func nobody(*http.Request) {}

func bearer(token string) caller {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// as is a person's own token with every scope of the role, or with those given.
func (i *installation) as(name string, scopes ...string) caller {
	i.t.Helper()
	user := i.users[name]
	if scopes == nil { // none given; an empty list asks for a token without scopes
		grant, err := i.Lifecycle.GrantPersonToken(i.t.Context(), user.AccountID, user.ID, nil)
		must(i.t, err)
		scopes = grant.Scopes
	}
	token, err := i.Tokens.IssuePerson(i.t.Context(), accesstoken.PersonGrant{
		UserID: user.ID, AccountID: user.AccountID, ClientID: accesstoken.ClientCLI, Scopes: scopes, TTL: time.Hour, Generation: user.Generation,
	})
	must(i.t, err)
	return bearer(token.Raw)
}

// credentialToken is an access token of a credential.
func (i *installation) credentialToken(clientID string, scopes ...string) string {
	i.t.Helper()
	client, found := i.Directory.Client(clientID)
	if !found {
		i.t.Fatalf("no client %s", clientID)
	}
	token, err := i.Tokens.Issue(i.t.Context(), client, accesstoken.IssueRequest{
		Scope: apicred.JoinScopes(scopes), ScopePresent: len(scopes) > 0, Arrival: time.Now(),
	})
	must(i.t, err)
	return token.Raw
}

// session signs a person in and acts in an account; "" names none.
func (i *installation) session(name, accountID string) caller {
	i.t.Helper()
	cookie := i.sessionToken(name)
	return func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: cookie})
		if accountID != "" {
			r.Header.Set("Claviger-Account", accountID)
		}
	}
}

func (i *installation) sessionToken(name string) string {
	i.t.Helper()
	user := i.users[name]
	link, err := i.Login.NewSignInLink(i.t.Context(), login.SignInLinkRequest{AccountID: user.AccountID, UserID: user.ID}, operator())
	must(i.t, err)
	token, _, err := i.Login.Consume(i.t.Context(), link.Token, login.LinkForm{}, login.RequestFacts{})
	must(i.t, err)
	return token.Reveal()
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func (a *answer) code() string {
	code, _ := a.body["code"].(string)
	return code
}

// locations are the places that a refusal names.
func (a *answer) locations() []string {
	var out []string
	faults, _ := a.body["errors"].([]any)
	for _, f := range faults {
		location, _ := f.(map[string]any)["location"].(string)
		out = append(out, location)
	}
	return out
}

// send sends a request as the API's clients do: a body is JSON unless change
// says otherwise.
func (i *installation) send(who caller, method, path, body string, change ...func(*http.Request)) *answer {
	i.t.Helper()
	r := httptest.NewRequestWithContext(i.t.Context(), method, issuerURL+"/api/v1"+path, strings.NewReader(body))
	if body == "" {
		r.Body = http.NoBody
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	who(r)
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	i.shell.ServeHTTP(w, r)
	return i.answerOf(w)
}

func (i *installation) answerOf(w *httptest.ResponseRecorder) *answer {
	i.t.Helper()
	text, err := io.ReadAll(w.Result().Body)
	must(i.t, err)
	a := &answer{status: w.Code, header: w.Result().Header, text: string(text)}
	if strings.Contains(a.header.Get("Content-Type"), "json") {
		must(i.t, json.Unmarshal(text, &a.body))
	}
	return a
}

// want sends and demands a status.
func (i *installation) want(status int, who caller, method, path, body string, change ...func(*http.Request)) *answer {
	i.t.Helper()
	a := i.send(who, method, path, body, change...)
	if a.status != status {
		i.t.Fatalf("%s %s: got %d %s, want %d", method, path, a.status, a.text, status)
	}
	return a
}

// create makes a credential and returns client ID and secret.
func (i *installation) create(who caller, body string) (clientID, secret string) {
	i.t.Helper()
	a := i.want(http.StatusCreated, who, http.MethodPost, "/credentials", body)
	return a.body["client_id"].(string), a.body["client_secret"].(string)
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// disableArea hides the API Credentials area of the first account.
func (i *installation) disableArea() error {
	off := false
	_, err := i.Lifecycle.EditAccount(i.t.Context(), operator(), i.accounts["first"].ID, lifecycle.AccountChange{APICredentialsEnabled: &off})
	return err
}
