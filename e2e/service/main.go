// Command service is an API that checks its tokens by itself, in a process of its own, with the public package enforce:
// tests of the whole ask it as programs ask such an API. It imports nothing else of Claviger, answers 200 to whoever it
// lets through, prints its address when it listens, and runs until it is killed, or its standard input ends: that of whoever
// started it, and was killed before.
//
//	CLIENT_SECRET=… service -issuer http://127.0.0.1:8420 -audience urn:example:orders -scope orders:read -client-id …
package main

import (
	"context"
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
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "service:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	issuer := flag.String("issuer", "", "the Claviger server")
	audience := flag.String("audience", "", "what tokens must be meant for")
	scope := flag.String("scope", "", "what every call needs")
	clientID := flag.String("client-id", "", "with which revocations are followed; its secret is CLIENT_SECRET in the environment")
	staleness := flag.Duration("max-staleness", enforce.DefaultMaxStaleness, "how old the knowledge of revocations may be")
	flag.Parse()
	verifier, err := enforce.New(enforce.Config{
		Issuer: *issuer, Audience: *audience, ClientID: *clientID, ClientSecret: os.Getenv("CLIENT_SECRET"), MaxStaleness: *staleness,
	})
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	go verifier.Run(ctx)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(os.Stdout, "http://%s\n", listener.Addr())
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	server := &http.Server{Handler: verifier.Require(*scope)(answer), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	return server.Serve(listener)
}
