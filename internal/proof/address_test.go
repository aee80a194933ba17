package proof_test

import (
	"testing"

	"github.com/claviger/claviger/internal/proof"
)

// RFC 3986 sections 6.2.2 and 6.2.3.
func TestAddress_IsComparedAfterNormalization(t *testing.T) {
	for _, x := range []struct {
		left, right string
		same        bool
	}{
		{"https://a.example/b", "https://a.example/b", true},
		{"https://a.example/b?c#d", "https://a.example/b", true},
		{"HTTPS://A.EXAMPLE/b", "https://a.example/b", true},
		{"https://a.example:443/b", "https://a.example/b", true},
		{"https://a.example:/b", "https://a.example/b", true},
		{"http://a.example:80", "http://a.example/", true},
		{"wss://a.example/b", "https://a.example/b", true},
		{"https://a.example./b", "https://a.example/b", true},
		{"https://[::1]:443/b", "https://[::1]/b", true},
		{"https://a.example/%7eb/%c3%a9", "https://a.example/~b/%C3%A9", true},
		{"https://a.example/x/./y/../b/", "https://a.example/x/b/", true},
		{"https://a.example/../b", "https://a.example/b", true},
		{"https://a.example/b/..", "https://a.example/", true},
		{"https://a.example/b/.", "https://a.example/b/", true},
		{"https://a.example/%2e%2e/b", "https://a.example/b", true},

		{"https://a.example/b", "http://a.example/b", false},
		{"https://a.example/b", "https://a.example:8443/b", false},
		{"https://a.example:80/b", "https://a.example/b", false},
		{"https://a.example/b", "https://a.example/B", false},
		{"https://a.example/b", "https://a.example/b/", false},
		{"https://a.example/b", "https://b.example/b", false},
		{"https://a.example/b%2Fc", "https://a.example/b/c", false},
		{"https://a.example//b", "https://a.example/b", false},
		{"https://[::1]/b", "https://[::2]/b", false},
		{"https://[::1]:8443/b", "https://[::1]/b", false},
	} {
		left, okLeft := proof.AddressOf(x.left)
		right, okRight := proof.AddressOf(x.right)
		if !okLeft || !okRight || left.Is(right) != x.same || right.Is(left) != x.same {
			t.Errorf("%s and %s: not %v", x.left, x.right, x.same)
		}
	}
	unknown, told := proof.Address{Host: "a.example", Path: "/"}, proof.Address{Scheme: "http", Host: "a.example:80"}
	if !unknown.Is(told) || !told.Is(unknown) {
		t.Error("a scheme that is not known fits both")
	}
}

func TestAddressOf_RefusesWhatNoRequestGoesTo(t *testing.T) {
	for _, raw := range []string{
		"", "/", "a.example/b", "https:", "https://", "https:///b", "//a.example", "ftp://a.example/", "https://x@a.example/", "http://::", "http://:80/", "http://[::1/", "http://[]/", "http://[x]/", "http://a:b/", "http://a:1:2/", "http://.a/", "http://a../", "http://a]/",
		"https://a.example/ b", "https://a.example/\n", "https://a.example/é", "https://a.example/\\b", "javascript:https://a.example",
	} {
		if a, ok := proof.AddressOf(raw); ok {
			t.Errorf("%q is %+v", raw, a)
		}
	}
}
