package sqlstore

import (
	"context"
	"encoding/json"
	"math"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

func (r *reader) Credential(ctx context.Context, accountID, clientID string) (apicred.Credential, error) {
	row, err := r.q.GetCredential(ctx, accountID, clientID)
	if err != nil {
		return apicred.Credential{}, r.lookup(err)
	}
	c, err := credentialOf(&row)
	return c, r.fault(err)
}

func (r *reader) CredentialsOwned(ctx context.Context, accountID, userID string) ([]apicred.Credential, error) {
	rows, err := r.q.ListCredentialsOwned(ctx, accountID, orNull(userID))
	if err != nil {
		return nil, r.fault(err)
	}
	return r.credentialsOf(rows)
}

func (r *reader) ScopesHeld(ctx context.Context, scopes []string) ([]string, error) {
	var held []string
	for _, scope := range scopes {
		yes, err := r.q.ScopeHeld(ctx, scope)
		if err != nil {
			return nil, r.fault(err)
		}
		if yes {
			held = append(held, scope)
		}
	}
	return held, nil
}

func (r *reader) ScopeHolders(ctx context.Context, scopes []string) (map[string]int64, error) {
	holders := map[string]int64{}
	for _, scope := range scopes {
		n, err := r.q.CountScopeHolders(ctx, scope)
		if err != nil {
			return nil, r.fault(err)
		}
		if n > 0 {
			holders[scope] = n
		}
	}
	return holders, nil
}

func (t *tx) InsertCredential(ctx context.Context, c apicred.Credential) error {
	row := credentialRow(&c)
	switch {
	case row.KeySet != "":
		row.SecretAddedAt = row.CreatedAt // for "unrotated", keys are what secrets are
	case row.TLSClientSubject != "":
		row.SecretAddedAt = neverUnrotated
	}
	if err := t.q.InsertCredential(ctx, statement.InsertCredentialParams(row)); err != nil {
		return t.fault(err)
	}
	if err := t.insertScopes(ctx, &c); err != nil {
		return err
	}
	return t.insertWords(ctx, &row)
}

// neverUnrotated is when a secret was added to a credential whose certificates
// are renewed elsewhere, without anybody here being told: later than any moment
// that "unrotated" asks for.
const neverUnrotated = math.MaxInt64

// UpdateCredential leaves the last-used facts alone: they are AddUsage's.
func (t *tx) UpdateCredential(ctx context.Context, c apicred.Credential) error {
	old, err := t.q.GetCredential(ctx, c.AccountID, c.ClientID)
	if err != nil {
		return t.lookup(err)
	}
	row := credentialRow(&c)
	n, err := t.q.UpdateCredential(ctx, statement.UpdateCredentialParams{
		Name: row.Name, NameFolded: row.NameFolded, Scopes: row.Scopes, API: row.API,
		AuthenticationMethod: row.AuthenticationMethod, KeySet: row.KeySet,
		TLSClientSubject: row.TLSClientSubject, AllowedCidrs: row.AllowedCidrs,
		TokenLifetime: row.TokenLifetime, RequestsPerSecond: row.RequestsPerSecond,
		DisabledAt: row.DisabledAt, DisabledBy: row.DisabledBy, EnabledAt: row.EnabledAt, ExpiresAt: row.ExpiresAt,
		Suspension: row.Suspension, Generation: row.Generation, UpdatedAt: row.UpdatedAt,
		AccountID: row.AccountID, ClientID: row.ClientID, Version: row.Version,
	})
	switch {
	case err != nil:
		return t.fault(err)
	case n == 0:
		return apicred.Stale()
	}
	if row.KeySet != old.KeySet && row.KeySet != "" {
		if err := t.q.RaiseCredentialSecretAdded(ctx, row.UpdatedAt, row.ClientID); err != nil {
			return t.fault(err)
		}
	}
	if row.Scopes != old.Scopes {
		if err := t.q.DeleteCredentialScopes(ctx, c.ClientID); err != nil {
			return t.fault(err)
		}
		if err := t.insertScopes(ctx, &c); err != nil {
			return err
		}
	}
	if row.NameFolded != old.NameFolded {
		if err := t.q.DeleteCredentialWords(ctx, c.ClientID); err != nil {
			return t.fault(err)
		}
		return t.insertWords(ctx, &row)
	}
	return nil
}

// DeleteCredential takes secrets and usage with it; its audit events stay.
func (t *tx) DeleteCredential(ctx context.Context, accountID, clientID string) error {
	n, err := t.q.DeleteCredential(ctx, accountID, clientID)
	if err == nil && n == 0 {
		return apicred.NotFound()
	}
	return t.lookup(err)
}

// insertScopes and insertWords are a statement each, however many they insert:
// others wait for the head row meanwhile.
func (t *tx) insertScopes(ctx context.Context, c *apicred.Credential) error {
	q := (&composed{}).add("INSERT INTO credential_scopes (client_id, account_id, scope) SELECT ")
	q.add("CAST(", q.bind(c.ClientID), " AS TEXT), CAST(", q.bind(c.AccountID), " AS TEXT), l.value FROM ")
	return t.insertEach(ctx, q, c.Scopes)
}

func (t *tx) insertWords(ctx context.Context, row *statement.Credential) error {
	q := (&composed{}).add("INSERT INTO credential_words (client_id, account_id, name_folded, word) SELECT ")
	q.add("CAST(", q.bind(row.ClientID), " AS TEXT), CAST(", q.bind(row.AccountID), " AS TEXT), CAST(", q.bind(row.NameFolded), " AS TEXT), l.value FROM ")
	return t.insertEach(ctx, q, nameWords(row.NameFolded))
}

// insertEach ends a statement by l, whose column value is one of texts each.
func (t *tx) insertEach(ctx context.Context, q *composed, texts []string) error {
	if len(texts) == 0 {
		return nil
	}
	list, err := json.Marshal(texts)
	if err != nil {
		return t.fault(err)
	}
	return t.exec(ctx, q.add(t.elements, "(", q.bind(string(list)), ") AS l"))
}

func credentialRow(c *apicred.Credential) statement.Credential {
	return statement.Credential{
		ClientID: c.ClientID, AccountID: c.AccountID, Name: c.Name, NameFolded: apicred.FoldText(c.Name),
		Level: string(c.Level), OwnerID: orNull(c.OwnerID), Scopes: apicred.JoinScopes(c.Scopes), API: c.API,
		AuthenticationMethod: string(c.AuthenticationMethod), KeySet: c.KeySet,
		TLSClientSubject: c.TLSClientSubject, AllowedCidrs: prefixText(c.AllowedCIDRs),
		TokenLifetime: c.TokenLifetime.Microseconds(), RequestsPerSecond: int64(c.RequestsPerSecond),
		DisabledAt: micros(c.DisabledAt), DisabledBy: c.DisabledBy, ExpiresAt: micros(c.ExpiresAt),
		Suspension: string(c.Suspension), Generation: c.Generation, Version: c.Version,
		CreatedAt: micros(c.CreatedAt), CreatedBy: c.CreatedBy, UpdatedAt: micros(c.UpdatedAt),
		LastUsedAt: micros(c.LastUsedAt), LastUsedAddress: plain(c.LastUsedAddress),
		EnabledAt: micros(c.EnabledAt), SecretAddedAt: micros(c.CreatedAt), // until InsertSecret raises it
	}
}

func credentialOf(row *statement.Credential) (apicred.Credential, error) {
	cidrs, err := prefixesOf(row.AllowedCidrs)
	return apicred.Credential{
		ClientID: row.ClientID, AccountID: row.AccountID, Name: row.Name, Level: apicred.Level(row.Level),
		OwnerID: row.OwnerID.String, Scopes: strings.Fields(row.Scopes), API: row.API,
		AuthenticationMethod: apicred.AuthenticationMethod(row.AuthenticationMethod), KeySet: row.KeySet,
		TLSClientSubject: row.TLSClientSubject, AllowedCIDRs: cidrs,
		TokenLifetime: durationOf(row.TokenLifetime), RequestsPerSecond: int(row.RequestsPerSecond),
		DisabledAt: timeOf(row.DisabledAt), DisabledBy: row.DisabledBy, ExpiresAt: timeOf(row.ExpiresAt),
		Suspension: apicred.Suspension(row.Suspension), Generation: row.Generation, Version: row.Version,
		CreatedAt: timeOf(row.CreatedAt), CreatedBy: row.CreatedBy, UpdatedAt: timeOf(row.UpdatedAt),
		LastUsedAt: timeOf(row.LastUsedAt), LastUsedAddress: row.LastUsedAddress,
		EnabledAt: timeOf(row.EnabledAt),
	}, err
}

func (r *reader) credentialsOf(rows []statement.Credential) ([]apicred.Credential, error) {
	credentials := make([]apicred.Credential, 0, len(rows))
	for i := range rows {
		c, err := credentialOf(&rows[i])
		if err != nil {
			return nil, r.fault(err)
		}
		credentials = append(credentials, c)
	}
	return credentials, nil
}

func (r *reader) CredentialAccount(ctx context.Context, clientID string) (string, error) {
	row, err := r.q.GetCredentialByClientID(ctx, clientID)
	return row.AccountID, r.lookup(err)
}
