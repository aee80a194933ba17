package sqlstore

import (
	"context"

	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

func (r *reader) Password(ctx context.Context, userID string) (login.StoredPassword, error) {
	row, err := r.q.GetPassword(ctx, userID)
	return passwordOf(&row), r.lookup(err)
}

func passwordOf(row *statement.Password) login.StoredPassword {
	return login.StoredPassword{
		UserID: row.UserID, Sealed: row.Sealed, MasterKeyID: row.MasterKeyID, ChangedAt: timeOf(row.ChangedAt),
	}
}

func (r *reader) passwordsNotUnder(ctx context.Context, masterKeyID, after string, most int) ([]login.StoredPassword, error) {
	rows, err := r.q.ListPasswordsNotUnder(ctx, masterKeyID, after, int64(most))
	found := make([]login.StoredPassword, 0, len(rows))
	for i := range rows {
		found = append(found, passwordOf(&rows[i]))
	}
	return found, r.fault(err)
}

func (r *reader) resealPassword(ctx context.Context, was, now *login.StoredPassword) (bool, error) {
	n, err := r.q.ResealPassword(ctx, statement.ResealPasswordParams{
		UserID: now.UserID, Sealed: now.Sealed, MasterKeyID: now.MasterKeyID, Was: was.Sealed,
	})
	return n > 0, r.fault(err)
}

func (t *tx) SetPassword(ctx context.Context, p login.StoredPassword) error {
	return t.fault(t.q.SetPassword(ctx, statement.SetPasswordParams{
		UserID: p.UserID, Sealed: p.Sealed, MasterKeyID: p.MasterKeyID, ChangedAt: micros(p.ChangedAt),
	}))
}

// PasswordsByMasterKey counts people's passwords by the master key that sealed them.
func (s *Store) PasswordsByMasterKey(ctx context.Context) (map[string]int64, error) {
	rows, err := newReader(s.readers).q.CountPasswordsByMasterKey(ctx)
	counts := map[string]int64{}
	for _, row := range rows {
		counts[row.MasterKeyID] = row.Passwords
	}
	return counts, domainError(err)
}
