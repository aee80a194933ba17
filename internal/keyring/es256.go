package keyring

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
)

const (
	coordinateSize = 32
	signatureSize  = 2 * coordinateSize
)

// halfOrder is half the order of P-256, as 32 bytes. With r and s, r and n-s is
// a signature of the same text, which anybody can compute. We make and accept
// only the one with the smaller s, so that a token has one spelling (S13).
const halfOrder = "\x7f\xff\xff\xff\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff" +
	"\xde\x73\x7d\x56\xd3\x8b\xcf\x42\x79\xdc\xe5\x61\x7e\x31\x92\xa8"

// es256Private signs with ECDSA on P-256 and SHA-256 (RFC 7518 section 3.4).
type es256Private struct {
	private *ecdsa.PrivateKey
	header  string
}

// es256Public verifies what es256Private signs.
type es256Public struct{ key *ecdsa.PublicKey }

var (
	_ accesstoken.SigningKey = (*es256Private)(nil)
	_ accesstoken.PublicKey  = (*es256Public)(nil)
)

// Header implements accesstoken.SigningKey.
func (k *es256Private) Header() string { return k.header }

// AppendSignature implements accesstoken.SigningKey.
func (k *es256Private) AppendSignature(dst, signingInput []byte) ([]byte, error) {
	digest := sha256.Sum256(signingInput)
	r, s, err := ecdsa.Sign(rand.Reader, k.private, digest[:])
	if err != nil {
		return dst, err
	}
	var signature [signatureSize]byte
	r.FillBytes(signature[:coordinateSize])
	s.FillBytes(signature[coordinateSize:])
	if string(signature[coordinateSize:]) > halfOrder {
		s.Sub(k.private.Params().N, s).FillBytes(signature[coordinateSize:])
	}
	return base64.RawURLEncoding.AppendEncode(dst, signature[:]), nil
}

// Algorithm implements accesstoken.PublicKey.
func (k *es256Public) Algorithm() string { return string(apicred.AlgorithmES256) }

// Verify implements accesstoken.PublicKey. The signature is r and s, 32 bytes
// each, and nothing else: an ASN.1 signature would be a second spelling.
func (k *es256Public) Verify(signingInput, signature []byte) bool {
	if len(signature) != signatureSize || string(signature[coordinateSize:]) > halfOrder {
		return false
	}
	digest := sha256.Sum256(signingInput)
	r := new(big.Int).SetBytes(signature[:coordinateSize])
	s := new(big.Int).SetBytes(signature[coordinateSize:])
	return ecdsa.Verify(k.key, digest[:], r, s)
}
