package oauth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/proof"
	"github.com/claviger/claviger/internal/web"
)

// tokenBodyLimit bounds the body of a request with a form, in bytes (S34).
const tokenBodyLimit = 16 << 10

// reception is what the endpoints for programs begin with: they read a form and
// authenticate the client, and refuse in the words of RFC 6749 section 5.2.
type reception struct {
	clients *accesstoken.Directory
	headers headers
	buffers *sync.Pool // of *[]byte, for bodies read and answers written
}

func newReception(c Config) *reception {
	return &reception{
		clients: c.Clients, headers: newHeaders(),
		buffers: &sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }},
	}
}

// turnAway answers, unread, a request that there is no room for.
func (e *reception) turnAway(w http.ResponseWriter, _ *http.Request, x *web.Exchange) {
	e.headers.setNoStore(w.Header())
	e.answer(x, *refusalOf(web.Overloaded()), standard)
}

// client authenticates the client of a form.
func (e *reception) client(r *http.Request, x *web.Exchange, f *form) (accesstoken.Client, *refusal) {
	auth, refused := presented(r.Header["Authorization"], f)
	if refused != nil {
		return accesstoken.Client{}, refused
	}
	auth.Address, auth.Arrival = x.Client, x.Start
	var client accesstoken.Client
	var err error
	switch {
	case f.asserts():
		client, err = e.clients.AuthenticateByAssertion(r.Context(), auth, f.assertion)
	case auth.Secret == "" && len(r.Header["Authorization"]) == 0:
		client, err = e.certified(r.Context(), auth, x)
	default:
		client, err = e.clients.Authenticate(r.Context(), auth)
	}
	if err != nil {
		refused := refusalOf(err)
		refused.clientID = presentedID(f, auth.ClientID)
		return accesstoken.Client{}, refused
	}
	x.Actor = client.ID()
	return client, nil
}

// presentedID is whom a client that was refused said to be: client_id, or what its
// assertion says.
func presentedID(f *form, clientID string) string {
	if clientID != "" || f.assertion == "" {
		return clientID
	}
	assertion, err := proof.ParseAssertion(f.assertion)
	if err != nil {
		return ""
	}
	return assertion.ClientID
}

// certified authenticates a client that presents nothing but its ID, by its
// certificate (RFC 8705 section 2). Without one it fails as with a wrong secret.
func (e *reception) certified(ctx context.Context, auth accesstoken.ClientAuth, x *web.Exchange) (accesstoken.Client, error) {
	presented, fault := x.Certificate()
	if presented == nil && fault == nil {
		return e.clients.Authenticate(ctx, auth)
	}
	return e.clients.AuthenticateByCertificate(ctx, auth, presented, fault)
}

// form reads and parses a request, in the order method, media type, body.
func (e *reception) form(r *http.Request) (form, *refusal) {
	if r.Method != http.MethodPost {
		return form{}, refuse(faultMethod, "Use the method POST.")
	}
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
	_ = r.Body.Close() // it has been read to its end; net/http would look for more when it answers
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
func (e *reception) release(buffer *[]byte) {
	b := (*buffer)[:cap(*buffer)]
	clear(b)
	*buffer = b[:0]
	e.buffers.Put(buffer)
}

// asserts tells whether the client authenticates by an assertion (RFC 7523
// section 2.2). An assertion of no type or another one is a parameter that nobody
// knows here: it neither proves anything nor is in the way of another proof.
func (f *form) asserts() bool {
	return f.assertionType == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" && f.assertion != ""
}

// presented finds the one way in which the client authenticates: Basic, ID and
// secret in the body (RFC 6749 section 2.3.1), an assertion, or its ID alone with
// a certificate. What stands in the query is
// never looked at. A header that is no well-formed Basic is a failed
// authentication like any other: it goes on with an ID that nobody has, so that
// it costs and answers the same.
func presented(authorization []string, f *form) (accesstoken.ClientAuth, *refusal) {
	switch {
	case f.asserts() && (len(authorization) > 0 || f.clientSecret != ""):
		return accesstoken.ClientAuth{}, refuse(faultRequest, "The client authenticates in two ways. Send an assertion or a secret, not both.")
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
