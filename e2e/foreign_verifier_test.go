package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// askedOfVerifier is what a foreign verifier is told.
type askedOfVerifier struct {
	Issuer    string            `json:"issuer"`
	JWKSetURI string            `json:"jwks_uri"`
	Audience  string            `json:"audience"`
	Algorithm string            `json:"algorithm"`
	Tokens    map[string]string `json:"tokens"`
}

// toldByVerifier is what one library makes of the tokens, by their names.
type toldByVerifier struct {
	Program  string `json:"program"`
	Verdicts map[string]struct {
		ClientID string `json:"client_id"`
		Refused  string `json:"refused"`
	} `json:"verdicts"`
}

// TestForeignVerifiers_AcceptOurTokensAndNothingElse lets JWT libraries of four
// languages, as they are published, verify tokens against the JWK Set by what
// contract.md and RFC 9068 say alone, and refuse every forgery of one.
func TestForeignVerifiers_AcceptOurTokensAndNothingElse(t *testing.T) {
	in := install(t)
	reader := in.create(t, []string{"orders:read"}, nil)
	both := in.create(t, []string{"orders:read", "stock:read"}, nil)
	stock := in.create(t, []string{"stock:read"}, nil)
	genuine := in.issue(t, reader)
	genuineFor := map[string]string{"one audience": reader.id, "several audiences": both.id}
	asked := askedOfVerifier{
		Issuer: in.address, JWKSetURI: in.address + "/.well-known/jwks.json", Audience: "urn:example:orders", Algorithm: "ES256",
		Tokens: map[string]string{
			"one audience": genuine, "several audiences": in.issue(t, both), "another API's": in.issue(t, stock),
			"management": in.token,
		},
	}
	forge(t, genuine, call(t, "GET", asked.JWKSetURI, "").body, asked.Tokens)

	check := func(t *testing.T, lines []toldByVerifier, programs ...string) {
		t.Helper()
		var got []string
		for _, told := range lines {
			library, _, _ := strings.Cut(told.Program, " ")
			got = append(got, library)
			for name := range asked.Tokens {
				verdict, ok := told.Verdicts[name]
				switch {
				case !ok, (verdict.ClientID == "") == (verdict.Refused == ""):
					t.Errorf("%s gives no verdict on %s", told.Program, name)
				case verdict.ClientID != genuineFor[name]:
					t.Errorf("%s, %s: read client ID %q (%s), want %q", told.Program, name, verdict.ClientID, verdict.Refused, genuineFor[name])
				}
				t.Logf("%s, %s: %s%s", told.Program, name, verdict.ClientID, verdict.Refused)
			}
		}
		if !slices.Equal(got, programs) {
			t.Errorf("%v have verified, want %v", got, programs)
		}
	}
	t.Run("node", func(t *testing.T) {
		nodeModules(t)
		check(t, foreign[toldByVerifier](t, asked, "node", needed(t, "node", "nodejs"), "verifiers.mjs"), "jose")
	})
	t.Run("python", func(t *testing.T) {
		neededModule(t, debianPython, "import jwt, cryptography", "python3-jwt python3-cryptography")
		check(t, foreign[toldByVerifier](t, asked, "python", debianPython, "verifiers.py"), "PyJWT")
	})
	t.Run("ruby", func(t *testing.T) {
		ruby := needed(t, "ruby", "ruby")
		check(t, foreign[toldByVerifier](t, asked, "ruby", ruby, "verifiers.rb"), "ruby-jwt")
	})
	t.Run("go", func(t *testing.T) {
		check(t, foreign[toldByVerifier](t, asked, "go", goProgram(t, "verifiers")), "go-oidc", "jwx")
	})
}

// forge adds tokens that look like genuine but are not.
func forge(t *testing.T, genuine, keySet string, tokens map[string]string) {
	t.Helper()
	parts := strings.Split(genuine, ".")
	header, payload, signature := decode(t, parts[0]), decode(t, parts[1]), parts[2]
	encode := base64.RawURLEncoding.EncodeToString

	wider := strings.Replace(payload, "orders:read", "orders:write", 1)
	tokens["changed payload"] = parts[0] + "." + encode([]byte(wider)) + "." + signature
	tokens["changed signature"] = parts[0] + "." + parts[1] + "." + flip(signature)
	tokens["no signature"] = parts[0] + "." + parts[1] + "."
	tokens["zero signature"] = parts[0] + "." + parts[1] + "." + encode(make([]byte, 64)) // CVE-2022-21449
	unsigned := encode([]byte(strings.Replace(header, "ES256", "none", 1)))
	tokens["alg none"] = unsigned + "." + encode([]byte(wider)) + "."

	// The published key taken for a shared secret.
	symmetric := encode([]byte(strings.Replace(header, "ES256", "HS256", 1))) + "." + encode([]byte(wider))
	mac := hmac.New(sha256.New, []byte(keySet))
	mac.Write([]byte(symmetric))
	tokens["alg HS256"] = symmetric + "." + encode(mac.Sum(nil))

	// Another's key under the kid of ours.
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signed := parts[0] + "." + encode([]byte(wider))
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	both := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	tokens["another's key"] = signed + "." + encode(both)

	for name, token := range tokens {
		if token == genuine && name != "one audience" {
			t.Fatalf("%s is the genuine token", name)
		}
	}
}

func decode(t *testing.T, part string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || !json.Valid(text) {
		t.Fatalf("a part of a token is %q: %v", text, err)
	}
	return string(text)
}

// flip changes the first character, all of whose bits count.
func flip(signature string) string {
	if signature[0] == 'A' {
		return "B" + signature[1:]
	}
	return "A" + signature[1:]
}
