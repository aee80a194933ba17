// Package oauth is the OAuth 2.0 surface: the token endpoint (RFC 6749 section
// 4.4), its twin with the manners of Vonage Contact Center, authorization
// server metadata (RFC 8414), the JWK Set (RFC 7517), introspection (RFC 7662)
// and revocation (RFC 7009), and the feed of revocations. It parses strictly, asks internal/accesstoken, and
// renders the errors of RFC 6749 section 5.2.
//
// It must not know who may do what: what a client is granted is decided in
// accesstoken. It never logs or echoes a credential. Call Routes.
package oauth
