package accesstoken

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

func TestAssertion_ACostlyOneWaitsForItsTurnAndNoOtherDoes(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	turns := make(oneByOne, 1)
	for name, test := range map[string]struct {
		algorithm jose.SignatureAlgorithm
		curve     elliptic.Curve
		taken     bool
		want      bool
	}{
		"usual, while another is checked":  {jose.ES256, elliptic.P256(), true, true},
		"costly, while another is checked": {jose.ES512, elliptic.P521(), true, false},
		"costly, alone":                    {jose.ES512, elliptic.P521(), false, true},
	} {
		assertion, keys := assertionSigned(t, test.algorithm, test.curve)
		ctx := t.Context()
		if test.taken {
			turns <- struct{}{}
			ctx = ended
		}
		thumbprint, err := turns.signedBy(ctx, assertion, keys)
		if test.taken {
			<-turns
		}
		if (thumbprint != "") != test.want || (err == nil) != test.want || err != nil && !apicred.IsKind(err, apicred.KindUnavailable) {
			t.Errorf("%s: signed by %q, %v", name, thumbprint, err)
		}
		if len(turns) != 0 {
			t.Errorf("%s: its turn never ends", name)
		}
	}
}

func assertionSigned(t *testing.T, algorithm jose.SignatureAlgorithm, curve elliptic.Curve) (*proof.Assertion, *proof.KeySet) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	fatal(t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: crypto.Signer(key)}, nil)
	fatal(t, err)
	object, err := signer.Sign([]byte(`{"iss":"c","sub":"c","aud":"a","jti":"j","exp":1}`))
	fatal(t, err)
	raw, err := object.CompactSerialize()
	fatal(t, err)
	assertion, err := proof.ParseAssertion(raw)
	fatal(t, err)
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public()}}})
	fatal(t, err)
	keys, _ := proof.ParseKeySet(set)
	if keys == nil {
		t.Fatal("no keys")
	}
	return assertion, keys
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
