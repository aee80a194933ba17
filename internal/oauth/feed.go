package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/web"
)

const (
	// defaultFeedWait is how long a long poll waits for news.
	defaultFeedWait = 25 * time.Second
	// maxFeedWait keeps a long poll within what a connection may take.
	maxFeedWait = 50 * time.Second
	// feedPulse is how often a stream shows that it lives, and how often a
	// waiting follower's right and the view's age are looked at again.
	feedPulse = time.Second
	// maxFollowers bounds the connections that wait (S34), maxFollowersEach those
	// of one account: no account can keep the others from following.
	maxFollowers, maxFollowersEach = 1000, 250
)

// feedEndpoint tells followers what changed for tokens that are out
// (contract.md "Feed"): by long poll, or as a stream of server-sent events.
type feedEndpoint struct {
	inquiry
	closing   <-chan struct{}
	followers *atomic.Int64
	crowd     crowd
}

// crowd counts who follows by account ID.
type crowd struct {
	mu    sync.Mutex
	sizes map[string]int
}

// enter reports false where there is no place left.
func (c *crowd) enter(account string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sizes == nil {
		c.sizes = map[string]int{}
	}
	if c.sizes[account] >= maxFollowersEach {
		return false
	}
	c.sizes[account]++
	return true
}

func (c *crowd) leave(account string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sizes[account]--; c.sizes[account] == 0 {
		delete(c.sizes, account)
	}
}

func newFeedEndpoint(c Config) *feedEndpoint {
	e := &feedEndpoint{inquiry: newInquiry(c, apicred.ScopeFeed), closing: c.Closing, followers: c.Followers}
	if e.followers == nil {
		e.followers = new(atomic.Int64)
	}
	return e
}

// feedPage is a page on the wire.
type feedPage struct {
	Cursor  string `json:"cursor"`
	Entries []any  `json:"entries"`
}

type feedCredential struct {
	Type       accesstoken.FeedEntryType `json:"type"`
	ClientID   string                    `json:"client_id"`
	Generation int64                     `json:"gen"`
	Scopes     []string                  `json:"scopes"`
	Since      map[string]int64          `json:"since,omitempty"`
}

type feedToken struct {
	Type      accesstoken.FeedEntryType `json:"type"`
	JTI       string                    `json:"jti"`
	ExpiresAt int64                     `json:"exp"`
}

type feedKey struct {
	Type accesstoken.FeedEntryType `json:"type"`
	KID  string                    `json:"kid"`
}

// follower is one who follows, and how far they are.
type follower struct {
	asker
	cursor string
	wait   time.Duration
}

// serve is a web.Handler.
func (e *feedEndpoint) serve(w http.ResponseWriter, r *http.Request, x *web.Exchange) {
	e.headers.setNoStore(w.Header())
	if e.followers.Add(1); e.followers.Load() > maxFollowers {
		e.followers.Add(-1)
		e.answer(x, *tooManyFollow(), standard)
		return
	}
	defer e.followers.Add(-1)
	f, refused := e.follower(r, x)
	if refused == nil {
		refused = e.tell(r, x, f)
	}
	if refused != nil {
		e.answer(x, *refused, standard)
	}
}

// tell answers a follower who may follow.
func (e *feedEndpoint) tell(r *http.Request, x *web.Exchange, f *follower) *refusal {
	if !e.crowd.enter(f.AccountID) {
		return tooManyFollow()
	}
	defer e.crowd.leave(f.AccountID)
	if acceptsStream(r.Header["Accept"]) {
		return e.stream(r, x, f)
	}
	return e.poll(r, x, f)
}

func tooManyFollow() *refusal {
	return &refusal{fault: faultUnavailable, description: "Too many follow already. Try again shortly.", retryAfter: 5 * time.Second}
}

func acceptsStream(accept []string) bool {
	for _, line := range accept {
		if strings.Contains(strings.ToLower(line), "text/event-stream") {
			return true
		}
	}
	return false
}

// follower reads the request. A stream that was cut goes on behind the last
// event that its reader saw (Last-Event-ID).
func (e *feedEndpoint) follower(r *http.Request, x *web.Exchange) (*follower, *refusal) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(query["after"]) > 1 || len(query["wait"]) > 1 || len(r.Header["Last-Event-Id"]) > 1 {
		return nil, refuse(faultRequest, "The query is not well-formed, or names a parameter twice. Send after and wait once each.")
	}
	f := &follower{cursor: query.Get("after"), wait: defaultFeedWait}
	if last := r.Header.Get("Last-Event-Id"); last != "" {
		f.cursor = last
	}
	if text := query.Get("wait"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 8)
		if err != nil || time.Duration(seconds)*time.Second > maxFeedWait {
			return nil, refuse(faultRequest, "The parameter wait is a whole number of seconds from 0 to 50.")
		}
		f.wait = time.Duration(seconds) * time.Second
	}
	var refused *refusal
	f.asker, refused = e.asker(r, x, &form{})
	return f, refused
}

// poll answers at once when there is something to tell, else when there is or
// the time is up.
func (e *feedEndpoint) poll(r *http.Request, x *web.Exchange, f *follower) *refusal {
	ctx, cancel := context.WithTimeout(r.Context(), f.wait)
	defer cancel()
	_ = http.NewResponseController(x).SetReadDeadline(time.Now().Add(f.wait + time.Minute)) // it would cancel the request
	arrival := x.Start
	for {
		page, refused := e.page(r.Context(), f, arrival)
		if refused != nil {
			return refused
		}
		if f.cursor == "" || len(page.Entries) > 0 || ctx.Err() != nil || !e.await(ctx, page.News) {
			return e.write(x, page)
		}
		if refused := e.still(r.Context(), &f.asker); refused != nil {
			return refused
		}
		f.cursor, arrival = page.Cursor, time.Time{} // what lies between is not for this follower
	}
}

func (e *feedEndpoint) page(ctx context.Context, f *follower, arrival time.Time) (accesstoken.FeedPage, *refusal) {
	if arrival.IsZero() {
		arrival = time.Now()
	}
	page, err := e.verifier.Feed(ctx, f.Introspector, f.cursor, arrival)
	switch {
	case errors.Is(err, accesstoken.ErrFeedCursor):
		return page, refuse(faultGone, "The cursor is unknown or too old. Ask again without after, for a snapshot.").because(err)
	case err != nil:
		return page, refusalOf(err)
	}
	return page, nil
}

// await waits for news, at most for a pulse. It reports false when the server
// is about to stop.
func (e *feedEndpoint) await(ctx context.Context, news <-chan struct{}) bool {
	pulse := time.NewTimer(feedPulse)
	defer pulse.Stop()
	select {
	case <-e.closing:
		return false
	case <-news:
	case <-pulse.C:
	case <-ctx.Done():
	}
	return true
}

func (e *feedEndpoint) write(x *web.Exchange, page accesstoken.FeedPage) *refusal {
	body, err := json.Marshal(wirePage(page))
	if err != nil {
		return refusalOf(err)
	}
	x.Header()["Content-Type"] = e.headers.json
	_, _ = x.Write(body) // an error means that the client has gone
	return nil
}

func wirePage(page accesstoken.FeedPage) feedPage {
	out := feedPage{Cursor: page.Cursor, Entries: make([]any, 0, len(page.Entries))}
	for i := range page.Entries {
		switch entry := &page.Entries[i]; entry.Type {
		case accesstoken.FeedCredential:
			scopes := entry.Scopes
			if scopes == nil {
				scopes = []string{}
			}
			out.Entries = append(out.Entries, feedCredential{entry.Type, entry.ClientID, entry.Generation, scopes, entry.Since})
		case accesstoken.FeedToken:
			out.Entries = append(out.Entries, feedToken{entry.Type, entry.JTI, entry.ExpiresAt.Unix()})
		case accesstoken.FeedKey:
			out.Entries = append(out.Entries, feedKey{entry.Type, entry.KID})
		}
	}
	return out
}

// stream sends events until the follower goes, loses the right, or the node
// does not know what is new any more: silence would pass for good news.
func (e *feedEndpoint) stream(r *http.Request, x *web.Exchange, f *follower) *refusal {
	page, refused := e.page(r.Context(), f, x.Start)
	if refused != nil {
		return refused
	}
	control := http.NewResponseController(x)
	_ = control.SetReadDeadline(time.Time{}) // it would cancel the request
	x.Header()["Content-Type"] = []string{"text/event-stream"}
	x.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	for first := true; ; first = false {
		if err := e.event(x, control, page, first || len(page.Entries) > 0 || page.Cursor != f.cursor); err != nil {
			return nil //nolint:nilerr // the follower has gone
		}
		f.cursor = page.Cursor
		if !e.await(r.Context(), page.News) || r.Context().Err() != nil || e.still(r.Context(), &f.asker) != nil {
			return nil
		}
		if page, refused = e.page(r.Context(), f, time.Time{}); refused != nil {
			return nil
		}
	}
}

// event writes a page, or a comment that only shows that the view is fresh.
func (e *feedEndpoint) event(x *web.Exchange, control *http.ResponseController, page accesstoken.FeedPage, news bool) error {
	if err := control.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	text := []byte(":\n\n")
	if news {
		data, err := json.Marshal(wirePage(page))
		if err != nil {
			return err
		}
		text = append(append([]byte("id: "+page.Cursor+"\ndata: "), data...), "\n\n"...)
	}
	if _, err := x.Write(text); err != nil {
		return err
	}
	return control.Flush()
}
