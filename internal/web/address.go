package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies is the set of addresses whose forwarded headers are believed
// (setting trusted_proxies). The zero value trusts nobody.
type Proxies struct{ ranges []netip.Prefix }

// NewProxies trusts the given ranges. IPv4 ranges also cover IPv4-mapped IPv6
// peers.
func NewProxies(ranges []netip.Prefix) Proxies {
	p := Proxies{ranges: make([]netip.Prefix, 0, len(ranges))}
	for _, r := range ranges {
		p.ranges = append(p.ranges, r.Masked())
	}
	return p
}

// Trusts tells whether address is a trusted proxy.
func (p Proxies) Trusts(address netip.Addr) bool {
	for _, r := range p.ranges {
		if r.Contains(address) {
			return true
		}
	}
	return false
}

// client returns the peer of the connection and the client behind it. A peer
// that is no trusted proxy is the client itself, whatever its headers say.
func (p Proxies) client(r *http.Request) (client netip.Addr, trusted bool) {
	peer := parseAddress(r.RemoteAddr)
	if !p.Trusts(peer) {
		return peer, false
	}
	return p.behind(peer, r.Header["X-Forwarded-For"]), true
}

// behind walks X-Forwarded-For from the right, where the nearest proxy wrote,
// to the first address that is no trusted proxy. An entry that is no address
// ends the walk: the last address that could be read is then the client, since
// everything left of it was written by somebody who is not known.
func (p Proxies) behind(peer netip.Addr, lines []string) netip.Addr {
	client := peer
	for i := len(lines) - 1; i >= 0; i-- {
		rest := lines[i]
		for more := true; more; {
			var entry string
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, entry = rest[:comma], rest[comma+1:]
			} else {
				rest, entry, more = "", rest, false
			}
			address := parseAddress(strings.Trim(entry, " \t"))
			if !address.IsValid() {
				return client
			}
			client = address
			if !p.Trusts(client) {
				return client
			}
		}
	}
	return client
}

// parseAddress reads an address with or without port and brackets: "192.0.2.1",
// "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80". Zones are dropped and
// IPv4-mapped addresses made IPv4, so that one host has one spelling.
func parseAddress(s string) netip.Addr {
	if s == "" || len(s) > 64 {
		return netip.Addr{}
	}
	if s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	} else if colon := strings.IndexByte(s, ':'); s[0] == '[' || colon >= 0 && colon == strings.LastIndexByte(s, ':') {
		withPort, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}
		}
		return withPort.Addr().WithZone("").Unmap()
	}
	address, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return address.WithZone("").Unmap()
}
