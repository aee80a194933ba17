package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/client"
	"github.com/claviger/claviger/examples"
	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/restapi"
	"github.com/claviger/claviger/internal/testserver"
	"github.com/claviger/claviger/internal/web"
)

const issuer = "https://claviger.example"

// installation is a real server without a network: requests go to its handler.
type installation struct {
	*testserver.Installation
	t     testing.TB
	shell http.Handler
}

func install(t testing.TB) *installation {
	t.Helper()
	i := &installation{Installation: testserver.New(t, issuer), t: t}
	i.Apply(t, examples.VCC)
	surface, err := restapi.New(restapi.Deps{
		Lifecycle: i.Lifecycle, Tokens: i.Verifier, Views: i.Directory, Sessions: i.Login,
		SetUpLinks: i.Login, LinkURL: func(t login.LinkToken) string { return issuer + "/sign-in/link/" + t.Reveal() }, Issuer: issuer,
	})
	must(t, err)
	router := web.NewRouter()
	router.Add(surface.Routes()...)
	i.shell = web.NewShell(i.ShellConfig(), router)
	return i
}

// RoundTrip makes the installation a transport.
func (i *installation) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	q := r.Clone(r.Context())
	q.RequestURI, q.Host, q.RemoteAddr = r.URL.RequestURI(), r.URL.Host, "127.0.0.1:1"
	if q.Body == nil {
		q.Body = http.NoBody
	}
	i.shell.ServeHTTP(w, q)
	return w.Result(), nil
}

// as is a client that acts as a new member.
func (i *installation) as(name string, role apicred.Role) *client.Client {
	i.t.Helper()
	user := i.AddUser(i.t, name, i.Account.ID, role)
	grant, err := i.Lifecycle.GrantPersonToken(i.t.Context(), user.AccountID, user.ID, nil)
	must(i.t, err)
	token, err := i.Tokens.IssuePerson(i.t.Context(), accesstoken.PersonGrant{
		UserID: user.ID, AccountID: user.AccountID, ClientID: accesstoken.ClientCLI, Scopes: grant.Scopes, TTL: time.Hour, Generation: user.Generation,
	})
	must(i.t, err)
	c, err := client.New(issuer, token.Raw, client.WithHTTPClient(&http.Client{Transport: i}))
	must(i.t, err)
	return c
}

// script is a transport that answers in turn and keeps what was sent.
type script struct {
	answers  []reply
	requests []*http.Request
	bodies   []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.requests, s.bodies = append(s.requests, r), append(s.bodies, string(body))
	if len(s.answers) == 0 {
		return nil, errors.New("one request too many")
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	if next.err != nil {
		return nil, next.err
	}
	return &http.Response{StatusCode: next.status, Header: next.header, Body: io.NopCloser(strings.NewReader(next.body))}, nil
}

func (s *script) client(t testing.TB, options ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New(issuer, "a.b.c", append(options, client.WithHTTPClient(&http.Client{Transport: s}))...)
	must(t, err)
	return c
}

// reply is an answer, or that there was none.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

// says is an answer; header fields come in pairs.
func says(status int, body string, fields ...string) reply {
	h := http.Header{"Content-Type": {"application/json"}}
	if status >= 400 {
		h.Set("Content-Type", "application/problem+json")
	}
	for i := 0; i+1 < len(fields); i += 2 {
		h.Set(fields[i], fields[i+1])
	}
	return reply{status: status, header: h, body: body}
}

func breaks(err error) reply { return reply{err: err} }

// refuses is a problem document.
func refuses(status int, code string, fields ...string) reply {
	return says(status, `{"type":"about:blank","title":"x","status":1,"detail":"Not now.","code":"`+code+`","request_id":"r1"}`, fields...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
