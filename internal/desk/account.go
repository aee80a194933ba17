package desk

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// Account is an account as the operator sees it.
type Account struct {
	AccountID               string                     `json:"account_id"`
	Name                    string                     `json:"name"`
	Operator                bool                       `json:"operator"`
	APICredentialsEnabled   bool                       `json:"api_credentials_enabled"`
	AccountLevelCredentials apicred.AccountLevelPolicy `json:"account_level_credentials"`
	// The ages are 0 where the account sets no bound or rule.
	MaxTokenLifetimeSeconds   int64     `json:"max_token_lifetime_seconds"`
	MaxSecretAgeSeconds       int64     `json:"max_secret_age_seconds"`
	UnusedWarnAfterSeconds    int64     `json:"unused_warn_after_seconds"`
	UnusedDisableAfterSeconds int64     `json:"unused_disable_after_seconds"`
	CreatedAt                 time.Time `json:"created_at"`
	Version                   int64     `json:"version"`
}

// AccountRef names an account by ID or name; an empty one is the operator account.
type AccountRef struct {
	Account string `json:"account,omitempty"`
}

// NewAccount is an account to make.
type NewAccount struct {
	Name string `json:"name"`
}

// AccountEdit changes an account; absent members stay.
type AccountEdit struct {
	AccountRef
	Name                    *string                     `json:"name,omitempty"`
	APICredentialsEnabled   *bool                       `json:"api_credentials_enabled,omitempty"`
	AccountLevelCredentials *apicred.AccountLevelPolicy `json:"account_level_credentials,omitempty"`
	// The ages are in nanoseconds on the socket; 0 takes bound or rule away.
	MaxTokenLifetime   *time.Duration `json:"max_token_lifetime,omitempty"`
	MaxSecretAge       *time.Duration `json:"max_secret_age,omitempty"`
	UnusedWarnAfter    *time.Duration `json:"unused_warn_after,omitempty"`
	UnusedDisableAfter *time.Duration `json:"unused_disable_after,omitempty"`
}

// Accounts lists every account, oldest first.
func (d *Desk) Accounts(ctx context.Context) ([]Account, error) {
	accounts, err := d.lifecycle.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Account, 0, len(accounts))
	for i := range accounts {
		out = append(out, accountOf(&accounts[i]))
	}
	return out, nil
}

// CreateAccount makes an account. The first one of an installation is the
// operator account, so that one is made first where it is missing.
func (d *Desk) CreateAccount(ctx context.Context, in NewAccount) (Account, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return Account{}, err
	}
	if _, err := d.lifecycle.EnsureOperatorAccount(ctx, actor); err != nil {
		return Account{}, err
	}
	a, err := d.lifecycle.CreateAccount(ctx, actor, in.Name)
	return accountOf(&a), err
}

// EditAccount changes an account's settings. Errors: not_found, invalid,
// conflict (a name that another account has).
func (d *Desk) EditAccount(ctx context.Context, in AccountEdit) (Account, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return Account{}, err
	}
	account, err := d.lifecycle.FindAccount(ctx, in.Account)
	if err != nil {
		return Account{}, err
	}
	account, err = d.lifecycle.EditAccount(ctx, actor, account.ID, lifecycle.AccountChange{
		Name: in.Name, APICredentialsEnabled: in.APICredentialsEnabled,
		AccountLevelCredentials: in.AccountLevelCredentials, MaxTokenLifetime: in.MaxTokenLifetime,
		MaxSecretAge: in.MaxSecretAge, UnusedWarnAfter: in.UnusedWarnAfter, UnusedDisableAfter: in.UnusedDisableAfter,
	})
	return accountOf(&account), err
}

func accountOf(a *apicred.Account) Account {
	return Account{
		AccountID: a.ID, Name: a.Name, Operator: a.Operator, APICredentialsEnabled: a.APICredentialsEnabled,
		AccountLevelCredentials: a.AccountLevelCredentials,
		MaxTokenLifetimeSeconds: seconds(a.MaxTokenLifetime), MaxSecretAgeSeconds: seconds(a.MaxSecretAge),
		UnusedWarnAfterSeconds: seconds(a.UnusedWarnAfter), UnusedDisableAfterSeconds: seconds(a.UnusedDisableAfter),
		CreatedAt: a.CreatedAt.UTC(), Version: a.Version,
	}
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
