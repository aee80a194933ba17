// Package gateway is the enforcement surface: the forward-auth endpoint that
// proxies ask about each call, and a small reverse proxy for those who have
// none. Both are doors of one Decider: it finds the route in the catalogue,
// proves the caller (RFC 6750 bearer tokens, or ID and secret as RFC 7617 Basic
// where the API allows it) and asks for any of the route's scopes.
//
// It must not know how tokens are made or stored, and it never forwards or logs
// a credential that the API's setting does not ask for. Start with NewDecider.
package gateway
