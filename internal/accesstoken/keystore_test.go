package accesstoken_test

import (
	"context"
	"sync"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
)

// keyStore keeps signing keys in memory, for benchmarks that need no database.
type keyStore struct {
	mu      sync.Mutex
	records []apicred.SigningKey
}

func newKeyStore() *keyStore { return &keyStore{} }

func (s *keyStore) SigningKeys(context.Context) ([]apicred.SigningKey, error) {
	return s.records, nil
}

func (s *keyStore) ChangeSigningKeys(_ context.Context, fn func(keyring.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fn(keyTx{s})
}

type keyTx struct{ *keyStore }

func (t keyTx) InsertSigningKey(_ context.Context, r apicred.SigningKey) error {
	t.records = append(t.records, r)
	return nil
}

func (t keyTx) UpdateSigningKey(context.Context, apicred.SigningKey) error { return nil }
func (t keyTx) ResealSigningKey(context.Context, apicred.SigningKey) error { return nil }
func (t keyTx) DeleteSigningKey(context.Context, string) error             { return nil }
func (t keyTx) Record(context.Context, apicred.AuditEvent) error           { return nil }
