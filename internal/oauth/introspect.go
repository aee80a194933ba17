package oauth

import (
	"encoding/json"
	"net/http"
	"strconv"
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

// serve is a web.Handler.
func (e *introspectionEndpoint) serve(w http.ResponseWriter, r *http.Request, x *web.Exchange) {
	h := w.Header()
	h["Cache-Control"], h["X-Content-Type-Options"] = e.headers.noStore, e.headers.noSniff
	verified, who, refused := e.introspect(r, x)
	if refused != nil {
		e.answer(x, *refused, standard)
		return
	}
	buffer := e.buffers.Get().(*[]byte)
	defer e.release(buffer)
	*buffer = appendIntrospection((*buffer)[:0], verified)
	body, mediaType := *buffer, e.headers.json
	if wantsSigned(r.Header["Accept"]) {
		signed, err := e.issuer.SignIntrospection(who, body)
		if err != nil {
			e.answer(x, *refusalOf(err), standard)
			return
		}
		body, mediaType = signed, []string{signedIntrospection}
	}
	h["Content-Type"] = mediaType
	_, _ = w.Write(body) //nolint:gosec // JSON or a JWT, of our own making; an error means that the client has gone
}

// introspect finds out what is true of a token, nil being one that is not
// active, and who asks.
func (e *introspectionEndpoint) introspect(r *http.Request, x *web.Exchange) (verified *accesstoken.Verified, who string, refused *refusal) {
	f, refused := e.form(r)
	if refused != nil {
		return nil, "", refused
	}
	asker, refused := e.asker(r, x, &f)
	if refused != nil {
		return nil, "", refused
	}
	if f.token == "" {
		return nil, "", refuse(faultRequest, missingToken)
	}
	verified, err := e.verifier.Introspect(r.Context(), asker.Introspector, f.token, x.Start)
	if err != nil {
		return nil, "", refusalOf(err)
	}
	return verified, asker.id, nil
}

// appendIntrospection writes what is said of a token (RFC 7662 section 2.2). Of
// one that is not active nothing else is said. It is written by hand, since
// reflection would cost as much as all the rest of the answer.
func appendIntrospection(b []byte, v *accesstoken.Verified) []byte {
	if v == nil {
		return append(b, `{"active":false}`...)
	}
	subject, tokenType := v.ClientID, "Bearer"
	if v.Person {
		subject = v.UserID
	}
	if v.Confirmation.Key != "" {
		tokenType = "DPoP"
	}
	b = append(b, `{"active":true,"scope":"`...)
	for i, s := range v.EffectiveScopes { // nothing in them needs escaping (apicred.ValidScopeValue)
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, s...)
	}
	b = appendMember(append(b, '"'), "client_id", v.ClientID)
	b = appendMember(b, "token_type", tokenType)
	b = strconv.AppendInt(append(b, `,"exp":`...), v.ExpiresAt.Unix(), 10)
	b = strconv.AppendInt(append(b, `,"iat":`...), v.IssuedAt.Unix(), 10)
	b = appendMember(b, "sub", subject)
	b = appendAudience(b, v.Audience)
	b = appendMember(b, "iss", v.Issuer)
	b = appendMember(b, "jti", v.JTI)
	b = appendMember(b, "account", v.AccountID)
	if v.UserID != "" {
		b = appendMember(b, "owner", v.UserID)
	}
	return append(v.Confirmation.AppendClaim(b), '}')
}

// appendAudience writes a string, or an array of several.
func appendAudience(b []byte, audience []string) []byte {
	if len(audience) == 1 {
		return appendMember(b, "aud", audience[0])
	}
	b = append(b, `,"aud":[`...)
	for i, a := range audience {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, a)
	}
	return append(b, ']')
}

func appendMember(b []byte, name, value string) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	return appendText(b, value)
}

// appendText writes a JSON string.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			escaped, _ := json.Marshal(text) // a string always can be
			return append(b, escaped...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
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
