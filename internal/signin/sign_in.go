package signin

import (
	"net/http"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/web"
)

// signedOutField in the query says that the page comes after signing out.
const signedOutField = "signed_out"

// showSignIn shows the form, or how else to get in; to somebody who is in, who
// they are.
func (p *Pages) showSignIn(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	_, person, _, err := p.login.Authenticate(r.Context(), p.session(r))
	if apicred.IsKind(err, apicred.KindUnauthenticated) {
		render(w, http.StatusOK, "sign_in", signInView{
			frame: newFrame("Sign in"), Passwords: p.login.PasswordSignIn(),
			SignedOut: query.Get(signedOutField) != "", Return: returnPath(query.Get(returnField)),
		})
		return nil
	}
	if err != nil {
		return err
	}
	render(w, http.StatusOK, "signed_in", signedInView{
		frame: newFrame("Signed in"), Email: person.Email, Return: returnPath(query.Get(returnField)),
	})
	return nil
}

// signIn signs in by e-mail address and password.
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) error {
	if err := p.checkOrigin(r); err != nil {
		return err
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	entered := login.PasswordForm{Email: form[emailField], Password: login.PasswordFrom(form[passwordField])}
	token, session, err := p.login.SignIn(r.Context(), entered, p.facts(r))
	switch {
	case apicred.IsKind(err, apicred.KindUnauthenticated), apicred.IsKind(err, apicred.KindRateLimited), apicred.IsKind(err, apicred.KindUnavailable):
		showSignInAgain(w, r, form, apicred.AsError(err))
		return nil
	case err != nil:
		return err
	}
	p.enter(w, r, token, session)
	p.remember(w, r, session)
	redirect(w, r, returnPath(form[returnField]))
	return nil
}

// showSignInAgain shows the form with the address that was entered and what is
// wrong. The password is to be entered anew.
func showSignInAgain(w http.ResponseWriter, r *http.Request, form map[string]string, cause *apicred.Error) {
	web.From(r.Context()).Fail(cause.WireCode(), cause.Unwrap())
	status := web.Status(cause)
	if status == http.StatusUnauthorized {
		status = http.StatusUnprocessableEntity // 401 would have to offer a scheme of HTTP (RFC 9110 section 15.5.2)
	}
	email, err := apicred.CheckEmail(form[emailField])
	if err != nil {
		email = "" // people enter a password there, which no page shows
	}
	web.SetRetryAfter(w.Header(), cause.RetryAfter)
	render(w, status, "sign_in", signInView{
		frame: newFrame("Sign in"), Passwords: true, EnteredEmail: email, Fault: cause.Message, Return: returnPath(form[returnField]),
	})
}

// enter gives the browser its session.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request, token login.SessionToken, session login.Session) {
	web.From(r.Context()).Actor = session.UserID
	seconds := int(session.ExpiresAt.Sub(session.CreatedAt).Seconds())
	http.SetCookie(w, p.cookie(p.cookieName(), token.Reveal(), seconds))
}

// remember gives the browser a budget of tries of its own for the next sign-in
// by password. Without it, sign-in works as at any other browser.
func (p *Pages) remember(w http.ResponseWriter, r *http.Request, session login.Session) {
	browser, err := p.login.RememberBrowser(session)
	if err != nil {
		web.From(r.Context()).Fail(apicred.AsError(err).WireCode(), err)
		return
	}
	http.SetCookie(w, p.cookie(login.BrowserCookieName(p.secure), browser.Reveal(), int(login.BrowserLifetime.Seconds())))
}
