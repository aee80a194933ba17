package signin

import (
	"net/url"
	"strings"
	"testing"
)

func TestReturnPath_RefusesWhatABrowserCouldTakeForAnotherHost(t *testing.T) {
	for _, raw := range []string{
		"", "x", "//", "//?a", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, `/a\b`, "https:evil.example", "https://evil.example", "javascript:alert(1)",
		"/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/a b", "/%2F/evil.example", "/%2f%2fevil.example", "/%5cevil.example", "/%09/evil.example",
		"/a//b", "/./a", "/../a", "/a/..//evil.example", "/%2e%2e/a", "/\x00", "/é", "/\u202e", "/sign-in", "/sign-in/link/x", "/sign-out", "/?\r\nX: y", "/" + strings.Repeat("a", maxReturn),
	} {
		if got := returnPath(raw); got != "/" {
			t.Errorf("%q led to %q", raw, got)
		}
	}
	for raw, want := range map[string]string{
		"/": "/", "/settings/api-credentials": "/settings/api-credentials", "/settings?q=a%20b&u=https://x//y": "/settings?q=a%20b&u=https://x//y",
		"/a#b": "/a", "/sign-inn": "/sign-inn", "/a:b": "/a:b", "/@evil.example": "/@evil.example",
	} {
		if got := returnPath(raw); got != want {
			t.Errorf("%q led to %q, want %q", raw, got, want)
		}
	}
}

// browserHost is the host a browser would go to: it drops tab and line breaks
// and takes "\" for "/" (WHATWG URL).
func browserHost(t *testing.T, location string) string {
	t.Helper()
	location = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.TrimSpace(location))
	base := &url.URL{Scheme: "https", Host: "claviger.example", Path: "/sign-in/link/x"}
	u, err := base.Parse(location)
	if err != nil {
		t.Fatalf("%q: %v", location, err)
	}
	return u.Scheme + "://" + u.Host
}

func FuzzReturnPath(f *testing.F) {
	for _, seed := range []string{"/", "//evil.example", `/\evil`, "https:evil", "/%2F/evil", "/a?b#c", "/\t/evil", "/..//evil", "/:@evil", "/?//"} {
		f.Add(seed)
	}
	f.Add("/" + strings.Repeat("{", maxReturn-1)) // three times as long once escaped
	f.Fuzz(func(t *testing.T, raw string) {
		got := returnPath(raw)
		if host := browserHost(t, got); host != "https://claviger.example" {
			t.Errorf("%q leads to %s", raw, host)
		}
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t \x00") {
			t.Errorf("%q leads to %q", raw, got)
		}
		if again := returnPath(got); again != got {
			t.Errorf("%q gives %q, and that gives %q", raw, got, again)
		}
	})
}
