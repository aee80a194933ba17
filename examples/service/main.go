// Command service is an API that checks access tokens by itself, without a
// proxy: docs/protect-an-api.md.
//
// Settings come from the environment: ISSUER, the server's address; CLIENT_ID
// and CLIENT_SECRET of an API credential with the scope claviger:feed; LISTEN.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/claviger/claviger/enforce"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := serve(ctx, log); err != nil {
		log.Error("the service ended", "error", err)
		os.Exit(1)
	}
}

// serve answers calls until ctx ends.
func serve(ctx context.Context, log *slog.Logger) error {
	verifier, err := enforce.New(enforce.Config{
		Issuer:       cmp.Or(os.Getenv("ISSUER"), "http://127.0.0.1:8420"),
		Audience:     "urn:example:orders",
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
	})
	if err != nil {
		return err
	}
	go verifier.Run(ctx)

	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", verifier.Require("orders:read")(http.HandlerFunc(show)))
	mux.Handle("POST /orders/{id}", verifier.Require("orders:write")(http.HandlerFunc(show)))
	server := &http.Server{Addr: cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:9000"), Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	log.Info("the service listens", "address", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// show says who asks.
func show(w http.ResponseWriter, r *http.Request) {
	caller, _ := enforce.FromContext(r.Context())
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"order": r.PathValue("id"), "asked_for_by": caller.ClientID})
}
