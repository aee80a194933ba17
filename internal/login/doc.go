// Package login is about people signing in: passwords, one-time links, sessions,
// reauthentication and the first admin of a new installation. It must not know
// HTTP or SQL; internal/signin renders its pages and sets its cookies.
//
// Passwords follow NIST SP 800-63B-4 sections 3.1.1.2 and 3.2.2: what is a good
// one stands in password.go and password_block.go, how it is hashed in
// password_hash.go, who waits for it in password_gate.go, and how often anybody
// may try in throttle.go.
//
// Links and sessions are 256-bit random tokens (LinkToken, SessionToken) that
// cannot be printed; the store keeps their SHA-256 only. A plain hash is enough
// for them: there is nothing to guess (NIST SP 800-63B-4 section 5.1).
//
// Make a Service with New. A surface calls Authenticate on every request; roles
// and memberships are read each time, so that a change binds at once (R10).
package login
