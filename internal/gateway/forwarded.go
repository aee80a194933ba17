package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/web"
)

// options are what a proxy's operator wrote behind /forward-auth.
type options struct {
	api       string
	alsoAnyOf []string
	full      bool // statuses beyond 401 and 403 are understood
	original  bool // the header family X-Original-*
}

// parseOptions reads the query of the forward-auth address. The operator wrote
// it: what is not understood is refused, since a misspelt restriction would
// otherwise be none. fault is empty for good options.
func parseOptions(query string) (o options, fault string) {
	var seen [4]bool
	for rest, more := query, query != ""; more; {
		var pair string
		pair, rest, more = strings.Cut(rest, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(value)
		which := o.set(name, value)
		if err != nil || which < 0 || seen[which] {
			return options{}, "The proxy's forward-auth address has an option that is unknown, repeated or not understood. It takes api, scope, headers=original and status=full."
		}
		seen[which] = true
	}
	return o, ""
}

// set stores an option and returns its number, or -1.
func (o *options) set(name, value string) int {
	switch {
	case name == "api" && value != "":
		o.api = value
		return 0
	case name == "scope":
		o.alsoAnyOf = strings.Fields(value)
		for _, s := range o.alsoAnyOf {
			if !apicred.ValidScopeValue(s) {
				return -1
			}
		}
		if len(o.alsoAnyOf) == 0 {
			return -1
		}
		return 1
	case name == "headers" && (value == "original" || value == "forwarded"):
		o.original = value == "original"
		return 2
	case name == "status" && value == "full":
		o.full = true
		return 3
	}
	return -1
}

// describe fills in the call that a trusted proxy tells of, from one header
// family; the other family is not looked at.
func (c *Call) describe(h http.Header, original bool) *Denial {
	method, host, uri, proto := h["X-Forwarded-Method"], h["X-Forwarded-Host"], h["X-Forwarded-Uri"], h["X-Forwarded-Proto"]
	family := "X-Forwarded"
	if original {
		method, host = h["X-Original-Method"], h["X-Original-Host"]
		uri, proto = slices.Concat(h["X-Original-Url"], h["X-Original-Uri"]), nil // this family has no such header
		family = "X-Original"
	}
	switch {
	case !single(uri):
		return denyPath("The proxy did not say which path was asked for, or said it twice. Have it set the header " + family + "-Uri once.")
	case !single(method), !original && (!single(proto) || !plausibleProto(proto[0])):
		return denyPeer("The proxy did not describe the call, or did so twice. Have it set the " + family + " headers for method, host, URI and protocol once each.")
	case !single(host) || !web.PlausibleHost(host[0]):
		return denyPeer("The proxy did not say which host was asked for, or said it twice. Have it set the header " + family + "-Host once.")
	}
	c.Method, c.Host = method[0], canonicalHost(host[0])
	if !original {
		c.Scheme = proto[0]
	}
	return c.locate(uri[0], original)
}

// locate splits a URI into path and query. X-Original-URL may be absolute, as
// some proxies send it; then it must name the same host. No URI holds a space
// (RFC 3986 section 2): with one it is two header lines that a proxy has joined
// (RFC 9110 section 5.3), of which the first may be the program's own.
func (c *Call) locate(uri string, mayBeAbsolute bool) *Denial {
	if strings.ContainsAny(uri, " \t") {
		return denyPath("The path and query that the proxy sent hold a space, as when a header was sent twice and joined. Have it set the header once, with the bytes that the program sent.")
	}
	if mayBeAbsolute && !strings.HasPrefix(uri, "/") {
		scheme, rest, ok := strings.Cut(uri, "://")
		slash := strings.IndexByte(rest, '/')
		if !ok || slash < 0 || !plausibleProto(scheme) || !strings.EqualFold(canonicalHost(rest[:slash]), c.Host) {
			return denyPath("The proxy's X-Original-URL is not a path, nor a URL on the host that X-Original-Host names. Have it send the path and query as the program did.")
		}
		c.Scheme, uri = scheme, rest[slash:]
	}
	c.Path, c.Query, _ = strings.Cut(uri, "?")
	return nil
}

// single tells whether a header was sent once, with a value.
func single(values []string) bool { return len(values) == 1 && values[0] != "" }

func plausibleProto(proto string) bool {
	for _, known := range [...]string{"https", "http", "wss", "ws"} { // Traefik says ws and wss
		if strings.EqualFold(proto, known) {
			return true
		}
	}
	return false
}

// canonicalHost drops the dot that may end a full domain name: proxies find
// their backend without it, so the catalogue must too, or a call with it would
// be judged by the routes of those APIs that name no host.
func canonicalHost(host string) string {
	if strings.HasSuffix(host, ".") {
		return host[:len(host)-1]
	}
	if name, port, ok := strings.Cut(host, ".:"); ok {
		return name + ":" + port
	}
	return host
}
