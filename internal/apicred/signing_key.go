package apicred

import "time"

// SigningAlgorithm is a JWS algorithm that access tokens can be signed with.
type SigningAlgorithm string

// The algorithms of the setting signing_algorithm: ECDSA on P-256 with SHA-256
// (RFC 7518 section 3.4), Ed25519 (RFC 8037 section 3.1), RSASSA-PKCS1-v1_5 with
// SHA-256 (RFC 7518 section 3.3).
const (
	AlgorithmES256 SigningAlgorithm = "ES256"
	AlgorithmEdDSA SigningAlgorithm = "EdDSA"
	AlgorithmRS256 SigningAlgorithm = "RS256"
)

// SigningAlgorithms lists every algorithm, the default first.
func SigningAlgorithms() []SigningAlgorithm {
	return []SigningAlgorithm{AlgorithmES256, AlgorithmEdDSA, AlgorithmRS256}
}

// SigningKeyStatus says what a signing key is for now.
type SigningKeyStatus string

// A key is published as next, promoted to active, then kept as retired until
// its last token has expired.
const (
	SigningKeyNext    SigningKeyStatus = "next"
	SigningKeyActive  SigningKeyStatus = "active"
	SigningKeyRetired SigningKeyStatus = "retired"
)

// SigningKey is a signing key as stored: the public part in clear, the private
// part sealed under the master key that MasterKeyID names.
type SigningKey struct {
	KID         string // the RFC 7638 thumbprint
	Algorithm   SigningAlgorithm
	Status      SigningKeyStatus
	PublicJWK   []byte // JSON (RFC 7517)
	Sealed      []byte
	MasterKeyID string
	CreatedAt   time.Time
	// NotBefore is when an active key began to sign, and when a next one may.
	NotBefore time.Time
	// ExpiresAt is when the last token of a retired key has expired; zero for
	// others.
	ExpiresAt time.Time
}

// Ended tells whether the key is retired and its last token has expired.
func (k *SigningKey) Ended(now time.Time) bool {
	return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt)
}
