package signin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/web"
)

// maxReturn is the longest return path, in bytes.
const maxReturn = 2048

// checkOrigin refuses a form that another site made the browser send (S23).
// http.CrossOriginProtection judges by Sec-Fetch-Site and Origin and lets pass
// what has neither. Here that passes only where no cookie rides along, or where
// the Referer proves our own page.
func (p *Pages) checkOrigin(r *http.Request) error {
	if err := p.csrf.Check(r); err != nil {
		return crossOrigin().Because(err)
	}
	if r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != "" || len(r.CookiesNamed(p.cookieName())) == 0 {
		return nil
	}
	if from, err := url.Parse(r.Referer()); err == nil && from.Host != "" && (from.Host == r.Host || from.Scheme+"://"+from.Host == p.issuer) {
		return nil
	}
	return crossOrigin()
}

func crossOrigin() *apicred.Error {
	return apicred.Forbidden("This form did not come from a page of this server. Open the page here and send it again.")
}

// returnPath is where to go after signing in: raw when that is a plain path of
// this server, else the console's start. What browsers could read as another
// host is refused (S23): "//host", "/\host", "https:host", and the control
// characters that they drop before reading.
func returnPath(raw string) string {
	if len(raw) > maxReturn || !strings.HasPrefix(raw, "/") || strings.HasPrefix(raw, "//") || strings.ContainsFunc(raw, unsafeInPath) {
		return homePath
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return homePath
	}
	for _, spelled := range []string{u.Path, u.EscapedPath()} {
		if strings.Contains(spelled, "//") || strings.ContainsFunc(spelled, unsafeInPath) || hasDotSegment(spelled) {
			return homePath
		}
	}
	if within(u.Path, signInPath) || within(u.Path, signOutPath) { // would lead in a circle
		return homePath
	}
	u.Fragment, u.RawFragment = "", ""
	path := u.String()
	if len(path) > maxReturn { // escaped, it grew: the form that carries it on would not take it
		return homePath
	}
	return path
}

func unsafeInPath(r rune) bool { return r == '\\' || r <= ' ' || r >= 0x7f }

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func (p *Pages) cookieName() string { return login.CookieName(p.secure) }

// session takes the token out of the cookie. Two cookies of the name count as
// none: one of them was planted.
func (p *Pages) session(r *http.Request) login.SessionToken {
	cookies := r.CookiesNamed(p.cookieName())
	if len(cookies) != 1 {
		return login.SessionToken{}
	}
	return login.SessionTokenFrom(cookies[0].Value)
}

// browser takes the token of an earlier sign-in out of its cookie.
func (p *Pages) browser(r *http.Request) login.BrowserToken {
	cookies := r.CookiesNamed(login.BrowserCookieName(p.secure))
	if len(cookies) != 1 {
		return login.BrowserToken{}
	}
	return login.BrowserTokenFrom(cookies[0].Value)
}

// cookie makes one of our cookies; a negative age makes the browser forget it.
func (p *Pages) cookie(name, value string, ageSeconds int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // G124: without https browsers drop Secure cookies; only loopback goes without
		Name: name, Value: value, Path: "/", MaxAge: ageSeconds,
		Secure: p.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

func (p *Pages) facts(r *http.Request) login.RequestFacts {
	x := web.From(r.Context())
	return login.RequestFacts{Address: x.Address(), UserAgent: r.UserAgent(), RequestID: x.RequestID, Session: p.session(r), Browser: p.browser(r)}
}
