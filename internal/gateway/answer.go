package gateway

import (
	"io"
	"net/http"

	"github.com/claviger/claviger/internal/web"
)

// answer is where the API's answer goes. The reverse proxy empties the header
// after each informational answer (103 Early Hints), and with it what the shell
// had put there: answer keeps that and puts it back.
type answer struct {
	*web.Exchange
	requestID, connection []string
}

func newAnswer(x *web.Exchange) *answer {
	h := x.Header()
	return &answer{Exchange: x, requestID: h["Claviger-Request-Id"], connection: h["Connection"]}
}

// WriteHeader implements http.ResponseWriter. Final answers have been cleaned by
// then, informational ones have not.
func (a *answer) WriteHeader(status int) {
	if status < http.StatusOK && status != http.StatusSwitchingProtocols {
		cleanAnswer(a.Header())
		a.restore()
	}
	a.Exchange.WriteHeader(status)
}

// restore puts back what the shell said about the answer.
func (a *answer) restore() {
	h := a.Header()
	h["Claviger-Request-Id"] = a.requestID
	if a.connection != nil { // S35: the connection ends after this answer
		h["Connection"] = a.connection
	}
}

// cleanedTrailers cleans an answer's trailers once its body has ended: they are
// not known before.
type cleanedTrailers struct {
	io.ReadCloser
	response *http.Response
}

// Close implements io.Closer.
func (c cleanedTrailers) Close() error {
	err := c.ReadCloser.Close()
	cleanAnswer(c.response.Trailer)
	return err
}
