package oauth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/web"
)

// tokenBodyLimit bounds the body of a token request, in bytes (S34).
const tokenBodyLimit = 16 << 10

// manners are what the two token endpoints do not share: the words of their
// answers, and how long a token lives.
type manners struct {
	// lifetime asked of the issuer; 0 is the server's setting.
	lifetime time.Duration
	// scopeRequired: an absent scope is an error instead of all scopes.
	scopeRequired bool
	// showScope puts the granted scope into the answer.
	showScope bool
	refuse    func(refusal) reply
}

// tokenEndpoint answers token requests (RFC 6749 section 3.2).
type tokenEndpoint struct {
	clients *accesstoken.Directory
	issuer  *accesstoken.Issuer
	manners manners
	headers headers
	buffers *sync.Pool // of *[]byte, for bodies read and answers written
}

func newTokenEndpoint(c Config, m manners) *tokenEndpoint {
	return &tokenEndpoint{
		clients: c.Clients, issuer: c.Issuer, manners: m, headers: newHeaders(),
		buffers: &sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }},
	}
}

// serve is a web.Handler. Checks come in the order method, form, client, grant,
// scope, resource (contract.md "Errors").
func (e *tokenEndpoint) serve(w http.ResponseWriter, r *http.Request, x *web.Exchange) {
	e.headers.setNoStore(w.Header())
	token, refused := e.token(r, x)
	if refused != nil {
		e.answer(x, *refused)
		return
	}
	e.grant(w, token)
}

func (e *tokenEndpoint) token(r *http.Request, x *web.Exchange) (accesstoken.Token, *refusal) {
	if r.Method != http.MethodPost {
		return accesstoken.Token{}, refuse(faultMethod, "Use the method POST.")
	}
	f, refused := e.form(r)
	if refused != nil {
		return accesstoken.Token{}, refused
	}
	auth, refused := presented(r.Header["Authorization"], &f)
	if refused != nil {
		return accesstoken.Token{}, refused
	}
	auth.Address, auth.Arrival = x.Client, x.Start
	client, err := e.clients.Authenticate(r.Context(), auth)
	if err != nil {
		return accesstoken.Token{}, refusalOf(err)
	}
	x.Actor = client.ID()
	return e.issue(r.Context(), client, &f, x.Start)
}

// form reads and parses the body.
func (e *tokenEndpoint) form(r *http.Request) (form, *refusal) {
	if types := r.Header["Content-Type"]; len(types) != 1 || !isForm(types[0]) {
		return form{}, refuse(faultMediaType, "Send the parameters as application/x-www-form-urlencoded.")
	}
	buffer := e.buffers.Get().(*[]byte)
	defer e.release(buffer)
	body, err := readAll((*buffer)[:0], r)
	*buffer = body
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return form{}, refuse(faultTooLarge, "The request body is over 16 KiB. Send only the parameters that the grant needs.")
	case err != nil:
		return form{}, refuse(faultRequest, "The request body ended early. Send it whole.").because(err)
	}
	f, fault := parseForm(string(body))
	if fault != "" {
		return form{}, refuse(faultRequest, fault)
	}
	return f, nil
}

// readAll appends the body to dst.
func readAll(dst []byte, r *http.Request) ([]byte, error) {
	if r.ContentLength > tokenBodyLimit {
		return dst, &http.MaxBytesError{Limit: tokenBodyLimit}
	}
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := r.Body.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if errors.Is(err, io.EOF) {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}

// release gives a buffer back, without the secret that was in it.
func (e *tokenEndpoint) release(buffer *[]byte) {
	b := (*buffer)[:cap(*buffer)]
	clear(b)
	*buffer = b[:0]
	e.buffers.Put(buffer)
}

// presented finds the one way in which the client authenticates: Basic, or ID
// and secret in the body (RFC 6749 section 2.3.1). What stands in the query is
// never looked at. A header that is no well-formed Basic is a failed
// authentication like any other: it goes on with an ID that nobody has, so that
// it costs and answers the same.
func presented(authorization []string, f *form) (accesstoken.ClientAuth, *refusal) {
	switch {
	case len(authorization) == 0:
		return accesstoken.ClientAuth{ClientID: f.clientID, Secret: f.clientSecret}, nil
	case len(authorization) > 1 || f.clientSecret != "":
		return accesstoken.ClientAuth{}, refuse(faultRequest, "The client authenticates in two ways. Send its ID and secret in the Authorization header or in the body, not in both.")
	}
	clientID, secret, ok := parseBasic(authorization[0])
	if ok && f.clientID != "" && f.clientID != clientID {
		return accesstoken.ClientAuth{}, refuse(faultRequest, "The client_id in the body is not the one in the Authorization header. Leave it out of the body.")
	}
	return accesstoken.ClientAuth{ClientID: clientID, Secret: secret}, nil
}

func (e *tokenEndpoint) issue(ctx context.Context, client accesstoken.Client, f *form, arrival time.Time) (accesstoken.Token, *refusal) {
	switch f.grantType {
	case "client_credentials":
	case "":
		return accesstoken.Token{}, refuse(faultGrantMissing, "The parameter grant_type is missing. Send grant_type=client_credentials.")
	default:
		return accesstoken.Token{}, refuse(faultGrant, "This grant is not offered. Send grant_type=client_credentials.")
	}
	if f.scope == "" && e.manners.scopeRequired {
		return accesstoken.Token{}, refuse(faultScopeMissing, "You must specify a scope")
	}
	token, err := e.issuer.Issue(ctx, client, accesstoken.IssueRequest{
		Scope: f.scope, ScopePresent: f.scope != "", Resource: f.resource, Lifetime: e.manners.lifetime, Arrival: arrival,
	})
	if err != nil {
		return accesstoken.Token{}, refusalOf(err)
	}
	return token, nil
}

// refusalOf turns what the use case says into a refusal.
func refusalOf(err error) *refusal {
	var scope *accesstoken.ScopeError
	var resource *accesstoken.ResourceError
	switch {
	case errors.As(err, &scope):
		return refuseScope(scope)
	case errors.As(err, &resource):
		return refuse(faultTarget, "The resource is unknown, or no scope of this API credential opens it. Send the audience of an API, or leave it out.").because(err)
	}
	e := apicred.AsError(err)
	r := &refusal{fault: faultServer, description: e.Message, retryAfter: e.RetryAfter, cause: e.Unwrap()}
	switch e.Kind {
	case apicred.KindUnauthenticated:
		r.fault = faultClient
		r.description = "The client could not be authenticated. Check the client ID and secret, and that the API credential is active."
	case apicred.KindRateLimited:
		r.fault = faultTooFast
	case apicred.KindUnavailable:
		r.fault = faultUnavailable
	default:
	}
	return r
}
