// Package enforce protects an API written in Go with the access tokens of a
// Claviger server: JWTs of RFC 9068, checked here, without a call per request.
//
// Make a [Verifier] with [New], run [Verifier.Run] beside the server, and wrap
// handlers with [Verifier.Require]:
//
//	verifier, err := enforce.New(enforce.Config{
//		Issuer:   "https://claviger.example.com",
//		Audience: "urn:example:orders",
//	})
//	…
//	go verifier.Run(ctx)
//	mux.Handle("GET /orders", verifier.Require("orders:read", "orders:write")(list))
//
// A handler finds out who calls with [FromContext].
//
// Without more, a token works until it expires. With a client ID and secret in
// [Config.ClientID] that hold claviger:feed, Run follows the server's feed of
// revocations, and a revoked token, a disabled credential or a removed scope
// counts here within seconds. [Config.MaxStaleness] says how old that knowledge
// may be, and [Config.WhenStale] what happens when it is older.
//
// A token that is bound to a key (DPoP, RFC 9449) is taken with a proof of the
// call alone. The proof names the URL that the program called: behind a proxy
// say in [Config.PublicURL] what that is. Which proofs were used is remembered in
// the process.
//
// A token that is bound to a client certificate (RFC 8705) is taken on a
// connection that was opened with it. Have the server's TLS ask for one
// (tls.RequestClientCert); behind a proxy that ends TLS such tokens are refused.
//
// A credential's allowed addresses and its requests per second are not applied
// here: neither is in the token or the feed, and which address a call came from
// only the proxy in front knows. Its programs still meet both where they get
// their tokens. Where either must hold for each call, put the API behind
// forward-auth or the gateway.
//
// The package depends on the standard library alone.
package enforce
