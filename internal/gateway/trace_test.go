package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/gateway"
	"github.com/claviger/claviger/internal/web"
)

// tracer makes one span, and keeps what it is told.
type tracer struct{ told web.Told }

func (s *tracer) Begin(http.Header, time.Time) web.Span { return s }
func (s *tracer) Parent() string                        { return "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }
func (s *tracer) End(_ time.Time, told *web.Told)       { s.told = *told }
func (i *installation) trace(t *testing.T, by web.Tracer) {
	t.Helper()
	d := gateway.NewDecider(i.Directory, i.Verifier, issuerURL)
	proxy := gateway.NewProxy(d, i.Logger, "")
	t.Cleanup(proxy.Close)
	behind := web.NewRouter()
	behind.Add(proxy.Routes()...)
	config := i.ShellConfig()
	config.Listener, config.Bare, config.Tracer = "gateway", true, by
	i.gateway = web.NewShell(config, behind)
}

// With traces the API's span is a child of the gateway's; without, the gateway
// is as if it were not there.
func TestProxy_PassesTheTraceOn(t *testing.T) {
	const sent, state = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1"
	api := newUpstream(t, hello)
	i := install(t, api.URL)
	p := i.program(t, nil, "orders:read")
	spans := &tracer{}
	for _, test := range []struct {
		by   web.Tracer
		want string
	}{{nil, sent}, {spans, spans.Parent()}} {
		i.trace(t, test.by)
		response := send(t, i.listen(t), "GET /orders/7 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: "+p.bearer()+
			"\r\nTraceparent: "+sent+"\r\nTracestate: "+state+"\r\n\r\n")
		got := api.last(t).Header
		if response.status != 200 || got.Get("Traceparent") != test.want || got.Get("Tracestate") != state {
			t.Errorf("%d: the API got %q and %q, want %q", response.status, got.Get("Traceparent"), got.Get("Tracestate"), test.want)
		}
	}
	if spans.told.Actor != p.id || spans.told.Route != "/orders/{id}" || spans.told.UpstreamStatus != 200 || spans.told.Rule != "" {
		t.Errorf("the span was told %+v", spans.told)
	}
}
