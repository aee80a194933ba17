package keyring_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
)

func TestHasher_IsHMACOfTheSecretUnderThePepper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := keyring.NewMaster(keyOf(rapid.Byte().Draw(t, "master")))
		secret := strings.Repeat(rapid.StringN(0, 8, 16).Draw(t, "secret"), rapid.IntRange(0, 40).Draw(t, "times"))
		pepper, _ := m.PepperByID(m.ID())
		mac := hmac.New(sha256.New, pepper)
		mac.Write([]byte(secret))
		hash, pepperID := m.Hasher().HashSecret(secret)
		if !bytes.Equal(hash, mac.Sum(nil)) || pepperID != m.ID() {
			t.Fatalf("the hash of %d bytes is not HMAC-SHA-256", len(secret))
		}
	})
}

// verifies tells whether text has a stored hash, as the directory finds out.
func verifies(h *keyring.Hasher, text string, hash []byte, pepperID string) bool {
	i := h.PepperIndex(pepperID)
	if i < 0 {
		return false
	}
	sum := h.Sum(i, text)
	return bytes.Equal(sum[:], hash)
}

func TestHasher_VerifiesUnderOldPeppersToo(t *testing.T) {
	before := keyring.NewMaster(keyOf(1)).Hasher()
	hash, id := before.HashSecret("secret")
	after := keyring.NewMaster(keyOf(2), keyOf(1)).Hasher()
	without := keyring.NewMaster(keyOf(2)).Hasher()
	switch {
	case !verifies(before, "secret", hash, id), !verifies(after, "secret", hash, id):
		t.Error("the right secret fails")
	case verifies(after, "Secret", hash, id), verifies(after, "", hash, id):
		t.Error("something else passes")
	case verifies(without, "secret", hash, id):
		t.Error("it passes without its pepper")
	case after.Peppers() != 2, after.PepperIndex(id) != 1, without.PepperIndex(id) != -1:
		t.Error("the peppers are not in order")
	}
	newHash, newID := after.HashSecret("secret")
	if newID == id || bytes.Equal(newHash, hash) {
		t.Error("new hashes are made under the old pepper")
	}
}

func TestHasher_NamesTheSameMasterKeyOnce(t *testing.T) {
	if n := keyring.NewMaster(keyOf(1), keyOf(1), keyOf(2), keyOf(2)).Hasher().Peppers(); n != 2 {
		t.Errorf("%d peppers, want 2", n)
	}
}

func TestHasher_DoesNotAllocate(t *testing.T) {
	h := keyring.NewMaster(keyOf(1)).Hasher()
	secret := apicred.NewSecretText([32]byte{1}).Reveal()
	if n := testing.AllocsPerRun(100, func() { h.Sum(0, secret) }); n != 0 {
		t.Errorf("%v allocations a hash, want none", n)
	}
}

func BenchmarkHasher(b *testing.B) {
	h := keyring.NewMaster(keyOf(1)).Hasher()
	secret := apicred.NewSecretText([32]byte{1}).Reveal()
	b.ReportAllocs()
	for b.Loop() {
		h.Sum(0, secret)
	}
}
