package gateway

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/web"
)

// Codes of denials (contract.md "Enforcement").
const (
	CodeUnauthenticated   = "unauthenticated"
	CodeInvalidToken      = "invalid_token"
	CodeInsufficientScope = "insufficient_scope"
	CodeNoRoute           = "no_route"
	CodeBadPath           = "bad_path"
	CodeUntrustedPeer     = "untrusted_peer"
	CodeAddressNotAllowed = "address_not_allowed"
	CodeRateLimited       = "rate_limited"
	CodeUnavailable       = "unavailable"
)

// Denial is a refused call.
type Denial struct {
	Code string
	// Detail is a sentence that tells a person what to do.
	Detail string
	// Scopes are the alternatives of which any one would do.
	Scopes []string
	// RetryAfter is how long to wait, for rate_limited and unavailable.
	RetryAfter time.Duration
	cause      error
	// dpop: the caller used the scheme DPoP.
	dpop bool
	// about is what the denial is explained from later (R20).
	about apicred.Refusal
}

// Status is the HTTP status of the denial. Proxies that ask understand 401 and
// 403 alone (nginx turns 429 and 503 into 500): the others are for doors that
// answer programs themselves, and for proxies that say they can (full).
func (d *Denial) Status(full bool) int {
	switch {
	case d.Code == CodeUnauthenticated, d.Code == CodeInvalidToken:
		return http.StatusUnauthorized
	case d.Code == CodeRateLimited && full:
		return http.StatusTooManyRequests
	case d.Code == CodeUnavailable && full:
		return http.StatusServiceUnavailable
	}
	return http.StatusForbidden
}

// to notes whom the denial is for.
func (d *Denial) to(who *caller) *Denial {
	d.dpop = who.presented.DPoP
	return d
}

// Challenges are the values of WWW-Authenticate (RFC 6750 section 3, RFC 9449
// section 7.1), none for some codes. They are of the scheme that the caller used.
// No error is named when nothing was presented.
func (d *Denial) Challenges() []string {
	switch d.Code {
	case CodeUnauthenticated:
		return []string{"Bearer"}
	case CodeInvalidToken:
		return accesstoken.TokenChallenges(d.cause, d.dpop, `Bearer error="invalid_token"`)
	case CodeInsufficientScope:
		return accesstoken.ScopeChallenges(d.Scopes[0], d.dpop)
	}
	return nil
}

// Write answers with the denial as a problem document.
func (d *Denial) Write(x *web.Exchange, full bool) {
	x.Fail(d.Code, d.cause)
	d.about.Code = d.Code
	x.Explain(d.about)
	h := x.Header()
	if challenges := d.Challenges(); challenges != nil {
		h["Www-Authenticate"] = challenges
	}
	h.Set("X-Content-Type-Options", "nosniff")
	web.SetRetryAfter(h, d.RetryAfter)
	status := d.Status(full)
	x.WriteProblem(web.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: d.Detail,
		Code: d.Code, RequestID: x.ShownRequestID(), Scopes: d.Scopes,
	})
}

// denialOf turns a use case's error into a denial. Only 401 and 403 exist here,
// so what is nobody's fault outside is "unavailable".
func denialOf(err error) *Denial {
	e := apicred.AsError(err)
	switch e.Kind {
	case apicred.KindUnauthenticated:
		return &Denial{Code: CodeInvalidToken, Detail: e.Message, cause: e.Unwrap()}
	case apicred.KindRateLimited:
		return &Denial{Code: CodeRateLimited, Detail: e.Message, RetryAfter: max(e.RetryAfter, time.Second), cause: e.Unwrap()}
	default:
		const patience = 5 * time.Second
		return &Denial{
			Code: CodeUnavailable, Detail: "The server cannot check this call right now. Wait as long as Retry-After says, then try again.",
			RetryAfter: max(e.RetryAfter, patience), cause: e.Unwrap(),
		}
	}
}

func (d *Decider) denyToken(err error) *Denial {
	denial := denialOf(err)
	var refused *accesstoken.ProofError
	switch {
	case errors.As(err, &refused):
		denial.Detail = refused.Advice()
	case errors.Is(err, accesstoken.ErrBoundAsBearer):
		denial.Detail = "The access token is bound to a key. Send it as Authorization: DPoP with a proof in the header DPoP."
	case denial.Code == CodeInvalidToken:
		denial.Detail = "The access token, or the client ID and secret, is invalid, has expired, or is not for this API. Get a new token at " + d.tokenURL + "."
	}
	return denial
}

func (d *Decider) denyUnauthenticated(route *apicred.CompiledRoute) *Denial {
	detail := "This call needs an access token. Get one at " + d.tokenURL + " and send it as Authorization: Bearer."
	if route.API.DirectCredentials {
		detail += " This API also takes the client ID and secret as Authorization: Basic."
	}
	return &Denial{Code: CodeUnauthenticated, Detail: detail}
}

func denyNoRoute(c *Call) *Denial {
	detail := "No route in the catalogue opens this method and path on this host. Check them against the API's documentation, or have the operator add the route."
	if c.API != "" {
		detail = "The API that the proxy names has no route for this method and path, or is not in the catalogue. Check them against the API's documentation, or have the operator add the route."
	}
	return &Denial{Code: CodeNoRoute, Detail: detail}
}

func denyQueryToken() *Denial {
	return &Denial{Code: CodeInvalidToken, Detail: "The request has an access_token in its query, where logs would keep it. Send it as Authorization: Bearer, and revoke this one."}
}

func denyPath(detail string) *Denial { return &Denial{Code: CodeBadPath, Detail: detail} }

func denyPeer(detail string) *Denial { return &Denial{Code: CodeUntrustedPeer, Detail: detail} }

func denyScope(alternatives []string) *Denial {
	detail := "This call needs the scope " + alternatives[0]
	if len(alternatives) > 1 {
		detail = "This call needs one of the scopes " + strings.Join(alternatives, ", ")
	}
	return &Denial{
		Code: CodeInsufficientScope, Scopes: alternatives,
		Detail: detail + ". Add it to the API credential, or have its owner's role changed, then request a new token that includes it.",
	}
}
