package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/claviger/claviger/internal/apicred"
)

// MasterKeySize is the length of a master key, in bytes.
const MasterKeySize = 32

const (
	// masterIDSize is the length of a master key's name, in bytes before hex.
	masterIDSize = 6
	derivedSize  = 32
)

// What each key is derived for. A label never changes: what was made under it
// could not be opened any more.
const (
	labelID         = "claviger master key name v1"
	labelPepper     = "claviger secret pepper v1"
	labelCheckpoint = "claviger audit checkpoint key v1"
	labelSeal       = "claviger seal v1: "
)

// ErrMasterKey is the refusal to start with another master key than the
// database was sealed with.
var ErrMasterKey = &apicred.Error{
	Kind: apicred.KindInvalid,
	Message: "The master key does not open the signing keys of this database. " +
		"Configure the master key they were sealed with (master_key), or add it to master_keys_old.",
}

// ErrSealed reports that something sealed was changed, or was sealed under a
// master key that is not configured, or for another purpose.
var ErrSealed = errors.New("keyring: sealed data does not open")

// Master is the master key with its predecessors. Every other key of the
// installation is derived from it by HKDF-SHA-256 (RFC 5869), each for one
// purpose. It cannot be printed.
type Master struct {
	apicred.Redacted
	keys []masterKey // the current one first
}

type masterKey struct {
	key [MasterKeySize]byte
	id  string
}

// NewMaster returns a Master that seals under current and opens what current or
// one of old sealed.
func NewMaster(current [MasterKeySize]byte, old ...[MasterKeySize]byte) *Master {
	m := &Master{}
	for _, key := range slices.Concat([][MasterKeySize]byte{current}, old) {
		id := hex.EncodeToString(derive(key, labelID, masterIDSize))
		if !slices.ContainsFunc(m.keys, func(k masterKey) bool { return k.id == id }) {
			m.keys = append(m.keys, masterKey{key, id})
		}
	}
	return m
}

// ID names the current master key; the key cannot be found from it.
func (m *Master) ID() string { return m.keys[0].id }

// Old is how many earlier master keys there are.
func (m *Master) Old() int { return len(m.keys) - 1 }

// PepperByID returns the pepper that a stored hash names; false when its master
// key is not configured any more.
func (m *Master) PepperByID(id string) ([]byte, bool) {
	for _, k := range m.keys {
		if k.id == id {
			return derive(k.key, labelPepper, derivedSize), true
		}
	}
	return nil, false
}

// Seal encrypts and authenticates plaintext under the current master key, for
// one purpose and bound to aad: AES-256-GCM with a random nonce in front.
func (m *Master) Seal(purpose string, plaintext, aad []byte) []byte {
	return m.keys[0].aead(purpose).Seal(nil, nil, plaintext, aad)
}

// Open returns what Seal sealed under the current or an old master key;
// ErrSealed when nothing opens it.
func (m *Master) Open(purpose string, sealed, aad []byte) ([]byte, error) {
	for _, k := range m.keys {
		if plaintext, err := k.aead(purpose).Open(nil, nil, sealed, aad); err == nil {
			return plaintext, nil
		}
	}
	return nil, ErrSealed
}

func (k *masterKey) aead(purpose string) cipher.AEAD {
	block, err := aes.NewCipher(derive(k.key, labelSeal+purpose, derivedSize))
	if err != nil {
		panic(err) // the key's length is right
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // the block's size is right
	}
	return aead
}

func derive(key [MasterKeySize]byte, label string, size int) []byte {
	derived, err := hkdf.Key(sha256.New, key[:], nil, label, size)
	if err != nil {
		panic(err) // the sizes are constants within the limits
	}
	return derived
}
