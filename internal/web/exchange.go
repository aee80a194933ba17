package web

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// Exchange is one request and its answer as the shell sees them. It is the
// ResponseWriter of the request and carries what the log line says. It must not
// be used after the handler has returned.
type Exchange struct {
	// RequestID names the request: 26 characters, made here for each request
	// and never taken from it.
	RequestID string
	// Client is the address the request comes from: the rightmost one in
	// X-Forwarded-For that is no trusted proxy, else the peer's. Without zone;
	// the zero Addr when the connection has no IP address.
	Client netip.Addr
	// TrustedPeer tells whether the connection's other end is a trusted proxy,
	// so that headers which speak of another request may be believed.
	TrustedPeer bool
	// Start is when the request's header had been read.
	Start time.Time
	// Pattern is the pattern of the route, for the log. A handler may set a
	// narrower one from a bounded set; never the path of the request.
	Pattern string
	// Judged is the pattern of another request's route, for the log of a door
	// that answers about other requests. From a bounded set, as Pattern is.
	Judged string
	// UpstreamStatus and UpstreamDuration are, for the log, what the server
	// behind a door that passes requests on said, and how long its answer's
	// header took; 0: it said nothing, or was not asked.
	UpstreamStatus   int
	UpstreamDuration time.Duration
	// Actor is who asks, once known: a client ID or user ID, for the log.
	Actor string

	base *proof.Address // of the listener; nil: it is at the issuer

	// Of the client certificate, read when somebody asks for it.
	request          *http.Request
	certificates     *ClientCertificates
	certificate      *proof.Certificate
	certificateFault error
	certificateRead  bool

	code    string
	cause   error
	w       http.ResponseWriter
	status  int
	idValue [1]string // RequestID as a header value, without another allocation
	address string
	seal    func(packed []byte, requestID string) string
	shown   string // the request ID with the refusal; empty: the plain one
	span    Span   // nil: none is made
	crowd   *Crowd // where it has a place; nil: nowhere
}

type exchangeKey struct{}

// From returns the exchange of a request that a Shell serves. Outside of a
// shell, as in a handler's own test, it returns an empty one.
func From(ctx context.Context) *Exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return x
	}
	return &Exchange{Start: time.Now(), w: discard{}}
}

// Address is Client as text, for usage and audit; empty when it is unknown.
func (x *Exchange) Address() string {
	if x.address == "" && x.Client.IsValid() {
		x.address = x.Client.String()
	}
	return x.address
}

// Explain puts why the request was refused, sealed, behind the request ID that
// the caller is shown (R20). Call it before the header is written.
func (x *Exchange) Explain(r apicred.Refusal) {
	if x.seal == nil {
		return
	}
	r.At = x.Start
	if !r.Address.IsValid() {
		r.Address = x.Client
	}
	x.shown = x.RequestID + RequestIDSeparator + x.seal(r.Pack(), x.RequestID)
	x.Header()["Claviger-Request-Id"] = []string{x.shown}
}

// RequestIDSeparator stands between a request's ID and a sealed refusal.
const RequestIDSeparator = "."

// ShownRequestID is the request ID as the caller sees it: with the refusal, if
// there is one to be explained. The log has the part before the separator.
func (x *Exchange) ShownRequestID() string {
	if x.shown != "" {
		return x.shown
	}
	return x.RequestID
}

// Fail notes for the log why the request was refused: the wire code and the
// hidden cause. It writes nothing.
func (x *Exchange) Fail(code string, cause error) { x.code, x.cause = code, cause }

// Header implements http.ResponseWriter.
func (x *Exchange) Header() http.Header { return x.w.Header() }

// WriteHeader implements http.ResponseWriter.
func (x *Exchange) WriteHeader(status int) {
	if x.status == 0 && status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		x.status = status
		x.leaveCrowd()
	}
	x.w.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (x *Exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
		x.leaveCrowd()
	}
	return x.w.Write(b)
}

// Unwrap lets http.ResponseController reach flushing, hijacking and deadlines.
func (x *Exchange) Unwrap() http.ResponseWriter { return x.w }

// SetNoStore forbids caches to keep the answer (RFC 6749 section 5.1 wants both
// headers).
func SetNoStore(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
}

// discard takes the answer of an exchange that belongs to no request.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// SentTo is where the program sent the request, as it saw it: what a proof of
// possession must name. issuer is where this server is, but for listeners that
// are elsewhere (Config.URL).
func (x *Exchange) SentTo(issuer proof.Address) proof.Address {
	if x.base != nil {
		issuer = *x.base
	}
	return issuer.At(x.request.URL.EscapedPath())
}
