package signin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/web"
)

// policy is the Content-Security-Policy of the pages: no script at all.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

//go:embed page
var files embed.FS

//go:embed page/style.css
var style []byte

//go:embed page/icon.svg
var icon []byte

var pages = template.Must(template.ParseFS(files, "page/*.html"))

// frame is what every page has: its title, and the addresses of what it loads.
type frame struct {
	Title       string
	Style, Icon string
}

func newFrame(title string) frame {
	return frame{Title: title, Style: stylePath + "?v=" + version(style), Icon: iconPath + "?v=" + version(icon)}
}

// version changes with an asset, so that browsers may keep it.
func version(asset []byte) string {
	sum := sha256.Sum256(asset)
	return hex.EncodeToString(sum[:6])
}

type signInView struct {
	frame
	Passwords    bool // the form is there
	SignedOut    bool // just now
	EnteredEmail string
	Fault        string
	Return       string
}

type signedInView struct {
	frame
	Email  string
	Return string
}

type linkView struct {
	frame
	login.LinkView
	Return                    string
	EnteredEmail, EnteredName string
	EmailFault, NameFault     string
	PasswordFault             string
}

// FocusPassword: the password is all that is wrong with the form.
func (v linkView) FocusPassword() bool {
	return v.PasswordFault != "" && v.EmailFault == "" && v.NameFault == ""
}

// HasPassword tells whether there is one that the form would replace.
func (v linkView) HasPassword() bool { return !v.PasswordChangedAt.IsZero() }

// PasswordSince is when that one was set, for people.
func (v linkView) PasswordSince() string { return v.PasswordChangedAt.UTC().Format("2 January 2006") }

// PasswordSinceMachine is PasswordSince for programs (RFC 3339).
func (v linkView) PasswordSinceMachine() string {
	return v.PasswordChangedAt.UTC().Format(time.RFC3339)
}

// Until is the link's end for people.
func (v linkView) Until() string { return v.ExpiresAt.UTC().Format("2 January 2006, 15:04 UTC") }

// UntilMachine is the link's end for programs (RFC 3339).
func (v linkView) UntilMachine() string { return v.ExpiresAt.UTC().Format(time.RFC3339) }

type errorView struct {
	frame
	Message   string
	RequestID string
}

// render writes a page. A page is made whole before its first byte is sent.
func render(w http.ResponseWriter, status int, name string, view any) {
	var body bytes.Buffer
	err := pages.ExecuteTemplate(&body, name, view)
	if err != nil {
		// A template that does not fit its view: let the shell answer and log it.
		panic(err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	web.SetNoStore(h)
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that went away is no fault of ours
}

// showError renders an error with its remedy and the request ID, and notes it
// for the log.
func (p *Pages) showError(w http.ResponseWriter, r *http.Request, err error) {
	e := web.AsError(err)
	x := web.From(r.Context())
	x.Fail(e.WireCode(), e.Unwrap())
	web.SetRetryAfter(w.Header(), e.RetryAfter)
	render(w, web.Status(e), "error", errorView{frame: newFrame(errorTitle(r, e)), Message: e.Message, RequestID: x.RequestID})
}

func errorTitle(r *http.Request, e *apicred.Error) string {
	switch e.Kind {
	case apicred.KindNotFound:
		if r.PathValue("token") != "" {
			return "This link does not work any more"
		}
		return "Page not found"
	case apicred.KindInternal:
		return "Something went wrong"
	case apicred.KindUnavailable:
		return "Not available right now"
	default:
		return "That did not work"
	}
}

// asset serves a file that pages load; under its version it may be kept for good.
func asset(contentType string, content []byte) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		if r.URL.Query().Get("v") == version(content) {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		return nil
	}
}
