package signin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/signin"
)

const goodPassword = "ninth kettle under the \u00e9lm"

// addAdaWithPassword lets Ada set a password by her link, and returns the answer.
func (s *site) addAdaWithPassword(t *testing.T) *httptest.ResponseRecorder {
	t.Helper()
	return s.post(t, signin.LinkPath(s.addAda(t)), url.Values{"password": {goodPassword}})
}

func (s *site) postPassword(t *testing.T, email, password string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	return s.post(t, "/sign-in", url.Values{"email": {email}, "password": {password}, "return_to": {"/settings/api-credentials"}}, change...)
}

func cookieNamed(t *testing.T, w *httptest.ResponseRecorder, name string) *http.Cookie {
	t.Helper()
	for _, c := range w.Result().Cookies() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("status %d, no cookie %s: %s", w.Code, name, w.Body)
	return nil
}

func TestSignIn_FormIsLabelledAndFillable(t *testing.T) {
	s := newSite(t, origin)
	w := s.get(t, "/sign-in?return_to=/settings/api-credentials%3Fa=b")
	wantPage(t, w, http.StatusOK,
		`<form method="post" action="/sign-in">`, `value="/settings/api-credentials?a=b"`,
		`<label for="email">`, `id="email" name="email" type="email" autocomplete="username"`,
		`<label for="password">`, `id="password" name="password" type="password" autocomplete="current-password"`,
		"Forgot your password", "claviger user set-up-link you@example.com")
	if body := w.Body.String(); strings.Contains(body, "signed out") || strings.Contains(body, "<script") || strings.Contains(body, "aria-invalid") {
		t.Errorf("a first look shows more than the form:\n%s", body)
	}
	wantPage(t, s.get(t, "/sign-in?signed_out=1"), http.StatusOK, "You are signed out.")
	wantPage(t, s.get(t, "/sign-in?return_to=//evil.example"), http.StatusOK, `name="return_to" value="/"`)
}

func TestSignIn_ByPasswordOpensASessionAndGoesBack(t *testing.T) {
	s := newSite(t, origin)
	first := cookieNamed(t, s.addAdaWithPassword(t), "claviger_session")
	w := s.postPassword(t, "  ADA@example.com ", strings.ReplaceAll(goodPassword, "\u00e9", "e\u0301"), withCookie(first))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/settings/api-credentials" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d, Location %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	cookie := cookieNamed(t, w, "claviger_session")
	wantPage(t, s.get(t, "/sign-in", withCookie(cookie)), http.StatusOK, "You are signed in", "ada@example.com")
	wantPage(t, s.get(t, "/sign-in", withCookie(first)), http.StatusOK, "Sign in to Claviger") // the former one ended
	remembered := regexp.MustCompile(`^claviger_browser=[A-Za-z0-9_-]{40,}; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax$`)
	if lines := w.Header().Values("Set-Cookie"); len(lines) != 2 || !remembered.MatchString(lines[1]) {
		t.Errorf("Set-Cookie: %q", lines)
	}
	if evil := s.post(t, "/sign-in", url.Values{"email": {"ada@example.com"}, "password": {goodPassword}, "return_to": {"https:evil.example"}}); evil.Header().Get("Location") != "/" {
		t.Errorf("led to %q", evil.Header().Get("Location"))
	}
}

func TestSignIn_RefusalsAreOnePageWhoeverItIs(t *testing.T) {
	s := newSite(t, origin)
	s.addAdaWithPassword(t)
	wrong := s.postPassword(t, "ada@example.com", "wrong kettle under the elm")
	wantPage(t, wrong, http.StatusUnprocessableEntity, "E-mail address or password is not right", `role="alert"`,
		`value="ada@example.com" aria-invalid="true" aria-describedby="sign-in-fault"`, `value="/settings/api-credentials"`)
	unknown := s.postPassword(t, "eve@example.com", "wrong kettle under the elm")
	if got := strings.ReplaceAll(unknown.Body.String(), "eve@", "ada@"); got != wrong.Body.String() || unknown.Code != wrong.Code {
		t.Errorf("an unknown address is answered otherwise:\n%s\n%s", got, wrong.Body)
	}
	misplaced := s.postPassword(t, "a kettle in the wrong field", "")
	for _, w := range []*httptest.ResponseRecorder{wrong, unknown, misplaced} {
		if strings.Contains(w.Body.String(), "kettle") || w.Header().Get("Set-Cookie") != "" || w.Header().Get("WWW-Authenticate") != "" {
			t.Errorf("%v\n%s", w.Header(), w.Body)
		}
	}
	if strings.Contains(s.log.String(), "kettle") || strings.Contains(s.log.String(), "eve@") || !strings.Contains(s.log.String(), "wrong password") {
		t.Errorf("logged:\n%s", s.log)
	}
}

func TestSignIn_TooManyTriesSayHowLongToWait(t *testing.T) {
	s := newSite(t, origin)
	s.addAdaWithPassword(t)
	var w *httptest.ResponseRecorder
	for range 11 {
		w = s.postPassword(t, "ada@example.com", "wrong kettle under the elm")
	}
	wantPage(t, w, http.StatusTooManyRequests, "too many wrong passwords", "set-up link")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if right := s.postPassword(t, "ada@example.com", goodPassword); right.Code != http.StatusTooManyRequests {
		t.Errorf("the right one tells itself apart: %d", right.Code)
	}
	s.now = s.now.Add(10 * time.Minute)
	cookieNamed(t, s.postPassword(t, "ada@example.com", goodPassword), "claviger_session")
}

func TestSignIn_RefusesOddForms(t *testing.T) {
	s := newSite(t, origin)
	for name, body := range map[string]string{
		"password twice": "email=a%40example.com&password=x&password=y", "email twice": "email=a&email=b&password=x",
	} {
		w := s.send(t, http.MethodPost, "/sign-in", strings.NewReader(body), header("Content-Type", "application/x-www-form-urlencoded"), header("Sec-Fetch-Site", "same-origin"))
		wantPage(t, w, http.StatusBadRequest, "twice")
		if strings.Contains(name, "password") && strings.Contains(w.Body.String(), ">x<") {
			t.Errorf("%s: echoed", name)
		}
	}
	wantPage(t, s.postPassword(t, "", ""), http.StatusUnprocessableEntity, "not right")
}

func TestLink_OffersAPasswordWhichMayBeLeftOut(t *testing.T) {
	s := newSite(t, origin)
	path := signin.LinkPath(s.addAda(t))
	wantPage(t, s.get(t, path), http.StatusOK, `<label for="password">New password`, `name="password" type="password" autocomplete="new-password"`,
		`aria-describedby="password-hint"`, "under Security", `autocomplete="username" value="ada@example.com" readonly hidden`)
	short := s.post(t, path, url.Values{"password": {"too short"}})
	wantPage(t, short, http.StatusUnprocessableEntity, "at least 15 characters", `aria-invalid="true" aria-describedby="password-fault password-hint" autofocus`)
	if strings.Contains(short.Body.String(), "too short") {
		t.Error("the password was echoed")
	}
	w := s.post(t, path, url.Values{"password": {goodPassword}})
	cookieNamed(t, w, "claviger_session")
	cookieNamed(t, w, "claviger_browser")
	again := signin.LinkPath(s.newLink(t))
	wantPage(t, s.get(t, again), http.StatusOK, "You have a password since", "22 November 2026", "left empty, it stays")
	sessionCookie(t, s.post(t, again, nil))
	cookieNamed(t, s.postPassword(t, "ada@example.com", goodPassword), "claviger_session")
}

func TestFirstAdmin_MaySetAPasswordAtOnce(t *testing.T) {
	s := newSite(t, origin)
	path := signin.LinkPath(s.adminLink(t))
	bad := s.post(t, path, url.Values{"email": {"nobody"}, "password": {"claviger claviger 1"}})
	wantPage(t, bad, http.StatusUnprocessableEntity, "Give an e-mail address", "common words", `id="password-fault"`)
	own := s.post(t, path, url.Values{"email": {"grace.hopper@example.com"}, "name": {"Grace"}, "password": {"GraceHopper2026!"}})
	wantPage(t, own, http.StatusUnprocessableEntity, "known about you")
	w := s.post(t, path, url.Values{"email": {"grace@example.com"}, "password": {goodPassword}})
	session, _, _, err := s.login.Authenticate(t.Context(), login.SessionTokenFrom(cookieNamed(t, w, "claviger_session").Value))
	if err != nil || session.AuthenticatedBy != login.ProofOperatorLink {
		t.Errorf("%v %s", err, session.AuthenticatedBy)
	}
	cookieNamed(t, s.postPassword(t, "grace@example.com", goodPassword), "claviger_session")
}
