package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Codes of problems that programs act on. Problem.Code may hold others.
const (
	CodeInvalid                  = "invalid"                   // members are wrong; Errors names them
	CodeUnauthenticated          = "unauthenticated"           // the token is none, or is over
	CodeForbidden                = "forbidden"                 // the token's scopes or the role do not allow it
	CodeScopeNotGrantable        = "scope_not_grantable"       // a scope that the caller may not give
	CodeReauthenticationRequired = "reauthentication_required" // for sessions of the console
	CodeNotFound                 = "not_found"                 // it is not there, or not for this caller
	CodeConflict                 = "conflict"                  // what stands does not allow it
	CodePrecondition             = "precondition"              // somebody saved in between: IfMatch names an older version
	CodeRateLimited              = "rate_limited"              // wait for RetryAfter
	CodeUnavailable              = "unavailable"               // wait for RetryAfter
)

// Error is the detail with the wrong members, and what finds the request in the
// server's log.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Detail)
	for _, e := range p.Errors {
		fmt.Fprintf(&b, "; %s: %s", e.Location, e.Message)
	}
	fmt.Fprintf(&b, " (status %d", p.Status)
	if p.Code != "" {
		b.WriteString(", " + p.Code)
	}
	if p.RequestID != "" {
		b.WriteString(", request " + p.RequestID)
	}
	b.WriteString(")")
	return b.String()
}

// IsProblem tells whether err is a problem with this code.
func IsProblem(err error, code string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}

// problemOf reads a refusal.
func problemOf(a *answer) error {
	p := Problem{}
	media, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	if media != "application/problem+json" || json.Unmarshal(a.body, &p) != nil || p.Detail == "" {
		foreign := foreignAnswer(a)
		foreign.RetryAfter = retryAfter(a.header)
		return foreign
	}
	p.Status, p.RetryAfter = int64(a.status), retryAfter(a.header)
	return &p
}

// foreignAnswer is what something between here and the server says, or another
// server. Its text is not passed on: it may be anything.
func foreignAnswer(a *answer) *Problem {
	p := &Problem{Type: "about:blank", Title: http.StatusText(a.status), Status: int64(a.status)}
	p.Detail = fmt.Sprintf("The answer (%d %s) is not Claviger's. Check the server's address, and what stands before it.", a.status, p.Title)
	if to := a.header.Get("Location"); to != "" && a.status >= 300 && a.status < 400 {
		p.Detail = fmt.Sprintf("The server sends callers on to %q. Give that address if it is the same server.", to)
	}
	return p
}

// retryAfter reads Retry-After in seconds (RFC 9110 section 10.2.3); Claviger
// sends no dates.
func retryAfter(h http.Header) time.Duration {
	const most = 24 * 60 * 60
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, most)) * time.Second
}
