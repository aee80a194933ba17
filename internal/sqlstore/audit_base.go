package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

// auditBase is where the chain begins; nil when nothing was pruned.
func (r *reader) auditBase(ctx context.Context) (*audit.Base, error) {
	row, err := r.q.GetAuditBase(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // none is what is normal
	}
	if err != nil {
		return nil, r.fault(err)
	}
	return &audit.Base{
		Epoch: row.Epoch, Sequence: row.Sequence, Change: row.Change, Hash: row.Hash, At: timeOf(row.SignedAt),
		PublicKey: row.PublicKey, Signature: row.Signature,
	}, nil
}

// AuditBase is where the audit chain begins; nil when nothing was pruned.
func (s *Store) AuditBase(ctx context.Context) (*audit.Base, error) {
	return newReader(s.readers).auditBase(ctx)
}

// prune removes the beginning of the chain; personal data goes with its events.
func (t *tx) prune(ctx context.Context, step *audit.Step) error {
	base, err := t.auditBase(ctx)
	if err != nil {
		return err
	}
	after := int64(0)
	if base != nil {
		after = base.Sequence
	}
	hash, err := t.q.GetAuditHash(ctx, step.Base.Sequence)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return t.fault(err)
	}
	if after != step.After || !bytes.Equal(hash, step.Base.Hash) {
		return prunedMeanwhile()
	}
	// Checked above: the hash stands for every event before it.
	n, err := t.q.DeleteAuditEventsUpTo(ctx, step.Base.Sequence)
	if noRight(err) {
		return apicred.Conflict("This database role may not remove events of the audit log. Give the owner's in migrate_database_url.").Because(t.fault(err))
	}
	if err != nil {
		return t.fault(err)
	}
	if n != step.Base.Sequence-after {
		return prunedMeanwhile()
	}
	if err := t.q.DeleteCheckpointsBefore(ctx, step.Base.Sequence); err != nil {
		return t.fault(err)
	}
	b := &step.Base
	if err := t.fault(t.q.SetAuditBase(ctx, statement.SetAuditBaseParams{
		Epoch: b.Epoch, Sequence: b.Sequence, Change: b.Change, Hash: b.Hash, SignedAt: micros(b.At), PublicKey: b.PublicKey, Signature: b.Signature,
	})); err != nil {
		return err
	}
	return t.Record(ctx, step.Event)
}

func prunedMeanwhile() error {
	return apicred.Conflict("The audit log is not the one that was looked at: somebody else pruned it meanwhile. Run the command again.")
}
