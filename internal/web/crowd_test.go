package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// crowdOfOne is a shell with a route where one may be at a time, which takes
// bodies of limit bytes and echoes them.
func crowdOfOne(t *testing.T, limit int64) *Shell {
	t.Helper()
	m, logger := NewMetrics(), slog.New(slog.DiscardHandler)
	routes := NewRouter()
	routes.Add(Route{Path: "/crowd", Crowd: NewCrowd(1), BodyLimit: limit, Handler: func(_ http.ResponseWriter, r *http.Request, x *Exchange) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			x.WriteError(err)
			return
		}
		_, _ = x.Write(body)
	}})
	return NewShell(Config{Logger: logger, Metrics: m, Admission: NewAdmission(m, logger)}, routes)
}

func post(body io.Reader) *http.Request { return httptest.NewRequest(http.MethodPost, "/crowd", body) }

// demandRoom fails unless somebody else is let in at once.
func demandRoom(t *testing.T, s *Shell, beside string) {
	t.Helper()
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, post(strings.NewReader("hello"))); w.Code != http.StatusOK || w.Body.String() != "hello" {
		t.Errorf("beside %s: %d %s", beside, w.Code, w.Body)
	}
}

// 256 connections that send nothing shut out everybody who signs in or manages
// (S34), as long as each had a place.
func TestCrowd_WhoSendsNothingHasNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := crowdOfOne(t, 0)
		var silent sync.WaitGroup
		body, sender := io.Pipe()
		w := httptest.NewRecorder()
		silent.Go(func() { s.ServeHTTP(w, post(body)) })
		synctest.Wait()
		demandRoom(t, s, "one who sends nothing")
		if _, err := io.WriteString(sender, "late"); err != nil || sender.Close() != nil {
			t.Error(err)
		}
		silent.Wait()
		if w.Code != http.StatusOK || w.Body.String() != "late" {
			t.Errorf("whoever sends at last: %d %s", w.Code, w.Body)
		}
	})
}

// deaf does not read its answer until it is told to.
type deaf struct {
	*httptest.ResponseRecorder
	read chan struct{}
}

func (d deaf) Write(p []byte) (int, error) {
	<-d.read
	return d.ResponseRecorder.Write(p)
}

func TestCrowd_WhoDoesNotReadHasNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := crowdOfOne(t, 0)
		var waiting sync.WaitGroup
		d := deaf{httptest.NewRecorder(), make(chan struct{})}
		waiting.Go(func() { s.ServeHTTP(d, post(strings.NewReader("answer"))) })
		synctest.Wait()
		demandRoom(t, s, "one who does not read")
		close(d.read)
		waiting.Wait()
		if d.Body.String() != "answer" {
			t.Errorf("whoever reads at last gets %q", d.Body)
		}
	})
}

// Large bodies take memory: few are read at once, and the others go on.
func TestCrowd_ReadsFewLargeBodiesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := crowdOfOne(t, 1<<20)
		large := strings.Repeat("x", DefaultBodyLimit+1)
		var silent sync.WaitGroup
		body, sender := io.Pipe()
		silent.Go(func() { s.ServeHTTP(httptest.NewRecorder(), post(io.MultiReader(strings.NewReader(large), body))) })
		synctest.Wait()
		demandRoom(t, s, "a large body that does not come")
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, post(strings.NewReader(large))); w.Code != http.StatusServiceUnavailable {
			t.Errorf("a second large body: %d", w.Code)
		}
		_ = sender.Close()
		silent.Wait()
		w = httptest.NewRecorder()
		if s.ServeHTTP(w, post(strings.NewReader(large))); w.Code != http.StatusOK || w.Body.String() != large {
			t.Errorf("behind it: %d, %d bytes", w.Code, w.Body.Len())
		}
	})
}

func TestCrowd_HandlersReadWhatWasSent(t *testing.T) {
	const limit = 2 * DefaultBodyLimit
	s := crowdOfOne(t, limit)
	broken := errors.New("the client went away")
	for name, test := range map[string]struct {
		body   io.Reader
		status int
	}{
		"nothing":          {http.NoBody, http.StatusOK},
		"usual":            {strings.NewReader("hello"), http.StatusOK},
		"all of the usual": {strings.NewReader(strings.Repeat("x", DefaultBodyLimit)), http.StatusOK},
		"all":              {strings.NewReader(strings.Repeat("x", limit)), http.StatusOK},
		"all, unannounced": {io.MultiReader(strings.NewReader(strings.Repeat("x", limit))), http.StatusOK},
		"too much":         {io.MultiReader(strings.NewReader(strings.Repeat("x", limit+1))), http.StatusRequestEntityTooLarge},
		"half":             {io.MultiReader(strings.NewReader("hel"), failed{broken}), http.StatusInternalServerError},
		"half of a lot":    {io.MultiReader(strings.NewReader(strings.Repeat("x", DefaultBodyLimit+1)), failed{broken}), http.StatusInternalServerError},
	} {
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, post(test.body)); w.Code != test.status {
			t.Errorf("%s: %d, want %d", name, w.Code, test.status)
		}
	}
}
