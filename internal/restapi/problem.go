package restapi

import (
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/web"
)

// failure is a problem document in the shape in which huma sends errors.
type failure struct {
	web.Problem
	header http.Header
}

// Error implements huma.StatusError.
func (f *failure) Error() string { return f.Detail }

// GetStatus implements huma.StatusError.
func (f *failure) GetStatus() int { return f.Status }

// ContentType implements huma.ContentTypeFilter (RFC 9457 section 3).
func (f *failure) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (f *failure) GetHeaders() http.Header { return f.header }

// fail makes an error of a use case the answer to the call, and notes code and
// hidden cause for the log.
func (c *call) fail(err error) *failure {
	e := web.AsError(err)
	c.exchange.Fail(e.WireCode(), e.Unwrap())
	f := &failure{web.NewProblem(e, c.exchange.RequestID), http.Header{}}
	if f.Status == http.StatusUnauthorized {
		f.header.Set("WWW-Authenticate", "Bearer") // RFC 6750 section 3
		var challenged *challengeError
		if errors.As(err, &challenged) {
			f.header["Www-Authenticate"] = challenged.challenges
		}
	}
	web.SetRetryAfter(f.header, e.RetryAfter)
	return f
}

// ownErrors replaces what huma itself would answer. Nothing of ours leads
// there, and its details may echo what was sent, a secret too.
func ownErrors(ctx huma.Context, _ string, body any) (any, error) {
	if model, ok := body.(*huma.ErrorModel); ok {
		f := callFrom(ctx.Context()).fail(apicred.Internal(model))
		f.Status, f.Title = model.Status, http.StatusText(model.Status)
		return f, nil
	}
	return body, nil
}
