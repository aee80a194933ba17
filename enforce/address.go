package enforce

import (
	"net/http"
	"strings"
)

// address is where a request went, as its sender saw it: what the htu of a proof
// must name. Query and fragment are left out (RFC 9449 section 4.3).
type address struct {
	scheme, host string
	path         string // percent-encoded
}

// addressOf takes a URL apart. It reports false for what is no http or https URL
// with a host (or ws, wss: the handshake of WebSocket is a request), and for one
// with user information, which no request has.
func addressOf(raw string) (address, bool) {
	scheme, rest, ok := strings.Cut(raw, "://")
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	if scheme = strings.ToLower(scheme); scheme == "ws" || scheme == "wss" {
		scheme = "http" + scheme[len("ws"):]
	}
	a := address{scheme: scheme, host: rest[:end], path: rest[end:]}
	if i := strings.IndexAny(a.path, "?#"); i >= 0 {
		a.path = a.path[:i]
	}
	odd := strings.ContainsFunc(raw, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' })
	if !ok || odd || !namesHost(a.host) || a.scheme != "http" && a.scheme != "https" {
		return address{}, false
	}
	return a, true
}

// addressFor is the address of a request to the service at base, which is empty
// where that is not known: then the request itself says it.
func addressFor(base address, r *http.Request) address {
	path := r.URL.EscapedPath()
	if base.host != "" {
		base.path = strings.TrimSuffix(base.path, "/") + path
		return base
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return address{scheme, r.Host, path}
}

// normal is the address after the normalization of RFC 3986 sections 6.2.2 and
// 6.2.3: two that mean the same are equal.
func (a address) normal() address {
	name, port := splitPort(strings.ToLower(a.host))
	name = strings.TrimSuffix(name, ".") // which may end a full name
	if port != "" && (a.scheme != "https" || port != "443") && (a.scheme != "http" || port != "80") {
		name += ":" + port
	}
	return address{a.scheme, name, withoutDots(decodeUnreserved(a.path))}
}

// namesHost tells whether host is a name or address with an optional port.
func namesHost(host string) bool {
	name, port := splitPort(host)
	if strings.Trim(port, "0123456789") != "" {
		return false
	}
	if inner, bracketed := strings.CutPrefix(name, "["); bracketed { // RFC 3986 section 3.2.2
		inner, closed := strings.CutSuffix(inner, "]")
		return closed && inner != "" && strings.Trim(strings.ToLower(inner), "0123456789abcdef:.") == ""
	}
	return name != "" && name[0] != '.' && !strings.Contains(name, "..") && !strings.ContainsAny(name, ":[]@")
}

// splitPort takes a host apart; port is empty when there is none.
func splitPort(host string) (name, port string) {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i:], ']') < 0 {
		return host[:i], host[i+1:]
	}
	return host, ""
}

// withoutDots resolves dot segments (RFC 3986 section 5.2.4). An empty path is
// "/".
func withoutDots(path string) string {
	if path == "" {
		return "/"
	}
	if !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if s != "." && s != ".." {
			kept = append(kept, s)
			continue
		}
		if s == ".." && len(kept) > 1 { // never the empty one before the first slash
			kept = kept[:len(kept)-1]
		}
		if i == len(segments)-1 {
			kept = append(kept, "")
		}
	}
	return strings.Join(kept, "/")
}

// decodeUnreserved decodes what stands encoded without need (RFC 3986 section
// 6.2.2.2) and writes the rest in upper case.
func decodeUnreserved(path string) string {
	if strings.IndexByte(path, '%') < 0 {
		return path
	}
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			out.WriteByte(path[i])
			continue
		}
		pair := strings.ToUpper(path[i+1 : i+3])
		high, low := strings.IndexByte(digits, pair[0]), strings.IndexByte(digits, pair[1])
		if high < 0 || low < 0 {
			out.WriteByte('%')
			continue
		}
		if c := byte(high<<4 | low); unreserved(c) { //nolint:gosec // two digits of 4 bits each
			out.WriteByte(c)
		} else {
			out.WriteString("%" + pair)
		}
		i += 2
	}
	return out.String()
}

// unreserved characters mean the same encoded and plain (RFC 3986 section 2.3).
func unreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
