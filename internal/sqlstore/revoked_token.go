package sqlstore

import (
	"context"
	"database/sql"

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
		if event.Address, err = t.addressOf(ctx, &event); err != nil { // this node may not know yet
			return err
		}
		return t.Record(ctx, event)
	})
}

// revokedTokens finds tokens that were revoked, in one statement: to a database
// that is far each is a wait.
func (r *reader) revokedTokens(ctx context.Context, jtis []string) (map[string]accesstoken.RevokedToken, error) {
	wanted := make([][]any, 0, len(jtis))
	for _, jti := range jtis {
		wanted = append(wanted, []any{plain(jti)}) // none has what plain replaces
	}
	c := (&composed{}).add("SELECT t.jti, t.account_id, t.client_id, t.expires_at, t.revoked_at FROM revoked_tokens AS t, ")
	if err := r.addRows(c, wanted); err != nil {
		return nil, err
	}
	found := make(map[string]accesstoken.RevokedToken, len(jtis))
	err := r.query(ctx, c.add(" WHERE t.jti = CAST(l.value ->> 0 AS TEXT)"), func(rows *sql.Rows) error {
		var row statement.RevokedToken
		err := rows.Scan(&row.Jti, &row.AccountID, &row.ClientID, &row.ExpiresAt, &row.RevokedAt)
		found[row.Jti] = revokedTokenOf(&row)
		return err
	})
	return found, err
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
