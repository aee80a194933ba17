package keyring

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
)

// The example of RFC 7515 appendix A.3.
const (
	rfcX   = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
	rfcY   = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
	rfcJWS = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
		"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)

func rfcKey() (jwk, string) {
	k := jwk{KeyType: "EC", Curve: "P-256", X: rfcX, Y: rfcY, Use: "sig", Algorithm: apicred.AlgorithmES256}
	k.KID = k.thumbprint()
	return k, `{"kty":"EC","crv":"P-256","x":"` + rfcX + `","y":"` + rfcY + `","use":"sig","alg":"ES256","kid":"` + k.KID + `"}`
}

func TestVerify_AgreesWithTheExampleOfRFC7515(t *testing.T) {
	described, stored := rfcKey()
	_, public, err := parseJWK([]byte(stored), described.KID)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndexByte(rfcJWS, '.')
	signature, err := base64.RawURLEncoding.DecodeString(rfcJWS[at+1:])
	if err != nil {
		t.Fatal(err)
	}
	key := &es256Public{public.(*ecdsa.PublicKey)}
	// The example has the larger of the two possible s, which we never write.
	if key.Verify([]byte(rfcJWS[:at]), signature) {
		t.Error("the larger s is accepted")
	}
	s := new(big.Int).SetBytes(signature[coordinateSize:])
	s.Sub(elliptic.P256().Params().N, s).FillBytes(signature[coordinateSize:])
	if !key.Verify([]byte(rfcJWS[:at]), signature) {
		t.Error("the signature does not verify")
	}
	if half := new(big.Int).Rsh(elliptic.P256().Params().N, 1); half.Cmp(new(big.Int).SetBytes([]byte(halfOrder))) != 0 {
		t.Errorf("half the order is %x", half)
	}
}

func TestParseJWK_RefusesAnotherKeyThanTheOneNamed(t *testing.T) {
	described, stored := rfcKey()
	for name, x := range map[string]struct{ stored, kid string }{
		"another kid":       {stored, "another"},
		"another x":         {strings.Replace(stored, rfcX, rfcY, 1), described.KID},
		"a short x":         {strings.Replace(stored, rfcX, rfcX[:40], 1), described.KID},
		"no point":          {strings.Replace(stored, "f83OJ", "f83OK", 1), described.KID},
		"another curve":     {strings.Replace(stored, "P-256", "P-384", 1), described.KID},
		"another type":      {strings.Replace(stored, `"EC"`, `"OKP"`, 1), described.KID},
		"another alg":       {strings.Replace(stored, "ES256", "none", 1), described.KID},
		"another kid in it": {strings.Replace(stored, described.KID, "another", 1), described.KID},
		"not JSON":          {"", described.KID},
	} {
		if _, _, err := parseJWK([]byte(x.stored), x.kid); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
