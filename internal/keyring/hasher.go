package keyring

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/claviger/claviger/internal/accesstoken"
)

// Hasher makes the keyed hashes that client secrets are stored and compared as
// (S19): HMAC-SHA-256 (RFC 2104) under a pepper. A secret has 256 random bits,
// so the hash need not be slow. It is safe for concurrent use.
type Hasher struct {
	peppers []pepper // the current one first
}

var _ accesstoken.Hasher = (*Hasher)(nil)

// pepper is a key with the two pads of RFC 2104 section 2 worked out.
type pepper struct {
	id           string
	inner, outer [sha256.BlockSize]byte
	key          []byte
}

// shortSecret is the longest secret hashed without allocating; ours have 54
// characters.
const shortSecret = 128

// Hasher returns a Hasher under the peppers of m.
func (m *Master) Hasher() *Hasher {
	h := &Hasher{}
	for _, k := range m.keys {
		key, _ := m.PepperByID(k.id)
		p := pepper{id: k.id, key: key}
		copy(p.inner[:], key)
		copy(p.outer[:], key)
		for i := range p.inner {
			p.inner[i] ^= 0x36
			p.outer[i] ^= 0x5c
		}
		h.peppers = append(h.peppers, p)
	}
	return h
}

// HashSecret returns the hash to store for a new secret, and the name of the
// pepper it is under.
func (h *Hasher) HashSecret(text string) (hash []byte, pepperID string) {
	sum := h.Sum(0, text)
	return sum[:], h.peppers[0].id
}

// Peppers is how many peppers there are, the current one included.
func (h *Hasher) Peppers() int { return len(h.peppers) }

// PepperID names the current pepper, as stored beside the hashes under it.
func (h *Hasher) PepperID() string { return h.peppers[0].id }

// PepperIndex finds the pepper that a stored hash names; -1 when it is gone.
func (h *Hasher) PepperIndex(pepperID string) int {
	for i := range h.peppers {
		if h.peppers[i].id == pepperID {
			return i
		}
	}
	return -1
}

// Sum hashes a secret under the pepper with the given index. For secrets of
// usual length the work is done in buffers on the stack.
func (h *Hasher) Sum(i int, secret string) accesstoken.SecretSum {
	p := &h.peppers[i]
	if len(secret) > shortSecret {
		mac := hmac.New(sha256.New, p.key)
		mac.Write([]byte(secret))
		return accesstoken.SecretSum(mac.Sum(nil))
	}
	var inner [sha256.BlockSize + shortSecret]byte
	copy(inner[:], p.inner[:])
	n := copy(inner[sha256.BlockSize:], secret)
	sum := sha256.Sum256(inner[:sha256.BlockSize+n])
	var outer [sha256.BlockSize + sha256.Size]byte
	copy(outer[:], p.outer[:])
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}
