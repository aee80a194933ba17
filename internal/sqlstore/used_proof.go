package sqlstore

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// useProof takes the proof with a hash for used until its end, and refuses one
// that was before: conflict. Those whose end has come make room. It does not
// hold the head row: nobody follows this table.
func (s *Store) useProof(ctx context.Context, hash []byte, now, end time.Time) error {
	return s.repeat(ctx, func() error {
		return s.write(ctx, func(r *reader) error {
			if err := r.q.DeleteUsedProofsEndedBefore(ctx, micros(now)); err != nil {
				return r.fault(err)
			}
			n, err := r.q.InsertUsedProof(ctx, hash, micros(end))
			switch {
			case err != nil:
				return r.fault(err)
			case n == 0:
				return apicred.Conflict("The proof was used before. Make a new one for each request.")
			}
			return nil
		})
	})
}
