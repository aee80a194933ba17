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
	inquiry
	issuer *accesstoken.Issuer
}

func newIntrospectionEndpoint(c Config) *introspectionEndpoint {
	return &introspectionEndpoint{newInquiry(c, apicred.ScopeIntrospect), c.Issuer}
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
	// Confirmation is what a bound token is bound to (RFC 9449 section 6.2).
	Confirmation *confirmation `json:"cnf,omitempty"`
}

type confirmation struct {
	Key         string `json:"jkt,omitempty"`
	Certificate string `json:"x5t#S256,omitempty"`
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
	if v.Confirmation.Bound() {
		said.Confirmation = &confirmation{v.Confirmation.Key, v.Confirmation.Certificate}
	}
	if v.Confirmation.Key != "" {
		said.TokenType = "DPoP"
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
