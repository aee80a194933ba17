package sqlstore

import (
	"context"
	"database/sql"
	"errors"
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
// of client IDs, both in that order: two statements a page. The next page is read
// while into takes this one: of a million that is seconds.
func (r *reader) loadCredentials(ctx context.Context, into accesstoken.Loader) error {
	ctx, cancel := context.WithCancel(ctx)
	pages, failed := make(chan loadedPage), make(chan error, 1)
	go func() {
		defer close(pages)
		failed <- r.readPages(ctx, pages)
	}()
	shared := map[string][]string{}
	var err error
	for p := range pages {
		if err = p.merge(shared, into); err != nil {
			break
		}
	}
	cancel()
	if read := <-failed; err == nil { // the connection is nobody's but the reader's until then
		err = read
	}
	return err
}

// loadedPage is some credentials and their secrets.
type loadedPage struct {
	rows    []statement.ListCredentialsAfterRow
	secrets []statement.ListSecretsBetweenRow
}

func (r *reader) readPages(ctx context.Context, pages chan<- loadedPage) error {
	after := ""
	for {
		var p loadedPage
		var err error
		if p.rows, err = r.q.ListCredentialsAfter(ctx, after, loadPage); err != nil {
			return r.fault(err)
		}
		if len(p.rows) == 0 {
			return nil
		}
		last := p.rows[len(p.rows)-1].ClientID
		if p.secrets, err = r.q.ListSecretsBetween(ctx, after, last); err != nil {
			return r.fault(err)
		}
		select {
		case pages <- p:
		case <-ctx.Done():
			return domainError(ctx.Err())
		}
		after = last
	}
}

// merge hands a page to into. What many credentials have the same scopes share
// one list of them.
func (p *loadedPage) merge(shared map[string][]string, into accesstoken.Loader) error {
	own, secrets := make([]apicred.Secret, 0, apicred.MaxSecrets), p.secrets
	for i := range p.rows {
		row := &p.rows[i]
		cidrs, err := prefixesOf(row.AllowedCidrs)
		if err != nil {
			return domainError(err)
		}
		own = own[:0]
		for len(secrets) > 0 && secrets[0].ClientID == row.ClientID {
			own = append(own, loadedSecret(&secrets[0]))
			secrets = secrets[1:]
		}
		slices.SortFunc(own, olderSecret)
		c := loadedCredential(row)
		c.AllowedCIDRs, c.Scopes = cidrs, scopesOf(row.Scopes, shared)
		into.LoadCredential(accesstoken.CredentialRecord{Credential: c, Secrets: own})
	}
	return nil
}

// sharedScopes is how many different lists of scopes are remembered.
const sharedScopes = 1000

func scopesOf(text string, shared map[string][]string) []string {
	scopes, known := shared[text]
	if !known {
		scopes = strings.Fields(text)
		if len(shared) < sharedScopes {
			shared[text] = scopes
		}
	}
	return scopes
}

func loadedCredential(row *statement.ListCredentialsAfterRow) apicred.Credential {
	return apicred.Credential{
		ClientID: row.ClientID, AccountID: row.AccountID, Level: apicred.Level(row.Level), OwnerID: row.OwnerID.String, API: row.API,
		AuthenticationMethod: apicred.AuthenticationMethod(row.AuthenticationMethod), KeySet: row.KeySet, TLSClientSubject: row.TLSClientSubject,
		TokenLifetime: durationOf(row.TokenLifetime), RequestsPerSecond: int(row.RequestsPerSecond),
		DisabledAt: timeOf(row.DisabledAt), ExpiresAt: timeOf(row.ExpiresAt), Suspension: apicred.Suspension(row.Suspension),
		Generation: row.Generation, LastUsedAt: timeOf(row.LastUsedAt),
	}
}

func loadedSecret(row *statement.ListSecretsBetweenRow) apicred.Secret {
	return apicred.Secret{
		ID: row.SecretID, ClientID: row.ClientID, Hash: row.Hash, PepperID: row.PepperID,
		CreatedAt: timeOf(row.CreatedAt), ExpiresAt: timeOf(row.ExpiresAt), LastUsedAt: timeOf(row.LastUsedAt),
	}
}

// olderSecret orders as Secrets does: by creation, then ID.
func olderSecret(a, b apicred.Secret) int {
	if n := a.CreatedAt.Compare(b.CreatedAt); n != 0 {
		return n
	}
	return strings.Compare(a.ID, b.ID)
}

// credentialRecords finds credentials whatever their account, in two statements:
// to a database that is far each is a wait.
func (r *reader) credentialRecords(ctx context.Context, clientIDs []string) (map[string]accesstoken.FoundCredential, error) {
	wanted := make([][]any, 0, len(clientIDs))
	for _, id := range clientIDs {
		wanted = append(wanted, []any{plain(id)}) // none has what plain replaces
	}
	credentials := (&composed{}).add("SELECT ", credentialColumns, " FROM credentials AS c, ")
	secrets := (&composed{}).add("SELECT ", secretColumns, " FROM secrets AS s, ")
	if err := errors.Join(r.addRows(credentials, wanted), r.addRows(secrets, wanted)); err != nil {
		return nil, err
	}
	found := make(map[string]accesstoken.FoundCredential, len(clientIDs))
	err := r.query(ctx, credentials.add(" WHERE c.client_id = CAST(l.value ->> 0 AS TEXT)"), func(rows *sql.Rows) error {
		var row statement.Credential
		if err := scanCredential(rows, &row); err != nil {
			return err
		}
		c, fault := credentialOf(&row)
		found[row.ClientID] = accesstoken.FoundCredential{CredentialRecord: accesstoken.CredentialRecord{Credential: c}, Fault: fault}
		return nil
	})
	if err != nil {
		return nil, err
	}
	secrets.add(" WHERE s.client_id = CAST(l.value ->> 0 AS TEXT) ORDER BY s.client_id, s.created_at, s.secret_id")
	err = r.query(ctx, secrets, func(rows *sql.Rows) error {
		s, err := scanSecret(rows)
		if of, ok := found[s.ClientID]; ok {
			of.Secrets = append(of.Secrets, s)
			found[s.ClientID] = of
		}
		return err
	})
	return found, err
}
