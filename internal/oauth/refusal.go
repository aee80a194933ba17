package oauth

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/web"
)

// fault is why a token request is refused, before it has an endpoint's words.
type fault int

const (
	faultServer fault = iota
	faultMethod
	faultMediaType
	faultTooLarge
	faultRequest
	faultClient
	faultGrantMissing
	faultGrant
	faultScopeMissing
	faultScope
	faultTarget
	faultTooFast
	faultUnavailable
	faultToken     // of a bearer who asks about tokens
	faultForbidden // proved, and not allowed to ask
	faultUnauthorizedClient
	faultGone  // of a follower's cursor
	faultProof // of possession of a key
)

// refusal is a refused token request.
type refusal struct {
	fault fault
	// description is a sentence with the remedy, in the characters of RFC 6749
	// section 5.2: printable ASCII without quote and backslash.
	description string
	// scope is the first bad scope where it may be echoed.
	scope      string
	retryAfter time.Duration
	// challenge is the WWW-Authenticate header where it is not the usual one.
	challenge []string
	cause     error
	// clientID that was presented, for explanations; empty: none or not known.
	clientID string
}

func refuse(f fault, description string) *refusal {
	return &refusal{fault: f, description: description}
}

func (r *refusal) because(cause error) *refusal {
	r.cause = cause
	return r
}

// refusalOf turns what the use case says into a refusal.
func refusalOf(err error) *refusal {
	var scope *accesstoken.ScopeError
	var resource *accesstoken.ResourceError
	var proof *accesstoken.ProofError
	switch {
	case errors.As(err, &scope):
		return refuseScope(scope)
	case errors.As(err, &proof):
		return refuse(faultProof, proof.Advice()).because(err)
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

// refuseScope names the first bad scope and what to do about it.
func refuseScope(e *accesstoken.ScopeError) *refusal {
	r := &refusal{fault: faultScope, cause: e}
	name := "A scope"
	if echoable(e.Scope) {
		r.scope = e.Scope
		name = "The scope " + e.Scope
	}
	switch e.Reason {
	case accesstoken.ScopeUnknown:
		r.description = name + " does not exist. Check its spelling and letter case."
	case accesstoken.ScopeNotHeld:
		r.description = name + " is not held by this API credential. Add it to the credential, or ask for less."
	case accesstoken.ScopeNotEffective:
		r.description = name + " does not work at present: it is retired, or the owner of this API credential may no longer use it."
	case accesstoken.ScopeMixed:
		r.description = name + " cannot be combined with the others. Ask for claviger: scopes in a request of their own."
	case accesstoken.ScopeNotOfResource:
		r.description = name + " does not open the resource. Ask for scopes that do, or leave the resource out."
	case accesstoken.ScopeTooMany:
		r.description = "The request names too many scopes. Ask for 100 at most."
	case accesstoken.ScopeNone:
		r.description = "There is no scope to grant. Name the scopes to use; this API credential may have none left."
	default:
		r.description = name + " cannot be granted."
	}
	return r
}

// echoable tells whether a scope may be quoted in an answer: short, printable
// ASCII, and nothing that RFC 6749 section 5.2 forbids in a description.
func echoable(scope string) bool {
	const most = 128
	return scope != "" && len(scope) <= most && !strings.ContainsFunc(scope, func(c rune) bool {
		return c <= ' ' || c > '~' || c == '"' || c == '\\'
	})
}

// reply is a refusal in an endpoint's words: status and error code, and a
// description that may be empty.
type reply struct {
	status      int
	code        string
	description string
}

// standard words a refusal as RFC 6749 section 5.2 does.
func standard(r refusal) reply {
	status, code := http.StatusBadRequest, "invalid_request"
	switch r.fault {
	case faultMethod:
		status = http.StatusMethodNotAllowed
	case faultMediaType:
		status = http.StatusUnsupportedMediaType
	case faultTooLarge:
		status = http.StatusRequestEntityTooLarge
	case faultRequest, faultGrantMissing:
	case faultClient:
		status, code = http.StatusUnauthorized, "invalid_client"
	case faultGrant:
		code = "unsupported_grant_type"
	case faultScopeMissing, faultScope:
		code = "invalid_scope"
	case faultTarget:
		code = "invalid_target" // RFC 8707 section 2
	case faultTooFast:
		status, code = http.StatusTooManyRequests, "rate_limited"
	case faultUnavailable:
		status, code = http.StatusServiceUnavailable, "temporarily_unavailable"
	case faultToken:
		status, code = http.StatusUnauthorized, "invalid_token"
	case faultForbidden:
		status, code = http.StatusForbidden, "insufficient_scope"
	case faultGone:
		status, code = http.StatusGone, "cursor_gone"
	case faultUnauthorizedClient:
		code = "unauthorized_client"
	case faultProof:
		code = "invalid_dpop_proof" // RFC 9449 section 5
	case faultServer:
		status, code = http.StatusInternalServerError, "server_error"
	}
	return reply{status, code, r.description}
}

// vcc words a refusal as VCC does (contract.md "VCC manners").
func vcc(r refusal) reply {
	switch r.fault {
	case faultClient:
		return reply{status: http.StatusBadRequest, code: "invalid_client"}
	case faultGrantMissing, faultGrant:
		return reply{http.StatusBadRequest, "unsupported_grant_type", "Invalid grant_type"}
	case faultScopeMissing:
		return reply{http.StatusBadRequest, "invalid_scope", "You must specify a scope"}
	case faultScope:
		if r.scope == "" {
			return reply{http.StatusBadRequest, "invalid_scope", "A scope of the request is an invalid scope"}
		}
		return reply{http.StatusBadRequest, "invalid_scope", `"` + r.scope + `" is an invalid scope`}
	case faultServer:
		return reply{http.StatusInternalServerError, "Internal Server Error", "An internal server error occurred"}
	default:
		return standard(r)
	}
}

// errorBody is the body of RFC 6749 section 5.2.
type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// answer writes a refusal in the words of an endpoint.
func (e *reception) answer(x *web.Exchange, r refusal, words func(refusal) reply) {
	a := words(r)
	x.Explain(r.explained(x, a.code))
	x.Fail(a.code, r.cause)
	h := x.Header()
	h["Content-Type"] = e.headers.json
	switch {
	case r.challenge != nil:
		h["Www-Authenticate"] = r.challenge
	case a.status == http.StatusUnauthorized:
		h["Www-Authenticate"] = e.headers.challenge
	case a.status == http.StatusMethodNotAllowed:
		h["Allow"] = e.headers.allow
	}
	web.SetRetryAfter(h, r.retryAfter)
	x.WriteHeader(a.status)
	body, err := json.Marshal(errorBody{a.code, a.description})
	if err == nil {
		_, err = x.Write(body)
	}
	if err != nil && r.cause == nil {
		x.Fail(a.code, err)
	}
}

// explained is what can be explained of a refusal later (R20). What a program
// presented as its ID is told even where it failed: the answer shows nothing of
// it, being sealed and of one length.
func (r *refusal) explained(x *web.Exchange, code string) apicred.Refusal {
	out := apicred.Refusal{Code: code, Client: r.clientID, Method: http.MethodPost, Route: x.Pattern, Scope: r.scope}
	if out.Client == "" {
		out.Client = x.Actor
	}
	if r.cause != nil {
		out.Cause = r.cause.Error()
	}
	return out
}
