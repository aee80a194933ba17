package sqlstore

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

// idempotencyKept is longer than any key counts (24 h): old ones are removed as
// new ones come, so that the table stays bounded (S34).
const idempotencyKept = 48 * time.Hour

func (r *reader) Idempotency(ctx context.Context, key lifecycle.IdempotencyKey, notBefore time.Time) (lifecycle.IdempotencyRecord, error) {
	row, err := r.q.GetIdempotencyKey(ctx, statement.GetIdempotencyKeyParams{
		AccountID: key.AccountID, ActorID: key.ActorID, IdempotencyKey: key.Key, NotBefore: micros(notBefore),
	})
	return lifecycle.IdempotencyRecord{BodyHash: row.BodyHash, ClientID: row.ClientID, CreatedAt: timeOf(row.CreatedAt)}, r.lookup(err)
}

// InsertIdempotency replaces a record under the same key: the caller has looked
// in this very transaction and found none that still counts.
func (t *tx) InsertIdempotency(ctx context.Context, key lifecycle.IdempotencyKey, record lifecycle.IdempotencyRecord) error {
	if err := t.q.DeleteIdempotencyKeysBefore(ctx, micros(record.CreatedAt.Add(-idempotencyKept))); err != nil {
		return t.fault(err)
	}
	return t.fault(t.q.InsertIdempotencyKey(ctx, statement.InsertIdempotencyKeyParams{
		AccountID: key.AccountID, ActorID: key.ActorID, IdempotencyKey: key.Key,
		BodyHash: record.BodyHash, ClientID: record.ClientID, CreatedAt: micros(record.CreatedAt),
	}))
}
