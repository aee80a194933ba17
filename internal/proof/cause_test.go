package proof_test

import (
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// R20: a cause that were cut on its way would be explained as another.
func TestErrors_FitARefusal(t *testing.T) {
	for _, err := range []error{
		proof.ErrForm, proof.ErrHeader, proof.ErrPayload, proof.ErrSignature,
		proof.ErrAssertionParties, proof.ErrAssertionAudience, proof.ErrAssertionTime,
		proof.ErrCertificateForm, proof.ErrCertificateRepeated, proof.ErrCertificateChain, proof.ErrCertificateTime, proof.ErrCertificateKey,
		proof.ErrDPoPCount, proof.ErrDPoPForm, proof.ErrDPoPHeader, proof.ErrDPoPKey, proof.ErrDPoPPayload, proof.ErrDPoPMethod,
		proof.ErrDPoPAddress, proof.ErrDPoPTime, proof.ErrDPoPNonce, proof.ErrDPoPToken, proof.ErrDPoPHolder, proof.ErrDPoPSigned,
	} {
		if text := err.Error(); len(text) > apicred.MaxRefusalText {
			t.Errorf("%q: %d bytes, a refusal holds %d", text, len(text), apicred.MaxRefusalText)
		}
	}
}
