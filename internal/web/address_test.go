package web

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestClientAddress_IsTheRightmostThatNoTrustedProxyHas(t *testing.T) {
	proxies := NewProxies([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("10.0.0.0/8")})
	tests := []struct {
		name, peer string
		forwarded  []string
		want       string
		trusted    bool
	}{
		{"stranger's header is not believed", "203.0.113.7:4711", []string{"198.51.100.1"}, "203.0.113.7", false},
		{"trusted peer alone", "127.0.0.1:1", nil, "127.0.0.1", true},
		{"one hop", "127.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1", true},
		{"what the client wrote itself is left of it", "127.0.0.1:1", []string{"192.0.2.66, 198.51.100.1"}, "198.51.100.1", true},
		{"trusted hops are passed over", "127.0.0.1:1", []string{"192.0.2.66, 198.51.100.1, 10.1.2.3"}, "198.51.100.1", true},
		{"last line is the nearest", "127.0.0.1:1", []string{"192.0.2.66", "198.51.100.1"}, "198.51.100.1", true},
		{"all trusted: the farthest", "127.0.0.1:1", []string{"10.0.0.1, 10.0.0.2"}, "10.0.0.1", true},
		{"garbage ends the walk at what is known", "127.0.0.1:1", []string{"198.51.100.1, unknown"}, "127.0.0.1", true},
		{"garbage behind a trusted hop", "127.0.0.1:1", []string{"x, 10.0.0.9"}, "10.0.0.9", true},
		{"empty entry ends the walk", "127.0.0.1:1", []string{"198.51.100.1,"}, "127.0.0.1", true},
		{"with port", "127.0.0.1:1", []string{"198.51.100.1:555"}, "198.51.100.1", true},
		{"IPv6", "[::1]:1", []string{"2001:db8::5"}, "2001:db8::5", true},
		{"IPv6 with brackets", "[::1]:1", []string{"[2001:db8::5]"}, "2001:db8::5", true},
		{"IPv6 with brackets and port", "[::1]:1", []string{"[2001:db8::5]:443"}, "2001:db8::5", true},
		{"zone dropped", "[fe80::1%eth0]:80", nil, "fe80::1", false},
		{"IPv4-mapped peer is IPv4", "[::ffff:127.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1", true},
		{"no address", "@", nil, "invalid IP", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
			got, trusted := proxies.client(r)
			if got.String() != tt.want || trusted != tt.trusted {
				t.Errorf("client = %v, trusted = %v, want %s, %v", got, trusted, tt.want, tt.trusted)
			}
		})
	}
}

func TestProxies_ZeroValueTrustsNobody(t *testing.T) {
	if (Proxies{}).Trusts(netip.MustParseAddr("127.0.0.1")) {
		t.Error("the zero Proxies trusts loopback")
	}
}

// Whatever stands in the header, the client is an address that somebody known
// vouched for: never one left of an unknown hop.
func FuzzClientAddress(f *testing.F) {
	for _, seed := range []string{"", "1.2.3.4", "a, 10.0.0.1", "[::1]:80, ::1", ",,,", "[", "]", "[]", "1.2.3.4:99999", "fe80::1%é", "\x00"} {
		f.Add(seed)
	}
	proxies := NewProxies(loopback())
	f.Fuzz(func(t *testing.T, header string) {
		r := &http.Request{RemoteAddr: "127.0.0.1:1", Header: http.Header{"X-Forwarded-For": {header}}}
		client, trusted := proxies.client(r)
		if !trusted || !client.IsValid() || client.Zone() != "" || client.Is4In6() {
			t.Fatalf("%q gave %v, trusted %v", header, client, trusted)
		}
		if client == netip.MustParseAddr("127.0.0.1") {
			return
		}
		last := header[strings.LastIndexByte(header, ',')+1:]
		if nearest := parseAddress(strings.Trim(last, " \t")); !nearest.IsValid() {
			t.Fatalf("%q: client %v lies behind a hop that is no address", header, client)
		}
	})
}

func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

func TestPlausibleHost_IsOneNameOrAddress(t *testing.T) {
	for host, want := range map[string]bool{
		"": true, "api.example.com": true, "api.example.com.": true, "api.example.com.:8080": true, "[::1]:80": true, "127.0.0.1": true, "a_b": true,
		".": false, "..": false, "a..": false, "a..:80": false, ".a": false, ":80": false, ".:80": false, "a..b": false,
		"a,b": false, "u@h": false, "a b": false, "a/b": false, "ä": false, "a\x00": false,
	} {
		if got := PlausibleHost(host); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}
