package sqlstore

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// proofPruning is how often proofs past their end make room.
const proofPruning = 10 * time.Second

// useProof takes the proof with a hash for used until its end, and refuses one
// that was before and has not ended: conflict. It is one statement, a transaction
// of its own: who waits for it waits for one way to the database and back. It
// does not hold the head row: nobody follows this table.
func (s *Store) useProof(ctx context.Context, hash []byte, now, end time.Time) error {
	r := newReader(s.writer)
	return s.repeat(ctx, func() error {
		if s.prunedProofs.due(now.Truncate(proofPruning)) {
			if err := r.q.DeleteUsedProofsEndedBefore(ctx, micros(now)); err != nil {
				return r.fault(err)
			}
		}
		n, err := r.q.UseProof(ctx, hash, micros(end), micros(now))
		switch {
		case err != nil:
			return r.fault(err)
		case n == 0:
			return apicred.Conflict("The proof was used before. Make a new one for each request.")
		}
		return nil
	})
}
