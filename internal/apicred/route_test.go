package apicred

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPathSegments_RefusesEverySpellingTwoProgramsCouldReadDifferently(t *testing.T) {
	for _, path := range []string{
		"", "users", "//", "/a//b", "//a", "/a/./b", "/a/../b", "/..", "/.", "/a/%2e%2e/b", "/a/%2E/b", "/a%2fb", "/a%2Fb",
		"/a%5cb", "/a\\b", "/a%00", "/a;b", "/a;x=1/b", "/a%", "/a%2", "/a%zz", "/a?b", "/a#b", "/a%0ab", "/a%7f", "/a\nb", "/%2e%2e/", "/a%2eb",
		"/a b", "/a, /b", "/%c0%ae%c0%ae/b", "/a%c0%afb", "/a%e0%80%afb", "/a%ff", "/a\xff",
	} {
		if got, ok := PathSegments(path); ok {
			t.Errorf("%q passed as %q", path, got)
		}
	}
}

func TestPathSegments_DecodesOnceAndKeepsTheTrailingSlash(t *testing.T) {
	for path, want := range map[string][]string{
		"/":              {""},
		"/a":             {"a"},
		"/a/":            {"a", ""},
		"/A/b":           {"A", "b"},
		"/%61dmin":       {"admin"},
		"/a%20b/c":       {"a b", "c"},
		"/caf%C3%A9":     {"café"},
		"/%25%32%65":     {"%2e"}, // decoded once, never twice
		"/users/a@b.com": {"users", "a@b.com"},
	} {
		got, ok := PathSegments(path)
		if !ok || !cmp.Equal(want, got) {
			t.Errorf("%q: got %q, %v", path, got, ok)
		}
	}
}

func FuzzPathSegments(f *testing.F) {
	for _, seed := range []string{"/", "/a/b", "/a%2fb", "/%61", "/a/../b", "/a;b", "//", "/a%00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		segments, ok := PathSegments(path)
		if !ok {
			return
		}
		decoded, err := url.PathUnescape(path)
		if err != nil || "/"+strings.Join(segments, "/") != decoded {
			t.Errorf("%q: segments %q do not spell %q", path, segments, decoded)
		}
		for i, s := range segments {
			if s == "." || s == ".." || s == "" && i < len(segments)-1 || strings.ContainsAny(s, "/\\\x00") {
				t.Errorf("%q: unsafe segment %q", path, s)
			}
		}
	})
}

// compiled builds a catalogue of one scope per route, the scope naming the route.
func compiled(t *testing.T, apis ...API) *CompiledCatalogue {
	t.Helper()
	var c Catalogue
	for _, a := range apis {
		for _, r := range a.Routes {
			c.Scopes = append(c.Scopes, Scope{Value: r.Scopes[0], Description: "x", API: a.ID})
		}
		c.APIs = append(c.APIs, a)
	}
	n, err := c.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	return Compile(n, "http://127.0.0.1/api/v1", 1)
}

func find(c *CompiledCatalogue, method, host, path string) string {
	segments, ok := PathSegments(path)
	if !ok {
		return "refused"
	}
	if r := c.Match(method, host, segments); r != nil {
		return r.Scopes[0]
	}
	return "none"
}

func TestMatch_TakesLiteralBeforeParameterBeforeRest(t *testing.T) {
	c := compiled(t, API{ID: "a", Audience: "urn:a", BasePath: "/v1", Routes: []Route{
		{Methods: []string{"GET"}, Path: "/users/me", Scopes: []string{"me"}},
		{Methods: []string{"GET", "PATCH"}, Path: "/users/{id}", Scopes: []string{"one"}},
		{Path: "/users/**", Scopes: []string{"rest"}},
		{Methods: []string{"GET"}, Path: "/users/{id}/keys", Scopes: []string{"keys"}},
		{Methods: []string{"OPTIONS"}, Path: "/users/me", Scopes: []string{"options"}},
		{Methods: []string{"GET"}, Path: "/slash/", Scopes: []string{"slash"}},
	}})
	for _, x := range []struct{ method, path, want string }{
		{"GET", "/v1/users/me", "me"},
		{"HEAD", "/v1/users/me", "me"},
		{"GET", "/v1/users/%6de", "me"},
		{"PATCH", "/v1/users/me", "one"},
		{"DELETE", "/v1/users/me", "rest"},
		{"OPTIONS", "/v1/users/me", "options"},
		{"OPTIONS", "/v1/users/7", "none"},
		{"TRACE", "/v1/users/7", "none"},
		{"GET", "/v1/users/me/keys", "keys"}, // back from the literal that leads nowhere
		{"GET", "/v1/users/7/x/y", "rest"},
		{"GET", "/v1/users", "rest"},
		{"GET", "/v1/users/", "rest"},
		{"GET", "/v1/Users/me", "none"},
		{"GET", "/v1/slash/", "slash"},
		{"GET", "/v1/slash", "none"},
		{"GET", "/users/me", "none"},
		{"get", "/v1/users/me", "rest"}, // methods are case-sensitive (RFC 9110 section 9.1)
	} {
		if got := find(c, x.method, "h", x.path); got != x.want {
			t.Errorf("%s %s: got %s, want %s", x.method, x.path, got, x.want)
		}
	}
}

func TestMatch_PrefersTheAPIThatNamesTheHost(t *testing.T) {
	c := compiled(t,
		API{ID: "any", Audience: "urn:any", Routes: []Route{{Path: "/**", Scopes: []string{"any"}}}},
		API{ID: "named", Audience: "urn:named", Hosts: []string{"API.example.com"}, Routes: []Route{{Path: "/x", Scopes: []string{"named"}}}},
		API{ID: "six", Audience: "urn:six", Hosts: []string{"[::1]"}, Routes: []Route{{Path: "/x", Scopes: []string{"six"}}}},
	)
	for _, x := range []struct{ host, path, want string }{
		{"api.example.com", "/x", "named"}, {"api.EXAMPLE.com:8080", "/x", "named"}, {"api.example.com", "/y", "any"},
		{"other", "/x", "any"}, {"", "/x", "any"}, {"[::1]:80", "/x", "six"}, {"[::1]", "/x", "six"},
	} {
		if got := find(c, "GET", x.host, x.path); got != x.want {
			t.Errorf("%s%s: got %s, want %s", x.host, x.path, got, x.want)
		}
	}
}
