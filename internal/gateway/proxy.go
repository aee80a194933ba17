package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/claviger/claviger/internal/web"
)

// Proxy is the built-in gateway: it judges each call and passes the allowed
// ones to the API's upstream.
type Proxy struct {
	decider   *Decider
	upstreams *upstreams
	buffers   bufferPool
	errors    *slog.Logger
	private   string
}

// NewProxy returns a gateway. Close it at the end. private is the header in which
// proxies before it pass client certificates, which no API may see as a program
// sent it; empty: none.
func NewProxy(d *Decider, logger *slog.Logger, private string) *Proxy {
	return &Proxy{
		decider: d, errors: logger, private: strings.ToLower(private), upstreams: newUpstreams(time.Now),
		buffers: bufferPool{&sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}},
	}
}

// Close drops idle connections to upstreams.
func (p *Proxy) Close() { p.upstreams.close() }

// Routes returns the gateway's one address: everything.
func (p *Proxy) Routes() []web.Route {
	return []web.Route{{Path: "/", Match: web.MatchPrefix, BodyLimit: web.NoBodyLimit, Bare: true, Handler: p.serve, Overloaded: p.turnAway}}
}

// turnAway answers, undecided, when there is no room for a call.
func (p *Proxy) turnAway(_ http.ResponseWriter, _ *http.Request, x *web.Exchange) {
	x.Pattern = "/"
	denialOf(web.Overloaded()).Write(x, true)
}

func (p *Proxy) serve(_ http.ResponseWriter, r *http.Request, x *web.Exchange) {
	x.Pattern = "/"
	call := Call{
		Method: r.Method, Scheme: scheme(r, x), Host: canonicalHost(r.Host),
		Authorization: r.Header["Authorization"], Proofs: r.Header["Dpop"], Certificate: x,
		Client: x.Client, Arrival: x.Start,
	}
	// The bytes as sent: net/url's reading of them would be another path. The
	// absolute form (RFC 9112 section 3.2.2) is for proxies to other places.
	if denial := call.locate(r.RequestURI, false); denial != nil {
		denial.Write(x, true)
		return
	}
	if p.described(r, x, &call) {
		return
	}
	d := p.decider.Decide(r.Context(), &call)
	x.Actor = d.ClientID
	if d.Route != nil {
		x.Pattern = d.Route.Pattern
	}
	switch {
	case d.Denial != nil:
		d.Denial.Write(x, true)
	case d.Route.API.Upstream == "":
		(&Denial{Code: CodeNoRoute, Detail: "The gateway has no upstream for this API. Set upstream in the catalogue, or call the API where it is."}).Write(x, true)
	default:
		p.forward(r, x, &call, &d)
	}
}

// forward passes the call on. What the API receives about the caller comes from
// the decision alone.
func (p *Proxy) forward(r *http.Request, x *web.Exchange, call *Call, d *Decision) {
	began, out := time.Now(), newAnswer(x)
	proxy := httputil.ReverseProxy{
		Transport: p.upstreams, BufferPool: p.buffers,
		ErrorLog: slog.NewLogLogger(p.errors.Handler(), slog.LevelWarn),
		Rewrite: func(pr *httputil.ProxyRequest) {
			target(pr.Out, call, d.Route.API.Upstream)
			keep := d.Bearer && d.Route.API.ForwardAuthorization
			cleanRequest(pr.Out.Header, keep, keep && d.DPoP, p.private)
			d.setIdentity(pr.Out.Header, x.RequestID)
			setForwarded(pr.Out.Header, pr.In, x)
			if parent := x.TraceParent(); parent != "" {
				pr.Out.Header["Traceparent"] = []string{parent}
			}
		},
		ModifyResponse: func(response *http.Response) error {
			x.UpstreamStatus, x.UpstreamDuration = response.StatusCode, time.Since(began)
			cleanAnswer(response.Header)
			cleanAnswer(response.Trailer)
			if response.StatusCode != http.StatusSwitchingProtocols { // then the body is the connection
				response.Body = cleanedTrailers{response.Body, response}
			}
			out.restore()
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) {
			x.UpstreamDuration = time.Since(began)
			out.restore()
			p.refuse(r.Context(), x, err)
		},
	}
	proxy.ServeHTTP(out, r)
}

// target points the request at the upstream, with path and query as they were
// judged, byte by byte. upstream is scheme://host (apicred checks it).
func target(out *http.Request, call *Call, upstream string) {
	out.URL.Scheme, out.URL.Host, _ = strings.Cut(upstream, "://")
	out.URL.Opaque = call.Path // beginning with one slash: sent as it stands
	out.URL.Path, out.URL.RawPath = "", ""
	out.URL.RawQuery = call.Query
	out.Host = out.URL.Host
	out.Trailer = nil
}

// refuse answers when the upstream could not.
func (p *Proxy) refuse(ctx context.Context, x *web.Exchange, err error) {
	problem := web.Problem{
		Type: "about:blank", Status: http.StatusBadGateway, Code: "upstream_unavailable", RequestID: x.RequestID,
		Detail: "The API behind the gateway cannot be reached right now. Try again shortly; if it lasts, quote the request ID to the operator.",
	}
	if errors.Is(err, errAway) {
		web.SetRetryAfter(x.Header(), outageRest)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		problem.Status, problem.Code = http.StatusGatewayTimeout, "upstream_timeout"
		problem.Detail = "The API behind the gateway did not answer in time. Try again shortly; if it lasts, quote the request ID to the operator."
	}
	if ctx.Err() != nil {
		problem.Code = "client_gone" // nobody reads this; the log does
	}
	problem.Title = http.StatusText(problem.Status)
	x.Fail(problem.Code, err)
	x.WriteProblem(problem)
}

// setForwarded tells the API where the call came from, anew.
func setForwarded(h http.Header, in *http.Request, x *web.Exchange) {
	h["X-Forwarded-For"] = []string{addressOr(x.Client, "unknown")}
	h["X-Forwarded-Host"] = []string{in.Host}
	h["X-Forwarded-Proto"] = []string{scheme(in, x)}
}

func addressOr(address netip.Addr, otherwise string) string {
	if address.IsValid() {
		return address.String()
	}
	return otherwise
}

// scheme is how the program called: a trusted proxy in front may know better.
func scheme(in *http.Request, x *web.Exchange) string {
	if told := in.Header["X-Forwarded-Proto"]; x.TrustedPeer && single(told) && plausibleProto(told[0]) {
		return strings.ToLower(told[0])
	}
	if in.TLS != nil {
		return "https"
	}
	return "http"
}

// bufferPool lends buffers for copying bodies.
type bufferPool struct{ pool *sync.Pool }

// Get implements httputil.BufferPool.
func (b bufferPool) Get() []byte { return *b.pool.Get().(*[]byte) }

// Put implements httputil.BufferPool.
func (b bufferPool) Put(buffer []byte) { b.pool.Put(&buffer) }
