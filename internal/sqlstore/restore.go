package sqlstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

var _ lifecycle.RestoreTx = (*tx)(nil)

// RestoreOptions say what a restore leaves behind.
type RestoreOptions struct {
	// DropSigningKeys leaves the signing keys out: new ones are made at the next
	// start. One that was removed in an emergency since must not come back.
	DropSigningKeys bool
}

// OpenBackup opens a backup, or a plain copy of an SQLite database, for
// CheckBackup and Restore. It changes the file: give it a copy. Errors say what
// is wrong with the file.
func OpenBackup(ctx context.Context, path string) (*Store, error) {
	s, err := openSQLite(ctx, path, false)
	if err != nil {
		return nil, err
	}
	if version, err := s.schemaVersion(ctx); err != nil || version == 0 {
		_ = s.Close()
		if err == nil {
			err = apicred.Conflict("It is no backup of claviger: it has none of its tables.")
		}
		return nil, err
	}
	return s, nil
}

// CheckBackup checks the file of a backup as SQLite can, page by page and
// reference by reference, and brings its schema to this program's version.
// Errors: conflict for a schema that is newer, internal for damage.
func (s *Store) CheckBackup(ctx context.Context) error {
	if err := sqliteSound(ctx, s.writer, "PRAGMA integrity_check(1)"); err != nil {
		return err
	}
	dangling, err := texts(ctx, s.writer, `SELECT DISTINCT "table" FROM pragma_foreign_key_check`)
	if err != nil {
		return domainError(err)
	}
	if len(dangling) > 0 {
		return apicred.Internal(fmt.Errorf("rows of %v refer to rows that are not there", dangling))
	}
	if err := s.refuseOther(ctx); err != nil {
		return err
	}
	return s.Migrate(ctx)
}

// Empty tells whether nothing was ever done in the database. Everything that is
// done is audited, so the head row knows.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	head, err := newReader(s.readers).feedHead(ctx)
	return head.Sequence == 0, err
}

// leftBehind are the tables whose rows no restore brings back: what was a way in
// then must not be one now, the epoch names a history, and the marks are those of
// processes that used another one.
func leftBehind(o RestoreOptions) []string {
	out := []string{"installation", "sessions", "one_time_links", "usage_marks"}
	if o.DropSigningKeys {
		out = append(out, "signing_keys")
	}
	return out
}

// Restore fills an empty database with the rows of backup and calls after, all
// in one transaction, and begins a new epoch: nobody who followed another history
// goes on from there. Errors: conflict where the database is not empty.
func (s *Store) Restore(ctx context.Context, backup *Store, o RestoreOptions, after func(lifecycle.RestoreTx) error) error {
	tables, err := sqliteTables(ctx, backup.readers)
	if err != nil {
		return domainError(err)
	}
	// Which programs can work with a schema is said by the schema itself.
	tables = slices.DeleteFunc(tables, func(t copiedTable) bool {
		return t.name == compatibilityTable || slices.Contains(leftBehind(o), t.name)
	})
	epoch, err := uuid.NewRandomFromReader(rand.Reader)
	if err != nil {
		return apicred.Internal(err)
	}
	return backup.view(ctx, func(from *reader) error {
		return s.write(ctx, func(to *reader) error {
			head, err := to.lockHead(ctx)
			if err != nil {
				return err
			}
			if head.sequence != 0 {
				return notEmpty()
			}
			if err := to.fault(copyTables(ctx, from.db, to.db, tables)); err != nil {
				return err
			}
			if err := to.fault(to.q.SetEpoch(ctx, epoch.String())); err != nil {
				return err
			}
			if head, err = to.lockHead(ctx); err != nil {
				return err
			}
			return after(&tx{reader: to, head: head})
		})
	})
}

func notEmpty() error {
	return apicred.Conflict("The database is not empty. A backup is restored into an empty one only: name another data directory (data_dir), or another database (database_url).")
}

// SuspendRestored suspends every credential until it is confirmed.
func (t *tx) SuspendRestored(ctx context.Context, generation int64, at time.Time) error {
	return t.fault(t.q.SuspendRestored(ctx, string(apicred.SuspensionRestored), generation, micros(at)))
}

// RaiseUserGenerations raises that of every membership.
func (t *tx) RaiseUserGenerations(ctx context.Context, generation int64) error {
	return t.fault(t.q.RaiseUserGenerations(ctx, generation))
}

// CountCredentialsByAccount counts every credential.
func (t *tx) CountCredentialsByAccount(ctx context.Context) (map[string]int64, error) {
	rows, err := t.q.CountCredentialsByAccount(ctx)
	counts := map[string]int64{}
	for _, row := range rows {
		counts[row.AccountID] = row.Credentials
	}
	return counts, t.fault(err)
}

func (r *reader) RestoredCredentials(ctx context.Context, after string, limit int) ([]apicred.Credential, error) {
	rows, err := r.q.ListSuspendedAfter(ctx, string(apicred.SuspensionRestored), after, int64(limit))
	if err != nil {
		return nil, r.fault(err)
	}
	return r.credentialsOf(rows)
}

func (r *reader) CredentialAnywhere(ctx context.Context, clientID string) (apicred.Credential, error) {
	row, err := r.q.GetCredentialByClientID(ctx, clientID)
	if err != nil {
		return apicred.Credential{}, r.lookup(err)
	}
	c, err := credentialOf(&row)
	return c, r.fault(err)
}

// SecretsByPepper counts client secrets by the master key that their hash names,
// but for those that have expired by now.
func (s *Store) SecretsByPepper(ctx context.Context, now time.Time) (map[string]int64, error) {
	rows, err := newReader(s.readers).q.CountSecretsByPepper(ctx, micros(now))
	counts := map[string]int64{}
	for _, row := range rows {
		counts[row.PepperID] = row.Secrets
	}
	return counts, domainError(err)
}

// ClientsByPepper lists client IDs of credentials with such a secret, at most so
// many, the one that was used last longest ago first.
func (s *Store) ClientsByPepper(ctx context.Context, pepperID string, now time.Time, most int) ([]string, error) {
	ids, err := newReader(s.readers).q.ListClientsByPepper(ctx, pepperID, micros(now), int64(most))
	return ids, domainError(err)
}
