package gateway

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	// answerTimeout is how long an API may take until its answer's header. gRPC
	// has no such bound: there the program's own deadline goes along.
	answerTimeout = time.Minute
	// outageRest is how long nobody is sent to an upstream that took no
	// connection: its callers learn at once what they would wait for else.
	outageRest = 2 * time.Second
)

// errAway is the answer for an upstream that took no connection just now.
var errAway = errors.New("the upstream took no connection a moment ago")

// upstreams carries calls to the APIs. It tries a call again only where the
// standard library does: on a kept connection that turned out to be closed,
// when nothing of the call was sent, or it has no body and its method changes
// nothing (RFC 9110 section 9.2.2). A name with several addresses is tried at
// each of them.
type upstreams struct {
	usual *http.Transport // HTTP/1.1; with TLS, HTTP/2 where the API offers it
	grpc  *http.Transport // HTTP/2 alone, without TLS by prior knowledge
	now   func() time.Time
	away  sync.Map // host and port of an upstream → *outage; bounded by the catalogue
}

// outage is an upstream that took no connection.
type outage struct {
	until atomic.Int64 // when somebody may try next, as Unix nanoseconds
}

func newUpstreams(now func() time.Time) *upstreams {
	transport := func() *http.Transport {
		return &http.Transport{
			Proxy:                  nil, // no environment decides where calls go
			DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:    handshakeTimeout,
			ExpectContinueTimeout:  time.Second,
			IdleConnTimeout:        90 * time.Second,
			MaxIdleConns:           1024,
			MaxIdleConnsPerHost:    256,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // bodies pass as they are
			// Finds connections that are dead without a word.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		}
	}
	u := &upstreams{usual: transport(), grpc: transport(), now: now}
	u.usual.ResponseHeaderTimeout = answerTimeout
	u.usual.ForceAttemptHTTP2 = true
	u.grpc.Protocols = new(http.Protocols)
	u.grpc.Protocols.SetHTTP2(true)
	u.grpc.Protocols.SetUnencryptedHTTP2(true)
	return u
}

func (u *upstreams) close() {
	u.usual.CloseIdleConnections()
	u.grpc.CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper.
func (u *upstreams) RoundTrip(r *http.Request) (*http.Response, error) {
	if !u.mayTry(r.URL.Host) {
		return nil, errAway
	}
	transport := u.usual
	if isGRPC(r) {
		transport = u.grpc
	}
	response, err := transport.RoundTrip(r)
	u.learn(r, err)
	return response, err
}

// isGRPC tells gRPC, which exists over HTTP/2 alone, from everything else;
// gRPC-Web is everything else. The program's word for it only picks the
// protocol towards the same API.
func isGRPC(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.Header.Get("Content-Type"), "application/grpc")
	return ok && r.ProtoMajor == 2 && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// mayTry says no for a while after an outage began, and then lets one call find
// out whether it is over while the others are still answered at once.
func (u *upstreams) mayTry(name string) bool {
	known, ok := u.away.Load(name)
	if !ok {
		return true
	}
	o, now := known.(*outage), u.now()
	until := o.until.Load()
	return now.UnixNano() >= until && o.until.CompareAndSwap(until, now.Add(dialTimeout+handshakeTimeout).UnixNano())
}

// learn takes from a call's end whether its upstream takes connections.
func (u *upstreams) learn(r *http.Request, err error) {
	var dial *net.OpError
	switch {
	case err != nil && r.Context().Err() != nil:
		if known, ok := u.away.Load(r.URL.Host); ok { // the caller left: the next may find out
			known.(*outage).until.Store(u.now().UnixNano())
		}
	case errors.As(err, &dial) && dial.Op == "dial":
		o := new(outage)
		o.until.Store(u.now().Add(outageRest).UnixNano())
		u.away.Store(r.URL.Host, o)
	default:
		u.away.Delete(r.URL.Host)
	}
}
