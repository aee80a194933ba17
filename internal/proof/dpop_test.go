package proof_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/claviger/claviger/internal/proof"
)

// The proof and the key of RFC 9449 figures 2 and 4, and that with an access
// token of figures 12 and 13.
const (
	rfcProof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	rfcThumb = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
	rfcUsed  = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
	rfcToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
)

func use(t testing.TB, method, url string, at int64) *proof.DPoPUse {
	t.Helper()
	address, ok := proof.AddressOf(url)
	if !ok {
		t.Fatal(url)
	}
	return &proof.DPoPUse{Method: method, Address: address, Now: time.Unix(at, 0)}
}

func TestCheckDPoP_TakesTheExamplesOfTheRFC(t *testing.T) {
	got, err := proof.CheckDPoP([]string{rfcProof}, use(t, "POST", "https://server.example.com/token", 1562262616))
	if err != nil || got.Thumbprint != rfcThumb || got.ID != "-BwC3ESc6acc2lTc" || got.Until.Unix() != 1562262676 {
		t.Errorf("figure 2: %+v, %v", got, err)
	}
	with := use(t, "GET", "https://resource.example.org/protectedresource", 1562262618)
	with.Token, with.Holder = rfcToken, rfcThumb
	if _, err := proof.CheckDPoP([]string{rfcUsed}, with); err != nil {
		t.Errorf("figure 12: %v", err)
	}
	with.Token += "x"
	if _, err := proof.CheckDPoP([]string{rfcUsed}, with); !errors.Is(err, proof.ErrDPoPToken) {
		t.Errorf("another token: %v", err)
	}
}

func TestCheckDPoP_TakesEveryAlgorithmAndBindsItToItsKind(t *testing.T) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	edwards = must(t, edwards, err)
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	keys := map[string]crypto.Signer{
		"ES256": onCurve(t, elliptic.P256()), "ES384": onCurve(t, elliptic.P384()), "ES512": onCurve(t, elliptic.P521()),
		"EdDSA": edwards, "RS256": must(t, modulus, err), "PS256": modulus,
	}
	for _, algorithm := range proof.Algorithms() {
		raw := signed(t, algorithm, keys[algorithm])
		if _, err := proof.CheckDPoP([]string{raw}, use(t, "GET", "https://a.example/", 1000)); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}

// signed is a proof by somebody else's library.
func signed(t testing.TB, algorithm string, key crypto.Signer) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	payload, fault := json.Marshal(map[string]any{"jti": "x", "htm": "GET", "htu": "https://a.example/", "iat": 1000})
	object, failed := must(t, signer, err).Sign(must(t, payload, fault))
	raw, err := must(t, object, failed).CompactSerialize()
	return must(t, raw, err)
}

func TestCheckDPoP_TakesAMinuteEitherWay(t *testing.T) {
	raw := []string{signed(t, "ES256", onCurve(t, elliptic.P256()))}
	for at, good := range map[int64]bool{940: true, 1060: true, 939: false, 1061: false} {
		if _, err := proof.CheckDPoP(raw, use(t, "GET", "https://a.example/", at)); (err == nil) != good {
			t.Errorf("made at 1000, at %d: %v", at, err)
		}
	}
}

// Whatever is sent, what is taken was one header with one spelling that names the
// request and whose signature is right.
func FuzzCheckDPoP(f *testing.F) {
	f.Add(rfcProof, "POST", "https://server.example.com/token")
	f.Add(rfcUsed, "GET", "https://resource.example.org/protectedresource?x")
	f.Add(strings.Replace(rfcProof, ".", "..", 1), "POST", "https://server.example.com/token")
	f.Add("eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7fX0.eyJqdGkiOiJ4IiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9hLyIsImlhdCI6MTAwMH0.AA", "GET", "https://a/")
	f.Add("eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6Im5vbmUifQ.e30.", "GET", "http://[::1]:80/%2e%2E/")
	f.Add("a.b.c", "GET", "http://::")
	f.Fuzz(func(t *testing.T, raw, method, url string) {
		address, ok := proof.AddressOf(url)
		if ok && (!address.Is(address) || strings.ContainsAny(address.Path, "?#") || strings.ContainsAny(address.Host, "/@?#")) {
			t.Fatalf("%q is taken apart as %+v", url, address)
		}
		if again, well := proof.AddressOf(address.Scheme + "://" + address.Host + address.Path); ok && (!well || !again.Is(address)) {
			t.Fatalf("%q is %+v, and then %+v", url, address, again)
		}
		got, err := proof.CheckDPoP([]string{raw}, &proof.DPoPUse{Method: method, Address: address, Now: time.Unix(1562262616, 0)})
		if err != nil {
			if got != nil {
				t.Fatal("a refused proof left something behind")
			}
			return
		}
		// Nobody here can sign: what is taken is a proof of the RFC's own.
		if raw != rfcProof && raw != rfcUsed || got.ID == "" || len(got.Thumbprint) != len(rfcThumb) || got.Until.Unix() <= 1562262616 {
			t.Fatalf("took %q as %+v", raw, got)
		}
		if strings.Count(raw, ".") != 2 || strings.ContainsAny(raw, "=\r\n ") {
			t.Fatalf("took %q as %+v", raw, got)
		}
	})
}
