package signin

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/web"
)

const (
	signInPath  = "/sign-in"
	linkPath    = "/sign-in/link/"
	signOutPath = "/sign-out"
	stylePath   = "/sign-in/style.css"
	iconPath    = "/sign-in/icon.svg"
	homePath    = "/"
	// maxForm bounds a form's body, in bytes.
	maxForm = 16 << 10
)

// LinkPath is the path of the page that consumes a link. It is a secret.
func LinkPath(token login.LinkToken) string { return linkPath + token.Reveal() }

// Pages serves the pages. It is safe for concurrent use.
type Pages struct {
	login  *login.Service
	issuer string
	secure bool
	csrf   *http.CrossOriginProtection
}

// New makes the pages of a server that people reach as issuer, as in
// "https://credentials.example.com". It fails when that is no origin.
func New(service *login.Service, issuer string) (*Pages, error) {
	p := &Pages{
		login: service, issuer: issuer, secure: strings.HasPrefix(issuer, "https://"),
		csrf: http.NewCrossOriginProtection(),
	}
	// A proxy may rewrite Host; what the browser calls us is still the issuer.
	if err := p.csrf.AddTrustedOrigin(issuer); err != nil {
		return nil, fmt.Errorf("the issuer is no origin: %w", err)
	}
	return p, nil
}

// Register adds the routes to router.
func (p *Pages) Register(router *web.Router) {
	for pattern, methods := range map[string]methods{
		signInPath:           {http.MethodGet: p.showSignIn, http.MethodPost: p.signIn},
		linkPath + "{token}": {http.MethodGet: p.showLink, http.MethodPost: p.useLink},
		signOutPath:          {http.MethodPost: p.signOut},
		stylePath:            {http.MethodGet: asset("text/css; charset=utf-8", style)},
		iconPath:             {http.MethodGet: asset("image/svg+xml", icon)},
	} {
		router.Mount(pattern, maxForm, p.handler(methods))
	}
}

// action answers a request or says why not; handler renders the error.
type action func(w http.ResponseWriter, r *http.Request) error

// methods are the actions of one path. GET includes HEAD.
type methods map[string]action

func (p *Pages) handler(m methods) http.Handler {
	allow := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
	if m[http.MethodGet] != nil {
		allow += ", " + http.MethodHead
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		act := m[method]
		if act == nil {
			w.Header().Set("Allow", allow)
			p.showError(w, r, web.MethodNotAllowed())
			return
		}
		if err := act(w, r); err != nil {
			p.showError(w, r, err)
		}
	})
}

// signOut ends every session whose cookie came along and forgets the cookie.
// Without a session it is done already.
func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := p.checkOrigin(r); err != nil {
		return err
	}
	for _, cookie := range r.CookiesNamed(p.cookieName()) {
		if err := p.login.SignOut(r.Context(), login.SessionTokenFrom(cookie.Value), p.facts(r)); err != nil {
			return err
		}
	}
	http.SetCookie(w, p.cookie(p.cookieName(), "", -1))
	redirect(w, r, signInPath+"?"+signedOutField+"=1")
	return nil
}

// NotFound answers for addresses that do not exist: a page where a page was
// asked for, else a problem document.
func (p *Pages) NotFound(w http.ResponseWriter, r *http.Request) {
	missing := &apicred.Error{Kind: apicred.KindNotFound, Message: "There is nothing at this address. Check its spelling; paths are case-sensitive."}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		web.From(r.Context()).WriteError(missing)
		return
	}
	p.showError(w, r, missing)
}

// Overloaded answers, unread, a request that there is no room for, as NotFound
// does.
func (p *Pages) Overloaded(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		web.From(r.Context()).WriteError(web.Overloaded())
		return
	}
	p.showError(w, r, web.Overloaded())
}

// redirect answers a form. The target is a path of ours, so that no header can
// steer it elsewhere.
func redirect(w http.ResponseWriter, r *http.Request, path string) {
	web.SetNoStore(w.Header())
	http.Redirect(w, r, path, http.StatusSeeOther) //nolint:gosec // G710: path is a constant or comes from returnPath
}
