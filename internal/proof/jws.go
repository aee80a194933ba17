package proof

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4/json"
)

// maxSize bounds an assertion, in bytes, before anything is done with it (S9).
const maxSize = 8 << 10

// MaxID bounds the jti of an assertion, in bytes.
const MaxID = 255

// What is wrong with an assertion, for the log alone: whoever sent it hears one
// and the same answer.
var (
	ErrForm      = errors.New("not three base64url parts in their one spelling, or too long")
	ErrHeader    = errors.New("an algorithm, type or extension that is not taken")
	ErrPayload   = errors.New("the payload is no JSON object with the members needed")
	ErrSignature = errors.New("the signature is wrong, or by no key of the client")
)

// Algorithms are the signature algorithms taken of others (RFC 7518, RFC 8037):
// never none, and never one with a shared secret, for which a public key would
// pass (RFC 8725 section 3.1).
func Algorithms() []string {
	return []string{"ES256", "ES384", "ES512", "PS256", "RS256", "EdDSA"}
}

// encoding is strict about the last character's spare bits.
var encoding = base64.RawURLEncoding.Strict()

// jws is a signed object in compact serialization whose signature was not
// looked at yet.
type jws struct {
	header    map[string]json.RawMessage
	algorithm string
	keyID     string
	payload   []byte
	signed    string
	signature []byte
}

// parseJWS takes a token apart. There is one spelling of each part, and no
// member of the header that could change what the rest means.
func parseJWS(raw string) (*jws, error) {
	first, last := strings.IndexByte(raw, '.'), strings.LastIndexByte(raw, '.')
	if len(raw) > maxSize || first <= 0 || last <= first+1 || strings.IndexByte(raw[first+1:last], '.') >= 0 ||
		strings.ContainsAny(raw, "\r\n") { // which the decoder would skip
		return nil, ErrForm
	}
	header, badHeader := encoding.DecodeString(raw[:first])
	payload, badPayload := encoding.DecodeString(raw[first+1 : last])
	signature, badSignature := encoding.DecodeString(raw[last+1:])
	if badHeader != nil || badPayload != nil || badSignature != nil {
		return nil, ErrForm
	}
	j := &jws{payload: payload, signed: raw[:last], signature: signature}
	if json.Unmarshal(header, &j.header) != nil || j.header == nil {
		return nil, ErrHeader
	}
	for _, refused := range []string{"crit", "b64", "jku", "x5u", "x5c"} {
		if _, there := j.header[refused]; there {
			return nil, ErrHeader
		}
	}
	if !text(j.header, "alg", &j.algorithm) || !slices.Contains(Algorithms(), j.algorithm) {
		return nil, ErrHeader
	}
	if _, there := j.header["kid"]; there && !text(j.header, "kid", &j.keyID) {
		return nil, ErrHeader
	}
	return j, nil
}

// typ is the header's typ in lower case; empty when there is none. It reports
// false for one that is no text.
func (j *jws) typ() (string, bool) {
	var typ string
	if _, there := j.header["typ"]; there && !text(j.header, "typ", &typ) {
		return "", false
	}
	return strings.ToLower(typ), true
}

// text reads a member that must be non-empty text.
func text(members map[string]json.RawMessage, name string, into *string) bool {
	raw, there := members[name]
	return there && len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, into) == nil && *into != ""
}

// seconds reads a NumericDate (RFC 7519 section 2) as whole Unix seconds,
// rounded down. A member that is not there is fine unless required.
func seconds(members map[string]json.RawMessage, name string, required bool, into *int64) bool {
	raw, there := members[name]
	if !there {
		return !required
	}
	const longest = 20 // characters: more seconds than any clock shows
	whole, fraction, _ := strings.Cut(string(raw), ".")
	if len(raw) > longest || strings.Trim(fraction, "0123456789") != "" {
		return false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	*into = n
	return err == nil && n > 0
}

// identifier reads jti.
func identifier(members map[string]json.RawMessage, into *string) bool {
	return text(members, "jti", into) && len(*into) <= MaxID
}

// signedBy checks the signature with a public key. The algorithm must be one of
// the key's kind, whatever the header says (RFC 8725 section 3.1).
func (j *jws) signedBy(key crypto.PublicKey) bool {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return j.signedByCurve(key)
	case ed25519.PublicKey:
		return j.algorithm == "EdDSA" && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, []byte(j.signed), j.signature)
	case *rsa.PublicKey:
		digest := sha256.Sum256([]byte(j.signed))
		switch j.algorithm {
		case "RS256":
			return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], j.signature) == nil
		case "PS256": // the salt is as long as the hash (RFC 7518 section 3.5)
			return rsa.VerifyPSS(key, crypto.SHA256, digest[:], j.signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
	}
	return false
}

// fits tells whether the signature can be of the key at all: of its kind, and as
// long.
func (j *jws) fits(key crypto.PublicKey) bool {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		of, known := curves()[j.algorithm]
		return known && key.Curve == of.curve && len(j.signature) == 2*of.size
	case ed25519.PublicKey:
		return j.algorithm == "EdDSA"
	case *rsa.PublicKey:
		return (j.algorithm == "RS256" || j.algorithm == "PS256") && len(j.signature) == key.Size()
	}
	return false
}

// standIn is a key that the signature could be of, and that is nobody's: what
// checking with it says must not count. The curves' base points are public keys
// as good as any.
func (j *jws) standIn() crypto.PublicKey {
	if of, known := curves()[j.algorithm]; known {
		base, point := of.curve.Params(), make([]byte, 1+2*of.size)
		point[0] = 4 // uncompressed (SEC 1 section 2.3.3)
		base.Gx.FillBytes(point[1 : 1+of.size])
		base.Gy.FillBytes(point[1+of.size:])
		key, err := ecdsa.ParseUncompressedPublicKey(of.curve, point)
		if err != nil {
			return nil // not met: the base point is on its curve
		}
		return key
	}
	if j.algorithm == "EdDSA" {
		return ed25519.PublicKey(append([]byte{0x58}, bytes.Repeat([]byte{0x66}, ed25519.PublicKeySize-1)...))
	}
	size := min(max(len(j.signature), minRSA/8), maxRSA/8)
	return &rsa.PublicKey{N: new(big.Int).SetBytes(bytes.Repeat([]byte{0xff}, size)), E: 65537}
}

// signedByCurve checks an ECDSA signature: the two numbers side by side, each as
// long as the curve's order (RFC 7518 section 3.4).
func (j *jws) signedByCurve(key *ecdsa.PublicKey) bool {
	of, known := curves()[j.algorithm]
	if !known || key.Curve != of.curve || len(j.signature) != 2*of.size {
		return false
	}
	hash := of.hash.New()
	hash.Write([]byte(j.signed))
	r, s := new(big.Int).SetBytes(j.signature[:of.size]), new(big.Int).SetBytes(j.signature[of.size:])
	return ecdsa.Verify(key, hash.Sum(nil), r, s)
}
