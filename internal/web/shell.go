package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// Config is what a Shell needs beside its routes. The zero value of everything
// but Logger and Metrics is safe: no proxy trusted, no HSTS.
type Config struct {
	Logger  *slog.Logger
	Metrics *Metrics
	// Listener names the shell in metrics: "public", "gateway" or "mtls".
	Listener string
	// URL is scheme and host under which programs find the listener, where that is
	// not the issuer; empty: it is.
	URL     string
	Proxies Proxies
	// Certificates tells where client certificates are found; nil: nowhere.
	Certificates *ClientCertificates
	// HSTS tells browsers to stay on https: set it when the issuer is https.
	HSTS bool
	// SealRefusal makes of a packed apicred.Refusal a text for headers that only
	// this installation can read, bound to the request's ID. Nil: refusals are not
	// explained.
	SealRefusal func(packed []byte, requestID string) string
	// RefusalRule names for the metrics the rule behind a wire code and its hidden
	// cause, from a bounded set of names. Nil: the code is the rule.
	RefusalRule func(code string, cause error) string
	// Admission holds requests back in an overload; nil: none.
	Admission *Admission
	// Tracer makes a span of each request; nil: there are none.
	Tracer Tracer
	// Bare leaves browser headers out of every answer: a gateway passes on what
	// the API behind it says.
	Bare bool
}

// Shell serves a Router. It is an http.Handler, safe for concurrent use.
type Shell struct {
	router  *Router
	lines   slog.Handler
	metrics *Metrics
	// admission may be nil.
	admission *Admission
	proxies   Proxies
	name      string
	bare      bool
	// base is nil where the listener is at the issuer.
	base *proof.Address
	// certificates may be nil.
	certificates *ClientCertificates
	seal         func(packed []byte, requestID string) string
	rule         func(code string, cause error) string
	tracer       Tracer // nil: no spans
	headers      browserHeaders
}

// NewShell takes the router over; add no routes afterwards.
func NewShell(c Config, router *Router) *Shell {
	s := &Shell{
		router: router, lines: c.Logger.Handler(), metrics: c.Metrics, proxies: c.Proxies, admission: c.Admission,
		name: c.Listener, bare: c.Bare, certificates: c.Certificates, seal: c.SealRefusal, headers: newBrowserHeaders(c.HSTS),
		rule: c.RefusalRule, tracer: c.Tracer,
	}
	if s.rule == nil {
		s.rule = func(code string, _ error) string { return code }
	}
	if base, ok := proof.AddressOf(c.URL); ok {
		s.base = &base
	}
	for _, e := range router.exact {
		e.metrics = c.Metrics.route(c.Listener, e.Path)
	}
	for _, e := range router.folded {
		e.metrics = c.Metrics.route(c.Listener, e.Path)
	}
	for _, e := range router.prefixes {
		e.metrics = c.Metrics.route(c.Listener, e.Path)
	}
	return s
}

// ServeHTTP implements http.Handler.
func (s *Shell) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &Exchange{Start: time.Now(), w: w, seal: s.seal, request: r, base: s.base, certificates: s.certificates}
	x.RequestID = newRequestID(x.Start)
	x.idValue[0] = x.RequestID
	x.Client, x.TrustedPeer = s.proxies.client(r)
	e := s.router.find(r)
	x.Pattern = e.Path
	if s.tracer != nil {
		x.span = s.tracer.Begin(r.Header, x.Start)
	}
	defer s.finish(r, x, e)
	s.serve(r, x, e)
}

func (s *Shell) serve(r *http.Request, x *Exchange, e *entry) {
	h := x.w.Header()
	h["Claviger-Request-Id"] = x.idValue[:]
	if !e.Bare && !s.bare {
		s.headers.set(h)
	}
	if closesAfter(r) {
		h.Set("Connection", "close")
	}
	if len(r.Host) > maxHost || !PlausibleHost(r.Host) {
		x.WriteError(apicred.Malformed("The Host header is not a host name or address with an optional port. Correct it."))
		return
	}
	if e.allow != "" && !takes(e.Methods, r.Method) {
		h.Set("Allow", e.allow)
		x.WriteError(MethodNotAllowed())
		return
	}
	if e != s.router.mounted {
		limitBody(x, r, e.limit())
	}
	if s.admission != nil && !e.Always && (e.Crowd != nil || s.admission.closed.Load()) {
		if !s.admission.admits(r, x, e) {
			s.turnAway(x, r, e)
			return
		}
		defer x.leaveCrowd()
	}
	e.Handler(x, r, x)
}

// closesAfter tells whether the connection must not be used again because where
// this request ends could be read in two ways (S35): net/http takes chunked
// beside Content-Length without a word and ignores Transfer-Encoding in
// HTTP/1.0, so that what one program takes for the body is the next request to
// another.
func closesAfter(r *http.Request) bool {
	return r.ProtoMajor == 1 && (r.ProtoMinor == 0 || len(r.TransferEncoding) > 0)
}

// maxHost is the longest Host header: a name of 255 bytes (RFC 1035 section
// 2.3.4), a colon and a port.
const maxHost = 255 + 6

// PlausibleHost tells whether host may be one host name or address with an
// optional port, or nothing: it holds no list, user information or white space,
// and no empty label ("." or "a..", which would be no API's host and so be
// judged by the routes of those APIs that name none).
func PlausibleHost(host string) bool {
	if strings.HasPrefix(host, ".") || strings.HasPrefix(host, ":") || strings.Contains(host, "..") {
		return false
	}
	for i := range len(host) {
		switch c := host[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return true
}

func takes(methods []string, method string) bool {
	if method == http.MethodHead && slices.Contains(methods, http.MethodGet) {
		return true
	}
	return slices.Contains(methods, method)
}

// limitBody makes reading past limit fail with *http.MaxBytesError and the
// connection close. A body that announces that it is within it needs no guard:
// net/http ends it where it said (RFC 9112 section 6.2, RFC 9113 section 8.1.1).
func limitBody(w http.ResponseWriter, r *http.Request, limit int64) {
	announced := r.ContentLength >= 0 && r.ContentLength <= limit
	if limit >= 0 && !announced && r.Body != nil && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
}

// tooLong tells whether a body announces itself as over the limit.
func tooLong(r *http.Request, limit int64) bool { return limit >= 0 && r.ContentLength > limit }

func withExchange(ctx context.Context, x *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

// finish runs when the handler has returned or panicked: it answers a panic
// with 500, or cuts the connection when an answer had begun, then counts and
// logs the request.
func (s *Shell) finish(r *http.Request, x *Exchange, e *entry) {
	fault := recover()
	cut := false
	if fault != nil {
		cut = s.recovered(x, fault)
	}
	if x.status == 0 {
		x.status = http.StatusOK // net/http answers 200 for a handler that wrote nothing
	}
	end := time.Now()
	duration := end.Sub(x.Start)
	m := e.metrics
	if m == nil {
		m = s.metrics.route(s.name, x.Pattern)
	}
	m.observe(x.status, duration)
	s.log(r, x, end)
	rule := ""
	if x.code != "" {
		rule = s.rule(x.code, x.cause)
		m.refused(rule)
	}
	if x.span != nil {
		s.endSpan(r, x, rule, end)
	}
	if cut {
		panic(http.ErrAbortHandler)
	}
}

// recovered reports whether the connection must be cut, because the client
// would otherwise take half an answer for a whole one.
func (s *Shell) recovered(x *Exchange, fault any) (cut bool) {
	begun := x.status != 0
	if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		x.Fail(codeAborted, x.cause)
		return true
	}
	cause := fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
	if begun {
		x.Fail(string(apicred.KindInternal), cause)
		return true
	}
	clear(x.w.Header())
	s.headers.set(x.w.Header())
	x.w.Header()["Claviger-Request-Id"] = x.idValue[:]
	x.WriteError(apicred.Internal(cause))
	return false
}

// codeAborted is logged for an answer that nobody waited for or that was cut.
const codeAborted = "aborted"

// log writes the one line of a request. It names the route's pattern, never the
// path or query, which may hold what people should not have put there.
func (s *Shell) log(r *http.Request, x *Exchange, end time.Time) {
	level := slog.LevelInfo
	switch {
	case x.status < http.StatusInternalServerError:
	case x.code == codeOverloaded:
		level = slog.LevelWarn // the server's own choice, and there may be many
	case errors.Is(x.cause, context.Canceled) && r.Context().Err() != nil:
		x.code = codeAborted // the client went away: no fault of the server's
	default:
		level = slog.LevelError
	}
	if !s.lines.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12) // stays on the stack
	attrs = append(attrs,
		slog.String("request_id", x.RequestID),
		slog.String("method", methodName(r.Method)),
		slog.String("route", x.Pattern),
		slog.Int("status", x.status),
		slog.Int64("duration_us", end.Sub(x.Start).Microseconds()),
	)
	if address := x.Address(); address != "" {
		attrs = append(attrs, slog.String("client", address))
	}
	if x.Judged != "" {
		attrs = append(attrs, slog.String("judged", x.Judged))
	}
	if x.UpstreamStatus != 0 {
		attrs = append(attrs, slog.Int("upstream_status", x.UpstreamStatus))
	}
	if x.UpstreamDuration != 0 {
		attrs = append(attrs, slog.Int64("upstream_duration_us", x.UpstreamDuration.Microseconds()))
	}
	if x.Actor != "" {
		attrs = append(attrs, slog.String("actor", x.Actor))
	}
	if x.code != "" {
		attrs = append(attrs, slog.String("code", x.code))
	}
	if x.cause != nil {
		attrs = append(attrs, slog.String("cause", x.cause.Error()))
	}
	requestLine(r.Context(), s.lines, end, level, attrs)
}

// methodName bounds what a stranger can write into the log.
func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return method
	}
	return "OTHER"
}

func notFound() *apicred.Error {
	return &apicred.Error{Kind: apicred.KindNotFound, Message: "There is nothing at this address. Check its spelling; paths are case-sensitive."}
}

// browserHeaders are the security headers of S24, made once. Handlers replace
// values with Set; nobody writes into the shared slices.
type browserHeaders struct {
	nosniff, referrer, opener, csp, hsts []string
}

// apiPolicy is the Content-Security-Policy of answers that are no pages. A
// surface with pages sets its own.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

func newBrowserHeaders(hsts bool) browserHeaders {
	b := browserHeaders{
		nosniff: []string{"nosniff"},
		// "no-referrer" would make Chromium send "Origin: null" with forms.
		referrer: []string{"same-origin"},
		opener:   []string{"same-origin"},
		csp:      []string{apiPolicy},
	}
	if hsts {
		b.hsts = []string{"max-age=31536000"}
	}
	return b
}

func (b *browserHeaders) set(h http.Header) {
	h["X-Content-Type-Options"] = b.nosniff
	h["Referrer-Policy"] = b.referrer
	h["Cross-Origin-Opener-Policy"] = b.opener
	h["Content-Security-Policy"] = b.csp
	if b.hsts != nil {
		h["Strict-Transport-Security"] = b.hsts
	}
}
