package keyring

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
)

// Store keeps signing keys. Errors are *apicred.Error, as lifecycle.Store's.
type Store interface {
	// SigningKeys returns every key, oldest first.
	SigningKeys(ctx context.Context) ([]apicred.SigningKey, error)
	// ChangeSigningKeys runs fn in one durable transaction, serialized with
	// every other change of the installation.
	ChangeSigningKeys(ctx context.Context, fn func(Tx) error) error
}

// Tx changes keys and audits it in one transaction.
type Tx interface {
	SigningKeys(ctx context.Context) ([]apicred.SigningKey, error)
	InsertSigningKey(ctx context.Context, k apicred.SigningKey) error
	// UpdateSigningKey writes status, not-before and end.
	UpdateSigningKey(ctx context.Context, k apicred.SigningKey) error
	// ResealSigningKey writes the sealed private part and the name of the master
	// key that it is sealed under.
	ResealSigningKey(ctx context.Context, k apicred.SigningKey) error
	DeleteSigningKey(ctx context.Context, kid string) error
	Record(ctx context.Context, event apicred.AuditEvent) error
}
