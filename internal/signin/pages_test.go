package signin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/signin"
)

func TestLink_ShownToAScannerIsNotBurnt(t *testing.T) {
	s := newSite(t, origin)
	path := signin.LinkPath(s.addAda(t))
	for range 3 {
		wantPage(t, s.get(t, path), http.StatusOK, "ada@example.com", "Northwind &lt;Care&gt;", "works once", "23 November 2026, 10:00 UTC", `<button class="button primary wide" type="submit">Sign in`)
		if w := s.send(t, http.MethodHead, path, nil); w.Code != http.StatusOK {
			t.Errorf("HEAD: %d", w.Code)
		}
	}
	sessionCookie(t, s.post(t, path, nil))
}

func TestLink_PostedSignsInWithAStrictCookieAndWorksOnce(t *testing.T) {
	s := newSite(t, origin)
	path := signin.LinkPath(s.addAda(t))
	w := s.post(t, path, nil)
	got := w.Header().Get("Set-Cookie")
	if want := regexp.MustCompile(`^claviger_session=[A-Za-z0-9_-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax$`); !want.MatchString(got) {
		t.Errorf("Set-Cookie: %s", got)
	}
	if w.Header().Get("Location") != "/" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("Location %q, Cache-Control %q", w.Header().Get("Location"), w.Header().Get("Cache-Control"))
	}
	again := s.post(t, path, nil)
	wantPage(t, again, http.StatusNotFound, "This link does not work any more", "claviger user set-up-link EMAIL")
	if again.Header().Get("Set-Cookie") != "" {
		t.Error("the second use set a cookie")
	}
	wantPage(t, s.get(t, path), http.StatusNotFound, "claviger user set-up-link EMAIL")
}

func TestCookie_UnderHTTPSIsSecureAndBoundToTheHost(t *testing.T) {
	s := newSite(t, "https://credentials.example.com")
	w := s.post(t, signin.LinkPath(s.addAda(t)), nil)
	got := w.Header().Get("Set-Cookie")
	if want := regexp.MustCompile(`^__Host-claviger_session=[A-Za-z0-9_-]{43}; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Lax$`); !want.MatchString(got) {
		t.Errorf("Set-Cookie: %s", got)
	}
}

func TestFirstAdmin_IsMadeFromTheForm(t *testing.T) {
	s := newSite(t, origin)
	path := signin.LinkPath(s.adminLink(t))
	wantPage(t, s.get(t, path), http.StatusOK, "Set up Claviger", `name="email"`, `name="name"`, "Create the first admin")
	cookie := sessionCookie(t, s.post(t, path, url.Values{"email": {"grace@example.com"}, "name": {"Grace"}}))
	wantPage(t, s.get(t, "/sign-in", withCookie(cookie)), http.StatusOK, "You are signed in", "grace@example.com")
	_, person, memberships, err := s.login.Authenticate(t.Context(), login.SessionTokenFrom(cookie.Value))
	if err != nil || person.Name != "Grace" || memberships[0].Role != apicred.RoleAdmin {
		t.Errorf("%v %+v", err, memberships)
	}
}

func TestFirstAdmin_WithABadFormKeepsWhatWasEnteredAndTheLink(t *testing.T) {
	s := newSite(t, origin)
	path := signin.LinkPath(s.adminLink(t))
	w := s.post(t, path, url.Values{"email": {`"><script>x</script>`}, "name": {"Grace"}, "return_to": {"/settings/api-credentials"}})
	wantPage(t, w, http.StatusUnprocessableEntity, "Give an e-mail address", `aria-invalid="true"`, `value="Grace"`, `value="/settings/api-credentials"`, "&lt;script&gt;")
	if strings.Contains(w.Body.String(), "<script") {
		t.Errorf("the page holds a script:\n%s", w.Body)
	}
	sessionCookie(t, s.post(t, path, url.Values{"email": {"grace@example.com"}}))
}

func TestSignIn_WithoutPasswordsSaysHowToGetALinkAndOffersNothingElse(t *testing.T) {
	s := newSiteThat(t, origin, false)
	w := s.get(t, "/sign-in")
	wantPage(t, w, http.StatusOK, "claviger user set-up-link you@example.com")
	if strings.Contains(w.Body.String(), "<input") {
		t.Error("a field for what does not exist")
	}
	wantPage(t, s.post(t, "/sign-in", url.Values{"email": {"ada@example.com"}, "password": {goodPassword}}), http.StatusForbidden, "does not take passwords")
	link := signin.LinkPath(s.addAda(t))
	if w := s.get(t, link); strings.Contains(w.Body.String(), `name="password"`) {
		t.Error("a password field for a server that takes none")
	}
	wantPage(t, s.post(t, link, url.Values{"password": {goodPassword}}), http.StatusUnprocessableEntity)
	sessionCookie(t, s.post(t, link, nil))
}

func TestSignOut_EndsTheSessionAndForgetsTheCookie(t *testing.T) {
	s := newSite(t, origin)
	cookie := s.signIn(t, s.addAda(t))
	w := s.post(t, "/sign-out", nil, withCookie(cookie))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sign-in?signed_out=1" || w.Header().Get("Set-Cookie") != "claviger_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax" {
		t.Errorf("%d %q %q", w.Code, w.Header().Get("Location"), w.Header().Get("Set-Cookie"))
	}
	if _, _, _, err := s.login.Authenticate(t.Context(), login.SessionTokenFrom(cookie.Value)); !apicred.IsKind(err, apicred.KindUnauthenticated) {
		t.Errorf("the session lives: %v", err)
	}
	if w := s.post(t, "/sign-out", nil); w.Code != http.StatusSeeOther {
		t.Errorf("signing out twice: %d", w.Code)
	}
}

func TestSignIn_EndsTheFormerSessionOfTheBrowser(t *testing.T) {
	s := newSite(t, origin)
	former := s.signIn(t, s.addAda(t))
	sessionCookie(t, s.post(t, signin.LinkPath(s.newLink(t)), nil, withCookie(former)))
	if _, _, _, err := s.login.Authenticate(t.Context(), login.SessionTokenFrom(former.Value)); !apicred.IsKind(err, apicred.KindUnauthenticated) {
		t.Errorf("the former session lives: %v", err)
	}
}

func TestForms_FromElsewhereAreRefused(t *testing.T) {
	s := newSite(t, origin)
	cookie := s.signIn(t, s.addAda(t))
	link := signin.LinkPath(s.newLink(t))
	for name, change := range map[string][]func(*http.Request){
		"cross-site":                   {header("Sec-Fetch-Site", "cross-site"), header("Origin", "http://evil.example")},
		"same-site":                    {header("Sec-Fetch-Site", "same-site"), header("Origin", "http://127.0.0.1:9999")},
		"foreign origin, old browser":  {header("Sec-Fetch-Site", ""), header("Origin", "http://evil.example")},
		"null origin, old browser":     {header("Sec-Fetch-Site", ""), header("Origin", "null")},
		"other port, old browser":      {header("Sec-Fetch-Site", ""), header("Origin", "http://127.0.0.1:9999")},
		"nothing, with cookie":         {header("Sec-Fetch-Site", ""), header("Origin", ""), withCookie(cookie)},
		"foreign referer, with cookie": {header("Sec-Fetch-Site", ""), header("Origin", ""), header("Referer", "http://evil.example/"+origin), withCookie(cookie)},
	} {
		for _, path := range []string{link, "/sign-out", "/sign-in"} {
			w := s.post(t, path, nil, change...)
			wantPage(t, w, http.StatusForbidden, "did not come from a page of this server")
			if w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s: a cookie was set", name)
			}
		}
	}
	if _, _, _, err := s.login.Authenticate(t.Context(), login.SessionTokenFrom(cookie.Value)); err != nil {
		t.Errorf("a foreign form signed out: %v", err)
	}
	sessionCookie(t, s.post(t, link, nil)) // and the link is whole
}

func TestForms_FromOurOwnPageAreTaken(t *testing.T) {
	s := newSite(t, "https://credentials.example.com")
	s.addAda(t)
	for name, change := range map[string][]func(*http.Request){
		"issuer as origin behind a proxy that rewrites Host": {header("Sec-Fetch-Site", ""), header("Origin", "https://credentials.example.com")},
		"referer alone, with cookie":                         {header("Sec-Fetch-Site", ""), header("Origin", ""), header("Referer", "https://credentials.example.com/sign-in"), planted("__Host-claviger_session", strings.Repeat("A", 43))},
		"nothing, without cookie":                            {header("Sec-Fetch-Site", ""), header("Origin", "")},
	} {
		if w := s.post(t, signin.LinkPath(s.newLink(t)), nil, change...); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

func TestReturn_LeadsToOurPathsOnly(t *testing.T) {
	s := newSite(t, origin)
	s.addAda(t)
	for raw, want := range map[string]string{
		"/settings/api-credentials?q=a&sort=-name": "/settings/api-credentials?q=a&sort=-name",
		"//evil.example": "/", `/\evil.example`: "/", "https:evil.example": "/", "https://evil.example": "/", "": "/", "settings": "/",
	} {
		w := s.post(t, signin.LinkPath(s.newLink(t)), url.Values{"return_to": {raw}})
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%q led to %q", raw, got)
		}
	}
	cookie := s.signIn(t, s.newLink(t))
	wantPage(t, s.get(t, "/sign-in?return_to=/settings/api-credentials", withCookie(cookie)), http.StatusOK, `href="/settings/api-credentials"`)
	wantPage(t, s.get(t, "/sign-in?return_to=//evil.example", withCookie(cookie)), http.StatusOK, `href="/"`)
}

func TestForms_ThatAreOddAreRefusedAndBurnNothing(t *testing.T) {
	s := newSite(t, origin)
	path := signin.LinkPath(s.adminLink(t))
	for name, c := range map[string]struct {
		kind, body string
		status     int
	}{
		"JSON":       {"application/json", `{"email":"a@b"}`, http.StatusUnsupportedMediaType},
		"no type":    {"", "email=a@b", http.StatusUnsupportedMediaType},
		"multipart":  {"multipart/form-data; boundary=x", "--x--", http.StatusUnsupportedMediaType},
		"repeated":   {"application/x-www-form-urlencoded", "email=a@b&email=c@d", http.StatusBadRequest},
		"bad escape": {"application/x-www-form-urlencoded", "email=%zz", http.StatusBadRequest},
		"too large":  {"application/x-www-form-urlencoded", "email=" + strings.Repeat("a", 20<<10), http.StatusRequestEntityTooLarge},
	} {
		w := s.send(t, http.MethodPost, path, strings.NewReader(c.body), header("Content-Type", c.kind), header("Sec-Fetch-Site", "same-origin"))
		if w.Code != c.status || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d, want %d", name, w.Code, c.status)
		}
	}
	// What stands in the query is no form.
	if w := s.post(t, path+"?email=grace@example.com", nil); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("the query counted as the form: %d", w.Code)
	}
	sessionCookie(t, s.post(t, path, url.Values{"email": {"grace@example.com"}}))
}

func TestMethods_OthersThanTheRouteHasGet405WithAllow(t *testing.T) {
	s := newSite(t, origin)
	for path, allow := range map[string]string{"/sign-in": "GET, POST, HEAD", "/sign-out": "POST", "/sign-in/link/x": "GET, POST, HEAD", "/sign-in/style.css": "GET, HEAD"} {
		w := s.send(t, http.MethodDelete, path, nil)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != allow {
			t.Errorf("%s: %d, Allow %q", path, w.Code, w.Header().Get("Allow"))
		}
	}
	if w := s.get(t, "/sign-out"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET signs out: %d", w.Code)
	}
}

func TestNotFound_IsAPageForPeopleAndAProblemForPrograms(t *testing.T) {
	s := newSite(t, origin)
	wantPage(t, s.get(t, "/nothing/here"), http.StatusNotFound, "Page not found", "Request ID")
	for _, path := range []string{"/Sign-In", "/sign-in/", "/sign-in/link/", "/sign-in/link/a/b"} {
		wantPage(t, s.get(t, path), http.StatusNotFound)
	}
	w := s.send(t, http.MethodGet, "/nothing/here", nil, header("Accept", "application/json"))
	if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
}

func TestPages_SendTheHeadersThatKeepThemSafe(t *testing.T) {
	s := newSite(t, origin)
	path := signin.LinkPath(s.addAda(t))
	for _, w := range []*httptest.ResponseRecorder{s.get(t, "/sign-in"), s.get(t, path), s.get(t, "/nothing"), s.get(t, "/sign-in/link/x")} {
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"Referrer-Policy":         "same-origin", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := w.Header()[name]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		if body := w.Body.String(); strings.Contains(body, "<script") || strings.Contains(body, "style=") || strings.Contains(body, " on") && regexp.MustCompile(`\son[a-z]+=`).MatchString(body) {
			t.Errorf("the page holds what its policy forbids:\n%s", body)
		}
	}
}

func TestLogsAndPages_HoldNoToken(t *testing.T) {
	s := newSite(t, origin)
	link := s.addAda(t)
	pages := s.get(t, signin.LinkPath(link)).Body.String()
	cookie := s.signIn(t, link)
	pages += s.get(t, "/sign-in", withCookie(cookie)).Body.String() + s.get(t, signin.LinkPath(link), withCookie(cookie)).Body.String()
	s.post(t, "/sign-out", nil, withCookie(cookie))
	for _, secret := range []string{link.Reveal(), cookie.Value} {
		if strings.Contains(s.log.String(), secret) || strings.Contains(pages, secret) {
			t.Errorf("a token is in the log or a page:\n%s", s.log)
		}
	}
	if !strings.Contains(s.log.String(), "route=/sign-in/link/{token}") || !strings.Contains(s.log.String(), "actor="+ada) {
		t.Errorf("the log does not say which route and who:\n%s", s.log)
	}
}

func TestStyle_MayBeKeptUnderItsVersionOnly(t *testing.T) {
	s := newSite(t, origin)
	found := regexp.MustCompile(`href="(/sign-in/style\.css\?v=[0-9a-f]+)"`).FindStringSubmatch(s.get(t, "/sign-in").Body.String())
	if found == nil {
		t.Fatal("the page names no stylesheet")
	}
	for path, want := range map[string]string{found[1]: "public, max-age=31536000, immutable", "/sign-in/style.css": "no-cache", "/sign-in/style.css?v=0": "no-cache"} {
		w := s.get(t, path)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/css; charset=utf-8" || w.Header().Get("Cache-Control") != want {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestPages_WithTheDatabaseAwaySayTryAgain(t *testing.T) {
	s := newSite(t, origin)
	path := signin.LinkPath(s.addAda(t))
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, w := range []*httptest.ResponseRecorder{s.get(t, path), s.post(t, path, nil)} {
		if w.Code < 500 || w.Header().Get("Set-Cookie") != "" || strings.Contains(w.Body.String(), "sql") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

func TestSession_OfADeactivatedPersonIsNotShownAsSignedIn(t *testing.T) {
	s := newSite(t, origin)
	cookie := s.signIn(t, s.addAda(t))
	s.change(t, func(ctx context.Context, tx lifecycle.Tx) error {
		user, err := tx.User(ctx, account, ada)
		if err != nil {
			return err
		}
		user.Status = apicred.UserDeactivated
		return tx.UpdateUser(ctx, user)
	})
	wantPage(t, s.get(t, "/sign-in", withCookie(cookie)), http.StatusOK, "Sign in to Claviger")
}

func TestCookie_GivenTwiceSignsNobodyIn(t *testing.T) {
	s := newSite(t, origin)
	cookie := s.signIn(t, s.addAda(t))
	other := planted(cookie.Name, strings.Repeat("A", 43))
	wantPage(t, s.get(t, "/sign-in", other, withCookie(cookie)), http.StatusOK, "Sign in to Claviger")
	s.post(t, "/sign-out", nil, other, withCookie(cookie))
	if _, _, _, err := s.login.Authenticate(t.Context(), login.SessionTokenFrom(cookie.Value)); !apicred.IsKind(err, apicred.KindUnauthenticated) {
		t.Errorf("signing out left the session: %v", err)
	}
}

func TestNew_RefusesAnIssuerThatIsNoOrigin(t *testing.T) {
	if _, err := signin.New(nil, "not an origin"); err == nil {
		t.Error("taken")
	}
}

func TestLink_ExpiredSaysSo(t *testing.T) {
	s := newSite(t, origin)
	path := signin.LinkPath(s.addAda(t))
	s.now = s.now.Add(login.SignInLinkLifetime + time.Second)
	wantPage(t, s.get(t, path), http.StatusNotFound, "This link has been used or has expired.")
}

// A link of an account's admin must not sign anybody in as a person who has a
// sign-in; signed in as themselves, they join.
func TestSetUpLink_OfWhoHasASignInJoinsAndSignsNobodyIn(t *testing.T) {
	const second = "0195c000-0000-7000-8000-0000000000ff"
	s := newSite(t, origin)
	cookie := s.signIn(t, s.addAda(t))
	s.change(t, func(ctx context.Context, tx lifecycle.Tx) error {
		if err := tx.InsertAccount(ctx, apicred.Account{ID: second, Name: "second", CreatedAt: s.now, UpdatedAt: s.now, Version: 1}); err != nil {
			return err
		}
		return tx.InsertUser(ctx, apicred.User{
			Person: apicred.Person{ID: ada}, AccountID: second, Role: apicred.RoleAgent, Status: apicred.UserActive,
			Generation: 1, JoinedAt: s.now, Version: 1, InvitedEmail: "ADA@example.com",
		})
	})
	link, err := s.login.NewSetUpLink(t.Context(), second, ada, apicred.Actor{Type: apicred.ActorUser})
	if err != nil {
		t.Fatal(err)
	}
	path := signin.LinkPath(link.Token)
	wantPage(t, s.get(t, path), http.StatusOK, "Join an account")
	refused := s.post(t, path, nil)
	wantPage(t, refused, http.StatusConflict, "Sign in as ADA@example.com in this browser")
	if refused.Header().Get("Set-Cookie") != "" {
		t.Error("signed in")
	}
	joined := s.post(t, path, nil, withCookie(cookie))
	if at := joined.Header().Get("Location"); joined.Code != http.StatusSeeOther || at != "/?account="+second || joined.Header().Get("Set-Cookie") != "" {
		t.Errorf("%d to %s", joined.Code, at)
	}
	if _, _, memberships, err := s.login.Authenticate(t.Context(), login.SessionTokenFrom(cookie.Value)); err != nil || len(memberships) != 2 {
		t.Errorf("%+v %v", memberships, err)
	}
}
