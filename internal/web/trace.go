package web

import (
	"net/http"
	"time"
)

// Tracer makes a span of each request, for whoever follows calls through several
// programs. It must be safe for concurrent use.
type Tracer interface {
	// Begin begins the span of a request. It reads nothing of the header but the
	// trace context (W3C Trace Context: traceparent, tracestate).
	Begin(header http.Header, at time.Time) Span
}

// Span is one request on its way.
type Span interface {
	// Parent is the traceparent of calls that are made for the request.
	Parent() string
	// End ends the span with what is told of the request.
	End(at time.Time, told *Told)
}

// Told is what a span says of a request: what the log line says, without the
// client's address and the hidden cause. Nothing in it is the caller's text but
// an ID that was proved, and no secret ever is.
type Told struct {
	RequestID, Listener, Method string
	// Route and Judged are patterns from bounded sets; Judged may be empty.
	Route, Judged string
	Status        int
	// UpstreamStatus is 0 where nothing behind the door was asked.
	UpstreamStatus int
	// Actor is a client ID or user ID; empty: nobody was proved.
	Actor string
	// Rule is why the request was refused (Config.RefusalRule); empty: it was not.
	Rule string
}

// TraceParent is the traceparent header of calls that are made for the request;
// empty where no spans are made, and what the caller sent stands.
func (x *Exchange) TraceParent() string {
	if x.span == nil {
		return ""
	}
	return x.span.Parent()
}

func (s *Shell) endSpan(r *http.Request, x *Exchange, rule string, end time.Time) {
	x.span.End(end, &Told{
		RequestID: x.RequestID, Listener: s.name, Method: methodName(r.Method), Route: x.Pattern, Judged: x.Judged,
		Status: x.status, UpstreamStatus: x.UpstreamStatus, Actor: x.Actor, Rule: rule,
	})
}
