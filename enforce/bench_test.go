package enforce_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/claviger/claviger/enforce"
)

// BenchmarkRequire is the check of a call with a token that was seen before, with
// a credential that the feed has told of.
func BenchmarkRequire(b *testing.B) {
	i := install(b)
	id, _ := i.credential("orders:read", "stats")
	feed, secret := i.credential("claviger:feed")
	v := i.verifier(func(c *enforce.Config) { c.ClientID, c.ClientSecret = feed, secret })
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); v.Run(ctx) }()
	defer func() { stop(); <-done }()
	for follows := false; !follows; _, follows = v.Staleness() {
	}
	var status int
	handler := v.Require("orders:read")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { status = 200 }))
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/orders", http.NoBody)
	must(b, err)
	bearer(i.token(id))(r)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		status = 0
		if handler.ServeHTTP(w, r); status != 200 {
			b.Fatal(w.Code, w.Body)
		}
	}
}
