package enforce_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/claviger/claviger/enforce"
)

// An API with two routes. Who calls without a token is told what to do.
func Example() {
	verifier, err := enforce.New(enforce.Config{
		Issuer:   "https://claviger.example.com",
		Audience: "urn:example:orders",
		// An API credential with the scope claviger:feed: what is revoked ends here
		// within seconds.
		ClientID:     os.Getenv("CLAVIGER_CLIENT_ID"),
		ClientSecret: os.Getenv("CLAVIGER_CLIENT_SECRET"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go verifier.Run(ctx)

	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := enforce.FromContext(r.Context())
		_, _ = fmt.Fprintf(w, "orders for %s", caller.ClientID)
	})
	mux := http.NewServeMux()
	mux.Handle("GET /orders", verifier.Require("orders:read", "orders:write")(list))

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/orders", http.NoBody))
	fmt.Println(answer.Code, answer.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer
}

// Verdicts go to whatever counts and traces in this program.
func ExampleConfig_observe() {
	verifier, err := enforce.New(enforce.Config{
		Issuer:   "https://claviger.example.com",
		Audience: "urn:example:orders",
		Observe: func(ctx context.Context, v enforce.Verdict) {
			slog.DebugContext(ctx, "access", "code", v.Code, "client", v.ClientID, "took", v.Duration)
		},
	})
	fmt.Println(verifier != nil, err)
	// Output: true <nil>
}
