package proof

import "strings"

// Address is where a request went, as its sender saw it: what the htu of a proof
// must name. Query and fragment are left out (RFC 9449 section 4.3).
type Address struct {
	// Scheme is http or https (or ws, wss: the handshake of WebSocket is a request
	// of HTTP); empty where it is not known, which fits both.
	Scheme string
	// Host with its port, if it was named.
	Host string
	// Path as sent: percent-encoded.
	Path string
}

// AddressOf takes a URL apart. It reports false for what is no http or https URL
// with a host, and for one with user information, which no request has.
func AddressOf(raw string) (Address, bool) {
	scheme, rest, ok := strings.Cut(raw, "://")
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	a := Address{Scheme: scheme, Host: rest[:end], Path: rest[end:]}
	if i := strings.IndexAny(a.Path, "?#"); i >= 0 {
		a.Path = a.Path[:i]
	}
	if !ok || !printable(raw) || strings.ContainsAny(raw, " ") || !namesHost(a.Host) ||
		plainScheme(scheme) == "" {
		return Address{}, false
	}
	return a, true
}

// At is the address of another path at the same place.
func (a Address) At(path string) Address {
	a.Path = path
	return a
}

// plainScheme is http or https; empty for everything else.
func plainScheme(scheme string) string {
	switch strings.ToLower(scheme) {
	case "http", "ws":
		return "http"
	case "https", "wss":
		return "https"
	}
	return ""
}

// Is tells whether two addresses are the same after the normalization of RFC
// 3986 sections 6.2.2 and 6.2.3. The case of a path counts.
func (a Address) Is(b Address) bool {
	left, right := plainScheme(a.Scheme), plainScheme(b.Scheme)
	switch {
	case left == "":
		left = right
	case right == "":
		right = left
	}
	return left == right && plainHost(left, a.Host) == plainHost(right, b.Host) && plainPath(a.Path) == plainPath(b.Path)
}

// plainHost is a host in lower case, without the port that the scheme implies
// and without the dot that may end a full name.
func plainHost(scheme, host string) string {
	name, port := splitPort(strings.ToLower(host))
	name = strings.TrimSuffix(name, ".")
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return name
	}
	return name + ":" + port
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

// plainPath is a path in which nothing is encoded that need not be, what is
// encoded is in upper case, and dot segments are resolved. An empty one is "/".
func plainPath(path string) string {
	if strings.IndexByte(path, '%') >= 0 {
		path = decodeUnreserved(path)
	}
	if path == "" {
		return "/"
	}
	if !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	segments := strings.Split(path, "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch {
		case s != "." && s != "..":
			kept = append(kept, s)
			continue
		case s == ".." && len(kept) > 1: // never the empty one before the first slash
			kept = kept[:len(kept)-1]
		}
		if last {
			kept = append(kept, "")
		}
	}
	return strings.Join(kept, "/")
}

// decodeUnreserved decodes what stands encoded without need (RFC 3986 section
// 6.2.2.2) and writes the rest in upper case.
func decodeUnreserved(path string) string {
	var out strings.Builder
	for i := 0; i < len(path); i++ {
		high, low := 0, 0
		if path[i] == '%' && i+2 < len(path) {
			high, low = hexDigit(path[i+1]), hexDigit(path[i+2])
		}
		if path[i] != '%' || i+2 >= len(path) || high < 0 || low < 0 {
			out.WriteByte(path[i])
			continue
		}
		if c := byte(high<<4 | low); unreserved(c) { //nolint:gosec // two digits of 4 bits each
			out.WriteByte(c)
		} else {
			out.WriteString(strings.ToUpper(path[i : i+3]))
		}
		i += 2
	}
	return out.String()
}

// hexDigit is the value of a digit, or -1.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// unreserved characters mean the same encoded and plain (RFC 3986 section 2.3).
func unreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
