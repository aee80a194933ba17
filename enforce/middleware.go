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
			claims, refused := v.decide(r, scopes)
			if v.config.Observe != nil {
				verdict := Verdict{Code: refused.code, Duration: v.config.Clock().Sub(begun)}
				if claims != nil {
					verdict.ClientID = claims.ClientID
				}
				v.config.Observe(r.Context(), verdict)
			}
			if refused.code != "" {
				v.refuse(w, refused, scopes)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, claims)))
		})
	}
}

// refusal is why a call is not let through; the zero value lets it.
type refusal struct {
	code string
	// dpop: the caller used the scheme DPoP. cause is what was wrong with its token.
	dpop  bool
	cause error
}

// decide judges a call.
func (v *Verifier) decide(r *http.Request, scopes []string) (*Claims, refusal) {
	header := r.Header["Authorization"]
	if len(header) > 1 || tokenInQuery(r.URL.RawQuery) {
		return nil, refusal{code: CodeInvalidToken}
	}
	if len(header) == 0 {
		return nil, refusal{code: CodeUnauthenticated}
	}
	p, ok := v.presented(r, header[0])
	if !ok {
		var code string
		if p, code = v.direct.presented(r.Context(), header[0]); code != "" {
			return nil, refusal{code: code}
		}
	}
	claims, err := v.verify(r.Context(), &p)
	refused := refusal{dpop: p.dpop, cause: err}
	switch {
	case errors.Is(err, ErrUnavailable):
		refused.code = CodeUnavailable
	case err != nil:
		refused.code = CodeInvalidToken
	case !claims.HasAny(scopes...):
		refused.code = CodeInsufficientScope
	}
	return claims, refused
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

// presented returns the token of an Authorization header, with what came along
// to prove that its bearer holds the key. It reports false for other schemes.
func (v *Verifier) presented(r *http.Request, header string) (presented, bool) {
	scheme, rest, _ := strings.Cut(header, " ")
	p := presented{token: strings.Trim(rest, " ")}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		p.certificate = r.TLS.PeerCertificates[0].Raw
	}
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return p, true
	case strings.EqualFold(scheme, "DPoP"):
		p.dpop, p.proofs, p.method, p.address = true, r.Header["Dpop"], r.Method, addressFor(v.base, r)
		return p, true
	}
	return presented{}, false
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

func (v *Verifier) refuse(w http.ResponseWriter, refused refusal, scopes []string) {
	p := problem{Type: "about:blank", Status: http.StatusUnauthorized, Code: refused.code}
	tokens := v.config.Issuer + "/oauth2/token"
	var bad *proofError
	switch {
	case refused.code == CodeUnauthenticated:
		p.Detail = "This call needs an access token. Get one at " + tokens + " and send it as Authorization: Bearer."
	case errors.As(refused.cause, &bad):
		p.Detail = "The DPoP proof is refused: " + bad.cause.Error() + ". Make a new one for each request, for its method and URL, with a jti of its own and the present time."
	case errors.Is(refused.cause, errBoundBearer):
		p.Detail = "The access token is bound to a key. Send it as Authorization: DPoP with a proof in the header DPoP."
	case refused.code == CodeInvalidToken:
		p.Detail = "The access token, or the client ID and secret, is invalid, has expired, or is not for this API. Get a new token at " + tokens + "."
	case refused.code == CodeInsufficientScope:
		p.Status, p.Scopes = http.StatusForbidden, scopes
		p.Detail = "This call needs one of the scopes " + strings.Join(scopes, ", ") + ". Add it to the API credential, then request a new token that includes it."
	default:
		p.Status = http.StatusServiceUnavailable
		p.Detail = "The call cannot be checked right now. Wait as long as Retry-After says, then try again."
		w.Header().Set("Retry-After", "5")
	}
	p.Title = http.StatusText(p.Status)
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Title, p.Status)
		return
	}
	if challenges := refused.challenges(scopes[0]); challenges != nil {
		w.Header()["Www-Authenticate"] = challenges
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // an error means that the caller has gone
}

// challenges are the values of WWW-Authenticate (RFC 6750 section 3, RFC 9449
// section 7.1), of the scheme that the caller used.
func (r *refusal) challenges(scope string) []string {
	const algorithms = `algs="` + proofAlgorithms + `"`
	missing := `error="insufficient_scope", scope="` + scope + `"`
	var bad *proofError
	switch {
	case r.code == CodeUnauthenticated:
		return []string{"Bearer"}
	case r.code == CodeInsufficientScope && r.dpop:
		return []string{"DPoP " + missing + ", " + algorithms}
	case r.code == CodeInsufficientScope:
		return []string{"Bearer " + missing}
	case r.code != CodeInvalidToken:
		return nil
	case errors.As(r.cause, &bad):
		return []string{`DPoP error="invalid_dpop_proof", ` + algorithms}
	case r.dpop:
		return []string{`DPoP error="invalid_token", ` + algorithms}
	case errors.Is(r.cause, errBoundBearer):
		return []string{`Bearer error="invalid_token"`, "DPoP " + algorithms}
	}
	return []string{`Bearer error="invalid_token"`}
}
