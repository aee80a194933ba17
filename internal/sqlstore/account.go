package sqlstore

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

func (r *reader) Account(ctx context.Context, accountID string) (apicred.Account, error) {
	row, err := r.q.GetAccount(ctx, accountID)
	return accountOf(row), r.lookup(err)
}

func (r *reader) AccountByName(ctx context.Context, name string) (apicred.Account, error) {
	row, err := r.q.GetAccountByName(ctx, apicred.FoldText(name))
	return accountOf(row), r.lookup(err)
}

func (r *reader) Accounts(ctx context.Context) ([]apicred.Account, error) {
	rows, err := r.q.ListAccounts(ctx)
	accounts := make([]apicred.Account, 0, len(rows))
	for _, row := range rows {
		accounts = append(accounts, accountOf(row))
	}
	return accounts, r.fault(err)
}

func (t *tx) InsertAccount(ctx context.Context, a apicred.Account) error {
	return t.fault(t.q.InsertAccount(ctx, statement.InsertAccountParams(accountRow(a))))
}

func (t *tx) UpdateAccount(ctx context.Context, a apicred.Account) error {
	row := accountRow(a)
	n, err := t.q.UpdateAccount(ctx, statement.UpdateAccountParams{
		Name: row.Name, NameFolded: row.NameFolded,
		ApiCredentialsEnabled: row.ApiCredentialsEnabled, AccountLevelCredentials: row.AccountLevelCredentials,
		MaxTokenLifetime: row.MaxTokenLifetime, MaxSecretAge: row.MaxSecretAge,
		UnusedWarnAfter: row.UnusedWarnAfter, UnusedDisableAfter: row.UnusedDisableAfter,
		UnusedRuleAt: row.UnusedRuleAt, UpdatedAt: row.UpdatedAt, AccountID: row.AccountID, Version: row.Version,
	})
	if err != nil || n == 1 {
		return t.fault(err)
	}
	_, err = t.Account(ctx, a.ID)
	return staleUnless(err)
}

// staleUnless names why an update by ID and version found no row: err is that of
// reading the ID alone.
func staleUnless(err error) error {
	if err != nil {
		return err
	}
	return apicred.Stale()
}

func accountRow(a apicred.Account) statement.Account {
	return statement.Account{
		AccountID: a.ID, Name: a.Name, NameFolded: apicred.FoldText(a.Name), Operator: flag(a.Operator),
		ApiCredentialsEnabled:   flag(a.APICredentialsEnabled),
		AccountLevelCredentials: string(a.AccountLevelCredentials),
		MaxTokenLifetime:        a.MaxTokenLifetime.Microseconds(), MaxSecretAge: a.MaxSecretAge.Microseconds(),
		UnusedWarnAfter: a.UnusedWarnAfter.Microseconds(), UnusedDisableAfter: a.UnusedDisableAfter.Microseconds(),
		CreatedAt: micros(a.CreatedAt), UpdatedAt: micros(a.UpdatedAt), Version: a.Version,
		UnusedRuleAt: micros(a.UnusedRuleAt),
	}
}

func accountOf(row statement.Account) apicred.Account {
	return apicred.Account{
		ID: row.AccountID, Name: row.Name, Operator: row.Operator == 1,
		APICredentialsEnabled:   row.ApiCredentialsEnabled == 1,
		AccountLevelCredentials: apicred.AccountLevelPolicy(row.AccountLevelCredentials),
		MaxTokenLifetime:        durationOf(row.MaxTokenLifetime), MaxSecretAge: durationOf(row.MaxSecretAge),
		UnusedWarnAfter: durationOf(row.UnusedWarnAfter), UnusedDisableAfter: durationOf(row.UnusedDisableAfter),
		CreatedAt: timeOf(row.CreatedAt), UpdatedAt: timeOf(row.UpdatedAt), Version: row.Version,
		UnusedRuleAt: timeOf(row.UnusedRuleAt),
	}
}
