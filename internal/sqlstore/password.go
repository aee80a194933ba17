package sqlstore

import (
	"context"

	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

func (r *reader) Password(ctx context.Context, userID string) (login.StoredPassword, error) {
	row, err := r.q.GetPassword(ctx, userID)
	return login.StoredPassword{
		UserID: row.UserID, Sealed: row.Sealed, MasterKeyID: row.MasterKeyID, ChangedAt: timeOf(row.ChangedAt),
	}, r.lookup(err)
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
