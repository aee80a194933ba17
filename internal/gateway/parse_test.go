package gateway

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestReservedHeader_SeesThroughSpellings(t *testing.T) {
	for name, want := range map[string]bool{
		"Claviger-Client-Id": true, "claviger_client_id": true, "CLAVIGER.USER": true, "Claviger~X": true, "Claviger": false, "Clavigers-Own": false,
		"X-Forwarded-For": true, "X_forwarded-Host": true, "X-Forwarded": true, "X-Forwarder": false, "X-Original-Uri": true, "X-Originals": false, "X-Real-Ip": true,
		"X-Http-Method-Override": true, "X-Method-Override": true, "X-Rewrite-Url": true, "Forwarded": true, "Forwarder": false,
		"True-Client-Ip": true, "Remote_User": true, "Cf-Connecting-Ip": true, "Ssl-Client-Cert": true, "X-Client-Ip": true, "Proxy": true, "Proxies": false,
		"Authorization": false, "Content-Type": false, "X": false, "C": false, "X-Mine": false,
	} {
		if got := reservedHeader(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestWithoutOwnCookies_KeepsTheOthersAsTheyWere(t *testing.T) {
	for in, want := range map[string]string{
		"a=1; b=2": "a=1; b=2", "claviger=x": "", "a=1; claviger=x; b=2": "a=1; b=2", "__Host-claviger-session=x; a=\"q;r\"": "a=\"q;r\"",
		"__HOST-CLAVIGER=x;a=1": "a=1", " claviger=x ;a": "a", "claviger": "", "my-claviger=1": "my-claviger=1", "": "", "\"claviger\"=x": "",
	} {
		if got := withoutOwnCookies(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestSetsOwnCookie_SeesThroughSpellings(t *testing.T) {
	for in, want := range map[string]bool{
		"claviger_session=x": true, "__Host-claviger_session=x; Path=/; Secure": true, " CLAVIGER_SESSION = x": true, "=claviger_session=x": true,
		"= claviger_session=x; Path=/": true, "claviger_session": true, "\tclaviger=": true,
		"session=claviger_session": false, "a=1; claviger=2": false, "my_claviger=1": false, "": false, ";": false,
	} {
		if got := setsOwnCookie(in); got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

func TestParseBasic_TakesWhatTheTokenEndpointTakes(t *testing.T) {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for credentials, want := range map[string][2]string{
		"czZCaGRSa3F0MzpnWDFmQmF0M2JW": {"s6BhdRkqt3", "gX1fBat3bV"}, // RFC 6749 section 4.4.2
		encode("a%3Ab+c:d:e"):          {"a:b c", "d:e"},
		"":                             {"", ""}, "!!!": {"", ""}, encode("no colon"): {"no colon", ""}, encode("%zz:x"): {"", ""}, "YT\r\npi": {"", ""},
	} {
		id, secret := parseBasic(credentials)
		if id != want[0] || secret != want[1] {
			t.Errorf("%q: %q, %q", credentials, id, secret)
		}
	}
}

// What was read is what a client would send for it; what is malformed names nobody.
func FuzzParseBasic(f *testing.F) {
	for _, seed := range []string{"czZCaGRSa3F0MzpnWDFmQmF0M2JW", " YTpi ", "===", "YT\r\npi", "YTolNDE=", "YQ==", "YR==", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, credentials string) {
		id, secret := parseBasic(credentials)
		if id == "" && secret != "" && strings.ContainsAny(credentials, "\r\n\x00") {
			t.Fatalf("%q, which is not base64, left a secret", credentials)
		}
		again := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret)))
		if id2, secret2 := parseBasic(again); id2 != id || secret2 != secret {
			t.Fatalf("%q gave %q, %q; sent again %q, %q", credentials, id, secret, id2, secret2)
		}
	})
}

// A call is judged only when every part of it was said once; and what is judged
// is what the proxy said.
func FuzzDescribe(f *testing.F) {
	f.Add("GET", "api.example.com", "/a/b?c", "https", false)
	f.Add("GET", "a,b", "//", "http, https", false)
	f.Add("get", "[::1]:80", "https://[::1]:80/x?y", "", true)
	f.Add("", "h", "https://h@i/x", "ws", true)
	f.Fuzz(func(t *testing.T, method, host, uri, proto string, original bool) {
		h := http.Header{"X-Forwarded-Method": {method}, "X-Forwarded-Host": {host}, "X-Forwarded-Uri": {uri}, "X-Forwarded-Proto": {proto}}
		if original {
			h = http.Header{"X-Original-Method": {method}, "X-Original-Host": {host}, "X-Original-Url": {uri}}
		}
		var c Call
		if denial := c.describe(h, original); denial != nil {
			if denial.Status(false) != 403 {
				t.Fatalf("status %d", denial.Status(false))
			}
			return
		}
		sameHost := c.Host == host || c.Host+"." == host || c.Host == strings.Replace(host, ".:", ":", 1) // the dot of a full name
		if c.Host == "" || strings.HasPrefix(c.Host, ".") || strings.HasSuffix(c.Host, ".") || strings.Contains(c.Host, "..") {
			t.Fatalf("judges the host %q", c.Host)
		}
		if c.Method != method || !sameHost || method == "" || strings.ContainsAny(host, ", @/\\") || strings.Contains(c.Path, "?") {
			t.Fatalf("judges %+v", c)
		}
		said := c.Path
		if c.Query != "" {
			said += "?" + c.Query
		}
		if c.Query == "" {
			uri = strings.TrimSuffix(uri, "?") // of an empty query
		}
		if !strings.HasSuffix(uri, said) {
			t.Fatalf("judges %q of %q", said, uri)
		}
	})
}

func FuzzParseOptions(f *testing.F) {
	for _, seed := range []string{"api=orders&scope=a+b&headers=original&status=full", "scope=", "scope=%22", "&&", "api", "x=y", "scope=a&scope=b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		o, fault := parseOptions(query)
		if fault != "" {
			return
		}
		want, err := url.ParseQuery(query)
		if err != nil {
			return // net/url refuses ";", which is no more than a character here
		}
		for name, values := range want {
			if len(values) != 1 {
				t.Fatalf("%q: %s stands twice", query, name)
			}
		}
		if o.api != want.Get("api") || strings.Join(o.alsoAnyOf, " ") != strings.Join(strings.Fields(want.Get("scope")), " ") || want.Has("scope") != (len(o.alsoAnyOf) > 0) {
			t.Fatalf("%q gave %+v", query, o)
		}
	})
}

// Whatever way of taking a query apart the API has, no access_token is missed.
func FuzzHasQueryToken(f *testing.F) {
	for _, seed := range []string{"access_token=x", "a=access_token", "%61ccess%5Ftoken=x", "a;access_token", "ACCESS_TOKEN", "access_token%3Dx", "x&access_tokens=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		found := hasQueryToken(query)
		if values, err := url.ParseQuery(query); err == nil && values.Has("access_token") && !found {
			t.Fatalf("%q was missed", query)
		}
		if values, _ := url.ParseQuery(strings.ReplaceAll(query, ";", "&")); values.Has("access_token") && !found {
			t.Fatalf("%q was missed", query)
		}
	})
}
