package accesstoken

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// What our reader accepts must mean the same to every other reader.
func FuzzParseClaims(f *testing.F) {
	const id = `"0193f2f0-5f3c-7b1a-9a52-3c1f6d0e8b47"`
	good := `{"iss":"https://a","aud":["b","c\"\\"],"scope":"d e","sub":` + id + `,"client_id":` + id + `,"account":"f","owner":"g","gen":1,"iat":2,"exp":3,"jti":"h"}`
	f.Add(good)
	f.Add(strings.Replace(good, "{", `{"nbf":4,"x":true,"y":[""],`, 1))
	f.Add(strings.Replace(good, id, `"claviger-cli"`, 2))
	f.Add(strings.Replace(good, `"a"`, `"\u0061"`, 1))
	f.Add(strings.Replace(good, "{", `{"cnf":{"jkt":"`+strings.Repeat("A", 43)+`","x5t#S256":"`+strings.Repeat("A", 43)+`"},`, 1))
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseClaims(text)
		if err != nil {
			return
		}
		var want struct {
			Issuer   string          `json:"iss"`
			Audience json.RawMessage `json:"aud"`
			Scope    string          `json:"scope"`
			Subject  string          `json:"sub"`
			ClientID string          `json:"client_id"`
			Account  string          `json:"account"`
			Owner    string          `json:"owner"`
			Gen      int64           `json:"gen"`
			Issued   int64           `json:"iat"`
			Expires  int64           `json:"exp"`
			Earliest int64           `json:"nbf"`
			JTI      string          `json:"jti"`
			Bound    struct {
				Key         string `json:"jkt"`
				Certificate string `json:"x5t#S256"`
			} `json:"cnf"`
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("accepted what is no JSON: %q: %v", text, err)
		}
		var audience []string
		if json.Unmarshal(want.Audience, &audience) != nil {
			var one string
			if err := json.Unmarshal(want.Audience, &one); err != nil {
				t.Fatal(err)
			}
			audience = []string{one}
		}
		if c.Issuer != want.Issuer || c.subject != want.Subject || c.ClientID != want.ClientID || c.AccountID != want.Account ||
			c.owner != want.Owner || c.gen != want.Gen || c.issued != want.Issued || c.expires != want.Expires ||
			c.earliest != want.Earliest || c.JTI != want.JTI || c.Confirmation != Confirmation(want.Bound) || !slices.Equal(c.Audience, audience) ||
			!slices.Equal(c.TokenScopes, strings.Fields(want.Scope)) {
			t.Fatalf("%q reads as %+v, elsewhere as %+v", text, c, want)
		}
	})
}

func TestParseClaims_RefusesASecondMemberOfTheSameName(t *testing.T) {
	const good = `{"iss":"a","aud":"b","scope":"","sub":"u","client_id":"claviger-cli","account":"f","owner":"u","gen":1,"iat":2,"exp":3,"jti":"h"}`
	if _, err := parseClaims(good); err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{`"iss":"a"`, `"aud":"b"`, `"jti":"h"`, `"owner":"u"`, `"gen":1`, `"x":1,"x":1`} {
		if _, err := parseClaims(strings.Replace(good, "{", "{"+member+",", 1)); err == nil {
			t.Errorf("%s twice is accepted", member)
		}
	}
}

// Tokens are written by appending: every string must come out as it went in.
func FuzzAppendEscaped(f *testing.F) {
	f.Add(`urn:example:a"\b`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			return // nothing else gets into a catalogue, a setting or an ID
		}
		out := `"` + string(appendEscaped(nil, text)) + `"`
		var back string
		if err := json.Unmarshal([]byte(out), &back); err != nil || back != text {
			t.Fatalf("%q is written %s and read %q (%v)", text, out, back, err)
		}
		r := jsonReader{text: out}
		if got := r.text1(); got != text || r.failed {
			t.Fatalf("%q is written %s and read here as %q", text, out, got)
		}
	})
}
