package apicred

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// PathSegments judges the path of a request as it was sent (percent-encoded,
// without query) and returns its decoded segments. It reports false for every
// spelling that two programs could read differently: encoded slash, backslash,
// dot or NUL, a bare backslash or space, an empty segment before the last, dot
// segments, ";", control characters, and bytes that are no UTF-8, which old
// decoders take for the characters above (contract.md "Enforcement", S29). A
// trailing slash is significant: it gives an empty last segment.
func PathSegments(path string) ([]string, bool) {
	if path == "" || path[0] != '/' || strings.ContainsAny(path, "\\;?# ") {
		return nil, false
	}
	raw := strings.Split(path[1:], "/")
	for i, s := range raw {
		if s == "" && i < len(raw)-1 {
			return nil, false
		}
		if strings.IndexByte(s, '%') >= 0 {
			decoded, err := url.PathUnescape(s)
			if err != nil || hasEncoded(s, "%2f", "%5c", "%2e", "%00") {
				return nil, false
			}
			s, raw[i] = decoded, decoded
		}
		if s == "." || s == ".." || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, false
		}
	}
	return raw, true
}

func hasEncoded(s string, spellings ...string) bool {
	s = strings.ToLower(s)
	return slices.ContainsFunc(spellings, func(x string) bool { return strings.Contains(s, x) })
}

// node is one segment of the tree of route patterns of one host.
type node struct {
	literal map[string]*node
	param   *node
	rest    []*CompiledRoute // routes that end in "/**" here
	here    []*CompiledRoute // routes that end here
}

func (n *node) add(segments []string, r *CompiledRoute) {
	if len(segments) == 0 {
		n.here = append(n.here, r)
		return
	}
	s := segments[0]
	switch {
	case s == "**":
		n.rest = append(n.rest, r)
	case paramPattern.MatchString(s):
		if n.param == nil {
			n.param = &node{}
		}
		n.param.add(segments[1:], r)
	default:
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		if n.literal[s] == nil {
			n.literal[s] = &node{}
		}
		n.literal[s].add(segments[1:], r)
	}
}

// find compares segment by segment from the left, literal before {x} before
// /**, and goes back to the next best when a pattern leads nowhere or does not
// take the method.
func (n *node) find(method string, segments []string) *CompiledRoute {
	if len(segments) == 0 {
		if r := taking(n.here, method); r != nil {
			return r
		}
		return taking(n.rest, method)
	}
	if next := n.literal[segments[0]]; next != nil {
		if r := next.find(method, segments[1:]); r != nil {
			return r
		}
	}
	if n.param != nil && segments[0] != "" {
		if r := n.param.find(method, segments[1:]); r != nil {
			return r
		}
	}
	return taking(n.rest, method)
}

// taking returns the route that names the method, else the one for every method.
func taking(routes []*CompiledRoute, method string) *CompiledRoute {
	var every *CompiledRoute
	for _, r := range routes {
		if slices.Contains(r.Methods, method) {
			return r
		}
		if len(r.Methods) == 0 && method != "OPTIONS" && method != "TRACE" && method != "CONNECT" {
			every = r
		}
	}
	return every
}
