package accesstoken

import "crypto/sha256"

// SecretSum is HMAC-SHA-256 of a client secret under a pepper.
type SecretSum = [sha256.Size]byte

// Hasher makes the keyed hashes that presented secrets are compared by
// (internal/keyring).
type Hasher interface {
	// Peppers is how many peppers there are: 0 is the current one, the others
	// are old and still verify.
	Peppers() int
	// PepperID names the current pepper.
	PepperID() string
	// PepperIndex finds the pepper that a stored hash names; -1 when it is gone.
	PepperIndex(pepperID string) int
	// Sum hashes a secret under the pepper with the given index.
	Sum(pepper int, secret string) SecretSum
}
