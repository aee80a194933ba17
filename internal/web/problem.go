package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Wire codes of refusals that only HTTP knows.
const (
	// CodeTooLarge: the body is over its limit (413).
	CodeTooLarge = "too_large"
	// CodeMethodNotAllowed: the resource has no such method (405).
	CodeMethodNotAllowed = "method_not_allowed"
	// CodeUnsupportedMediaType: the body is of another type (415).
	CodeUnsupportedMediaType = "unsupported_media_type"
)

// Problem is a problem document (RFC 9457) as contract.md "Problems"
// lists its members.
type Problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Code      string         `json:"code"`
	RequestID string         `json:"request_id"`
	Errors    []ProblemField `json:"errors,omitempty"`
	// ClientID is set on an Idempotency-Key conflict only.
	ClientID string `json:"client_id,omitempty"`
	// Scopes are the alternatives of which any one would do, on denials only.
	Scopes []string `json:"scopes,omitempty"`
}

// ProblemField names one member of the input and what to do about it.
type ProblemField struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Status returns the HTTP status of an error: the one place where kinds become
// statuses.
func Status(e *apicred.Error) int {
	switch e.Code {
	case apicred.CodeMalformed:
		return http.StatusBadRequest
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeMethodNotAllowed:
		return http.StatusMethodNotAllowed
	case CodeUnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	}
	switch e.Kind {
	case apicred.KindInvalid:
		return http.StatusUnprocessableEntity
	case apicred.KindUnauthenticated:
		return http.StatusUnauthorized
	case apicred.KindForbidden:
		return http.StatusForbidden
	case apicred.KindNotFound:
		return http.StatusNotFound
	case apicred.KindConflict:
		return http.StatusConflict
	case apicred.KindPrecondition:
		return http.StatusPreconditionFailed
	case apicred.KindRateLimited:
		return http.StatusTooManyRequests
	case apicred.KindUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// TooLarge is the refusal of a body over its limit.
func TooLarge() *apicred.Error {
	return &apicred.Error{Kind: apicred.KindInvalid, Code: CodeTooLarge, Message: "The request body is too large. Send less at once."}
}

// MethodNotAllowed is the refusal of a method; set the Allow header beside it.
func MethodNotAllowed() *apicred.Error {
	return &apicred.Error{Kind: apicred.KindInvalid, Code: CodeMethodNotAllowed, Message: "This address does not take that method. Use one of those that the Allow header names."}
}

// AsError returns err as an *apicred.Error; a body over its limit becomes
// TooLarge, anything else foreign becomes internal.
func AsError(err error) *apicred.Error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return TooLarge().Because(err)
	}
	return apicred.AsError(err)
}

// NewProblem renders an error as the document of one request.
func NewProblem(e *apicred.Error, requestID string) Problem {
	status := Status(e)
	p := Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: e.Message, Code: e.WireCode(), RequestID: requestID, ClientID: e.ClientID,
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, ProblemField(f))
	}
	return p
}

// WriteError answers with the problem document of err and notes code and hidden
// cause for the log. Use it once a request, before anything was written.
func (x *Exchange) WriteError(err error) {
	e := AsError(err)
	x.Fail(e.WireCode(), e.Unwrap())
	SetRetryAfter(x.Header(), e.RetryAfter)
	x.WriteProblem(NewProblem(e, x.ShownRequestID()))
}

// WriteProblem writes a problem document with its status. It answers 401 with
// a Bearer challenge unless another one is set (RFC 9110 section 11.6.1).
func (x *Exchange) WriteProblem(p Problem) {
	h := x.Header()
	if p.Status == http.StatusUnauthorized && h["Www-Authenticate"] == nil {
		h.Set("WWW-Authenticate", "Bearer")
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Del("Content-Length")
	h.Del("ETag")
	x.WriteHeader(p.Status)
	body, err := json.Marshal(p)
	if err == nil {
		_, err = x.Write(append(body, '\n'))
	}
	if err != nil && x.cause == nil {
		x.cause = err
	}
}

// SetRetryAfter sets Retry-After in whole seconds, at least one (RFC 9110
// section 10.2.3); nothing when after is zero.
func SetRetryAfter(h http.Header, after time.Duration) {
	if after > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((after+time.Second-1)/time.Second), 10))
	}
}
