package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

// loadPage is how many rows are in memory at a time while everything is loaded.
const loadPage = 2000

// load hands the whole set to into: catalogue, accounts, users, credentials,
// revoked tokens.
func (r *reader) load(ctx context.Context, into accesstoken.Loader) (accesstoken.Head, error) {
	head, err := r.feedHead(ctx)
	if err != nil {
		return accesstoken.Head{}, err
	}
	catalogue, version, err := r.Catalogue(ctx)
	if err != nil {
		return accesstoken.Head{}, err
	}
	into.LoadCatalogue(catalogue, version)
	accounts, err := r.Accounts(ctx)
	if err != nil {
		return accesstoken.Head{}, err
	}
	for _, a := range accounts {
		into.LoadAccount(a)
	}
	if err := r.loadUsers(ctx, into); err != nil {
		return accesstoken.Head{}, err
	}
	if err := r.loadCredentials(ctx, into); err != nil {
		return accesstoken.Head{}, err
	}
	return head, r.loadRevokedTokens(ctx, into)
}

func (r *reader) loadUsers(ctx context.Context, into accesstoken.Loader) error {
	var accountID, userID string
	for {
		rows, err := r.q.ListUsersAfter(ctx, accountID, userID, loadPage)
		if err != nil {
			return r.fault(err)
		}
		for _, row := range rows {
			into.LoadUser(userOf(row.User, row.Person))
			accountID, userID = row.User.AccountID, row.User.UserID
		}
		if len(rows) < loadPage {
			return nil
		}
	}
}

// loadCredentials merges pages of credentials with the secrets of the same range
// of client IDs, both in that order: two statements a page.
func (r *reader) loadCredentials(ctx context.Context, into accesstoken.Loader) error {
	after := ""
	for {
		rows, err := r.q.ListCredentialsAfter(ctx, after, loadPage)
		if err != nil {
			return r.fault(err)
		}
		if len(rows) == 0 {
			return nil
		}
		last := rows[len(rows)-1].ClientID
		secrets, err := r.q.ListSecretsBetween(ctx, after, last)
		if err != nil {
			return r.fault(err)
		}
		if err := merge(rows, secrets, into); err != nil {
			return r.fault(err)
		}
		after = last
	}
}

func merge(rows []statement.Credential, secrets []statement.Secret, into accesstoken.Loader) error {
	own := make([]apicred.Secret, 0, apicred.MaxSecrets)
	for i := range rows {
		c, err := credentialOf(&rows[i])
		if err != nil {
			return err
		}
		own = own[:0]
		for len(secrets) > 0 && secrets[0].ClientID == c.ClientID {
			own = append(own, secretOf(&secrets[0]))
			secrets = secrets[1:]
		}
		slices.SortFunc(own, olderSecret)
		into.LoadCredential(accesstoken.CredentialRecord{Credential: c, Secrets: own})
	}
	return nil
}

// olderSecret orders as Secrets does: by creation, then ID.
func olderSecret(a, b apicred.Secret) int {
	if n := a.CreatedAt.Compare(b.CreatedAt); n != 0 {
		return n
	}
	return strings.Compare(a.ID, b.ID)
}

// credentialRecord finds a credential whatever its account.
func (r *reader) credentialRecord(ctx context.Context, clientID string) (accesstoken.CredentialRecord, error) {
	row, err := r.q.GetCredentialByClientID(ctx, clientID)
	if err != nil {
		return accesstoken.CredentialRecord{}, r.lookup(err)
	}
	c, err := credentialOf(&row)
	if err != nil {
		return accesstoken.CredentialRecord{}, r.fault(err)
	}
	secrets, err := r.Secrets(ctx, clientID)
	return accesstoken.CredentialRecord{Credential: c, Secrets: secrets}, err
}
