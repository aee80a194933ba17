package apicred

import (
	"errors"
	"time"
)

// Kind says what sort of failure an Error is. Surfaces turn it into a status.
type Kind string

// The kinds of failure. A wire code (Error.Code) may be narrower.
const (
	KindInvalid         Kind = "invalid"
	KindUnauthenticated Kind = "unauthenticated"
	KindForbidden       Kind = "forbidden"
	KindNotFound        Kind = "not_found"
	KindConflict        Kind = "conflict"
	KindPrecondition    Kind = "precondition"
	KindRateLimited     Kind = "rate_limited"
	KindUnavailable     Kind = "unavailable"
	KindInternal        Kind = "internal"
)

// Wire codes that are narrower than their kind.
const (
	// CodeMalformed marks input that cannot be read at all (status 400), as
	// against a readable member with a bad value (422).
	CodeMalformed = "malformed"
	// CodeScopeNotGrantable is the refusal of the scope ceiling (403).
	CodeScopeNotGrantable = "scope_not_grantable"
	// CodeReauthenticationRequired asks a signed-in person for a fresh proof of
	// who they are (403).
	CodeReauthenticationRequired = "reauthentication_required"
)

// FieldError names one member of the input and says what to do about it.
type FieldError struct {
	// Location is the member's path on the wire, as "body.name" or
	// "body.scopes[1]".
	Location string
	// Message is a finished sentence with the remedy.
	Message string
}

// Error is the one error type that reaches a caller. Its message is a finished
// sentence for the reader; its cause is for the log only.
type Error struct {
	Kind    Kind
	Code    string // wire code; empty means string(Kind)
	Message string
	Fields  []FieldError
	// RetryAfter is how long to wait, for rate_limited and unavailable.
	RetryAfter time.Duration
	// ClientID is the credential an earlier request with the same
	// Idempotency-Key made, on that conflict only.
	ClientID string
	cause    error
}

// Error returns the sentence meant for the reader; never the hidden cause.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the hidden cause, for errors.Is and the log.
func (e *Error) Unwrap() error { return e.cause }

// WireCode returns the code a client program switches on.
func (e *Error) WireCode() string {
	if e.Code != "" {
		return e.Code
	}
	return string(e.Kind)
}

// Because returns a copy of e that hides cause behind the same sentence.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Invalid reports members with bad values; Message names the first.
func Invalid(fields ...FieldError) *Error {
	message := "The request has invalid members."
	if len(fields) == 1 {
		message = fields[0].Message
	}
	return &Error{Kind: KindInvalid, Message: message, Fields: fields}
}

// Malformed reports input that cannot be read at all.
func Malformed(message string) *Error {
	return &Error{Kind: KindInvalid, Code: CodeMalformed, Message: message}
}

// Unauthenticated reports that the caller did not prove who it is.
func Unauthenticated(message string) *Error {
	return &Error{Kind: KindUnauthenticated, Message: message}
}

// Forbidden reports that the caller is known and may not do this.
func Forbidden(message string) *Error { return &Error{Kind: KindForbidden, Message: message} }

// ScopeNotGrantable reports a scope above the actor's ceiling.
func ScopeNotGrantable(message string, fields ...FieldError) *Error {
	return &Error{Kind: KindForbidden, Code: CodeScopeNotGrantable, Message: message, Fields: fields}
}

// ReauthenticationRequired asks a person for a fresh proof before a risky act.
func ReauthenticationRequired() *Error {
	return &Error{
		Kind: KindForbidden, Code: CodeReauthenticationRequired,
		Message: "Confirm that it is you: enter your password again (POST /api/v1/me/reauthenticate), or sign in anew, then repeat this.",
	}
}

// NotFound is the one answer for what is absent and what may not be seen: the
// two must not be told apart.
func NotFound() *Error {
	return &Error{Kind: KindNotFound, Message: "There is nothing here, or it is not yours to see. Check the ID and the account."}
}

// Conflict reports that the present state does not allow the change.
func Conflict(message string) *Error { return &Error{Kind: KindConflict, Message: message} }

// Stale reports that somebody saved in between (If-Match does not match).
func Stale() *Error {
	return &Error{Kind: KindPrecondition, Message: "Somebody saved a newer version in between. Read it again, then repeat your change on top of it."}
}

// Unavailable reports that the database cannot be reached for now.
func Unavailable(cause error) *Error {
	return &Error{
		Kind: KindUnavailable, RetryAfter: 2 * time.Second, cause: cause,
		Message: "The database cannot be reached right now. Nothing was changed; try again shortly.",
	}
}

// RateLimited reports that the caller is too fast.
func RateLimited(after time.Duration) *Error {
	return &Error{Kind: KindRateLimited, RetryAfter: after, Message: "Too many requests. Wait as long as Retry-After says, then try again."}
}

// Internal hides cause behind a sentence that shows nothing of it.
func Internal(cause error) *Error {
	return &Error{Kind: KindInternal, cause: cause, Message: "Something went wrong on the server. Quote the request ID to the operator."}
}

// AsError returns err as an *Error; anything foreign becomes internal.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Internal(err)
}

// IsKind tells whether err is an *Error of the given kind.
func IsKind(err error, kind Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}
