package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"

	"github.com/claviger/claviger/internal/apicred"
)

// The bounds of an RSA key that is read: what is made has rsaBits.
const (
	leastRSABits = 2048
	mostRSABits  = 4096
)

var errPublicKey = errors.New("the public key is not the one that its kid names")

// jwk is a public key of RFC 7517, as published and stored: kty EC (RFC 7518
// section 6.2), OKP (RFC 8037 section 2) or RSA (RFC 7518 section 6.3).
type jwk struct {
	KeyType   string                   `json:"kty"`
	Curve     string                   `json:"crv,omitempty"`
	X         string                   `json:"x,omitempty"`
	Y         string                   `json:"y,omitempty"`
	Modulus   string                   `json:"n,omitempty"`
	Exponent  string                   `json:"e,omitempty"`
	Use       string                   `json:"use"`
	Algorithm apicred.SigningAlgorithm `json:"alg"`
	KID       string                   `json:"kid"`
}

// newJWK describes a public key. Its kid is the key's SHA-256 thumbprint (RFC
// 7638), so it needs no bookkeeping to be unique.
func newJWK(key crypto.PublicKey) (jwk, error) {
	k := jwk{Use: "sig"}
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, X, Y (SEC 1 section 2.3.3)
		if err != nil {
			return jwk{}, err
		}
		k.KeyType, k.Curve, k.Algorithm = "EC", "P-256", apicred.AlgorithmES256
		k.X, k.Y = encode(point[1:1+coordinateSize]), encode(point[1+coordinateSize:])
	case ed25519.PublicKey:
		k.KeyType, k.Curve, k.Algorithm, k.X = "OKP", "Ed25519", apicred.AlgorithmEdDSA, encode(key)
	case *rsa.PublicKey:
		k.KeyType, k.Algorithm = "RSA", apicred.AlgorithmRS256
		k.Modulus, k.Exponent = encode(key.N.Bytes()), encode(big.NewInt(int64(key.E)).Bytes())
	default:
		return jwk{}, fmt.Errorf("%T is no key that signs tokens", key)
	}
	k.KID = k.thumbprint()
	return k, nil
}

// thumbprint hashes the required members in the order of RFC 7638 section 3.2
// (for OKP: RFC 8037 section 2).
func (k *jwk) thumbprint() string {
	text := `{"crv":"` + k.Curve + `","kty":"` + k.KeyType + `","x":"` + k.X + `"`
	switch k.KeyType {
	case "EC":
		text += `,"y":"` + k.Y + `"`
	case "RSA":
		text = `{"e":"` + k.Exponent + `","kty":"RSA","n":"` + k.Modulus + `"`
	}
	sum := sha256.Sum256([]byte(text + "}"))
	return encode(sum[:])
}

// parseJWK reads a stored public key and checks that it is the one named.
func parseJWK(stored []byte, kid string) (jwk, crypto.PublicKey, error) {
	var k jwk
	if err := json.Unmarshal(stored, &k); err != nil {
		return jwk{}, nil, err
	}
	key, err := k.public()
	if err != nil {
		return jwk{}, nil, err
	}
	// One spelling: what the key itself would be described as.
	if again, err := newJWK(key); err != nil || again != k || k.KID != kid {
		return jwk{}, nil, errPublicKey
	}
	return k, key, nil
}

// public decodes the key that k describes.
func (k *jwk) public() (crypto.PublicKey, error) {
	strict := base64.RawURLEncoding.Strict()
	x, errX := strict.DecodeString(k.X)
	y, errY := strict.DecodeString(k.Y)
	n, errN := strict.DecodeString(k.Modulus)
	e, errE := strict.DecodeString(k.Exponent)
	if err := errors.Join(errX, errY, errN, errE); err != nil {
		return nil, errPublicKey
	}
	switch {
	case k.KeyType == "EC" && len(x) == coordinateSize && len(y) == coordinateSize:
		const uncompressed = 4
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{uncompressed}, x...), y...))
	case k.KeyType == "OKP" && len(x) == ed25519.PublicKeySize:
		return ed25519.PublicKey(x), nil
	case k.KeyType == "RSA" && len(n) <= mostRSABits/8 && len(e) == 3:
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		if key.N.BitLen() >= leastRSABits {
			return key, nil
		}
	}
	return nil, errPublicKey
}

// PublicPEM writes a public key, given as a JWK, in the form that OpenSSL and
// HAProxy read: SubjectPublicKeyInfo (RFC 5280 section 4.1) in PEM. The kid must
// be the key's own.
func PublicPEM(publicJWK []byte) ([]byte, error) {
	var named struct {
		KID string `json:"kid"`
	}
	if err := json.Unmarshal(publicJWK, &named); err != nil {
		return nil, apicred.Internal(err)
	}
	_, key, err := parseJWK(publicJWK, named.KID)
	if err != nil {
		return nil, apicred.Internal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, apicred.Internal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
