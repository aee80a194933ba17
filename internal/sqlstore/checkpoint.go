package sqlstore

import (
	"context"

	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

func (r *reader) checkpoints(ctx context.Context) ([]audit.Checkpoint, error) {
	rows, err := r.q.ListCheckpoints(ctx)
	out := make([]audit.Checkpoint, 0, len(rows))
	for i := range rows {
		out = append(out, checkpointOf(&rows[i]))
	}
	return out, r.fault(err)
}

func (r *reader) lastCheckpoint(ctx context.Context) (audit.Checkpoint, error) {
	row, err := r.q.GetLastCheckpoint(ctx)
	return checkpointOf(&row), r.fault(err)
}

func (r *reader) insertCheckpoint(ctx context.Context, c *audit.Checkpoint) error {
	return r.fault(r.q.InsertCheckpoint(ctx, statement.InsertCheckpointParams{
		Sequence: c.Sequence, Epoch: c.Epoch, Hash: c.Hash, SignedAt: micros(c.At), PublicKey: c.PublicKey, Signature: c.Signature,
	}))
}

func checkpointOf(row *statement.AuditCheckpoint) audit.Checkpoint {
	return audit.Checkpoint{
		Epoch: row.Epoch, Sequence: row.Sequence, Hash: row.Hash, At: timeOf(row.SignedAt), PublicKey: row.PublicKey, Signature: row.Signature,
	}
}
