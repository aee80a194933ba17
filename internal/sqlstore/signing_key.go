package sqlstore

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

func (r *reader) SigningKeys(ctx context.Context) ([]apicred.SigningKey, error) {
	rows, err := r.q.ListSigningKeys(ctx)
	records := make([]apicred.SigningKey, 0, len(rows))
	for _, row := range rows {
		records = append(records, apicred.SigningKey{
			KID: row.KID, Algorithm: apicred.SigningAlgorithm(row.Algorithm), Status: apicred.SigningKeyStatus(row.Status), PublicJWK: []byte(row.PublicJWK),
			Sealed: row.Sealed, MasterKeyID: row.MasterKeyID,
			CreatedAt: timeOf(row.CreatedAt), NotBefore: timeOf(row.NotBefore), ExpiresAt: timeOf(row.ExpiresAt),
		})
	}
	return records, r.fault(err)
}

func (t *tx) InsertSigningKey(ctx context.Context, k apicred.SigningKey) error {
	return t.fault(t.q.InsertSigningKey(ctx, statement.InsertSigningKeyParams{
		KID: k.KID, Algorithm: string(k.Algorithm), Status: string(k.Status), PublicJWK: string(k.PublicJWK),
		Sealed: k.Sealed, MasterKeyID: k.MasterKeyID,
		CreatedAt: micros(k.CreatedAt), NotBefore: micros(k.NotBefore), ExpiresAt: micros(k.ExpiresAt),
	}))
}

func (t *tx) UpdateSigningKey(ctx context.Context, k apicred.SigningKey) error {
	n, err := t.q.UpdateSigningKey(ctx, statement.UpdateSigningKeyParams{
		Status: string(k.Status), NotBefore: micros(k.NotBefore), ExpiresAt: micros(k.ExpiresAt), KID: k.KID,
	})
	if err == nil && n == 0 {
		return apicred.NotFound()
	}
	return t.fault(err)
}

func (t *tx) DeleteSigningKey(ctx context.Context, kid string) error {
	n, err := t.q.DeleteSigningKey(ctx, kid)
	if err == nil && n == 0 {
		return apicred.NotFound()
	}
	return t.lookup(err)
}

func (t *tx) ResealSigningKey(ctx context.Context, k apicred.SigningKey) error {
	n, err := t.q.ResealSigningKey(ctx, k.Sealed, k.MasterKeyID, k.KID)
	if err == nil && n == 0 {
		return apicred.NotFound()
	}
	return t.fault(err)
}
