package oauth

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/web"
)

const (
	missingToken = "The parameter token is missing. Send the access token in it." //nolint:gosec // a sentence
	// signedIntrospection is the media type of RFC 9701 section 4.
	signedIntrospection = "application/token-introspection+jwt"
)

// introspectionEndpoint answers introspection requests (RFC 7662), on request
// by a signed JWT (RFC 9701).
type introspectionEndpoint struct {
	*reception
	issuer   *accesstoken.Issuer
	verifier *accesstoken.Verifier
	audience string
}

func newIntrospectionEndpoint(c Config) *introspectionEndpoint {
	return &introspectionEndpoint{
		reception: newReception(c), issuer: c.Issuer, verifier: c.Verifier,
		audience: accesstoken.ManagementAudience(c.IssuerURL),
	}
}

// introspection is what is said of a token (RFC 7662 section 2.2). Of one that
// is not active nothing else is said.
type introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope"`
	ClientID  string `json:"client_id"`
	TokenType string `json:"token_type"`
	ExpiresAt int64  `json:"exp"`
	IssuedAt  int64  `json:"iat"`
	Subject   string `json:"sub"`
	Audience  any    `json:"aud"` // a string, or an array of several
	Issuer    string `json:"iss"`
	JTI       string `json:"jti"`
	Account   string `json:"account"`
	Owner     string `json:"owner,omitempty"`
}

// asker is who asks, proved and allowed to.
type asker struct {
	accesstoken.Introspector
	id string // client ID or, for a person, user ID
}

// serve is a web.Handler.
func (e *introspectionEndpoint) serve(w http.ResponseWriter, r *http.Request, x *web.Exchange) {
	e.headers.setNoStore(w.Header())
	body, mediaType, refused := e.introspect(r, x)
	if refused != nil {
		e.answer(x, *refused, standard)
		return
	}
	w.Header()["Content-Type"] = mediaType
	_, _ = w.Write(body) //nolint:gosec // JSON or a JWT, of our own making; an error means that the client has gone
}

func (e *introspectionEndpoint) introspect(r *http.Request, x *web.Exchange) (body []byte, mediaType []string, refused *refusal) {
	f, refused := e.form(r)
	if refused != nil {
		return nil, nil, refused
	}
	who, refused := e.asker(r, x, &f)
	if refused != nil {
		return nil, nil, refused
	}
	if f.token == "" {
		return nil, nil, refuse(faultRequest, missingToken)
	}
	verified, err := e.verifier.Introspect(r.Context(), who.Introspector, f.token, x.Start)
	if err != nil {
		return nil, nil, refusalOf(err)
	}
	body, err = e.describe(verified)
	mediaType = e.headers.json
	if err == nil && wantsSigned(r.Header["Accept"]) {
		body, err = e.issuer.SignIntrospection(who.id, body)
		mediaType = []string{signedIntrospection}
	}
	if err != nil {
		return nil, nil, refusalOf(err)
	}
	return body, mediaType, nil
}

// describe writes what is true of a token, nil being one that is not active.
func (e *introspectionEndpoint) describe(v *accesstoken.Verified) ([]byte, error) {
	if v == nil {
		return []byte(`{"active":false}`), nil
	}
	said := introspection{
		Active: true, Scope: apicred.JoinScopes(v.EffectiveScopes), ClientID: v.ClientID, TokenType: "Bearer",
		ExpiresAt: v.ExpiresAt.Unix(), IssuedAt: v.IssuedAt.Unix(), Subject: v.ClientID, Audience: v.Audience,
		Issuer: v.Issuer, JTI: v.JTI, Account: v.AccountID, Owner: v.UserID,
	}
	if v.Person {
		said.Subject = v.UserID
	}
	if len(v.Audience) == 1 {
		said.Audience = v.Audience[0]
	}
	return json.Marshal(said)
}

// wantsSigned tells whether the caller asks for the signed answer by name; any
// wildcard gets JSON.
func wantsSigned(accept []string) bool {
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			mediaType, parameters, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(mediaType), signedIntrospection) &&
				strings.ReplaceAll(parameters, " ", "") != "q=0" {
				return true
			}
		}
	}
	return false
}

// asker proves who asks, as a client or by a token of the management audience,
// and that they hold claviger:introspect.
func (e *introspectionEndpoint) asker(r *http.Request, x *web.Exchange, f *form) (asker, *refusal) {
	header := r.Header["Authorization"]
	if len(header) != 1 {
		return e.askingClient(r, x, f)
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return e.askingClient(r, x, f)
	}
	if f.clientSecret != "" {
		return asker{}, refuse(faultRequest, "The client authenticates in two ways. Send an access token or a client secret, not both.")
	}
	return e.askingBearer(r, x, strings.Trim(token, " "))
}

func (e *introspectionEndpoint) askingClient(r *http.Request, x *web.Exchange, f *form) (asker, *refusal) {
	client, refused := e.client(r, x, f)
	if refused != nil {
		return asker{}, refused
	}
	if !client.Holds(apicred.ScopeIntrospect) {
		var err error
		if client, err = e.clients.Renew(r.Context(), client, x.Start); err != nil {
			return asker{}, refusalOf(err)
		}
		if !client.Holds(apicred.ScopeIntrospect) {
			e.clients.Count(&client, accesstoken.OutcomeScope, apicred.ScopeIntrospect, x.Client)
			return asker{}, mayNotIntrospect()
		}
	}
	e.clients.Count(&client, accesstoken.OutcomeAllowed, apicred.ScopeIntrospect, x.Client)
	return asker{client.Introspector(), client.ID()}, nil
}

func (e *introspectionEndpoint) askingBearer(r *http.Request, x *web.Exchange, token string) (asker, *refusal) {
	verified, err := e.verifier.Verify(r.Context(), token, e.audience, x.Start)
	if err == nil && !holds(verified) { // fresh before no
		if err = e.clients.Fresh(r.Context(), x.Start); err == nil {
			verified, err = e.verifier.Verify(r.Context(), token, e.audience, x.Start)
		}
	}
	switch {
	case apicred.IsKind(err, apicred.KindUnauthenticated):
		refused := refuse(faultToken, "The access token is invalid, has expired, or is not meant for the management API. Request a new one.").because(apicred.AsError(err).Unwrap())
		refused.challenge = []string{`Bearer error="invalid_token"`}
		return asker{}, refused
	case err != nil:
		return asker{}, refusalOf(err)
	}
	x.Actor = verified.ClientID
	if verified.Person {
		x.Actor = verified.UserID
	} else if !verified.Client.AllowsAddress(x.Client) {
		return asker{}, refuse(faultForbidden, "This API credential may not be used from this address. Add the address to its allowed ranges, or call from one of them.")
	} else if err := verified.Client.TakeCall(x.Start); err != nil {
		return asker{}, refusalOf(err)
	}
	if !holds(verified) {
		return asker{}, mayNotIntrospect()
	}
	return asker{verified.Introspector(), x.Actor}, nil
}

func holds(v *accesstoken.Verified) bool {
	for _, s := range v.EffectiveScopes {
		if s == apicred.ScopeIntrospect {
			return true
		}
	}
	return false
}

// mayNotIntrospect is the refusal of one who was proved and lacks the scope.
func mayNotIntrospect() *refusal {
	refused := refuse(faultForbidden, "Introspection needs the scope "+apicred.ScopeIntrospect+". Use an API credential or token that has it.")
	refused.challenge = []string{`Bearer error="insufficient_scope", scope="` + apicred.ScopeIntrospect + `"`}
	return refused
}
