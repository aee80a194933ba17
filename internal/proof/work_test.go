package proof

import (
	"bytes"
	"testing"
)

// For a client that is unknown a signature is checked with a key that fits it, so
// that it takes as long as for one that is known (S3).
func TestStandIn_IsAKeyThatTheSignatureCouldBeOf(t *testing.T) {
	sizes := map[string]int{"ES256": 64, "ES384": 96, "ES512": 132, "EdDSA": 64, "RS256": 512, "PS256": 256}
	for _, algorithm := range Algorithms() {
		j := &jws{algorithm: algorithm, signed: "a.b", signature: bytes.Repeat([]byte{1}, sizes[algorithm])}
		key := j.standIn()
		if !j.fits(key) {
			t.Errorf("%s: %T does not fit", algorithm, key)
		}
		if j.signedBy(key) {
			t.Errorf("%s: anything is signed by the stand-in", algorithm)
		}
	}
}
