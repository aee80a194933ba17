package signin

import (
	"mime"
	"net/http"
	"net/url"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/web"
)

// Names of form fields.
const (
	emailField    = "email"
	nameField     = "name"
	passwordField = "password"
	returnField   = "return_to"
)

// showLink shows whom a link is for. It leaves the link whole, since scanners of
// mail and chat open every link they see.
func (p *Pages) showLink(w http.ResponseWriter, r *http.Request) error {
	view, err := p.login.Peek(r.Context(), linkToken(r))
	if err != nil {
		return err
	}
	renderLink(w, http.StatusOK, linkView{LinkView: view, Return: returnPath(r.URL.Query().Get(returnField))})
	return nil
}

// useLink consumes a link and signs in.
func (p *Pages) useLink(w http.ResponseWriter, r *http.Request) error {
	if err := p.checkOrigin(r); err != nil {
		return err
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	token := linkToken(r)
	values := login.LinkForm{Email: form[emailField], Name: form[nameField], Password: login.PasswordFrom(form[passwordField])}
	session, signedIn, err := p.login.Consume(r.Context(), token, values, p.facts(r))
	if apicred.IsKind(err, apicred.KindInvalid) {
		return p.showLinkAgain(w, r, token, form, err)
	}
	if err != nil {
		return err
	}
	if session.IsZero() { // they were signed in before, and only joined
		web.From(r.Context()).Actor = signedIn.UserID
		redirect(w, r, homePath+"?account="+url.QueryEscape(signedIn.AccountID))
		return nil
	}
	p.enter(w, r, session, signedIn)
	if !values.Password.IsZero() {
		p.remember(w, r, signedIn)
	}
	redirect(w, r, returnPath(form[returnField]))
	return nil
}

// showLinkAgain shows the form with what was entered and what is wrong with it.
func (p *Pages) showLinkAgain(w http.ResponseWriter, r *http.Request, token login.LinkToken, form map[string]string, cause error) error {
	view, err := p.login.Peek(r.Context(), token)
	if err != nil {
		return err
	}
	invalid := apicred.AsError(cause)
	web.From(r.Context()).Fail(invalid.WireCode(), invalid.Unwrap())
	again := linkView{LinkView: view, Return: returnPath(form[returnField]), EnteredEmail: form[emailField], EnteredName: form[nameField]}
	for _, field := range invalid.Fields {
		switch field.Location {
		case "body." + emailField:
			again.EmailFault = field.Message
		case "body." + nameField:
			again.NameFault = field.Message
		case "body." + passwordField:
			again.PasswordFault = field.Message
		}
	}
	renderLink(w, http.StatusUnprocessableEntity, again)
	return nil
}

func renderLink(w http.ResponseWriter, status int, view linkView) {
	if view.Kind == login.LinkFirstAdmin {
		view.frame = newFrame("Set up")
		render(w, status, "first_admin", view)
		return
	}
	if view.Joins {
		view.frame = newFrame("Join an account")
		render(w, status, "join", view)
		return
	}
	view.frame = newFrame("Sign in")
	render(w, status, "link", view)
}

func linkToken(r *http.Request) login.LinkToken { return login.LinkTokenFrom(r.PathValue("token")) }

// readForm reads a posted form. Fields that no page has are passed over; those
// that repeat are refused, since programs disagree which one counts.
func readForm(r *http.Request) (map[string]string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, &apicred.Error{Kind: apicred.KindInvalid, Code: web.CodeUnsupportedMediaType, Message: "Send the form of the page (application/x-www-form-urlencoded)."}
	}
	if err := r.ParseForm(); err != nil {
		if large := web.AsError(err); large.Code == web.CodeTooLarge {
			return nil, large
		}
		return nil, apicred.Malformed("The form cannot be read. Open the page again and send it from there.")
	}
	form := map[string]string{}
	for _, field := range []string{emailField, nameField, passwordField, returnField} {
		values := r.PostForm[field]
		if len(values) > 1 {
			return nil, apicred.Malformed("The form has the field " + field + " twice. Open the page again and send it from there.")
		}
		if len(values) == 1 {
			form[field] = values[0]
		}
	}
	return form, nil
}
