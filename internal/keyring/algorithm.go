package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
)

// generate makes a private key of an algorithm.
func generate(algorithm apicred.SigningAlgorithm) (crypto.Signer, error) {
	switch algorithm {
	case apicred.AlgorithmES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case apicred.AlgorithmEdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case apicred.AlgorithmRS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return nil, unknownAlgorithm(algorithm)
}

func unknownAlgorithm(algorithm apicred.SigningAlgorithm) error {
	return fmt.Errorf("%q is no signing algorithm of this release", algorithm)
}

// encodePrivate is what is sealed: the scalar of ES256, the seed of EdDSA (RFC
// 8032 section 5.1.5), PKCS#1 (RFC 8017 appendix A.1.2) of RS256.
func encodePrivate(private crypto.Signer) ([]byte, error) {
	switch key := private.(type) {
	case *ecdsa.PrivateKey:
		return key.Bytes()
	case ed25519.PrivateKey:
		return key.Seed(), nil
	case *rsa.PrivateKey:
		return x509.MarshalPKCS1PrivateKey(key), nil
	}
	return nil, fmt.Errorf("%T is no key that signs tokens", private)
}

// parsePrivate is the other way.
func parsePrivate(algorithm apicred.SigningAlgorithm, encoded []byte) (crypto.Signer, error) {
	switch algorithm {
	case apicred.AlgorithmES256:
		return ecdsa.ParseRawPrivateKey(elliptic.P256(), encoded)
	case apicred.AlgorithmEdDSA:
		if len(encoded) != ed25519.SeedSize {
			return nil, fmt.Errorf("an Ed25519 seed has %d bytes, this has %d", ed25519.SeedSize, len(encoded))
		}
		return ed25519.NewKeyFromSeed(encoded), nil
	case apicred.AlgorithmRS256:
		return x509.ParsePKCS1PrivateKey(encoded)
	}
	return nil, unknownAlgorithm(algorithm)
}

// newSigner returns the signer of a private key that is published as described.
func newSigner(private crypto.Signer, described jwk) (accesstoken.SigningKey, error) {
	header := encode([]byte(`{"alg":"` + string(described.Algorithm) + `","kid":"` + described.KID + `","typ":"at+jwt"}`))
	switch key := private.(type) {
	case *ecdsa.PrivateKey:
		return &es256Private{key, header}, nil
	case ed25519.PrivateKey:
		return &eddsaPrivate{key, header}, nil
	case *rsa.PrivateKey:
		return &rs256Private{key, header}, nil
	}
	return nil, unknownAlgorithm(described.Algorithm)
}

// newVerifier returns the verifier of a public key: one algorithm a key (RFC
// 8725 section 3.1).
func newVerifier(public crypto.PublicKey) (accesstoken.PublicKey, error) {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		return &es256Public{key}, nil
	case ed25519.PublicKey:
		return &eddsaPublic{key}, nil
	case *rsa.PublicKey:
		return &rs256Public{key}, nil
	}
	return nil, fmt.Errorf("%T is no key that verifies tokens", public)
}
