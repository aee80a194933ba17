package enforce

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // for crypto.SHA384 and SHA512
	"encoding/json"
	"math/big"
)

// proofAlgorithms are those taken of proofs (RFC 7518, RFC 8037): never none, and
// never one with a shared secret (RFC 8725 section 3.1).
const proofAlgorithms = "ES256 ES384 ES512 PS256 RS256 EdDSA"

// proofKey is the public key that a proof carries.
type proofKey struct {
	algorithm string
	key       crypto.PublicKey
	// canonical is the text whose hash is the thumbprint (RFC 7638 section 3.2).
	canonical string
}

// curve is what an ECDSA algorithm goes with.
type curve struct {
	name  string
	curve elliptic.Curve
	hash  crypto.Hash
	size  int // of a coordinate and of each of the signature's numbers, in bytes
}

func curveOf(algorithm string) (curve, bool) {
	switch algorithm {
	case "ES256":
		return curve{"P-256", elliptic.P256(), crypto.SHA256, 32}, true
	case "ES384":
		return curve{"P-384", elliptic.P384(), crypto.SHA384, 48}, true
	case "ES512":
		return curve{"P-521", elliptic.P521(), crypto.SHA512, 66}, true
	}
	return curve{}, false
}

// parseProofKey reads a JWK that must be public and for the algorithm.
func parseProofKey(raw json.RawMessage, algorithm string) (k proofKey, ok bool) {
	members, err := readObject(raw)
	if err != nil {
		return proofKey{}, false
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
		if _, there := members[private]; there {
			return proofKey{}, false
		}
	}
	var use, named string
	if _, there := members["use"]; there && (!textOf(members, "use", &use) || use != "sig") {
		return proofKey{}, false
	}
	if _, there := members["alg"]; there && (!textOf(members, "alg", &named) || named != algorithm) {
		return proofKey{}, false
	}
	k.algorithm = algorithm
	if of, is := curveOf(algorithm); is {
		return k, k.readCurve(members, of)
	}
	if algorithm == "EdDSA" {
		return k, k.readEdwards(members)
	}
	return k, k.readRSA(members)
}

func (k *proofKey) readCurve(members map[string]json.RawMessage, of curve) bool {
	var kty, crv, x, y string
	if !textOf(members, "kty", &kty) || !textOf(members, "crv", &crv) || !textOf(members, "x", &x) || !textOf(members, "y", &y) {
		return false
	}
	left, right := bytesOf(x), bytesOf(y)
	if kty != "EC" || crv != of.name || len(left) != of.size || len(right) != of.size {
		return false
	}
	point := append(append([]byte{4}, left...), right...) // SEC 1 section 2.3.3
	key, err := ecdsa.ParseUncompressedPublicKey(of.curve, point)
	k.key, k.canonical = key, `{"crv":"`+crv+`","kty":"EC","x":"`+x+`","y":"`+y+`"}`
	return err == nil
}

func (k *proofKey) readEdwards(members map[string]json.RawMessage) bool {
	var kty, crv, x string
	if !textOf(members, "kty", &kty) || !textOf(members, "crv", &crv) || !textOf(members, "x", &x) {
		return false
	}
	key := bytesOf(x)
	k.key, k.canonical = ed25519.PublicKey(key), `{"crv":"Ed25519","kty":"OKP","x":"`+x+`"}`
	return kty == "OKP" && crv == "Ed25519" && len(key) == ed25519.PublicKeySize
}

// readRSA takes numbers without leading zeros alone, or one key would have many
// thumbprints.
func (k *proofKey) readRSA(members map[string]json.RawMessage) bool {
	const usual = 65537
	var kty, n, e string
	if !textOf(members, "kty", &kty) || !textOf(members, "n", &n) || !textOf(members, "e", &e) {
		return false
	}
	modulus, exponent := bytesOf(n), bytesOf(e)
	if kty != "RSA" || len(modulus) == 0 || modulus[0] == 0 || len(exponent) == 0 || exponent[0] == 0 {
		return false
	}
	big1, big2 := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	if bits := big1.BitLen(); bits < leastRSABits || bits > mostRSABits || big1.Bit(0) == 0 ||
		big2.BitLen() > 31 || big2.Int64() < usual || big2.Bit(0) == 0 {
		return false
	}
	k.key, k.canonical = &rsa.PublicKey{N: big1, E: int(big2.Int64())}, `{"e":"`+e+`","kty":"RSA","n":"`+n+`"}`
	return true
}

// thumbprint is that of RFC 7638 with SHA-256.
func (k *proofKey) thumbprint() string {
	sum := sha256.Sum256([]byte(k.canonical))
	return encoding.EncodeToString(sum[:])
}

// signed tells whether the signature (RFC 7518 section 3) is the key's.
func (k *proofKey) signed(input string, signature []byte) bool {
	switch key := k.key.(type) {
	case *ecdsa.PublicKey:
		of, _ := curveOf(k.algorithm)
		if len(signature) != 2*of.size {
			return false
		}
		hash := of.hash.New()
		_, _ = hash.Write([]byte(input)) // never fails (hash.Hash)
		return ecdsa.Verify(key, hash.Sum(nil), new(big.Int).SetBytes(signature[:of.size]), new(big.Int).SetBytes(signature[of.size:]))
	case ed25519.PublicKey:
		return ed25519.Verify(key, []byte(input), signature)
	case *rsa.PublicKey:
		digest := sha256.Sum256([]byte(input))
		if k.algorithm == "PS256" { // the salt is as long as the hash (RFC 7518 section 3.5)
			return rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	}
	return false
}
