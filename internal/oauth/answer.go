package oauth

import (
	"net/http"
	"strconv"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
)

// headers are values made once and shared by all answers; nobody writes into
// them.
type headers struct {
	json, noStore, noCache, noSniff, challenge, allow []string
}

func newHeaders() headers {
	return headers{
		json: []string{"application/json"}, noStore: []string{"no-store"}, noCache: []string{"no-cache"},
		noSniff: []string{"nosniff"}, challenge: []string{`Basic realm="claviger"`}, allow: []string{http.MethodPost},
	}
}

// setNoStore sets what RFC 6749 section 5.1 demands of every answer.
func (s *headers) setNoStore(h http.Header) {
	h["Cache-Control"] = s.noStore
	h["Pragma"] = s.noCache
}

// grant writes a token (RFC 6749 section 5.1). Token and scopes are printable
// ASCII without quote and backslash, so they stand in JSON as they are.
func (e *tokenEndpoint) grant(w http.ResponseWriter, t accesstoken.Token) {
	w.Header()["Content-Type"] = e.headers.json
	buffer := e.buffers.Get().(*[]byte)
	defer e.release(buffer)
	b := append((*buffer)[:0], `{"access_token":"`...)
	b = append(b, t.Raw...)
	b = append(b, `","expires_in":`...)
	b = strconv.AppendInt(b, int64(t.ExpiresIn/time.Second), 10)
	if t.Bound.Key != "" {
		b = append(b, `,"token_type":"DPoP"`...) // RFC 9449 section 5
	} else {
		b = append(b, `,"token_type":"Bearer"`...)
	}
	if e.manners.showScope {
		b = append(b, `,"scope":"`...)
		b = append(b, t.Scope...)
		b = append(b, '"')
	}
	b = append(b, '}')
	*buffer = b
	_, _ = w.Write(b) // an error means that the client has gone
}
