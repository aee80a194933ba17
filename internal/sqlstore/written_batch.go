package sqlstore

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
)

// takeBatch notes a batch as written, in its own transaction; false when it, or a
// later one of its stream, was before. One without a name is always fresh.
func (r *reader) takeBatch(ctx context.Context, id apicred.BatchID) (bool, error) {
	if id == (apicred.BatchID{}) {
		return true, nil
	}
	rows, err := r.q.TakeBatch(ctx, id.Stream, id.Number, micros(id.At))
	return rows > 0, r.fault(err)
}

// recordOnce appends a batch of events to the audit chain, unless it was before.
func (s *Store) recordOnce(ctx context.Context, id apicred.BatchID, events []apicred.AuditEvent) error {
	return s.change(ctx, func(t *tx) error {
		fresh, err := t.takeBatch(ctx, id)
		if err != nil || !fresh {
			return err
		}
		for _, e := range events {
			if e.Address, err = t.addressOf(ctx, &e); err != nil {
				return err
			}
			if err := t.Record(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}
