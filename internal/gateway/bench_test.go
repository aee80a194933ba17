package gateway_test

import (
	"context"
	"net/http"
	"testing"
)

// answerSink is a ResponseWriter that is used again and again.
type answerSink struct {
	header http.Header
	status int
}

func (a *answerSink) Header() http.Header         { return a.header }
func (a *answerSink) Write(b []byte) (int, error) { return len(b), nil }
func (a *answerSink) WriteHeader(status int)      { a.status = status }

// BenchmarkForwardAuth is one question through shell and decision, without
// net/http's own reading and writing.
func BenchmarkForwardAuth(b *testing.B) {
	i := install(b, nowhere)
	p := i.program(b, nil, "orders:read", "stats")
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = i.Directory.Run(ctx) }()
	defer func() { stop(); <-done }()

	for name, authorization := range map[string]string{"Bearer": p.bearer(), "Basic": basicValue(p.id, p.secret)} {
		b.Run(name, func(b *testing.B) {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/forward-auth", nil)
			must(b, err)
			r.RemoteAddr, r.Host = "127.0.0.1:4711", "127.0.0.1:8420"
			for header, value := range map[string]string{
				"X-Forwarded-Method": "GET", "X-Forwarded-Host": "api.example.com", "X-Forwarded-Uri": "/orders/7",
				"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.9", "Authorization": authorization,
			} {
				r.Header.Set(header, value)
			}
			w := &answerSink{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				i.public.ServeHTTP(w, r)
				i.Log.Reset()
				if w.status != 200 {
					b.Fatal(w.status)
				}
			}
		})
	}
}
