package enforce

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
)

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"", "a.b.c", "YQ.YQ.YQ", "YQ.YR.YQ", "YQ..YQ", "YQ.YQ.YQ.YQ", "YQ.Y\nQ.YQ", "YQ.YQ=.YQ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := split(raw)
		if err != nil {
			return
		}
		again := base64.RawURLEncoding.EncodeToString(p.header) + "." + base64.RawURLEncoding.EncodeToString(p.payload) + "." + base64.RawURLEncoding.EncodeToString(p.signature)
		if again != raw || !strings.HasPrefix(raw, p.signed+".") {
			t.Fatalf("%q is another spelling of %q", raw, again)
		}
	})
}

func FuzzParsePayload(f *testing.F) {
	const good = `{"iss":"i","aud":["a"],"sub":"c","client_id":"c","iat":1,"exp":2,"jti":"j","scope":"s t","account":"x","gen":1}`
	for _, seed := range []string{
		good, `{}`, `[]`, `null`, `{"`, `{"x":"\`, good + "x", strings.Replace(good, `"jti"`, `"JTI"`, 1), strings.Replace(good, `"gen":1`, `"gen":1,"gen":2`, 1),
		strings.Replace(good, `"gen":1`, `"gen":1,"cnf":{"jkt":"x"}`, 1),
		strings.Replace(good, `"gen":1`, `"gen":1,"cnf":{"jkt":"`+strings.Repeat("A", 43)+`","x5t#S256":"`+strings.Repeat("A", 43)+`"}`, 1), strings.Replace(good, `["a"]`, `"a"`, 1), strings.Replace(good, `["a"]`, `null`, 1),
		strings.Replace(good, `"exp":2`, `"exp":2.5`, 1), strings.Replace(good, `"exp":2`, `"exp":"2"`, 1),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePayload([]byte(text))
		if err != nil {
			return
		}
		var whole map[string]any
		if json.Unmarshal([]byte(text), &whole) != nil {
			t.Fatalf("%q was taken and is no JSON", text)
		}
		for name, want := range map[string]any{"iss": p.issuer, "client_id": p.ClientID, "sub": p.ClientID, "jti": p.JTI, "account": p.AccountID} {
			if whole[name] != want {
				t.Fatalf("%q: %s is %v, was read as %v", text, name, whole[name], want)
			}
		}
		for name, value := range whole {
			object, is := value.(map[string]any)
			if is && (name != "cnf" || len(object) == 0 || object["jkt"] != whether(p.Confirmation.Key) || object["x5t#S256"] != whether(p.Confirmation.Certificate)) {
				t.Fatalf("%q: the object %s was not noticed", text, name)
			}
		}
	})
}

// whether is a member's value; "" was not sent.
func whether(value string) any {
	if value == "" {
		return nil
	}
	return value
}

func TestParsePayload_TakesABindingThatItUnderstandsAlone(t *testing.T) {
	const good = `{"iss":"i","aud":["a"],"sub":"c","client_id":"c","iat":1,"exp":2,"jti":"j","scope":"s t","account":"x","gen":1,"cnf":`
	thumbprint := strings.Repeat("A", 43)
	for cnf, want := range map[string]Confirmation{
		`{"jkt":"` + thumbprint + `"}`:                                 {Key: thumbprint},
		`{"x5t#S256":"` + thumbprint + `"}`:                            {Certificate: thumbprint},
		`{"x5t#S256":"` + thumbprint + `","jkt":"` + thumbprint + `"}`: {thumbprint, thumbprint},
	} {
		if p, err := parsePayload([]byte(good + cnf + "}")); err != nil || p.Confirmation != want || !p.Confirmation.Bound() {
			t.Errorf("%s: %+v, %v", cnf, p, err)
		}
	}
	for _, cnf := range []string{
		`{}`, `null`, `[]`, `""`, `true`, `{"jkt":""}`, `{"jkt":null}`, `{"jkt":["` + thumbprint + `"]}`, `{"JKT":"` + thumbprint + `"}`,
		`{"jkt":"` + thumbprint + `","kid":"` + thumbprint + `"}`, `{"jkt":"` + thumbprint + `","cnf":{}}`,
		`{"jkt":"` + thumbprint + `","jkt":"` + thumbprint + `"}`, `{"jkt":"` + thumbprint + `A"}`, `{"jkt":"` + thumbprint[1:] + `B"}`, // spare bits
	} {
		if _, err := parsePayload([]byte(good + cnf + "}")); err == nil {
			t.Errorf("%s was taken", cnf)
		}
	}
}

func FuzzParseBasic(f *testing.F) {
	for _, seed := range []string{"", "YTpi", "YTpi=", "Og==", "YTolNDE=", "YT\npi"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, secret, ok := parseBasic(text)
		if !ok {
			return
		}
		again := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret)))
		if id2, secret2, ok := parseBasic(again); !ok || id2 != id || secret2 != secret {
			t.Fatalf("%q gave %q, %q; sent again %q, %q, %v", text, id, secret, id2, secret2, ok)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	for _, seed := range []string{
		`{"keys":[]}`, `{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","kid":"b","x":"AA","y":"AA"}]}`, `{"keys":[{"kty":"RSA","alg":"RS256","kid":"c","n":"AQAB","e":"AQAB"}]}`,
		`{"keys":[{"kty":"oct","alg":"HS256","kid":"d","k":"AA"}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := parseKeys([]byte(text))
		if err != nil {
			return
		}
		for kid, key := range keys {
			if kid == "" || key.algorithm != "ES256" && key.algorithm != "EdDSA" && key.algorithm != "RS256" {
				t.Fatalf("%q gave %q with %q", text, kid, key.algorithm)
			}
			key.verify("a.b", []byte("signature"))
		}
	})
}

func TestFollower_GivesWhatCameBackToNewTokensAlone(t *testing.T) {
	f := &follower{clock: time.Now}
	event := `{"cursor":"e.1","entries":[{"type":"credential","client_id":"c","gen":2,"scopes":["s","t"],"since":{"s":100}},{"type":"later"}]}`
	if err := f.take([]byte(event)); err != nil {
		t.Fatal(err)
	}
	for issued, want := range map[int64]string{99: "t", 100: "s t"} {
		c, err := f.now(&token{Claims: Claims{ClientID: "c", Scopes: []string{"s", "t", "u"}, IssuedAt: time.Unix(issued, 0)}, generation: 2})
		if err != nil || strings.Join(c.Scopes, " ") != want {
			t.Errorf("a token of second %d has %v, %v", issued, c, err)
		}
	}
}

func TestParsePayload_TakesWhatTheServerWritesAlone(t *testing.T) {
	const good = `{"iss":"i","aud":["a"],"sub":"c","client_id":"c","iat":1,"exp":2,"jti":"j","scope":"s t","account":"x","gen":1}`
	for name, text := range map[string]string{
		"as it is":              good,
		"one audience":          strings.Replace(good, `["a"]`, `"a"`, 1),
		"members of later days": strings.Replace(good, `"gen":1`, `"gen":1,"x":["y"],"z":true,"n":7,"f":false,"e":"a\\\"b"`, 1),
	} {
		p, err := parsePayload([]byte(text))
		if err != nil || p.issuer != "i" || p.ClientID != "c" || p.JTI != "j" || p.AccountID != "x" || p.generation != 1 || strings.Join(p.Scopes, " ") != "s t" ||
			strings.Join(p.Audience, " ") != "a" || p.IssuedAt.Unix() != 1 || p.ExpiresAt.Unix() != 2 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if p, err := parsePayload([]byte(strings.Replace(good, `"i"`, `"a\\\"b\\"`, 1))); err != nil || p.issuer != `a\"b\` {
		t.Errorf("escapes: %+v, %v", p, err)
	}
	for name, change := range map[string][2]string{
		"nothing": {good, ""}, "an empty object": {good, "{}"}, "text behind": {"}", "}x"}, "a comma at the end": {"}", ",}"}, "no comma": {`,"gen"`, `"gen"`},
		"a space": {":1", ": 1"}, "no end": {"}", ""}, "a member twice": {`"gen":1`, `"gen":1,"gen":1`}, "an unknown one twice": {`"gen":1`, `"gen":1,"x":1,"x":1`},
		"a missing one": {`"jti":"j",`, ""}, "an empty jti": {`"jti":"j"`, `"jti":""`}, "another letter case": {`"jti"`, `"JTI"`}, "another subject": {`"sub":"c"`, `"sub":"d"`},
		"a sign": {`"gen":1`, `"gen":-1`}, "a zero ahead": {`"gen":1`, `"gen":01`}, "a fraction": {`"exp":2`, `"exp":2.0`}, "an exponent": {`"exp":2`, `"exp":2e0`},
		"too large": {`"gen":1`, `"gen":9223372036854775808`}, "a number as text": {`"exp":2`, `"exp":"2"`}, "null": {`"jti":"j"`, `"jti":null`},
		"no audience": {`["a"]`, `[]`}, "an audience that is no text": {`["a"]`, `[1]`}, "an object": {`"gen":1`, `"gen":1,"x":{}`}, "an array of objects": {`"gen":1`, `"gen":1,"x":[{}]`},
		"another escape": {`"i"`, `"\u0069"`}, "an escape at the end": {`"i"`, `"\`}, "more than ASCII": {`"i"`, `"é"`}, "a line end": {`"i"`, "\"\n\""},
	} {
		if p, err := parsePayload([]byte(strings.Replace(good, change[0], change[1], 1))); err == nil {
			t.Errorf("%s was taken: %+v", name, p)
		}
	}
}
