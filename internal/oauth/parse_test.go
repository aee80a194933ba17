package oauth

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

// RFC 6749 section 2.3.1 and its appendix B: the characters " ", "%", "&", "+",
// the pound and the euro sign, form-encoded.
func TestParseBasic_DecodesTheExamplesOfTheRFC(t *testing.T) {
	tests := []struct{ header, id, secret string }{
		{"Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", "s6BhdRkqt3", "gX1fBat3bV"}, // RFC 6749 section 4.4.2
		{"Basic " + base64.StdEncoding.EncodeToString([]byte("+%25%26%2B%C2%A3%E2%82%AC:a%3Ab")), " %&+£€", "a:b"},
		{"basic   " + base64.StdEncoding.EncodeToString([]byte("a:b:c")), "a", "b:c"},
		{"BASIC " + base64.StdEncoding.EncodeToString([]byte(":")), "", ""},
	}
	for _, tt := range tests {
		id, secret, ok := parseBasic(tt.header)
		if !ok || id != tt.id || secret != tt.secret {
			t.Errorf("%q gave %q, %q, %v", tt.header, id, secret, ok)
		}
	}
	for _, header := range []string{
		"", "Basic", "Basic ", "Bearer YTpi", "BasicYTpi", "Basic YTpi=", "Basic YTp", "Basic YTpi\tYTpi", "Basic YT\r\npi",
		"Basic _-8=", "Basic " + base64.StdEncoding.EncodeToString([]byte("a")), "Basic " + base64.StdEncoding.EncodeToString([]byte("%:b")),
	} {
		if id, secret, ok := parseBasic(header); ok {
			t.Errorf("%q gave %q, %q", header, id, secret)
		}
	}
}

func FuzzParseBasic(f *testing.F) {
	for _, seed := range []string{"Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", "basic YTpi", "Basic ===", "Bearer x", "Basic \x00", "Basic YTolNDE="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		id, secret, ok := parseBasic(header)
		if !ok {
			if id != "" || secret != "" {
				t.Fatalf("a refused header left %q, %q", id, secret)
			}
			return
		}
		// What was read must be what a client would send for it.
		again := "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
		id2, secret2, ok := parseBasic(again)
		if !ok || id2 != id || secret2 != secret {
			t.Fatalf("%q gave %q, %q; sent again %q, %q, %v", header, id, secret, id2, secret2, ok)
		}
	})
}

func FuzzParseForm(f *testing.F) {
	for _, seed := range []string{
		"grant_type=client_credentials&scope=a+b", "a=%41&a=B", "&&=&=x&x", "scope=%", "%73cope=x", "scope=;a=b", strings.Repeat("a&", 300), "client_id=\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, fault := parseForm(body)
		if fault != "" {
			if got != (form{}) {
				t.Fatalf("a refused form left %+v", got)
			}
			return
		}
		// net/url agrees wherever it takes the body at all (it refuses ";").
		want, err := url.ParseQuery(body)
		if err != nil {
			if !strings.Contains(body, ";") {
				t.Fatalf("%q was taken: %v", body, err)
			}
			return
		}
		for name, value := range map[string]string{
			"grant_type": got.grantType, "scope": got.scope, "resource": got.resource, "client_id": got.clientID, "client_secret": got.clientSecret,
			"token": got.token,
		} {
			var sent []string
			for _, v := range want[name] {
				if v != "" {
					sent = append(sent, v)
				}
			}
			if len(sent) > 1 || len(sent) == 1 && sent[0] != value || len(sent) == 0 && value != "" {
				t.Fatalf("%q: %s = %q, net/url says %q", body, name, value, want[name])
			}
		}
	})
}
