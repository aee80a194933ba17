package enforce

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// directKept is how long the token of a program that sends its secret is
	// used: a deleted secret works here no longer than that.
	directKept = 30 * time.Second
	// maxDirect bounds the programs remembered, maxExchanges the exchanges under
	// way, and maxWaiting those that wait for one: whoever invents secrets faster
	// than the server answers fills no memory here.
	maxDirect, maxExchanges, maxWaiting = 10_000, 32, 512
)

// directClients turns client ID and secret into access tokens, and remembers
// them by a keyed hash: what is in memory opens nothing.
type directClients struct {
	source *source
	clock  func() time.Time
	key    []byte
	places chan struct{} // one for each exchange under way

	mu      sync.Mutex
	known   map[digest]*directClient
	pending int // exchanges under way or waiting
}

// directClient is a program, or one whose exchange is under way until done is
// closed.
type directClient struct {
	raw   string // "" was refused
	err   error
	until time.Time
	done  chan struct{}
}

func newDirectClients(s *source, clock func() time.Time) *directClients {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return &directClients{source: s, clock: clock, key: key, places: make(chan struct{}, maxExchanges), known: map[digest]*directClient{}}
}

// token returns an access token of the program; "" when it is refused. Requests
// with the same ID and secret share one exchange.
func (d *directClients) token(ctx context.Context, clientID, secret string) (string, error) {
	hash := hmac.New(sha256.New, d.key)
	_, _ = hash.Write([]byte(clientID + "\x00" + secret))
	name := digest(hash.Sum(nil))

	d.mu.Lock()
	c := d.known[name]
	if c == nil || !d.clock().Before(c.until) {
		if d.pending >= maxExchanges+maxWaiting {
			d.mu.Unlock()
			return "", errUnavailable
		}
		d.pending++
		d.makeRoom()
		c = &directClient{until: d.clock().Add(directKept), done: make(chan struct{})}
		d.known[name] = c
		go d.exchange(context.WithoutCancel(ctx), c, name, clientID, secret)
	}
	d.mu.Unlock()
	select {
	case <-c.done:
		return c.raw, c.err
	case <-ctx.Done():
		return "", errUnavailable
	}
}

// presented exchanges client ID and secret of an Authorization header for a
// token, where d is not nil. The code is empty when it did.
func (d *directClients) presented(ctx context.Context, header string) (p presented, code string) {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") || d == nil {
		return presented{}, CodeUnauthenticated
	}
	clientID, secret, ok := parseBasic(strings.Trim(rest, " "))
	if !ok {
		return presented{}, CodeInvalidToken
	}
	raw, err := d.token(ctx, clientID, secret)
	switch {
	case err != nil:
		return presented{}, CodeUnavailable
	case raw == "":
		return presented{}, CodeInvalidToken
	}
	return presented{token: raw}, ""
}

// exchange asks the server. Only success is remembered: the server itself
// counts failures.
func (d *directClients) exchange(ctx context.Context, c *directClient, name digest, clientID, secret string) {
	defer close(c.done)
	d.places <- struct{}{}
	c.raw, c.err = d.source.exchange(ctx, clientID, secret)
	<-d.places
	if c.err != nil {
		d.source.log.WarnContext(ctx, "a client ID and secret could not be exchanged for a token", "error", c.err)
		c.err = errUnavailable
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending--
	if c.raw == "" && d.known[name] == c {
		delete(d.known, name)
	}
}

// makeRoom needs the lock.
func (d *directClients) makeRoom() {
	if len(d.known) < maxDirect {
		return
	}
	now := d.clock()
	for name, c := range d.known {
		if !now.Before(c.until) {
			delete(d.known, name)
		}
	}
	if len(d.known) >= maxDirect {
		clear(d.known) // they are asked for again
	}
}

// parseBasic reads what follows the scheme Basic: ID and secret, each
// form-encoded (RFC 7617 section 2, RFC 6749 section 2.3.1).
func parseBasic(credentials string) (clientID, secret string, ok bool) {
	decoded, err := base64.StdEncoding.Strict().DecodeString(credentials)
	if err != nil || strings.ContainsAny(credentials, "\r\n") { // which the decoder would skip
		return "", "", false
	}
	clientID, secret, ok = strings.Cut(string(decoded), ":")
	clientID, badID := url.QueryUnescape(clientID)
	secret, badSecret := url.QueryUnescape(secret)
	if !ok || badID != nil || badSecret != nil || clientID == "" || secret == "" {
		return "", "", false
	}
	return clientID, secret, true
}
