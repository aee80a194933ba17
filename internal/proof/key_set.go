package proof

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha512" // for crypto.SHA384 and SHA512
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// Bounds of a JWK Set (S15).
const (
	// MaxKeys is how many keys a set may hold: enough to rotate them.
	MaxKeys = 10
	// MaxKeySetSize bounds a set as sent, in bytes.
	MaxKeySetSize = 32 << 10
	maxKeyID      = 128
	minRSA        = 2048 // bits
	maxRSA        = 8192 // bits: more would make checking a signature expensive
)

// Key is a public key that somebody else signs with.
type Key struct {
	// ID is the kid; a key uploaded without one has its thumbprint.
	ID string
	// Thumbprint is that of RFC 7638 with SHA-256, in base64url.
	Thumbprint string
	public     crypto.PublicKey
	algorithm  string // the one it is for; empty: any of its kind
	json       json.RawMessage
}

// KeySet is a JWK Set (RFC 7517 section 5) of public keys.
type KeySet struct{ keys []Key }

// Fault is what is wrong with an uploaded set. It never holds a part of it.
type Fault struct {
	Key     int // index of the key; -1: the set as such
	Message string
}

// ParseKeySet reads an uploaded JWK Set: one to ten public keys, RSA from 2048
// bits, P-256, P-384, P-521 or Ed25519, each with a kid of its own. Members that
// have no meaning here are left out, certificates and URLs among them: nothing
// is fetched. The set is nil when there are faults.
func ParseKeySet(raw []byte) (*KeySet, []Fault) {
	if len(raw) > MaxKeySetSize {
		return nil, []Fault{{-1, fmt.Sprintf("The JWK Set is larger than %d bytes. Send only the public keys in use.", MaxKeySetSize)}}
	}
	var set struct {
		Keys []map[string]json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(raw, &set) != nil {
		return nil, []Fault{{-1, `This must be a JWK Set, as {"keys":[{"kty":"EC","crv":"P-256","kid":"…","x":"…","y":"…"}]}, with no member twice.`}}
	}
	switch n := len(set.Keys); {
	case n == 0:
		return nil, []Fault{{-1, "The JWK Set holds no key. Send at least one public key."}}
	case n > MaxKeys:
		return nil, []Fault{{-1, fmt.Sprintf("The JWK Set holds %d keys. Send at most %d.", n, MaxKeys)}}
	}
	out, faults := &KeySet{}, []Fault(nil)
	for i, members := range set.Keys {
		key, fault := parseKey(members)
		switch {
		case fault != "":
		case slices.ContainsFunc(out.keys, func(k Key) bool { return k.ID == key.ID }):
			fault = "Another key of the set has the same kid. Give each key its own."
		case slices.ContainsFunc(out.keys, func(k Key) bool { return k.Thumbprint == key.Thumbprint }):
			fault = "The same key stands in the set twice. Send it once."
		}
		if fault != "" {
			faults = append(faults, Fault{i, fault})
			continue
		}
		out.keys = append(out.keys, key)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return out, nil
}

// Keys are the keys, in the order of the set.
func (s *KeySet) Keys() []Key { return slices.Clone(s.keys) }

// JSON is the set with nothing but what was understood.
func (s *KeySet) JSON() string {
	out := []byte(`{"keys":[`)
	for i := range s.keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, s.keys[i].json...)
	}
	return string(append(out, "]}"...))
}

// pick finds the key that an object says it is signed with: by kid, or, where it
// names none, the only one there is (RFC 7515 section 4.1.4).
func (s *KeySet) pick(keyID, algorithm string) *Key {
	if s == nil {
		return nil
	}
	for i := range s.keys {
		k := &s.keys[i]
		if k.ID != keyID && (keyID != "" || len(s.keys) != 1) {
			continue
		}
		if k.algorithm != "" && k.algorithm != algorithm {
			return nil
		}
		return k
	}
	return nil
}

// Has tells whether a key with thumbprint is in the set, which may be nil.
func (s *KeySet) Has(thumbprint string) bool {
	return s != nil && slices.ContainsFunc(s.keys, func(k Key) bool { return k.Thumbprint == thumbprint })
}

// curve is what an ECDSA algorithm goes with.
type curve struct {
	curve elliptic.Curve
	hash  crypto.Hash
	size  int // of each of the signature's two numbers, in bytes
}

func curves() map[string]curve {
	return map[string]curve{
		"ES256": {elliptic.P256(), crypto.SHA256, 32},
		"ES384": {elliptic.P384(), crypto.SHA384, 48},
		"ES512": {elliptic.P521(), crypto.SHA512, 66},
	}
}

// parseKey reads one public key; fault says what is wrong with it.
func parseKey(members map[string]json.RawMessage) (key Key, fault string) {
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
		if _, there := members[private]; there {
			return Key{}, "This key holds private parts. Make a new key pair, since this one has left its place, and send its public part alone."
		}
	}
	var kty, use string
	if !text(members, "kty", &kty) || !slices.Contains([]string{"EC", "RSA", "OKP"}, kty) {
		return Key{}, "The kty must be EC, RSA or OKP. Secret keys are not taken."
	}
	if _, there := members["use"]; there && (!text(members, "use", &use) || use != "sig") {
		return Key{}, "The use must be sig, or left out."
	}
	if raw, there := members["key_ops"]; there {
		var operations []string
		if json.Unmarshal(raw, &operations) != nil || !slices.Contains(operations, "verify") {
			return Key{}, "The key_ops must hold verify, or be left out."
		}
	}
	if _, there := members["kid"]; there && !text(members, "kid", &key.ID) || len(key.ID) > maxKeyID || !printable(key.ID) {
		return Key{}, fmt.Sprintf("The kid must be 1 to %d printable ASCII characters without quote and backslash.", maxKeyID)
	}
	if _, there := members["alg"]; there && !text(members, "alg", &key.algorithm) {
		return Key{}, algorithmFault
	}
	return key.read(members)
}

const algorithmFault = "The alg must be one for this kind of key: ES256 for P-256, ES384 for P-384, ES512 for P-521, EdDSA for Ed25519, RS256 or PS256 for RSA; or be left out."

// read reads the key itself and writes it anew, with what is known of it alone.
func (k Key) read(members map[string]json.RawMessage) (key Key, fault string) {
	plain := []byte{'{'}
	for _, name := range []string{"kty", "crv", "x", "y", "n", "e"} {
		if raw, there := members[name]; there {
			plain = append(append(plain, `"`+name+`":`...), raw...)
			plain = append(plain, ',')
		}
	}
	plain[len(plain)-1] = '}' // kty is always there
	var jwk jose.JSONWebKey
	if jwk.UnmarshalJSON(plain) != nil || !jwk.Valid() {
		return Key{}, "This is not a public key. EC needs crv, x and y; OKP crv and x; RSA n and e, each in base64url."
	}
	k.public = jwk.Key
	if fault := k.weak(); fault != "" {
		return Key{}, fault
	}
	if k.algorithm != "" && !slices.Contains(k.algorithms(), k.algorithm) {
		return Key{}, algorithmFault
	}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return Key{}, "This is not a public key."
	}
	k.Thumbprint = encoding.EncodeToString(sum)
	if k.ID == "" {
		k.ID = k.Thumbprint
	}
	jwk.KeyID, jwk.Algorithm = k.ID, k.algorithm
	if k.json, err = jwk.MarshalJSON(); err != nil {
		return Key{}, "This is not a public key."
	}
	return k, ""
}

// weak refuses kinds and sizes of keys (S15).
func (k *Key) weak() string {
	switch key := k.public.(type) {
	case *ecdsa.PublicKey:
		return "" // go-jose takes the three curves only, and points on them
	case ed25519.PublicKey:
		return ""
	case *rsa.PublicKey:
		switch bits := key.N.BitLen(); {
		case bits < minRSA || bits > maxRSA:
			return fmt.Sprintf("The RSA key has %d bits. Take %d to %d.", bits, minRSA, maxRSA)
		case key.E < 65537 || key.E%2 == 0 || key.N.Bit(0) == 0:
			return "The RSA key is an odd one. Make one with the public exponent 65537."
		}
		return ""
	}
	return "The key must be RSA, P-256, P-384, P-521 or Ed25519."
}

// algorithms are those that a key of this kind can be used with.
func (k *Key) algorithms() []string {
	switch key := k.public.(type) {
	case *ecdsa.PublicKey:
		for name, of := range curves() {
			if of.curve == key.Curve {
				return []string{name}
			}
		}
	case ed25519.PublicKey:
		return []string{"EdDSA"}
	case *rsa.PublicKey:
		return []string{"RS256", "PS256"}
	}
	return nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}
