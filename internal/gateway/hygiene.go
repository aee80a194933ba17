package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// cleanRequest removes what no program may tell an API: who it is, where it
// comes from, which other method or path is meant, and its credential unless
// keepAuthorization.
func cleanRequest(h http.Header, keepAuthorization bool) {
	for name := range h {
		if reservedHeader(name) {
			delete(h, name)
		}
	}
	if !keepAuthorization {
		delete(h, "Authorization")
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

// reservedHeader tells whether a header speaks of caller, client or call in a
// way that an API might believe. CGI, WSGI and others read "_" as "-", some any
// other character too: all of them are taken for "-".
func reservedHeader(name string) bool {
	switch name[0] | 0x20 {
	case 'c':
		return reserved(name, "claviger-")
	case 'f':
		return strings.EqualFold(name, "Forwarded")
	case 'x':
		return reserved(name, "x-forwarded-") || reserved(name, "x-original-") || reserved(name, "x-real-ip") ||
			reserved(name, "x-rewrite-url") || reserved(name, "x-http-method") || reserved(name, "x-method-override")
	}
	return false
}

// reserved tells whether name begins with prefix, which is in lower case, when
// case is ignored and everything but letters and digits counts as "-".
func reserved(name, prefix string) bool {
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
