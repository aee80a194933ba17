package config

import (
	"strings"
	"testing"
	"time"
)

func TestReadDuration_TakesGoDurationsAndDays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "0": 0, "0d": 0, "1h30m": 90 * time.Minute,
	} {
		if got, err := readDuration(text, 0, 1000*time.Hour); err != nil || got != want {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "3600", "d", "-1h", "1h1d", "1.5d", "1dd", "99999999999999999999d", "1001h", "+5d", " 5m"} {
		if got, err := readDuration(text, 0, 1000*time.Hour); err == nil {
			t.Errorf("%q was taken as %v", text, got)
		}
	}
}

func TestTokenLifetime_StaysWithinTheContract(t *testing.T) {
	for text, ok := range map[string]bool{"60s": true, "24h": true, "1d": true, "59s": false, "24h1s": false, "90500ms": false} {
		if _, err := Load(Source{Flags: map[string]string{"token_lifetime": text}}); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestReadIssuer_TakesSchemeAndHostOnly(t *testing.T) {
	for _, text := range []string{"https://credentials.example.com", "https://example.com:8443", "http://localhost:1", "http://127.0.0.1:8420", "http://[::1]:9", "https://xn--bcher-kva.example", "https://192.0.2.1"} {
		if _, err := readIssuer(text); err != nil {
			t.Errorf("%s refused: %v", text, err)
		}
	}
	for _, text := range []string{
		"", "example.com", "//example.com", "https://", "https://example.com/", "https://example.com/auth", "https://example.com?", "https://example.com#", "https://example.com?a=b",
		"https://u:p@example.com", "HTTPS://example.com", "https://Example.com", "https://exa_mple.com", "https://bücher.example", "https://example.com:", "https://example.com:443", "https://example.com:0", "https://example.com:08443", "https://example.com:99999",
		"http://example.com", "http://192.0.2.1", "http://localhost.example.com", "ftp://localhost", "http://localhost:80", "https://[fe80::1%25eth0]", "https://-a.example", "https://a..b", "https://example.com.", " https://example.com", "https://example.com\n",
	} {
		if _, err := readIssuer(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestReadProxies_TakesAddressesRangesAndWords(t *testing.T) {
	for text, want := range map[string]int{"loopback": 2, "none": 0, "10.0.0.0/8, 192.0.2.1,loopback": 4, "2001:db8::/32": 1} {
		if got, err := readProxies(text); err != nil || len(got) != want {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"10.0.0.1/8", "10.0.0", "example.com", "loopback,none", "fe80::1%eth0", "*"} {
		if got, err := readProxies(text); err == nil {
			t.Errorf("%s was taken as %v", text, got)
		}
	}
}

func TestCheckDatabaseURL_RefusesWhatCouldMeanAnotherDatabase(t *testing.T) {
	for _, text := range []string{"sqlite:/var/lib/claviger/a.db", "sqlite:a.db", "postgres://u@h/d", "postgresql://u@h1,h2/d"} {
		if err := checkDatabaseURL(text); err != nil {
			t.Errorf("%s refused: %v", text, err)
		}
	}
	for _, text := range []string{"sqlite:", "sqlite://a", "sqlite::memory:", "sqlite:a?mode=ro", "a.db", "mysql://h/d", "postgres://", "host=h dbname=d"} {
		if err := checkDatabaseURL(text); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestReadAddress_WantsHostAndPort(t *testing.T) {
	for _, text := range []string{"127.0.0.1:8420", ":8420", "[::1]:0", "localhost:1"} {
		if _, err := readAddress(text); err != nil {
			t.Errorf("%s refused: %v", text, err)
		}
	}
	for _, text := range []string{"8420", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:65536", "http://127.0.0.1:1", "::1:8420", off} {
		if _, err := readAddress(text); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestSettings_AreAllDocumentedAndFaultsEndAsSentences(t *testing.T) {
	for _, s := range Settings() {
		if s.Doc == "" || !strings.HasSuffix(s.Doc, ".") || (s.Default == "") == (s.DefaultNote == "") {
			t.Errorf("%s: no sentence of documentation, or not exactly one of default and note", s.Key)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"30d", "1d12h", "0", "9223372036s", "1dd", "-1h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, ok := parseDuration(text); ok && (d < 0 || d > 2*maxDays*24*time.Hour) {
			t.Errorf("%q gave %v", text, d)
		}
	})
}
