package load

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func serve(t *testing.T, handler http.HandlerFunc) Request {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return Request{
		Address: server.Listener.Addr().String(),
		Bytes:   []byte("POST /x HTTP/1.1\r\nHost: bench.test\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\n\r\na=bc"),
	}
}

func TestRun_CountsEveryAnswerOnce(t *testing.T) {
	var served atomic.Int64
	request := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("a") != "bc" || r.Method != http.MethodPost {
			http.Error(w, "not what was to be sent", http.StatusTeapot)
			return
		}
		served.Add(1)
		fmt.Fprint(w, strings.Repeat("x", 1000))
	})
	result, err := Run(context.Background(), request, 3, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if int64(result.Requests) != served.Load() || result.Requests == 0 {
		t.Errorf("Run counted %d answers, the server gave %d", result.Requests, served.Load())
	}
	if result.P50 <= 0 || result.P99 < result.P50 || result.Rate() <= 0 {
		t.Errorf("Run reported P50 %v, P99 %v, rate %v", result.P50, result.P99, result.Rate())
	}
}

// A token that is to be seen for the first time must not come twice before all others have.
func TestRun_GoesThroughTheRequestsWhereTheRunBeforeEnded(t *testing.T) {
	const kinds = 5
	var mu sync.Mutex
	var counts [kinds]int
	request := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		counts[r.ContentLength]++
	})
	request.Bytes, request.Place = sized(0), new(atomic.Int64)
	for n := 1; n < kinds; n++ {
		request.More = append(request.More, sized(n))
	}
	for range 3 {
		if _, err := Run(context.Background(), request, 2, 20*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if least, most := slices.Min(counts[:]), slices.Max(counts[:]); least == 0 || most-least > 1 {
		t.Errorf("asked %v times", counts)
	}
}

func sized(n int) []byte {
	return fmt.Appendf(nil, "POST /x HTTP/1.1\r\nHost: bench.test\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n))
}

func TestRun_FailsOnAnythingButAWhole200(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"refusal": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) },
		"no length": func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
		},
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "ten bytes.")
		},
	} {
		t.Run(name, func(t *testing.T) {
			if result, err := Run(context.Background(), serve(t, handler), 1, 20*time.Millisecond); err == nil {
				t.Errorf("Run reported %+v, want an error", result)
			}
		})
	}
}

func TestRun_FailsWhenNobodyListens(t *testing.T) {
	request := serve(t, func(http.ResponseWriter, *http.Request) {})
	request.Address = "127.0.0.1:1"
	if _, err := Run(context.Background(), request, 2, time.Millisecond); err == nil {
		t.Error("Run reported success without a server")
	}
}

func TestSummary_TakesPercentilesOfSortedTimes(t *testing.T) {
	var times []time.Duration
	for n := range 100 {
		times = append(times, time.Duration(100-n)*time.Millisecond)
	}
	got := Summary([][]time.Duration{times}, 2*time.Second)
	want := Result{Requests: 100, Elapsed: 2 * time.Second, P50: 51 * time.Millisecond, P99: 100 * time.Millisecond}
	if got != want {
		t.Errorf("summary = %+v, want %+v", got, want)
	}
}
