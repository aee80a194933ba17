package gateway

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// parseBasic reads what follows the scheme in a Basic header: base64 of ID and
// secret, each form-encoded as at the token endpoint (RFC 6749 section 2.3.1).
// What is malformed becomes an ID that nobody has, so that it costs and answers
// as any other wrong one.
func parseBasic(credentials string) (clientID, secret string) {
	credentials = strings.Trim(credentials, " ")
	decoded, err := base64.StdEncoding.Strict().DecodeString(credentials)
	if err != nil || strings.ContainsAny(credentials, "\r\n") { // which the decoder would skip
		return "", ""
	}
	clientID, secret, _ = strings.Cut(string(decoded), ":")
	clientID, errID := url.QueryUnescape(clientID)
	secret, errSecret := url.QueryUnescape(secret)
	if errID != nil || errSecret != nil {
		return "", ""
	}
	return clientID, secret
}

// hasQueryToken tells whether a query names access_token, however the API
// behind might take the query apart: separated by "&" or ";", encoded or not.
func hasQueryToken(query string) bool {
	if query == "" || !couldName(query) {
		return false
	}
	for rest, more := query, true; more; {
		var pair string
		if i := strings.IndexAny(rest, "&;"); i >= 0 {
			pair, rest = rest[:i], rest[i+1:]
		} else {
			pair, more = rest, false
		}
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil {
			name = decoded
		}
		if strings.EqualFold(strings.TrimSpace(name), "access_token") {
			return true
		}
	}
	return false
}

// couldName spares most queries the closer look: without an encoded character
// or the word itself there is nothing to find.
func couldName(query string) bool {
	if strings.IndexByte(query, '%') >= 0 {
		return true
	}
	const word = "access_token"
	for i := 0; i+len(word) <= len(query); i++ {
		if (query[i]|0x20) == 'a' && strings.EqualFold(query[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// ownCookie tells whether a cookie is Claviger's: it opens the console, and no
// API behind has any business with it.
func ownCookie(name string) bool {
	const own = "claviger"
	for _, prefix := range [...]string{"__Host-", "__Secure-", ""} {
		if len(name) >= len(prefix)+len(own) && strings.EqualFold(name[:len(prefix)], prefix) &&
			strings.EqualFold(name[len(prefix):len(prefix)+len(own)], own) {
			return true
		}
	}
	return false
}

// setsOwnCookie tells whether a Set-Cookie header's value sets one of
// Claviger's. A cookie without a name is sent back as its bare value, which may
// look like another cookie with one.
func setsOwnCookie(value string) bool {
	pair, _, _ := strings.Cut(value, ";")
	name, _, _ := strings.Cut(strings.TrimLeft(pair, " \t="), "=")
	return ownCookie(strings.Trim(name, " \t\""))
}

// withoutOwnCookies removes Claviger's cookies from a Cookie header's value and
// leaves the others as they were sent. It returns "" when none is left.
func withoutOwnCookies(value string) string {
	var kept []string
	for pair := range strings.SplitSeq(value, ";") {
		name, _, _ := strings.Cut(pair, "=")
		if !ownCookie(strings.Trim(name, " \t\"")) {
			kept = append(kept, pair)
		}
	}
	return strings.TrimLeft(strings.Join(kept, ";"), " ")
}
