package proof_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/claviger/claviger/internal/proof"
)

func must[T any](t testing.TB, value T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func jwk(t testing.TB, key any, kid string) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: kid})
	return string(must(t, text, err))
}

func onCurve(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(c, rand.Reader)
	return must(t, key, err)
}

func setOf(keys ...string) []byte { return []byte(`{"keys":[` + strings.Join(keys, ",") + `]}`) }

func TestKeySet_KeepsPublicMembersAlone(t *testing.T) {
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	must(t, edwards, err)
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, modulus, err)
	keys := []string{
		jwk(t, onCurve(t, elliptic.P256()).Public(), "a"), jwk(t, onCurve(t, elliptic.P384()).Public(), "b"),
		jwk(t, onCurve(t, elliptic.P521()).Public(), "c"), jwk(t, edwards, "d"), jwk(t, modulus.Public(), ""),
	}
	keys[0] = strings.Replace(keys[0], "{", `{"x5u":"https://elsewhere.example/","x5t":"AAAA","key_ops":["verify"],"use":"sig","ext":true,`, 1)
	set, faults := proof.ParseKeySet(setOf(keys...))
	if faults != nil {
		t.Fatal(faults)
	}
	if got := set.Keys(); len(got) != 5 || got[4].ID != got[4].Thumbprint || got[0].ID != "a" {
		t.Errorf("read %+v", got)
	}
	again, faults := proof.ParseKeySet([]byte(set.JSON()))
	if faults != nil || again.JSON() != set.JSON() {
		t.Errorf("read again it is %v %s", faults, again.JSON())
	}
	for _, gone := range []string{"x5u", "x5t", "ext", "key_ops"} {
		if strings.Contains(set.JSON(), gone) {
			t.Errorf("%s is still in %s", gone, set.JSON())
		}
	}
}

func TestKeySet_RefusesWhatS15Names(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // to be refused
	must(t, small, err)
	private := onCurve(t, elliptic.P256())
	good := jwk(t, private.Public(), "a")
	eleven := make([]string, 11)
	for i := range eleven {
		eleven[i] = jwk(t, onCurve(t, elliptic.P256()).Public(), fmt.Sprint(i))
	}
	for what, raw := range map[string][]byte{
		"no JSON":               []byte("{"),
		"no keys":               []byte(`{"keys":[]}`),
		"another shape":         []byte(`{"keys":{}}`),
		"keys twice":            []byte(`{"keys":[],"keys":[` + good + `]}`),
		"a single key":          []byte(good),
		"a private EC key":      setOf(jwk(t, private, "a")),
		"a private RSA key":     setOf(strings.Replace(good, "{", `{"p":"AQ",`, 1)),
		"an empty d":            setOf(strings.Replace(good, "{", `{"d":null,`, 1)),
		"a secret":              setOf(`{"kty":"oct","k":"AAAA"}`),
		"RSA of 1024 bits":      setOf(jwk(t, small.Public(), "a")),
		"X25519":                setOf(`{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`),
		"a point off curve":     setOf(`{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWIAa0"}`),
		"for encryption":        setOf(strings.Replace(good, "{", `{"use":"enc",`, 1)),
		"another algorithm":     setOf(strings.Replace(good, "{", `{"alg":"ES384",`, 1)),
		"HS256":                 setOf(strings.Replace(good, "{", `{"alg":"HS256",`, 1)),
		"a member twice":        setOf(strings.Replace(good, "{", `{"kty":"EC",`, 1)),
		"the same kid twice":    setOf(good, jwk(t, onCurve(t, elliptic.P256()).Public(), "a")),
		"the same key twice":    setOf(good, strings.Replace(good, `"a"`, `"b"`, 1)),
		"eleven keys":           setOf(eleven...),
		"too large":             append(setOf(good), make([]byte, proof.MaxKeySetSize)...),
		"a kid of quotes":       setOf(strings.Replace(good, `"kid":"a"`, `"kid":"\""`, 1)),
		"a kid that is no text": setOf(strings.Replace(good, `"kid":"a"`, `"kid":7`, 1)),
	} {
		set, faults := proof.ParseKeySet(raw)
		if set != nil || len(faults) == 0 {
			t.Errorf("%s was taken", what)
		}
	}
}

func TestKeySet_NeverEchoesAPrivatePart(t *testing.T) {
	private := onCurve(t, elliptic.P256())
	raw := jwk(t, private, "a")
	var members map[string]string
	if err := json.Unmarshal([]byte(raw), &members); err != nil {
		t.Fatal(err)
	}
	_, faults := proof.ParseKeySet(setOf(raw))
	if len(faults) != 1 || strings.Contains(faults[0].Message, members["d"]) {
		t.Errorf("faults %v", faults)
	}
}

func FuzzParseKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		set, faults := proof.ParseKeySet(raw)
		if (set == nil) == (len(faults) == 0) {
			t.Fatalf("set %v, faults %v", set, faults)
		}
		if set == nil {
			return
		}
		again, faults := proof.ParseKeySet([]byte(set.JSON()))
		if faults != nil || again.JSON() != set.JSON() {
			t.Fatalf("%q is read as %q, and then %v", raw, set.JSON(), faults)
		}
	})
}
