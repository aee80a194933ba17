package enforce

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxEvent bounds one event of the feed, in bytes: a snapshot may be large.
	maxEvent = 256 << 20
	// entryKept is how long what was said of a credential is remembered: no token
	// from before lives longer (24 hours, and what clocks may differ by), and
	// those from after obey already.
	entryKept = 25 * time.Hour
	// pruneEvery is how often what is too old is forgotten.
	pruneEvery = time.Hour
	// firstPause and longestPause are how long to wait before the feed is opened
	// again.
	firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second
)

// follower knows what ended tokens since, as far as the server's feed told it.
type follower struct {
	source  *source
	clock   func() time.Time
	silence time.Duration // after which the stream is given up

	view  atomic.Pointer[view] // nil: nothing heard yet
	heard atomic.Int64         // Unix nanoseconds of the last sign of life
}

// view is what the feed said. Its maps are changed by the follower alone, under
// the lock; a snapshot begins a new view.
type view struct {
	mu          sync.RWMutex
	cursor      string
	credentials map[string]*standing
	tokens      map[string]int64 // jti: Unix seconds of the end
	keys        map[string]bool  // not to be believed
	pruned      int64            // Unix seconds
}

// standing is what became of a credential. It is not changed: news replace it.
type standing struct {
	generation int64
	scopes     []string
	since      map[string]int64 // Unix seconds; tokens from before lack the scope
	heard      int64            // Unix seconds
}

// errCursor: the server does not know the cursor any more.
var errCursor = errors.New("the feed begins anew")

func newFollower(s *source, c *Config) *follower {
	return &follower{source: s, clock: c.Clock, silence: c.MaxStaleness}
}

// run follows until ctx ends.
func (f *follower) run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		opened := f.clock()
		err := f.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errCursor):
			f.view.Store(nil)
			pause = firstPause
			continue
		}
		f.source.log.WarnContext(ctx, "the feed of revocations broke off; it is opened again", "error", err)
		if f.clock().Sub(opened) > longestPause {
			pause = firstPause
		}
		wait := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // it only spreads
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		pause = min(2*pause, longestPause)
	}
}

// follow opens the feed once and reads it until it ends or falls silent.
func (f *follower) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := time.AfterFunc(f.silence, cancel) // a network that swallows everything ends no stream
	defer watch.Stop()
	cursor := ""
	if v := f.view.Load(); v != nil {
		cursor = v.cursor // only this goroutine writes it
	}
	response, err := f.source.feed(ctx, cursor)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	switch {
	case response.StatusCode == http.StatusGone && cursor != "":
		return errCursor
	case response.StatusCode != http.StatusOK:
		body, _ := io.ReadAll(io.LimitReader(response.Body, 512))
		return fmt.Errorf("the feed was answered with status %d: %s", response.StatusCode, bytes.TrimSpace(body))
	}
	lines := bufio.NewScanner(&progress{response.Body, func() { watch.Reset(f.silence) }})
	lines.Buffer(make([]byte, 64<<10), maxEvent)
	for lines.Scan() {
		if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
			if err := f.take(data); err != nil {
				return err
			}
		}
		// An empty line ends an event. Before it the news may be on their way still,
		// and what is known is as old as it was.
		if len(lines.Bytes()) == 0 {
			f.heard.Store(f.clock().UnixNano())
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

// progress calls moved whenever something could be read: a snapshot may take
// longer than the silence that is allowed.
type progress struct {
	io.Reader
	moved func()
}

// Read implements io.Reader.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.moved()
	}
	return n, err
}

// feedEvent is an event on the wire.
type feedEvent struct {
	Cursor  string `json:"cursor"`
	Entries []struct {
		Type       string           `json:"type"`
		ClientID   string           `json:"client_id"`
		Generation int64            `json:"gen"`
		Scopes     []string         `json:"scopes"`
		Since      map[string]int64 `json:"since"`
		JTI        string           `json:"jti"`
		ExpiresAt  int64            `json:"exp"`
		KID        string           `json:"kid"`
	} `json:"entries"`
}

// take applies an event. Entries of types that a later server may send are left
// alone.
func (f *follower) take(data []byte) error {
	var e feedEvent
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	v := f.view.Load()
	if v == nil {
		v = &view{credentials: map[string]*standing{}, tokens: map[string]int64{}, keys: map[string]bool{}}
		defer f.view.Store(v) // whole, or not at all
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	now := f.clock().Unix()
	v.prune(now)
	for _, entry := range e.Entries {
		switch entry.Type {
		case "credential":
			v.credentials[entry.ClientID] = &standing{entry.Generation, entry.Scopes, entry.Since, now}
		case "token":
			v.tokens[entry.JTI] = entry.ExpiresAt
		case "key":
			v.keys[entry.KID] = true
		}
	}
	v.cursor = e.Cursor
	return nil
}

// prune forgets now and then what no token can need any more, so that memory does
// not grow with every credential that was ever deleted. It needs the lock.
func (v *view) prune(now int64) {
	if now-v.pruned < int64(pruneEvery/time.Second) {
		return
	}
	v.pruned = now
	for jti, end := range v.tokens {
		if end < now {
			delete(v.tokens, jti)
		}
	}
	for id, s := range v.credentials {
		if now-s.heard > int64(entryKept/time.Second) {
			delete(v.credentials, id)
		}
	}
}

// staleness is how long ago the feed last showed that it lives; negative when it
// never did.
func (f *follower) staleness() time.Duration {
	heard := f.heard.Load()
	if heard == 0 || f.view.Load() == nil {
		return -1
	}
	return f.clock().Sub(time.Unix(0, heard))
}

// now returns the token as it is by what the feed said, or why it is dead.
func (f *follower) now(t *token) (*Claims, error) {
	v := f.view.Load()
	if v == nil {
		return nil, errUnavailable
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	if _, revoked := v.tokens[t.JTI]; revoked || v.keys[t.kid] {
		return nil, errRevoked
	}
	s, changed := v.credentials[t.ClientID]
	switch {
	case !changed:
		return &t.Claims, nil
	case t.generation < s.generation:
		return nil, errRevoked
	}
	last := t.last.Load()
	if last == nil || last.standing != s {
		last = &judged{s, t.within(s.scopes, s.since)}
		t.last.Store(last)
	}
	return last.claims, nil
}

// within returns the claims with those scopes only that are among scopes too, and
// did not come back after the token was issued.
func (t *token) within(scopes []string, since map[string]int64) *Claims {
	cut := t.Claims
	cut.Scopes = make([]string, 0, len(t.Scopes))
	for _, s := range t.Scopes {
		back, cameBack := since[s]
		if slices.Contains(scopes, s) && (!cameBack || t.IssuedAt.Unix() >= back) {
			cut.Scopes = append(cut.Scopes, s)
		}
	}
	return &cut
}
