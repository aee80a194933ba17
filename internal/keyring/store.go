package keyring

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Status of a signing key.
type Status string

// A key is published as next, promoted to active, then kept as retired until
// its last token has expired.
const (
	StatusNext    Status = "next"
	StatusActive  Status = "active"
	StatusRetired Status = "retired"
)

// Record is a signing key as stored: public part in clear, private part sealed
// under the master key that MasterKeyID names.
type Record struct {
	KID         string
	Algorithm   string // JWS alg, as "ES256"
	Status      Status
	PublicJWK   []byte // JSON (RFC 7517)
	Sealed      []byte
	MasterKeyID string
	CreatedAt   time.Time
	NotBefore   time.Time
	ExpiresAt   time.Time // zero: no end yet
}

// Store keeps signing keys. Errors are *apicred.Error, as lifecycle.Store's.
type Store interface {
	// SigningKeys returns every key, oldest first.
	SigningKeys(ctx context.Context) ([]Record, error)
	// ChangeSigningKeys runs fn in one durable transaction, serialized with
	// every other change of the installation.
	ChangeSigningKeys(ctx context.Context, fn func(Tx) error) error
}

// Tx changes keys and audits it in one transaction.
type Tx interface {
	SigningKeys(ctx context.Context) ([]Record, error)
	InsertSigningKey(ctx context.Context, r Record) error
	// UpdateSigningKey writes status, not-before and end.
	UpdateSigningKey(ctx context.Context, r Record) error
	DeleteSigningKey(ctx context.Context, kid string) error
	Record(ctx context.Context, event apicred.AuditEvent) error
}
