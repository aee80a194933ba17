// Package proof reads what a program sends to prove that it holds a private
// key: the public keys uploaded for it (JWK Sets, RFC 7517), client assertions
// (RFC 7523) and proofs of possession (DPoP, RFC 9449). All of it is foreign input: it is taken apart strictly,
// in one spelling, and nothing it points at is ever fetched.
//
// It says what a proof says and whether its signature is right. It does no I/O,
// asks no clock, and must not know who may do what: whether a proof was used
// before, and whether its client is active, is for others to find out. Begin
// with ParseKeySet, ParseAssertion or CheckDPoP.
package proof
