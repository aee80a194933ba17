// Package accesstoken is the hot path of Claviger: it authenticates clients,
// issues access tokens (RFC 6749 section 4.4, RFC 9068) and decides whether a
// token or a client may pass, all from memory.
//
// Directory holds the whole set of credentials with the live facts about their
// owners, accounts and the catalogue, and follows the audit head row as change
// feed. Issuer and Verifier work on it. It knows neither HTTP nor SQL; it owns
// its Store, Signer and Hasher interfaces.
//
// Call NewDirectory, then Load, and keep Run running; after a local commit call
// CatchUp. Authenticate gives a Client, Issuer.Issue a token for it, and
// Verifier.Verify what a token is worth now. A no is said only on a view newer
// than the request (Fresh, Renew); surfaces that refuse for a missing scope call
// them too.
package accesstoken
