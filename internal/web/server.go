package web

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of a connection (S34). A client that is slower than these is cut off.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	streamTimeout     = 60 * time.Second

	maxHeaderBytes = 32 << 10
	// headerSlop is what net/http adds to MaxHeaderBytes.
	headerSlop = 4 << 10
)

// NewServer returns the server of a listener whose requests and answers are
// short. A handler that answers longer than 30 seconds, such as an event
// stream, moves both deadlines with http.ResponseController: the read deadline
// cancels the request when it passes, even after the body has ended.
func NewServer(h http.Handler, logger *slog.Logger) *http.Server {
	s := newServer(h, logger)
	s.ReadTimeout = readTimeout
	s.WriteTimeout = writeTimeout
	return s
}

// NewStreamingServer returns the server of a listener that passes bodies of any
// length on. Headers and idle connections are bounded as everywhere; bodies may
// take as long as they like, while no single read or write waits longer than a
// minute. Programs may speak HTTP/2 without TLS, by prior knowledge (RFC 9113
// section 3.3), as gRPC does.
func NewStreamingServer(h http.Handler, logger *slog.Logger) *http.Server {
	s := newServer(streaming{h}, logger)
	s.Protocols = new(http.Protocols)
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	return s
}

func newServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:                      h,
		ReadHeaderTimeout:            readHeaderTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes - headerSlop,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// streaming bounds each read of a body, and each write of an answer.
type streaming struct{ next http.Handler }

func (s streaming) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &patientBody{ReadCloser: r.Body, control: control}
	}
	out := &patientAnswer{ResponseWriter: w, control: control}
	defer out.wait() // what is left to write is written after the handler
	out.rest()       // what the request before has left
	s.next.ServeHTTP(out, r)
}

// patientAnswer moves the connection's write deadline ahead of each write, so
// that nobody holds up an API by not reading its answer. Between writes there is
// none: over HTTP/2 it would end the answer although nothing waits.
type patientAnswer struct {
	http.ResponseWriter
	control  *http.ResponseController
	hijacked bool
}

// Write implements http.ResponseWriter.
func (a *patientAnswer) Write(p []byte) (int, error) {
	a.wait()
	defer a.rest()
	return a.ResponseWriter.Write(p)
}

// FlushError is what http.ResponseController flushes with.
func (a *patientAnswer) FlushError() error {
	a.wait()
	defer a.rest()
	return a.control.Flush()
}

// Hijack implements http.Hijacker: the connection is then somebody else's.
func (a *patientAnswer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := a.control.Hijack()
	a.hijacked = err == nil
	return conn, buffer, err
}

// Unwrap lets http.ResponseController reach the rest.
func (a *patientAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *patientAnswer) wait() { a.within(time.Now().Add(streamTimeout)) }
func (a *patientAnswer) rest() { a.within(time.Time{}) }

// within fails where there is no connection, as in a handler's own test.
func (a *patientAnswer) within(deadline time.Time) {
	if !a.hijacked {
		_ = a.control.SetWriteDeadline(deadline)
	}
}

// patientBody moves the connection's read deadline ahead of each read.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *patientBody) Read(p []byte) (int, error) {
	if err := b.control.SetReadDeadline(time.Now().Add(streamTimeout)); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		// The body has ended: the answer may take its time. A deadline left
		// behind would cancel the request when it passes.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
