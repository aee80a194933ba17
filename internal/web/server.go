package web

import (
	"io"
	"log/slog"
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
// length on. Headers and idle connections are bounded as everywhere; a request
// body may take as long as it likes, while no single read waits longer than a
// minute.
func NewStreamingServer(h http.Handler, logger *slog.Logger) *http.Server {
	return newServer(streaming{h}, logger)
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

// streaming bounds each read of a body.
type streaming struct{ next http.Handler }

func (s streaming) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &patientBody{ReadCloser: r.Body, control: http.NewResponseController(w)}
	}
	s.next.ServeHTTP(w, r)
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
