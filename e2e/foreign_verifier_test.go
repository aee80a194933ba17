package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
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
// contract.md and RFC 9068 say alone, and refuse every forgery of one: in each
// signing algorithm, and with tokens from before and after a rotation.
func TestForeignVerifiers_AcceptOurTokensAndNothingElse(t *testing.T) {
	nodeModules(t)
	node, ruby, verifiers := needed(t, "node", "nodejs"), needed(t, "ruby", "ruby"), goProgram(t, "verifiers")
	neededModule(t, debianPython, "import jwt, cryptography, authlib", "python3-jwt python3-cryptography python3-authlib")
	for _, algorithm := range []string{"ES256", "EdDSA", "RS256"} {
		t.Run(algorithm, func(t *testing.T) {
			asked, genuineFor := tokensToVerify(t, algorithm)
			told := foreign[toldByVerifier](t, asked, "node", node, "verifiers.mjs")
			told = append(told, foreign[toldByVerifier](t, asked, "python", debianPython, "verifiers.py")...)
			told = append(told, foreign[toldByVerifier](t, asked, "go", verifiers)...)
			programs := []string{"jose", "PyJWT", "authlib", "go-oidc", "jwx"}
			if algorithm != "EdDSA" { // ruby-jwt reads no Ed25519 key out of a JWK Set
				told = append(told, foreign[toldByVerifier](t, asked, "ruby", ruby, "verifiers.rb")...)
				programs = append(programs, "ruby-jwt")
			}
			checkVerdicts(t, asked, genuineFor, told, programs)
		})
	}
}

// tokensToVerify makes tokens and forgeries on a server that signs by algorithm.
// It also returns the client IDs of the tokens that are good for the audience.
func tokensToVerify(t *testing.T, algorithm string) (asked askedOfVerifier, genuineFor map[string]string) {
	t.Helper()
	in := install(t, "--signing-algorithm", algorithm)
	reader := in.create(t, []string{"orders:read"}, nil)
	both := in.create(t, []string{"orders:read", "stock:read"}, nil)
	stock := in.create(t, []string{"stock:read"}, nil)
	genuine := in.issue(t, reader)
	asked = askedOfVerifier{
		Issuer: in.address, JWKSetURI: in.address + "/.well-known/jwks.json", Audience: "urn:example:orders", Algorithm: algorithm,
		Tokens: map[string]string{
			"one audience": genuine, "several audiences": in.issue(t, both), "another API's": in.issue(t, stock),
			"management": in.token,
		},
	}
	rotated := call(t, "POST", in.address+"/api/v1/signing-keys/rotate", `{"force":true}`, "Authorization", "Bearer "+in.token, "Content-Type", "application/json")
	if rotated.status != 200 {
		t.Fatalf("rotating: %d %s", rotated.status, rotated.body)
	}
	later := in.issue(t, reader)
	if headerOf(later) == headerOf(genuine) {
		t.Fatal("the key that signs is the same after the rotation")
	}
	asked.Tokens["after a rotation"] = later
	forge(t, genuine, algorithm, call(t, "GET", asked.JWKSetURI, "").body, asked.Tokens)
	return asked, map[string]string{"one audience": reader.id, "several audiences": both.id, "after a rotation": reader.id}
}

func checkVerdicts(t *testing.T, asked askedOfVerifier, genuineFor map[string]string, lines []toldByVerifier, programs []string) {
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

// forge adds tokens that look like genuine but are not.
func forge(t *testing.T, genuine, algorithm, keySet string, tokens map[string]string) {
	t.Helper()
	parts := strings.Split(genuine, ".")
	header, payload, signature := decode(t, parts[0]), decode(t, parts[1]), parts[2]
	encode := base64.RawURLEncoding.EncodeToString

	wider := strings.Replace(payload, "orders:read", "orders:write", 1)
	tokens["changed payload"] = parts[0] + "." + encode([]byte(wider)) + "." + signature
	tokens["changed signature"] = parts[0] + "." + parts[1] + "." + flip(signature)
	tokens["no signature"] = parts[0] + "." + parts[1] + "."
	length := base64.RawURLEncoding.DecodedLen(len(signature))
	tokens["zero signature"] = parts[0] + "." + parts[1] + "." + encode(make([]byte, length)) // CVE-2022-21449
	unsigned := encode([]byte(strings.Replace(header, algorithm, "none", 1)))
	tokens["alg none"] = unsigned + "." + encode([]byte(wider)) + "."

	// The published key taken for a shared secret.
	symmetric := encode([]byte(strings.Replace(header, algorithm, "HS256", 1))) + "." + encode([]byte(wider))
	mac := hmac.New(sha256.New, []byte(keySet))
	mac.Write([]byte(symmetric))
	tokens["alg HS256"] = symmetric + "." + encode(mac.Sum(nil))

	signed := parts[0] + "." + encode([]byte(wider))
	tokens["another's key"] = signed + "." + encode(signByAnother(t, algorithm, signed))

	for name, token := range tokens {
		if token == genuine && name != "one audience" {
			t.Fatalf("%s is the genuine token", name)
		}
	}
}

// signByAnother signs with a key that nobody published.
func signByAnother(t *testing.T, algorithm, text string) []byte {
	t.Helper()
	digest := sha256.Sum256([]byte(text))
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	switch algorithm {
	case "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		must(err)
		return ed25519.Sign(key, []byte(text))
	case "RS256":
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		must(err)
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
		must(err)
		return signature
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	must(err)
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

func headerOf(token string) string { return token[:strings.IndexByte(token, '.')] }

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
