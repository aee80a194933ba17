package signin_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/signin"
	"github.com/claviger/claviger/internal/sqlstore"
	"github.com/claviger/claviger/internal/testserver"
	"github.com/claviger/claviger/internal/web"
)

const (
	account = "0195c000-0000-7000-8000-000000000001"
	ada     = "0195c000-0000-7000-8000-00000000000a"
	origin  = "http://127.0.0.1:8420"
)

// site is the pages behind the real shell on a real database, with the log in
// memory.
type site struct {
	http.Handler
	login *login.Service
	store *sqlstore.Store
	log   *bytes.Buffer
	now   time.Time
}

func newSite(t *testing.T, issuer string) *site {
	t.Helper()
	return newSiteThat(t, issuer, true)
}

// newSiteThat takes passwords or does not.
func newSiteThat(t *testing.T, issuer string, passwords bool) *site {
	t.Helper()
	store := testserver.NewStore(t)
	s := &site{store: store, log: &bytes.Buffer{}, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	logger := slog.New(slog.NewTextHandler(s.log, nil))
	s.login = login.New(login.Options{
		Store: store.Login(), Clock: func() time.Time { return s.now }, Random: rand.Reader,
		Sealer: keyring.NewMaster([keyring.MasterKeySize]byte{1}), Logger: logger, PasswordSignIn: passwords,
	})
	s.change(t, func(ctx context.Context, tx lifecycle.Tx) error {
		return tx.InsertAccount(ctx, apicred.Account{ID: account, Name: "Northwind <Care>", Operator: true, AccountLevelCredentials: apicred.AccountLevelClosed, CreatedAt: s.now, UpdatedAt: s.now, Version: 1})
	})
	pages, err := signin.New(s.login, issuer)
	if err != nil {
		t.Fatal(err)
	}
	router := web.NewRouter()
	pages.Register(router)
	router.Mount("/", 0, http.HandlerFunc(pages.NotFound))
	s.Handler = web.NewShell(web.Config{Logger: logger, Metrics: web.NewMetrics(), Listener: "public"}, router)
	return s
}

func (s *site) change(t *testing.T, fn func(context.Context, lifecycle.Tx) error) {
	t.Helper()
	if err := s.store.Lifecycle().Change(t.Context(), func(tx lifecycle.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// addAda makes Ada a supervisor and returns a link for her.
func (s *site) addAda(t *testing.T) login.LinkToken {
	t.Helper()
	s.change(t, func(ctx context.Context, tx lifecycle.Tx) error {
		person := apicred.Person{ID: ada, Email: "ada@example.com", CreatedAt: s.now}
		if err := tx.InsertPerson(ctx, person); err != nil {
			return err
		}
		return tx.InsertUser(ctx, apicred.User{Person: person, AccountID: account, Role: apicred.RoleSupervisor, Status: apicred.UserActive, Generation: 1, JoinedAt: s.now, Version: 1})
	})
	return s.newLink(t)
}

func (s *site) newLink(t *testing.T) login.LinkToken {
	t.Helper()
	link, err := s.login.NewSignInLink(t.Context(), login.SignInLinkRequest{AccountID: account, UserID: ada}, apicred.Actor{Type: apicred.ActorOperator})
	if err != nil {
		t.Fatal(err)
	}
	return link.Token
}

func (s *site) adminLink(t *testing.T) login.LinkToken {
	t.Helper()
	link, err := s.login.NewFirstAdminLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return link.Token
}

// signIn uses a new link for Ada and returns the session cookie.
func (s *site) signIn(t *testing.T, token login.LinkToken) *http.Cookie {
	t.Helper()
	return sessionCookie(t, s.post(t, signin.LinkPath(token), nil))
}

func sessionCookie(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatalf("status %d, cookies %v: %s", w.Code, cookies, w.Body)
	}
	return cookies[0]
}

func (s *site) get(t *testing.T, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	return s.send(t, http.MethodGet, path, nil, append([]func(*http.Request){header("Accept", "text/html")}, change...)...)
}

// post sends a form as a browser on our own page does.
func (s *site) post(t *testing.T, path string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	all := []func(*http.Request){header("Content-Type", "application/x-www-form-urlencoded"), header("Sec-Fetch-Site", "same-origin"), header("Origin", origin)}
	return s.send(t, http.MethodPost, path, strings.NewReader(form.Encode()), append(all, change...)...)
}

func (s *site) send(t *testing.T, method, path string, body io.Reader, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, origin+path, body)
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// header sets a header; an empty value takes it away.
func header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if value == "" {
			r.Header.Del(name)
			return
		}
		r.Header.Set(name, value)
	}
}

func withCookie(c *http.Cookie) func(*http.Request) { return planted(c.Name, c.Value) }

// planted is a cookie that somebody else made.
func planted(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add("Cookie", name+"="+value) }
}

func wantPage(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("status %d, %s; want a page with %d", w.Code, w.Header().Get("Content-Type"), status)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("the page lacks %q:\n%s", text, w.Body)
		}
	}
}
