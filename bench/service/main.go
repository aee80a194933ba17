// Command service is an API that says "hello" to whoever the public package enforce lets through: what its check costs is
// what this costs above the floor's own hello. It follows revocations, with the client secret CLIENT_SECRET of the
// environment.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/claviger/claviger/enforce"
)

func main() {
	issuer := flag.String("issuer", "", "the Claviger server")
	audience := flag.String("audience", "", "what tokens must be meant for")
	scope := flag.String("scope", "", "what every call needs")
	clientID := flag.String("client-id", "", "the client that follows revocations")
	flag.Parse()
	config := enforce.Config{Issuer: *issuer, Audience: *audience, ClientID: *clientID, ClientSecret: os.Getenv("CLIENT_SECRET")}
	if err := run(context.Background(), config, *scope, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "service:", err)
		os.Exit(1)
	}
}

// run serves until it is killed. Once it follows, it prints one line of JSON: where it listens.
func run(ctx context.Context, config enforce.Config, scope string, ready io.Writer) error {
	verifier, err := enforce.New(config)
	if err != nil {
		return err
	}
	go verifier.Run(ctx)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	look := time.NewTicker(10 * time.Millisecond)
	for follows := false; !follows; _, follows = verifier.Staleness() {
		<-look.C
	}
	look.Stop()
	if err := json.NewEncoder(ready).Encode(map[string]string{"issuer": "http://" + listener.Addr().String()}); err != nil {
		return err
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello\n") })
	mux := http.NewServeMux()
	mux.Handle("GET /useradmin/users", verifier.Require(scope)(hello))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(listener)
}
