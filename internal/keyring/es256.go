package keyring

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"

	"github.com/claviger/claviger/internal/accesstoken"
)

// ES256 is ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
const algorithmES256 = "ES256"

const (
	coordinateSize = 32
	signatureSize  = 2 * coordinateSize
)

// halfOrder is half the order of P-256, as 32 bytes. With r and s, r and n-s is
// a signature of the same text, which anybody can compute. We make and accept
// only the one with the smaller s, so that a token has one spelling (S13).
const halfOrder = "\x7f\xff\xff\xff\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff" +
	"\xde\x73\x7d\x56\xd3\x8b\xcf\x42\x79\xdc\xe5\x61\x7e\x31\x92\xa8"

// signingKey is a private key ready to sign (accesstoken.SigningKey).
type signingKey struct {
	private *ecdsa.PrivateKey
	header  string
}

// publicKey verifies (accesstoken.PublicKey).
type publicKey struct{ key *ecdsa.PublicKey }

var (
	_ accesstoken.SigningKey = (*signingKey)(nil)
	_ accesstoken.PublicKey  = (*publicKey)(nil)
)

// jwk is a public key of RFC 7517, as published and stored.
type jwk struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	KID       string `json:"kid"`
}

// newJWK describes an ES256 key. Its kid is the key's SHA-256 thumbprint
// (RFC 7638), so it needs no bookkeeping to be unique.
func newJWK(key *ecdsa.PublicKey) (jwk, error) {
	point, err := key.Bytes() // 4, X, Y (SEC 1 section 2.3.3)
	if err != nil {
		return jwk{}, err
	}
	k := jwk{
		KeyType: "EC", Curve: "P-256", Use: "sig", Algorithm: algorithmES256,
		X: encode(point[1 : 1+coordinateSize]), Y: encode(point[1+coordinateSize:]),
	}
	k.KID = k.thumbprint()
	return k, nil
}

// thumbprint hashes the required members in the order of RFC 7638 section 3.2.
func (k *jwk) thumbprint() string {
	sum := sha256.Sum256([]byte(`{"crv":"` + k.Curve + `","kty":"` + k.KeyType + `","x":"` + k.X + `","y":"` + k.Y + `"}`))
	return encode(sum[:])
}

// parseJWK reads a stored public key and checks that it is the one named.
func parseJWK(stored []byte, kid string) (jwk, *ecdsa.PublicKey, error) {
	var k jwk
	if err := json.Unmarshal(stored, &k); err != nil {
		return jwk{}, nil, err
	}
	strict := base64.RawURLEncoding.Strict()
	x, errX := strict.DecodeString(k.X)
	y, errY := strict.DecodeString(k.Y)
	if errX != nil || errY != nil || len(x) != coordinateSize || len(y) != coordinateSize ||
		k.KeyType != "EC" || k.Curve != "P-256" || k.Algorithm != algorithmES256 || k.KID != kid || k.thumbprint() != kid {
		return jwk{}, nil, errors.New("the public key is not the one that its kid names")
	}
	const uncompressed = 4
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{uncompressed}, x...), y...))
	return k, key, err
}

// newSigningKey returns the signer of a private key under kid.
func newSigningKey(private *ecdsa.PrivateKey, kid string) *signingKey {
	return &signingKey{private: private, header: encode([]byte(`{"alg":"` + algorithmES256 + `","kid":"` + kid + `","typ":"at+jwt"}`))}
}

// Header implements accesstoken.SigningKey.
func (k *signingKey) Header() string { return k.header }

// AppendSignature implements accesstoken.SigningKey.
func (k *signingKey) AppendSignature(dst, signingInput []byte) ([]byte, error) {
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
func (k *publicKey) Algorithm() string { return algorithmES256 }

// Verify implements accesstoken.PublicKey. The signature is r and s, 32 bytes
// each, and nothing else: an ASN.1 signature would be a second spelling.
func (k *publicKey) Verify(signingInput, signature []byte) bool {
	if len(signature) != signatureSize || string(signature[coordinateSize:]) > halfOrder {
		return false
	}
	digest := sha256.Sum256(signingInput)
	r := new(big.Int).SetBytes(signature[:coordinateSize])
	s := new(big.Int).SetBytes(signature[coordinateSize:])
	return ecdsa.Verify(k.key, digest[:], r, s)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
