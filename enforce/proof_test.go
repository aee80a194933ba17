package enforce

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The proof, key and access token of RFC 9449 figures 12 and 13.
const (
	rfcProof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
	rfcThumb = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
	rfcToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
	rfcURL   = "https://resource.example.org/protectedresource"
)

func rfcCall(raw string) *presented {
	at, _ := addressOf(rfcURL)
	return &presented{token: rfcToken, dpop: true, proofs: []string{raw}, method: "GET", address: at}
}

func TestCheck_TakesTheExampleOfTheRFC(t *testing.T) {
	if _, err := rfcCall(rfcProof).check(rfcThumb, time.Unix(1562262618, 0)); err != nil {
		t.Error(err)
	}
	if _, err := rfcCall(rfcProof).check(strings.Repeat("A", 43), time.Unix(1562262618, 0)); !errors.Is(err, errProofHolder) {
		t.Errorf("another holder: %v", err)
	}
}

func TestProofKey_IsOfEveryAlgorithmAsOthersNameIt(t *testing.T) {
	keys := map[string]crypto.Signer{}
	for algorithm, c := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys[algorithm] = key
	}
	_, edwards, errEdwards := ed25519.GenerateKey(rand.Reader)
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil || errEdwards != nil {
		t.Fatal(err, errEdwards)
	}
	keys["EdDSA"], keys["RS256"], keys["PS256"] = edwards, modulus, modulus
	for _, algorithm := range strings.Fields(proofAlgorithms) {
		public := jose.JSONWebKey{Key: keys[algorithm].Public()}
		raw, err := public.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		sum, err := public.Thumbprint(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		key, ok := parseProofKey(raw, algorithm)
		if !ok || key.thumbprint() != encoding.EncodeToString(sum) {
			t.Fatalf("%s: %v %s", algorithm, ok, key.thumbprint())
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: keys[algorithm]}, nil)
		if err != nil {
			t.Fatal(err)
		}
		object, err := signer.Sign([]byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		compact, err := object.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		p, err := split(compact)
		if err != nil || !key.signed(p.signed, p.signature) {
			t.Errorf("%s: its own signature: %v", algorithm, err)
		}
		if key.signed(p.signed+"x", p.signature) || key.signed(p.signed, p.signature[1:]) {
			t.Errorf("%s: another's signature", algorithm)
		}
		for _, other := range strings.Fields(proofAlgorithms) {
			if _, ok := parseProofKey(raw, other); ok != (other == algorithm || algorithm[1:] == "S256" && other[1:] == "S256" && algorithm[0] != 'E' && other[0] != 'E') {
				t.Errorf("a key for %s, as %s: %v", algorithm, other, ok)
			}
		}
	}
}

// S15: what is too weak to sign with is too weak to be bound to.
func TestProofKey_IsPublicStrongAndForItsAlgorithm(t *testing.T) {
	encode := func(n *big.Int) string { return encoding.EncodeToString(n.Bytes()) }
	odd := func(bits uint) *big.Int { // a modulus of nobody's
		n := new(big.Int).Lsh(big.NewInt(1), bits)
		return n.Sub(n, big.NewInt(1))
	}
	key := func(n, e string) string { return `{"kty":"RSA","n":"` + n + `","e":"` + e + `"}` }
	good := encode(odd(2048))
	if _, ok := parseProofKey([]byte(key(good, "AQAB")), "RS256"); !ok {
		t.Fatal("a good key was refused")
	}
	for what, raw := range map[string]string{
		"2047 bits":           key(encode(odd(2047)), "AQAB"),
		"8193 bits":           key(encode(odd(8193)), "AQAB"),
		"an even modulus":     key(encode(new(big.Int).Sub(odd(2048), big.NewInt(1))), "AQAB"),
		"exponent 3":          key(good, "Aw"),
		"an even exponent":    key(good, "AQAC"),
		"a huge exponent":     key(good, "AQAAAAAAAQ"),
		"a zero before n":     key(encoding.EncodeToString(append([]byte{0}, odd(2048).Bytes()...)), "AQAB"),
		"a zero before e":     key(good, "AAEAAQ"),
		"a private part":      strings.Replace(key(good, "AQAB"), "{", `{"d":"AQAB",`, 1),
		"a prime":             strings.Replace(key(good, "AQAB"), "{", `{"p":"AQAB",`, 1),
		"for encryption":      strings.Replace(key(good, "AQAB"), "{", `{"use":"enc",`, 1),
		"for another":         strings.Replace(key(good, "AQAB"), "{", `{"alg":"PS256",`, 1),
		"n twice":             strings.Replace(key(good, "AQAB"), "{", `{"n":"AQAB",`, 1),
		"nothing":             ``,
		"no object":           `[]`,
		"no members":          `{}`,
		"Ed25519, as RSA":     `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		"another kind's name": strings.Replace(key(good, "AQAB"), "RSA", "EC", 1),
	} {
		if _, ok := parseProofKey([]byte(raw), "RS256"); ok {
			t.Errorf("%s: taken", what)
		}
	}
}

func TestAddress_IsComparedAfterNormalization(t *testing.T) {
	for _, x := range []struct {
		left, right string
		same        bool
	}{
		{"https://a.example/b?c#d", "HTTPS://A.example.:443/b", true},
		{"http://a.example:80", "http://a.example/", true},
		{"https://[::1]:443/b", "https://[::1]/b", true},
		{"https://a.example/%7eb/%c3%a9/%zz%", "https://a.example/~b/%C3%A9/%zz%", true},
		{"https://a.example/x/./y/../b/", "https://a.example/x/b/", true},
		{"https://a.example/../b/..", "https://a.example/", true},
		{"https://a.example/b", "http://a.example/b", false},
		{"wss://a.example/b", "https://a.example:443/b", true},
		{"ws://a.example/b", "https://a.example/b", false},
		{"https://a.example:80/b", "https://a.example/b", false},
		{"https://a.example/b", "https://a.example/B", false},
		{"https://a.example/b%2Fc", "https://a.example/b/c", false},
		{"https://[::1]/b", "https://[::2]/b", false},
	} {
		left, okLeft := addressOf(x.left)
		right, okRight := addressOf(x.right)
		if !okLeft || !okRight || (left.normal() == right.normal()) != x.same {
			t.Errorf("%s and %s: not %v", x.left, x.right, x.same)
		}
	}
}

// clock is one that stands at now.
func clock(now time.Time) func() time.Time { return func() time.Time { return now } }

// A request that is held up between the check of its proof and this must not come
// after its first use was forgotten.
func TestProofMemory_TakesNothingThatIsTooOldByThen(t *testing.T) {
	m, now := proofMemory{limit: 100}, time.Unix(1_795_349_429, 0)
	p := &proof{id: "a", issued: now.Unix(), key: proofKey{canonical: "k"}}
	if err := m.take(p, "c", clock(now)); err != nil {
		t.Fatal(err)
	}
	for _, late := range []time.Duration{proofWindow + time.Nanosecond, 2 * proofWindow, 5 * proofWindow} {
		if err := m.take(p, "c", clock(now.Add(late))); !errors.Is(err, errProofTime) {
			t.Errorf("again, %v later: %v", late, err)
		}
	}
}

func TestProofMemory_IsBoundedAndForgetsNothingEarly(t *testing.T) {
	const limit = 40
	m, now := proofMemory{limit: limit}, time.Unix(1_795_349_429, 0)
	made := func(id int, at time.Time) *proof {
		return &proof{id: strconv.Itoa(id), issued: at.Unix(), key: proofKey{canonical: "k"}}
	}
	id := 0
	for _, client := range []string{"a", "b", "c", "d"} {
		for range limit / proofShare {
			if err := m.take(made(id, now), client, clock(now)); err != nil {
				t.Fatalf("%s: %v", client, err)
			}
			id++
		}
		if err := m.take(made(id, now), client, clock(now)); !errors.Is(err, errUnavailable) {
			t.Errorf("%s has more than its share: %v", client, err)
		}
	}
	for _, later := range []time.Duration{0, proofWindow - time.Second, proofWindow} {
		if err := m.take(made(0, now), "a", clock(now.Add(later))); !errors.Is(err, errProofUsed) {
			t.Errorf("the first one, %v later: %v", later, err)
		}
		if err := m.take(made(id, now), "e", clock(now.Add(later))); !errors.Is(err, errUnavailable) {
			t.Errorf("one of another, %v later: %v", later, err)
		}
	}
	after := now.Add(3 * proofWindow)
	if err := m.take(made(0, after), "a", clock(after)); err != nil {
		t.Errorf("when they are too old for anybody: %v", err)
	}
}

// Nobody here can sign: what is taken is the RFC's own proof for the RFC's own
// call.
func FuzzParseProof(f *testing.F) {
	f.Add(rfcProof, rfcURL)
	f.Add(strings.Replace(rfcProof, ".", "..", 1), rfcURL+"?x#y")
	f.Add("eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7fX0.eyJqdGkiOiJ4IiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9hLyIsImlhdCI6MTAwMH0.AA", "https://[::1]:443/%2e./")
	f.Add("eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6Im5vbmUifQ.e30.AA", "HTTP://A.:80")
	f.Add("a.b.c", "http://::") // was a host of its own after each normalization
	f.Fuzz(func(t *testing.T, raw, url string) {
		if at, ok := addressOf(url); ok {
			if n := at.normal(); n.normal() != n && !strings.Contains(url, "%") || strings.ContainsAny(at.host, "/@?#") || strings.ContainsAny(at.path, "?#") {
				t.Fatalf("%q is %+v, again %+v", url, n, n.normal())
			}
		}
		p, err := parseProof(raw)
		if err != nil {
			return
		}
		var claims map[string]any
		if json.Unmarshal(p.parts.payload, &claims) != nil || claims["jti"] != p.id || claims["htm"] != p.method || p.id == "" || p.issued <= 0 ||
			strings.Count(raw, ".") != 2 || strings.ContainsAny(raw, "=\r\n ") {
			t.Fatalf("took %q as %+v", raw, p)
		}
		if _, err := rfcCall(raw).check(rfcThumb, time.Unix(1562262618, 0)); err == nil && raw != rfcProof {
			t.Fatalf("%q is as good as the RFC's", raw)
		}
	})
}
