package enforce

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Codes of problem documents, the same as those of Claviger's own doors.
const (
	CodeUnauthenticated   = "unauthenticated"
	CodeInvalidToken      = "invalid_token"
	CodeInsufficientScope = "insufficient_scope"
	CodeUnavailable       = "unavailable"
)

type claimsKey struct{}

// FromContext returns who calls, in a handler behind Require.
func FromContext(ctx context.Context) (*Claims, bool) {
	c, ok := ctx.Value(claimsKey{}).(*Claims)
	return c, ok
}

// Require lets calls through whose token has any of the scopes, and refuses the
// rest as RFC 6750 section 3 says: 401 without a live token, 403 without the
// scope, 503 when neither can be said. It panics without a scope, since it would
// let nobody or everybody through.
func (v *Verifier) Require(scopes ...string) func(http.Handler) http.Handler {
	for _, s := range scopes {
		if s == "" || strings.ContainsAny(s, " \"\\") {
			panic("enforce: " + s + " is no scope")
		}
	}
	if len(scopes) == 0 {
		panic("enforce: Require needs a scope")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun := time.Time{}
			if v.config.Observe != nil {
				begun = v.config.Clock()
			}
			claims, code := v.decide(r, scopes)
			if v.config.Observe != nil {
				verdict := Verdict{Code: code, Duration: v.config.Clock().Sub(begun)}
				if claims != nil {
					verdict.ClientID = claims.ClientID
				}
				v.config.Observe(r.Context(), verdict)
			}
			if code != "" {
				v.refuse(w, code, scopes)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, claims)))
		})
	}
}

// decide judges a call. The code is empty for yes.
func (v *Verifier) decide(r *http.Request, scopes []string) (*Claims, string) {
	header := r.Header["Authorization"]
	if len(header) > 1 || tokenInQuery(r.URL.RawQuery) {
		return nil, CodeInvalidToken
	}
	if len(header) == 0 {
		return nil, CodeUnauthenticated
	}
	raw, code := v.presented(r.Context(), header[0])
	if code != "" {
		return nil, code
	}
	claims, err := v.Verify(r.Context(), raw)
	switch {
	case errors.Is(err, ErrUnavailable):
		return nil, CodeUnavailable
	case err != nil:
		return nil, CodeInvalidToken
	case !claims.HasAny(scopes...):
		return claims, CodeInsufficientScope
	}
	return claims, ""
}

// tokenInQuery tells whether an access_token stands in the query, where logs
// would keep it (RFC 9700 section 4.3.2). A query that cannot be read might hold
// one.
func tokenInQuery(query string) bool {
	if !strings.Contains(query, "%") && !strings.Contains(strings.ToLower(query), "access_token") {
		return false
	}
	for pair := range strings.FieldsFuncSeq(query, func(c rune) bool { return c == '&' || c == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err != nil || strings.EqualFold(strings.TrimSpace(decoded), "access_token") {
			return true
		}
	}
	return false
}

// presented returns the token of an Authorization header, exchanging client ID
// and secret for one where that is allowed.
func (v *Verifier) presented(ctx context.Context, header string) (raw, code string) {
	scheme, rest, _ := strings.Cut(header, " ")
	rest = strings.Trim(rest, " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return rest, ""
	case !strings.EqualFold(scheme, "Basic") || v.direct == nil:
		return "", CodeUnauthenticated
	}
	clientID, secret, ok := parseBasic(rest)
	if !ok {
		return "", CodeInvalidToken
	}
	raw, err := v.direct.token(ctx, clientID, secret)
	switch {
	case err != nil:
		return "", CodeUnavailable
	case raw == "":
		return "", CodeInvalidToken
	}
	return raw, ""
}

// problem is a problem document (RFC 9457).
type problem struct {
	Type   string   `json:"type"`
	Title  string   `json:"title"`
	Status int      `json:"status"`
	Detail string   `json:"detail"`
	Code   string   `json:"code"`
	Scopes []string `json:"scopes,omitempty"`
}

func (v *Verifier) refuse(w http.ResponseWriter, code string, scopes []string) {
	p := problem{Type: "about:blank", Status: http.StatusUnauthorized, Code: code}
	challenge := "Bearer"
	tokens := v.config.Issuer + "/oauth2/token"
	switch code {
	case CodeUnauthenticated:
		p.Detail = "This call needs an access token. Get one at " + tokens + " and send it as Authorization: Bearer."
	case CodeInvalidToken:
		challenge += ` error="invalid_token"`
		p.Detail = "The access token, or the client ID and secret, is invalid, has expired, or is not for this API. Get a new token at " + tokens + "."
	case CodeInsufficientScope:
		challenge += ` error="insufficient_scope", scope="` + scopes[0] + `"`
		p.Status, p.Scopes = http.StatusForbidden, scopes
		p.Detail = "This call needs one of the scopes " + strings.Join(scopes, ", ") + ". Add it to the API credential, then request a new token that includes it."
	default:
		challenge, p.Status = "", http.StatusServiceUnavailable
		p.Detail = "The call cannot be checked right now. Wait as long as Retry-After says, then try again."
		w.Header().Set("Retry-After", "5")
	}
	p.Title = http.StatusText(p.Status)
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Title, p.Status)
		return
	}
	if challenge != "" {
		w.Header().Set("WWW-Authenticate", challenge)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // an error means that the caller has gone
}
