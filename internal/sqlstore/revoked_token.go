package sqlstore

import (
	"context"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

// revokeToken keeps a revoked token and its audit event; one that was revoked
// before changes nothing. Those whose end is long past make room.
func (s *Store) revokeToken(ctx context.Context, r accesstoken.RevokedToken, event apicred.AuditEvent) error {
	return s.change(ctx, func(t *tx) error {
		if err := t.q.DeleteRevokedTokensEndedBefore(ctx, micros(r.RevokedAt.Add(-accesstoken.ClockSetBack))); err != nil {
			return t.fault(err)
		}
		n, err := t.q.InsertRevokedToken(ctx, statement.InsertRevokedTokenParams{
			Jti: r.JTI, AccountID: r.AccountID, ClientID: r.ClientID, ExpiresAt: micros(r.ExpiresAt), RevokedAt: micros(r.RevokedAt),
		})
		if err != nil || n == 0 {
			return t.fault(err)
		}
		return t.Record(ctx, event)
	})
}

func (r *reader) revokedToken(ctx context.Context, jti string) (accesstoken.RevokedToken, error) {
	row, err := r.q.GetRevokedToken(ctx, jti)
	return revokedTokenOf(&row), r.lookup(err)
}

func revokedTokenOf(row *statement.RevokedToken) accesstoken.RevokedToken {
	return accesstoken.RevokedToken{
		JTI: row.Jti, AccountID: row.AccountID, ClientID: row.ClientID, ExpiresAt: timeOf(row.ExpiresAt), RevokedAt: timeOf(row.RevokedAt),
	}
}

func (r *reader) loadRevokedTokens(ctx context.Context, into accesstoken.Loader) error {
	after := ""
	for {
		rows, err := r.q.ListRevokedTokensAfter(ctx, after, loadPage)
		if err != nil {
			return r.fault(err)
		}
		for i := range rows {
			into.LoadRevokedToken(revokedTokenOf(&rows[i]))
			after = rows[i].Jti
		}
		if len(rows) < loadPage {
			return nil
		}
	}
}
