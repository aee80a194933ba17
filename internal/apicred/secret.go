package apicred

import (
	"hash/crc32"
	"math/big"
	"strings"
	"time"
)

// MaxSecrets is how many secrets a credential may have at once (R8).
const MaxSecrets = 5

// Secret is what is stored of a client secret: a keyed hash, never the text.
type Secret struct {
	ID       string
	ClientID string
	Label    string
	// Hint is the secret's public handle: its last four characters.
	Hint string
	// Hash is HMAC-SHA-256 of the text under the pepper that PepperID names.
	Hash            []byte
	PepperID        string
	CreatedAt       time.Time
	ExpiresAt       time.Time // zero: does not expire
	LastUsedAt      time.Time // zero: never
	LastUsedAddress string
	// CloseWhenQuiet ends the secret when nobody has used it for so long, counted
	// from CloseCountedFrom at the earliest: when that was asked for. Zero: it was
	// not.
	CloseWhenQuiet   time.Duration
	CloseCountedFrom time.Time
}

// QuietSince is since when nobody has used the secret, as far as CloseWhenQuiet is
// concerned.
func (s *Secret) QuietSince() time.Time {
	if s.LastUsedAt.After(s.CloseCountedFrom) {
		return s.LastUsedAt
	}
	return s.CloseCountedFrom
}

// ClosesAt is when the secret will have been quiet for as long as it takes to be
// closed, if nobody uses it until then. Zero: it is not counted, or its end comes
// first.
func (s *Secret) ClosesAt() time.Time {
	if s.CloseWhenQuiet <= 0 || s.CloseCountedFrom.IsZero() {
		return time.Time{}
	}
	closes := s.QuietSince().Add(s.CloseWhenQuiet)
	if s.Expired(closes) {
		return time.Time{}
	}
	return closes
}

// Expired tells whether the secret's end has come.
func (s *Secret) Expired(now time.Time) bool {
	return !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt)
}

// EndUnder is when the secret ends in an account whose secrets may grow as old
// as maxAge (0: no bound): its own end or that one, whichever is sooner. Zero:
// it does not end. The bound is applied, not stored, so that a change of it
// counts at once for every secret there is (R9).
func (s *Secret) EndUnder(maxAge time.Duration) time.Time {
	if maxAge <= 0 {
		return s.ExpiresAt
	}
	if bound := s.CreatedAt.Add(maxAge); s.ExpiresAt.IsZero() || bound.Before(s.ExpiresAt) {
		return bound
	}
	return s.ExpiresAt
}

// SecretText is a client secret in clear. It exists only between its making
// and the answer that shows it once, and cannot be printed, logged or encoded
// by accident.
type SecretText struct {
	Redacted
	text string
}

const (
	secretPrefix       = "clav_"
	secretBodyLen      = 43
	secretChecksumLen  = 6
	secretTextLen      = len(secretPrefix) + secretBodyLen + secretChecksumLen
	base62             = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	secretHintLength   = 4
	base62Radix        = int64(len(base62))
	secretAllowedBytes = base62 + "_"
)

// NewSecretText formats 256 bits of randomness as a client secret: "clav_", 43
// base62 characters, and the CRC-32 (IEEE) of those 48 characters as 6 base62
// characters (R7). The checksum lets scanners find leaked secrets; it proves
// nothing and never replaces the hash.
func NewSecretText(random [32]byte) SecretText {
	head := secretPrefix + toBase62(new(big.Int).SetBytes(random[:]), secretBodyLen)
	sum := crc32.ChecksumIEEE([]byte(head))
	return SecretText{text: head + toBase62(new(big.Int).SetUint64(uint64(sum)), secretChecksumLen)}
}

// WellFormedSecret tells whether text looks like a client secret: prefix,
// length, alphabet and checksum. Authentication must not depend on it.
func WellFormedSecret(text string) bool {
	if len(text) != secretTextLen || !strings.HasPrefix(text, secretPrefix) || strings.Trim(text, secretAllowedBytes) != "" {
		return false
	}
	head := text[:len(secretPrefix)+secretBodyLen]
	sum := crc32.ChecksumIEEE([]byte(head))
	return text[len(head):] == toBase62(new(big.Int).SetUint64(uint64(sum)), secretChecksumLen)
}

// Reveal returns the text. Call it only where the secret is hashed or shown
// once to its maker.
func (s SecretText) Reveal() string { return s.text }

// Hint returns the last four characters, the public handle of the secret.
func (s SecretText) Hint() string {
	if len(s.text) < secretHintLength {
		return ""
	}
	return s.text[len(s.text)-secretHintLength:]
}

func toBase62(n *big.Int, width int) string {
	out := make([]byte, width)
	radix, digit := big.NewInt(base62Radix), new(big.Int)
	for i := width - 1; i >= 0; i-- {
		n.DivMod(n, radix, digit)
		out[i] = base62[digit.Int64()]
	}
	return string(out)
}
