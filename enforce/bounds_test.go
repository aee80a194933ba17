package enforce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// answers is a server of this process's own making.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func sourceOf(a answers) *source {
	return &source{issuer: "https://claviger.example.com", audience: "urn:a", http: &http.Client{Transport: a}, log: slog.New(slog.DiscardHandler)}
}

func ok(body string) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// A stream that begins and does not get as far as its news says nothing about how
// old the knowledge is.
func TestFollower_IsAsOldAsBeforeUntilAnEventIsWhole(t *testing.T) {
	now, body := time.Unix(1_800_000_000, 0), ""
	s := sourceOf(func(*http.Request) (*http.Response, error) { return ok(body) })
	f := newFollower(s, &Config{Clock: func() time.Time { return now }, MaxStaleness: time.Minute})
	for _, step := range []struct {
		body string
		want time.Duration
	}{
		{"id: e.1\ndata: {\"cursor\":\"e.1\",\"entries\":[]}\n\n", 0},
		{"id: e.2\n", time.Hour},
		{"id: e.2\ndata: {\"cursor\":\"e.2\",\"entries\":[]}\n", 2 * time.Hour},
		{":\n\n", 0},
	} {
		body = step.body
		if err := f.follow(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		if got := f.staleness(); got != step.want {
			t.Errorf("after %q it is %v old, want %v", step.body, got, step.want)
		}
		now = now.Add(time.Hour)
	}
}

func TestFollower_ForgetsWhatNoTokenCanNeed(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	f := newFollower(nil, &Config{Clock: func() time.Time { return now }})
	take := func(id string) {
		t.Helper()
		entry := fmt.Sprintf(`{"cursor":"e.1","entries":[{"type":"credential","client_id":%q,"gen":9},{"type":"token","jti":%q,"exp":%d}]}`, id, id, now.Add(time.Hour).Unix())
		if err := f.take([]byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	take("old")
	now = now.Add(24*time.Hour + time.Second)
	take("new")
	v := f.view.Load()
	if len(v.credentials) != 2 || len(v.tokens) != 1 {
		t.Errorf("after a day: %v, %v; a token of that age may still live", v.credentials, v.tokens)
	}
	now = now.Add(2 * time.Hour)
	take("newer")
	if _, kept := v.credentials["old"]; kept || len(v.credentials) != 2 || len(v.tokens) != 1 {
		t.Errorf("after 26 hours: %v, %v", v.credentials, v.tokens)
	}
}

// Whoever invents secrets faster than the server answers must not pile up
// exchanges in this process.
func TestDirectClients_TurnAwayAtOnceWhenTooManyWait(t *testing.T) {
	release := make(chan struct{})
	d := newDirectClients(sourceOf(func(*http.Request) (*http.Response, error) { <-release; return ok(`{"access_token":"t"}`) }), time.Now)
	gone, cancel := context.WithCancel(t.Context())
	cancel() // callers go; their exchanges stay
	for n := range maxExchanges + maxWaiting {
		if _, err := d.token(gone, "id", fmt.Sprint(n)); !errors.Is(err, errUnavailable) {
			t.Fatal(err)
		}
	}
	if raw, err := d.token(t.Context(), "id", "one more"); raw != "" || !errors.Is(err, errUnavailable) {
		t.Errorf("one more: %q, %v", raw, err)
	}
	close(release)
	if raw, err := d.token(t.Context(), "id", "0"); raw != "t" || err != nil {
		t.Errorf("the first: %q, %v", raw, err)
	}
	for { // each exchange gives its place back
		d.mu.Lock()
		pending := d.pending
		d.mu.Unlock()
		if pending == 0 {
			break
		}
		runtime.Gosched()
	}
	if raw, err := d.token(t.Context(), "id", "another"); raw != "t" || err != nil {
		t.Errorf("after the crowd: %q, %v", raw, err)
	}
}

// While the server swallows requests, callers go on with the keys that are known.
func TestKeySet_WaitsForAFetchThatFailsOnceInAWhile(t *testing.T) {
	now, fetches := time.Unix(1_800_000_000, 0), 0
	s := &keySet{clock: func() time.Time { return now }, source: sourceOf(func(*http.Request) (*http.Response, error) {
		fetches++
		now = now.Add(2 * keysPause) // its timeout
		return nil, errors.New("no answer")
	})}
	s.present.Store(&keys{byID: map[string]publicKey{"k": {}}, fetched: now.Add(-keysKept)})
	for range 5 {
		if _, err := s.find(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
	}
	if fetches != 1 {
		t.Errorf("%d fetches for five calls at once", fetches)
	}
}
