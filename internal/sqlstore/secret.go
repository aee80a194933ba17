package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

func (r *reader) Secrets(ctx context.Context, clientID string) ([]apicred.Secret, error) {
	rows, err := r.q.ListSecrets(ctx, clientID)
	secrets := make([]apicred.Secret, 0, len(rows))
	for i := range rows {
		secrets = append(secrets, secretOf(&rows[i]))
	}
	return secrets, r.fault(err)
}

func (t *tx) InsertSecret(ctx context.Context, s apicred.Secret) error {
	err := t.q.InsertSecret(ctx, statement.InsertSecretParams{
		ClientID: s.ClientID, SecretID: s.ID, Label: s.Label, Hint: s.Hint, Hash: s.Hash, PepperID: s.PepperID,
		CreatedAt: micros(s.CreatedAt), ExpiresAt: micros(s.ExpiresAt),
		LastUsedAt: micros(s.LastUsedAt), LastUsedAddress: plain(s.LastUsedAddress),
		CloseWhenQuiet: s.CloseWhenQuiet.Microseconds(), CloseCountedFrom: micros(s.CloseCountedFrom),
	})
	if err == nil {
		err = t.q.RaiseCredentialSecretAdded(ctx, micros(s.CreatedAt), s.ClientID)
	}
	return t.fault(err)
}

func (t *tx) UpdateSecret(ctx context.Context, s apicred.Secret) error {
	n, err := t.q.UpdateSecret(ctx, statement.UpdateSecretParams{
		Label: s.Label, ExpiresAt: micros(s.ExpiresAt), ClientID: s.ClientID, SecretID: s.ID,
		CloseWhenQuiet: s.CloseWhenQuiet.Microseconds(), CloseCountedFrom: micros(s.CloseCountedFrom),
	})
	if err == nil && n == 0 {
		return apicred.NotFound()
	}
	return t.fault(err)
}

func (t *tx) DeleteSecret(ctx context.Context, clientID, secretID string) error {
	n, err := t.q.DeleteSecret(ctx, clientID, secretID)
	if err == nil && n == 0 {
		return apicred.NotFound()
	}
	return t.lookup(err)
}

func secretOf(row *statement.Secret) apicred.Secret {
	return apicred.Secret{
		ID: row.SecretID, ClientID: row.ClientID, Label: row.Label, Hint: row.Hint, Hash: row.Hash, PepperID: row.PepperID,
		CreatedAt: timeOf(row.CreatedAt), ExpiresAt: timeOf(row.ExpiresAt),
		LastUsedAt: timeOf(row.LastUsedAt), LastUsedAddress: row.LastUsedAddress,
		CloseWhenQuiet: durationOf(row.CloseWhenQuiet), CloseCountedFrom: timeOf(row.CloseCountedFrom),
	}
}

func (r *reader) ClosingAsked(ctx context.Context, now time.Time) (bool, error) {
	asked, err := r.q.ClosingAsked(ctx, micros(now))
	return asked, r.fault(err)
}

func (r *reader) QuietSecrets(ctx context.Context, q lifecycle.QuietQuery) ([]lifecycle.QuietSecret, error) {
	rows, err := r.q.ListQuietSecrets(ctx, statement.ListQuietSecretsParams{
		AfterClient: q.After.ClientID, AfterSecret: q.After.SecretID, Quiet: micros(q.Through), KnownFrom: micros(q.From), Now: micros(q.Now), Most: int64(q.Limit),
	})
	found := make([]lifecycle.QuietSecret, 0, len(rows))
	for _, row := range rows {
		found = append(found, lifecycle.QuietSecret{AccountID: row.AccountID, ClientID: row.ClientID, SecretID: row.SecretID})
	}
	return found, r.fault(err)
}

// SecretsOf several credentials at once.
func (r *reader) SecretsOf(ctx context.Context, clientIDs []string) (map[string][]apicred.Secret, error) {
	found := make(map[string][]apicred.Secret, len(clientIDs))
	for some := range slices.Chunk(clientIDs, idsAtOnce) {
		if err := r.secretsOf(ctx, some, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// idsAtOnce is how many IDs one statement names. With 200 PostgreSQL takes a
// plan that reads the whole table.
const idsAtOnce = 50

func (r *reader) secretsOf(ctx context.Context, clientIDs []string, found map[string][]apicred.Secret) error {
	c := &composed{}
	c.add("SELECT ", secretColumns, " FROM secrets AS s WHERE s.client_id IN (", bindAll(c, clientIDs), ") ORDER BY s.client_id, s.created_at, s.secret_id")
	return r.query(ctx, c, func(rows *sql.Rows) error {
		s, err := scanSecret(rows)
		found[s.ClientID] = append(found[s.ClientID], s)
		return err
	})
}

const secretColumns = "s.client_id, s.secret_id, s.label, s.hint, s.hash, s.pepper_id, s.created_at, s.expires_at, s.last_used_at, s.last_used_address, s.close_when_quiet, s.close_counted_from"

func scanSecret(rows *sql.Rows) (apicred.Secret, error) {
	var s statement.Secret
	err := rows.Scan(&s.ClientID, &s.SecretID, &s.Label, &s.Hint, &s.Hash, &s.PepperID, &s.CreatedAt, &s.ExpiresAt, &s.LastUsedAt, &s.LastUsedAddress,
		&s.CloseWhenQuiet, &s.CloseCountedFrom)
	return secretOf(&s), err
}
