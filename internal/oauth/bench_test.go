package oauth_test

import (
	"context"
	"io"
	"net/http"
	"strings"
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

// body is a request body that is read again and again.
type body struct{ *strings.Reader }

func (body) Close() error { return nil }

// BenchmarkToken is one token through shell and endpoint: everything but
// net/http's own reading and writing.
func BenchmarkToken(b *testing.B) {
	i := install(b)
	id, secret := i.credential(b, nil, "orders:read", "stats")
	i.benchmark(b, tokenPath, id, secret, "grant_type=client_credentials&scope=orders:read")
}

// BenchmarkIntrospection is one question about a token that was seen before.
func BenchmarkIntrospection(b *testing.B) {
	i := install(b)
	id, secret := i.credential(b, nil, "orders:read", "stats")
	asker, itsSecret := i.credential(b, nil, "claviger:introspect")
	i.benchmark(b, introspectionPath, asker, itsSecret, "token="+i.token(b, id, secret, ""))
}

// benchmark posts the same form again and again, as a client that uses Basic.
func (i *installation) benchmark(b *testing.B, path, id, secret, text string) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = i.Directory.Run(ctx) }()
	defer func() { stop(); <-done }()

	sent := body{strings.NewReader(text)}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, sent)
	must(b, err)
	r.SetBasicAuth(id, secret)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.ContentLength, r.RemoteAddr, r.Host = int64(len(text)), "127.0.0.1:4711", "127.0.0.1:8420"
	w := &answerSink{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = sent.Seek(0, io.SeekStart)
		r.Body = sent
		clear(w.header)
		w.status = 200
		i.shell.ServeHTTP(w, r)
		i.Log.Reset()
		if w.status != 200 {
			b.Fatal(w.status)
		}
	}
}
