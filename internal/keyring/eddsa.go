package keyring

import (
	"crypto/ed25519"
	"encoding/base64"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
)

// eddsaPrivate signs with Ed25519 (RFC 8037 section 3.1).
type eddsaPrivate struct {
	private ed25519.PrivateKey
	header  string
}

// eddsaPublic verifies what eddsaPrivate signs.
type eddsaPublic struct{ key ed25519.PublicKey }

var (
	_ accesstoken.SigningKey = (*eddsaPrivate)(nil)
	_ accesstoken.PublicKey  = (*eddsaPublic)(nil)
)

// Header implements accesstoken.SigningKey.
func (k *eddsaPrivate) Header() string { return k.header }

// AppendSignature implements accesstoken.SigningKey.
func (k *eddsaPrivate) AppendSignature(dst, signingInput []byte) ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(dst, ed25519.Sign(k.private, signingInput)), nil
}

// Algorithm implements accesstoken.PublicKey.
func (k *eddsaPublic) Algorithm() string { return string(apicred.AlgorithmEdDSA) }

// Verify implements accesstoken.PublicKey. The library refuses an S that is not
// reduced (RFC 8032 section 5.1.7) and compares R by its bytes, so that there is
// one signature to a text that others could not make.
func (k *eddsaPublic) Verify(signingInput, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(k.key, signingInput, signature)
}
