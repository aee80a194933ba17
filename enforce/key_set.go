package enforce

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// keysKept is how long a set is used before it is fetched anew. The server
	// publishes a key longer than that before it signs with it.
	keysKept = 5 * time.Minute
	// keysPause is the least time between two fetches, whatever tokens name: a
	// stranger who invents key IDs cannot make this process hammer the server.
	keysPause = 10 * time.Second
	// keysLimit is how long a set is believed that cannot be fetched anew.
	keysLimit = time.Hour
	// The bounds of an RSA key.
	leastRSABits, mostRSABits = 2048, 4096
)

// keySet is the server's JWK Set (RFC 7517 section 5).
type keySet struct {
	source *source
	clock  func() time.Time

	present atomic.Pointer[keys]
	// fetching admits one fetch at a time.
	fetching sync.Mutex
	tried    time.Time // when the last fetch began; under fetching
}

// keys is a set as fetched at a time.
type keys struct {
	byID    map[string]publicKey
	fetched time.Time
}

// publicKey verifies signatures of its one algorithm (RFC 8725 section 3.1).
type publicKey struct {
	algorithm string
	key       crypto.PublicKey
}

// find returns a key, having fetched the set if need be. The error is a cause of
// an invalid token, or errUnavailable.
func (s *keySet) find(ctx context.Context, kid string) (publicKey, error) {
	k, now := s.present.Load(), s.clock()
	if k != nil && now.Sub(k.fetched) < keysKept {
		if key, known := k.byID[kid]; known {
			return key, nil
		}
	}
	k = s.refresh(ctx, now)
	if k == nil || now.Sub(k.fetched) > keysLimit {
		return publicKey{}, errUnavailable
	}
	if key, known := k.byID[kid]; known {
		return key, nil
	}
	return publicKey{}, errKey
}

// refresh fetches the set unless that was tried a moment ago. Callers who come
// meanwhile wait for the one fetch. It returns the set in force.
func (s *keySet) refresh(ctx context.Context, arrival time.Time) *keys {
	s.fetching.Lock()
	defer s.fetching.Unlock()
	k := s.present.Load()
	if k != nil && k.fetched.After(arrival) || !s.tried.IsZero() && s.clock().Sub(s.tried) < keysPause {
		return k
	}
	s.tried = s.clock()
	fetched, err := s.source.keys(context.WithoutCancel(ctx)) // it is everybody's, not this caller's
	if err != nil {
		s.source.log.WarnContext(ctx, "the JWK Set could not be fetched; the last one is used for a while", "error", err)
		s.tried = s.clock() // a fetch that took its whole timeout must not be followed by the next at once
		return k
	}
	k = &keys{byID: fetched, fetched: s.tried}
	s.present.Store(k)
	return k
}

// jwk is a public key on the wire.
type jwk struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	KID       string `json:"kid"`
}

var errNoKeys = errors.New("the JWK Set holds no key that can be used")

// parseKeys reads a JWK Set. Keys that are not understood are left out (RFC 7517
// section 5): the server may have keys for something else.
func parseKeys(data []byte) (map[string]publicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, err
	}
	out := map[string]publicKey{}
	for _, raw := range set.Keys {
		var k jwk
		if json.Unmarshal(raw, &k) != nil || k.KID == "" || k.Use != "" && k.Use != "sig" {
			continue
		}
		key, ok := k.public()
		if _, twice := out[k.KID]; ok && !twice {
			out[k.KID] = publicKey{k.Algorithm, key}
		}
	}
	if len(out) == 0 {
		return nil, errNoKeys
	}
	return out, nil
}

func (k *jwk) public() (crypto.PublicKey, bool) {
	switch {
	case k.Algorithm == "ES256" && k.KeyType == "EC" && k.Curve == "P-256":
		x, y := bytesOf(k.X), bytesOf(k.Y)
		if len(x) != 32 || len(y) != 32 {
			return nil, false
		}
		point := append(append([]byte{4}, x...), y...) // SEC 1 section 2.3.3
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		return key, err == nil
	case k.Algorithm == "EdDSA" && k.KeyType == "OKP" && k.Curve == "Ed25519":
		x := bytesOf(k.X)
		return ed25519.PublicKey(x), len(x) == ed25519.PublicKeySize
	case k.Algorithm == "RS256" && k.KeyType == "RSA":
		n, e := new(big.Int).SetBytes(bytesOf(k.Modulus)), new(big.Int).SetBytes(bytesOf(k.Exponent))
		if bits := n.BitLen(); bits < leastRSABits || bits > mostRSABits || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 || e.Bit(0) == 0 {
			return nil, false
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, true
	}
	return nil, false
}

func bytesOf(text string) []byte {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

// halfOrder is half the order of P-256, as 32 bytes.
const halfOrder = "\x7f\xff\xff\xff\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff" +
	"\xde\x73\x7d\x56\xd3\x8b\xcf\x42\x79\xdc\xe5\x61\x7e\x31\x92\xa8"

// verify tells whether a JWS signature (RFC 7518 section 3) is of signed.
func (k publicKey) verify(signed string, signature []byte) bool {
	switch key := k.key.(type) {
	case *ecdsa.PublicKey:
		if len(signature) != 64 {
			return false
		}
		// Of r, s and its twin r, n-s, which anybody can compute, the server makes
		// the one with the smaller s: a token has one spelling (S13).
		if string(signature[32:]) > halfOrder {
			return false
		}
		digest := sha256.Sum256([]byte(signed))
		return ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	case ed25519.PublicKey:
		return ed25519.Verify(key, []byte(signed), signature)
	case *rsa.PublicKey:
		digest := sha256.Sum256([]byte(signed))
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	}
	return false
}
