package restapi

import (
	"bytes"
	"encoding/json"
	"slices"
)

// keySetJSON is a JWK Set of public keys (RFC 7517 section 5).
type keySetJSON struct {
	_    struct{}  `nullable:"true"`
	Keys []keyJSON `json:"keys" minItems:"1" maxItems:"10" doc:"RSA from 2048 bits, P-256, P-384, P-521 or Ed25519; public parts only."`
}

// keyJSON is a public key (RFC 7517 section 4, RFC 7518 section 6, RFC 8037).
type keyJSON struct {
	_         struct{} `additionalProperties:"true"`
	KeyType   string   `json:"kty" enum:"EC,OKP,RSA" doc:"Kind of key."`
	KeyID     string   `json:"kid,omitempty" maxLength:"128" doc:"Its name in the set. Left out: its thumbprint (RFC 7638)."`
	Algorithm string   `json:"alg,omitempty" enum:"ES256,ES384,ES512,PS256,RS256,EdDSA" doc:"The one algorithm that it is for. Left out: any of its kind."`
	Use       string   `json:"use,omitempty" enum:"sig"`
	Curve     string   `json:"crv,omitempty" enum:"P-256,P-384,P-521,Ed25519" doc:"Of EC and OKP."`
	X         string   `json:"x,omitempty" doc:"Of EC and OKP, base64url."`
	Y         string   `json:"y,omitempty" doc:"Of EC, base64url."`
	N         string   `json:"n,omitempty" doc:"Of RSA: the modulus, base64url."`
	E         string   `json:"e,omitempty" doc:"Of RSA: the exponent, base64url."`
}

// renderKeySet shows the stored set; nil when there is none.
func renderKeySet(stored string) *keySetJSON {
	if stored == "" {
		return nil
	}
	var out keySetJSON
	if json.Unmarshal([]byte(stored), &out) != nil {
		return nil // not met: the set was written by ourselves
	}
	return &out
}

// keySet takes a JWK Set as it stands: what is in it is for the use case to
// judge. null stands for none.
func (o *object) keySet(into *[]byte) bool {
	return o.take("jwks", true, func(raw []byte) string {
		if !bytes.HasPrefix(raw, []byte("{")) {
			return "This must be a JWK Set: an object with the member keys."
		}
		*into = slices.Clone(raw)
		return ""
	})
}
