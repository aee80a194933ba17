package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"
)

// Bounds of answers and of waiting between tries.
const (
	maxAnswer  = 32 << 20
	firstPause = 200 * time.Millisecond
	maxPause   = 10 * time.Second
)

const apiPath = "/api/v1"

// request is one operation with its arguments; the generated methods fill it.
type request struct {
	method string
	path   string   // as the document has it, with {names}
	ids    []string // what stands for the names, in their order
	query  url.Values
	header http.Header
	body   any // nil: none
}

// parameter adds a query parameter; the zero value is left out.
func (r *request) parameter(name string, value any) {
	if reflect.ValueOf(value).IsZero() {
		return
	}
	if r.query == nil {
		r.query = url.Values{}
	}
	if at, ok := value.(time.Time); ok {
		value = at.UTC().Format(time.RFC3339Nano)
	}
	r.query.Set(name, fmt.Sprint(value))
}

// headerField adds a header field; the empty one is left out.
func (r *request) headerField(name, value string) {
	if value == "" {
		return
	}
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set(name, value)
}

// repeatable: sending it twice does nothing twice.
func (r *request) repeatable() bool {
	return r.method == http.MethodGet || r.header.Get("Idempotency-Key") != ""
}

// address puts the arguments into the path. An ID is one segment: an empty one,
// or one of dots, would make another resource of it.
func (r *request) address(server string) (string, error) {
	path := r.path
	for _, id := range r.ids {
		if strings.Trim(id, ".") == "" {
			return "", fmt.Errorf("%s %s: the ID %q is none", r.method, r.path, id)
		}
		open, end := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
		// Braces in an ID are escaped, too: the next name is still the first one.
		path = path[:open] + url.PathEscape(id) + path[end+1:]
	}
	address := server + apiPath + path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	return address, nil
}

// answer is what came back, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends the request, repeats it where that is safe and may help, and decodes
// the answer into out (nil: there is nothing in it). A refusal is a *Problem.
func (c *Client) do(ctx context.Context, r *request, out any) (etag string, err error) {
	address, err := r.address(c.server)
	if err != nil {
		return "", err
	}
	var body []byte
	if r.body != nil {
		if body, err = json.Marshal(r.body); err != nil {
			return "", fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
	}
	for try := 1; ; try++ {
		a, err := c.send(ctx, r, address, body)
		if err == nil {
			err = decode(a, out)
		}
		if err == nil {
			return a.header.Get("ETag"), nil
		}
		pause, again := pauseAfter(err, try)
		if !again || try >= c.tries || !r.repeatable() || wait(ctx, pause) != nil {
			return "", err
		}
	}
}

// send sends the request once.
func (c *Client) send(ctx context.Context, r *request, address string, body []byte) (*answer, error) {
	q, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name := range r.header {
		q.Header.Set(name, r.header.Get(name))
	}
	if r.body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	q.Header.Set("Accept", "application/json, application/problem+json")
	q.Header.Set("User-Agent", c.userAgent)
	c.authorize(q.Header)
	response, err := c.http.Do(q)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, c.unreachable(err)
	}
	if len(text) > maxAnswer {
		return nil, fmt.Errorf("the server %s answered with more than %d bytes", c.server, maxAnswer)
	}
	return &answer{response.StatusCode, response.Header, text}, nil
}

// decode reads what a good answer holds; any other is a *Problem.
func decode(a *answer, out any) error {
	if a.status < 200 || a.status > 299 {
		return problemOf(a)
	}
	if out == nil {
		return nil
	}
	if json.Unmarshal(a.body, out) != nil { // the cause would quote what may be a secret
		return foreignAnswer(a)
	}
	return nil
}

// pauseAfter tells whether an error may go away by itself, and when to look.
func pauseAfter(err error, try int) (pause time.Duration, again bool) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return 0, false
	}
	pause = firstPause << (try - 1)
	// Between half and the whole: many that were refused at once come back one by one.
	pause = pause/2 + rand.N(pause/2) //nolint:gosec // spread, not secrecy
	var problem *Problem
	if !errors.As(err, &problem) {
		return pause, true
	}
	switch problem.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return max(pause, problem.RetryAfter), problem.RetryAfter <= maxPause
	}
	return 0, false
}

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
