package gateway

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// silent is an upstream whose connections end as the test says.
type silent struct {
	*upstreams
	now   time.Time
	dials atomic.Int32
	end   error
}

func newSilent(t *testing.T) *silent {
	t.Helper()
	s := &silent{now: time.Unix(1_800_000_000, 0), end: errors.New("connection refused")}
	s.upstreams = newUpstreams(func() time.Time { return s.now })
	s.usual.DialContext = func(context.Context, string, string) (net.Conn, error) {
		s.dials.Add(1)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: s.end}
	}
	return s
}

func (s *silent) call(t *testing.T, ctx context.Context) error { //nolint:revive // the test comes first, as everywhere
	t.Helper()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://api.test:9000/x", nil)
	response, err := s.RoundTrip(r)
	if err == nil {
		_ = response.Body.Close()
		t.Fatal("there is nobody to answer")
	}
	return err
}

func TestUpstreams_SendNobodyToOneThatTookNoConnection(t *testing.T) {
	s := newSilent(t)
	if err := s.call(t, t.Context()); errors.Is(err, errAway) || s.dials.Load() != 1 {
		t.Fatalf("%v after %d dials", err, s.dials.Load())
	}
	s.now = s.now.Add(outageRest - time.Millisecond)
	if err := s.call(t, t.Context()); !errors.Is(err, errAway) || s.dials.Load() != 1 {
		t.Errorf("%v after %d dials: want an answer at once", err, s.dials.Load())
	}
	if !s.mayTry("other.test:9000") {
		t.Error("another upstream suffers, too")
	}
}

func TestUpstreams_LetOneCallFindOutWhetherAnOutageIsOver(t *testing.T) {
	s := newSilent(t)
	_ = s.call(t, t.Context())
	s.now = s.now.Add(outageRest)
	if !s.mayTry("api.test:9000") {
		t.Fatal("nobody may find out")
	}
	if s.mayTry("api.test:9000") {
		t.Error("a second call waits for the same dial")
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://api.test:9000/x", nil)
	s.learn(r, nil)
	if first, second := s.mayTry("api.test:9000"), s.mayTry("api.test:9000"); !first || !second {
		t.Error("the outage is over and calls are still held back")
	}
}

// A caller that leaves while it finds out leaves that to the next one.
func TestUpstreams_LearnNothingFromACallerWhoLeft(t *testing.T) {
	s := newSilent(t)
	gone, leave := context.WithCancel(t.Context())
	leave()
	_ = s.call(t, gone)
	if first, second := s.mayTry("api.test:9000"), s.mayTry("api.test:9000"); !first || !second {
		t.Error("a caller's leaving counts as an outage")
	}
	_ = s.call(t, t.Context())
	s.now = s.now.Add(outageRest)
	dials := s.dials.Load()
	_ = s.call(t, gone)
	if err := s.call(t, t.Context()); errors.Is(err, errAway) {
		t.Errorf("%v: nobody finds out after a caller left (%d dials before)", err, dials)
	}
}

func TestUpstreams_SeeNoOutageInAnAPIThatIsSlowOrCutsConnections(t *testing.T) {
	s := newSilent(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://api.test:9000/x", nil)
	s.learn(r, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")})
	if !s.mayTry("api.test:9000") {
		t.Error("an API that takes connections counts as away")
	}
}
