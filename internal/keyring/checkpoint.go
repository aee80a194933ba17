package keyring

import (
	"crypto/ed25519"

	"github.com/claviger/claviger/internal/audit"
)

var _ audit.Signer = (*Master)(nil)

// checkpointKey is the key that checkpoints of the audit log are signed with:
// derived, so that nothing in the database can stand in for it, nor be lost with
// it.
func (k *masterKey) checkpointKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(derive(k.key, labelCheckpoint, ed25519.SeedSize))
}

// SignCheckpoint implements audit.Signer, under the current master key.
func (m *Master) SignCheckpoint(text []byte) []byte {
	return ed25519.Sign(m.keys[0].checkpointKey(), text)
}

// CheckpointKeys implements audit.Signer.
func (m *Master) CheckpointKeys() []ed25519.PublicKey {
	var keys []ed25519.PublicKey
	for _, k := range m.keys {
		keys = append(keys, k.checkpointKey().Public().(ed25519.PublicKey))
	}
	return keys
}
