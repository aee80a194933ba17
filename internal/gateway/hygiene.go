package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// cleanRequest removes what no program may tell an API: who it is, where it
// comes from, which other method or path is meant, what begins with private (in
// lower case; may be empty), and its credential unless keepAuthorization. The
// proof of a bound token stays if keepProof: the API cannot check such a token
// without.
func cleanRequest(h http.Header, keepAuthorization, keepProof bool, private string) {
	cleanUpgrade(h)
	for name := range h {
		if reservedHeader(name) || private != "" && beginsWith(name, private) {
			delete(h, name)
		}
	}
	if !keepAuthorization {
		delete(h, "Authorization")
	}
	if !keepProof {
		delete(h, "Dpop")
	}
	cookies := h["Cookie"]
	if cookies == nil {
		return
	}
	delete(h, "Cookie")
	for _, value := range cookies {
		if value = withoutOwnCookies(value); value != "" {
			h["Cookie"] = append(h["Cookie"], value)
		}
	}
}

// cleanAnswer removes from an API's answer what is Claviger's alone: identity
// headers, which it may have echoed and no program has a use for, and cookies.
// Where gateway and console share a host, a cookie of the API's could sign an
// admin into somebody else's session: browsers keep no ports apart (RFC 6265
// section 8.5).
func cleanAnswer(h http.Header) {
	for name := range h {
		if reserved(name, "claviger-") {
			delete(h, name)
		}
	}
	if cookies := slices.DeleteFunc(h["Set-Cookie"], setsOwnCookie); len(cookies) > 0 {
		h["Set-Cookie"] = cookies
	} else {
		delete(h, "Set-Cookie")
	}
}

// cleanUpgrade keeps the switch to WebSocket and no other. With "Upgrade: h2c"
// the API would take whatever follows on the connection as calls of its own,
// which nobody has judged.
func cleanUpgrade(h http.Header) {
	delete(h, "Http2-Settings")
	if upgrade := h["Upgrade"]; upgrade != nil && (len(upgrade) != 1 || !strings.EqualFold(upgrade[0], "websocket")) {
		delete(h, "Upgrade")
		delete(h, "Connection")
	}
}

// reservedHeader tells whether a header speaks of caller, client or call in a
// way that an API might believe, because some proxy says it in this way. CGI,
// WSGI and others read "_" as "-", some any other character too: all of them
// are taken for "-".
func reservedHeader(name string) bool {
	switch name[0] | 0x20 {
	case 'c':
		return reserved(name, "claviger-", "cf-connecting-ip", "client-cert", "client-ip", "cluster-client-ip")
	case 'f':
		return strings.EqualFold(name, "Forwarded") || reserved(name, "fastly-client-ip")
	case 'p':
		return strings.EqualFold(name, "Proxy") // CGI programs take it for the setting HTTP_PROXY
	case 'r':
		return reserved(name, "remote-user", "remote-addr", "remote-groups", "remote-email", "remote-name")
	case 's':
		return reserved(name, "ssl-client-")
	case 't':
		return reserved(name, "true-client-ip")
	case 'x':
		return reservedX(name)
	}
	return false
}

func reservedX(name string) bool {
	return strings.EqualFold(name, "X-Forwarded") || reserved(name,
		"x-forwarded-", "x-original-", "x-rewrite-url", "x-http-method", "x-method-override", // the call
		"x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-remote-ip", "x-remote-addr", "x-originating-ip", // the client
		"x-remote-user", "x-auth-request-", "x-authenticated-", "x-webauth-", "x-client-cert", "x-ssl-client-") // the caller
}

// reserved tells whether name begins with one of prefixes, which are in lower
// case, when case is ignored and everything but letters and digits counts as "-".
func reserved(name string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if beginsWith(name, prefix) {
			return true
		}
	}
	return false
}

func beginsWith(name, prefix string) bool {
	if len(name) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		case ('a' > c || c > 'z') && ('0' > c || c > '9'):
			c = '-'
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}
