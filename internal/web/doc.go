// Package web is the HTTP shell that every surface runs in: it names each
// request, finds the client's address behind trusted proxies, bounds headers
// and bodies, sets the security headers, turns panics and errors into problem
// documents (RFC 9457), counts, and writes one log line a request.
//
// A surface hands over its Routes; Shell serves them. Handlers on the hot path
// get the *Exchange of their request directly; plain http.Handlers find it with
// From. The package knows HTTP (RFC 9110, RFC 9112) and apicred's errors, and
// must not know what any surface does.
package web
