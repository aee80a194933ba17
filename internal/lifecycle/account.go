package lifecycle

import (
	"context"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// AccountChange is what an edit of an account asks for; nil members stay.
type AccountChange struct {
	Name                    *string
	APICredentialsEnabled   *bool
	AccountLevelCredentials *apicred.AccountLevelPolicy
	// The durations are bounds and rules; 0 takes them away.
	MaxTokenLifetime   *time.Duration
	MaxSecretAge       *time.Duration
	UnusedWarnAfter    *time.Duration
	UnusedDisableAfter *time.Duration
	// Version the editor saw, from If-Match; 0: not given.
	Version int64
	Faults  []apicred.FieldError // as NewCredential's
}

// Account reads the actor's own account; any member may.
func (s *Service) Account(ctx context.Context, actor apicred.Actor) (apicred.Account, error) {
	var out apicred.Account
	err := s.store.View(ctx, func(r Reader) error {
		f, err := s.facts(ctx, r, &actor)
		out = f.account
		return err
	})
	return out, err
}

// Accounts lists every account, for the operator at the machine.
func (s *Service) Accounts(ctx context.Context) ([]apicred.Account, error) {
	var out []apicred.Account
	err := s.store.View(ctx, func(r Reader) error {
		var err error
		out, err = r.Accounts(ctx)
		return err
	})
	return out, err
}

// FindAccount finds an account by ID or by name, for the operator; an empty
// text is the operator account.
func (s *Service) FindAccount(ctx context.Context, idOrName string) (apicred.Account, error) {
	accounts, err := s.Accounts(ctx)
	if err != nil {
		return apicred.Account{}, err
	}
	// IDs first: an admin may call an account as another's ID is spelt.
	for _, fits := range []func(apicred.Account) bool{
		func(a apicred.Account) bool { return idOrName == "" && a.Operator },
		func(a apicred.Account) bool { return a.ID == idOrName },
		func(a apicred.Account) bool { return idOrName != "" && a.Name == idOrName },
	} {
		if at := slices.IndexFunc(accounts, fits); at >= 0 {
			return accounts[at], nil
		}
	}
	return apicred.Account{}, &apicred.Error{
		Kind: apicred.KindNotFound, Message: "There is no account " + quoted(idOrName) + ". List them with: claviger account list",
	}
}

// CreateAccount makes an account; the first one is the operator account. The
// operator at the machine does it.
func (s *Service) CreateAccount(ctx context.Context, actor apicred.Actor, name string) (apicred.Account, error) {
	var out apicred.Account
	err := s.change(ctx, func(tx Tx) error {
		checked, err := apicred.CheckName("body.name", name)
		if err != nil {
			return err
		}
		out, err = s.insertAccount(ctx, tx, &actor, checked)
		return err
	})
	return out, err
}

// EnsureOperatorAccount makes the first account, named "default", unless there
// is one already. It is called at every start.
func (s *Service) EnsureOperatorAccount(ctx context.Context, actor apicred.Actor) (apicred.Account, error) {
	if a, err := s.FindAccount(ctx, ""); err == nil || !apicred.IsKind(err, apicred.KindNotFound) {
		return a, err
	}
	var out apicred.Account
	err := s.change(ctx, func(tx Tx) error {
		accounts, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		if len(accounts) > 0 { // another node was quicker
			out = accounts[0]
			return nil
		}
		out, err = s.insertAccount(ctx, tx, &actor, "default")
		return err
	})
	return out, err
}

func (s *Service) insertAccount(ctx context.Context, tx Tx, actor *apicred.Actor, name string) (apicred.Account, error) {
	accounts, err := tx.Accounts(ctx)
	if err != nil {
		return apicred.Account{}, err
	}
	for _, a := range accounts {
		if a.Name == name {
			return apicred.Account{}, apicred.Conflict("There is already an account named " + quoted(name) + ". Choose another name.")
		}
	}
	id, err := s.newID()
	if err != nil {
		return apicred.Account{}, err
	}
	a := apicred.Account{
		ID: id, Name: name, Operator: len(accounts) == 0, APICredentialsEnabled: true,
		AccountLevelCredentials: apicred.AccountLevelClosed, CreatedAt: s.now(), UpdatedAt: s.now(), Version: 1,
	}
	if err := tx.InsertAccount(ctx, a); err != nil {
		return apicred.Account{}, err
	}
	in := *actor
	in.AccountID = id
	return a, s.record(ctx, tx, &in, recorded{action: "account.create", target: apicred.TargetAccount, id: id, after: recordAccount(&a)})
}
