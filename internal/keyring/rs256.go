package keyring

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
)

// rsaBits is the size of the RSA keys that are made. A signature costs some
// thirty times one of ES256 (BenchmarkSign), and with 3072 bits three times as
// much again, for keys that sign a month and tokens that live a day.
const rsaBits = 2048

// rs256Private signs with RSASSA-PKCS1-v1_5 and SHA-256 (RFC 7518 section 3.3).
type rs256Private struct {
	private *rsa.PrivateKey
	header  string
}

// rs256Public verifies what rs256Private signs.
type rs256Public struct{ key *rsa.PublicKey }

var (
	_ accesstoken.SigningKey = (*rs256Private)(nil)
	_ accesstoken.PublicKey  = (*rs256Public)(nil)
)

// Header implements accesstoken.SigningKey.
func (k *rs256Private) Header() string { return k.header }

// AppendSignature implements accesstoken.SigningKey.
func (k *rs256Private) AppendSignature(dst, signingInput []byte) ([]byte, error) {
	digest := sha256.Sum256(signingInput)
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, digest[:])
	if err != nil {
		return dst, err
	}
	return base64.RawURLEncoding.AppendEncode(dst, signature), nil
}

// Algorithm implements accesstoken.PublicKey.
func (k *rs256Public) Algorithm() string { return string(apicred.AlgorithmRS256) }

// Verify implements accesstoken.PublicKey. The signature is as long as the
// modulus and less than it (RFC 8017 section 8.2.2), so it has one spelling.
func (k *rs256Public) Verify(signingInput, signature []byte) bool {
	digest := sha256.Sum256(signingInput)
	return rsa.VerifyPKCS1v15(k.key, crypto.SHA256, digest[:], signature) == nil
}
