package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/claviger/claviger/internal/apicred"
)

// rewriteAttempts is how often what is in the WAL is brought home, each of which
// waits for readers as long as a connection waits for a lock.
const rewriteAttempts = 3

var errReadersStay = errors.New("the write-ahead log is still being read")

func (t *tx) ErasePerson(ctx context.Context, userID string, at time.Time) (int64, error) {
	addresses, err := t.q.EraseAddressesOfEvents(ctx, userID)
	if noRight(err) {
		return 0, apicred.Conflict("This database role may not remove what stands beside the audit log. Give the owner's in migrate_database_url.").Because(t.fault(err))
	}
	if err != nil {
		return 0, t.fault(err)
	}
	// Uses are written beside the head row. PostgreSQL lets an UPDATE that waited
	// for a row go on with the row as it is and all else as it was: the person
	// would not be erased to it, and the address come back.
	if t.holdUses != "" {
		if _, err := t.db.ExecContext(ctx, t.holdUses); err != nil {
			return 0, t.fault(err)
		}
	}
	for _, erase := range []func(context.Context, string) error{
		t.q.DeletePassword, t.q.DeleteSessionsOf, t.q.DeleteEveryOneTimeLinkOf, t.q.DeleteIdempotencyKeysOf,
		t.q.EraseAddressesOfSecrets, t.q.EraseAddressesOfCredentials, t.q.EraseMemberships,
	} {
		if err := erase(ctx, userID); err != nil {
			return 0, t.fault(err)
		}
	}
	return addresses, t.fault(t.q.ErasePerson(ctx, micros(at), userID))
}

// addressOf is the address that an event may keep which was counted in memory
// and comes to be written now: none, once its actor was erased.
func (t *tx) addressOf(ctx context.Context, e *apicred.AuditEvent) (string, error) {
	if e.Address == "" || e.ActorID == "" && e.ActingAs == "" {
		return e.Address, nil
	}
	erased, err := t.q.CountErased(ctx, clip(plain(e.ActorID), maxAuditText), clip(plain(e.ActingAs), maxAuditText))
	if err != nil || erased > 0 {
		return "", t.fault(err)
	}
	return e.Address, nil
}

// addressUnlessErased is the address of a use that comes to be written now: none
// once the owner was erased.
func addressUnlessErased(owner string) string {
	return "CASE WHEN EXISTS (SELECT 1 FROM persons AS p WHERE p.user_id = " + owner + " AND p.erased_at <> 0) THEN '' ELSE u.address END"
}

// Rewrite writes an SQLite database anew, so that no page of the file, used or
// free, and nothing in the WAL keeps what was deleted. Changes wait meanwhile. It
// needs room for a second copy. On PostgreSQL, which reclaims rows by itself, it
// does nothing. Error: unavailable when there is no room, or the file is read all
// the time; what was deleted is so all the same.
func (s *Store) Rewrite(ctx context.Context) error {
	if s.engine.dialect != goose.DialectSQLite3 {
		return nil
	}
	if _, err := s.writer.ExecContext(ctx, "VACUUM"); err != nil {
		return domainError(err)
	}
	for n := 1; ; n++ {
		var busy, frames, home int64
		err := s.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &home)
		switch {
		case err != nil && !apicred.IsKind(domainError(err), apicred.KindUnavailable), errors.Is(err, sql.ErrConnDone):
			return domainError(err)
		case err == nil && busy == 0:
			return nil
		case n == rewriteAttempts:
			return apicred.Unavailable(errors.Join(errReadersStay, err))
		}
	}
}
