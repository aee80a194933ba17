package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// bulkyShare is how many places there are for one where a large body is read.
const bulkyShare = 16

// Crowd bounds how many requests of a kind are under way at once, where they
// wait for something else than a processor. Who waits for its own client does not
// stand in it: the body is read before, and the place is given back when the
// answer begins. Else a stranger who sends, or reads, nothing on as many
// connections as there are places would shut out everybody (S34).
type Crowd struct {
	places chan struct{}
	// bulky are those who read a body of more than DefaultBodyLimit into memory.
	bulky chan struct{}
}

// NewCrowd bounds it to most.
func NewCrowd(most int) *Crowd {
	return &Crowd{places: make(chan struct{}, most), bulky: make(chan struct{}, max(1, most/bulkyShare))}
}

// takes reads the request's body of at most limit bytes and gives it a place,
// which it waits for no longer than that. x gives the place back.
func (c *Crowd) takes(r *http.Request, x *Exchange, limit int64, wait time.Duration) bool {
	if !c.receive(r, limit, wait) || !enter(r.Context(), c.places, wait) {
		return false
	}
	x.crowd = c
	return true
}

func enter(ctx context.Context, places chan struct{}, wait time.Duration) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	limit := time.NewTimer(wait)
	defer limit.Stop()
	select {
	case places <- struct{}{}:
		return true
	case <-limit.C:
	case <-ctx.Done():
	}
	return false
}

// receive reads a body into memory, up to one byte more than may be, by which the
// handler knows that it is too large. What went wrong the handler meets when it
// reads. false: there was no place for a large one.
func (c *Crowd) receive(r *http.Request, limit int64, wait time.Duration) bool {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		return true // content of others means nothing (RFC 9110 section 9.3), and is not read
	}
	if r.Body == nil || r.Body == http.NoBody || tooLong(r, limit) {
		return true
	}
	usual := min(limit, DefaultBodyLimit)
	text, err := io.ReadAll(io.LimitReader(r.Body, usual+1))
	if err == nil && int64(len(text)) > usual && usual < limit {
		if !enter(r.Context(), c.bulky, wait) {
			return false
		}
		defer func() { <-c.bulky }()
		var rest []byte
		rest, err = io.ReadAll(io.LimitReader(r.Body, limit-usual))
		text = append(text, rest...)
	}
	parts := []io.Reader{bytes.NewReader(text)}
	switch {
	case err != nil:
		parts = append(parts, failed{err})
	case int64(len(text)) > limit:
		parts = append(parts, r.Body)
	}
	r.Body = received{io.MultiReader(parts...), r.Body}
	return true
}

// received is a body that was read.
type received struct {
	io.Reader
	io.Closer
}

// failed is where reading a body failed.
type failed struct{ err error }

// Read implements io.Reader.
func (f failed) Read([]byte) (int, error) { return 0, f.err }

// leaveCrowd gives the request's place back, if it has one.
func (x *Exchange) leaveCrowd() {
	if x.crowd != nil {
		<-x.crowd.places
		x.crowd = nil
	}
}
