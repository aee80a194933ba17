package lifecycle

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	// minUnusedNotice is the least time between a rule for unused credentials
	// and the first credential that it disables.
	minUnusedNotice = day
	// unusedSlack is how much longer than the rule says nobody must have used a
	// credential: last uses are exact to a minute and written in batches.
	unusedSlack = 5 * time.Minute
	// unusedBatch bounds what one pass disables in an account. Each is a change
	// of its own; a rule that meets 100,000 must not hold up everybody else.
	unusedBatch = 200
)

// unusedNotice is how long an account's rule has to stand before it disables
// anything: as long as it warns of a credential before it disables it, and a day
// at least, or as long as the rule itself says where that is shorter. So nobody
// who switches a rule on disables what nobody was ever warned of.
func unusedNotice(a *apicred.Account) time.Duration {
	warned := a.UnusedDisableAfter
	if a.UnusedWarnAfter > 0 {
		warned -= a.UnusedWarnAfter
	}
	return max(warned, min(minUnusedNotice, a.UnusedDisableAfter))
}

// unusedSince is the moment since when a credential of the account must have
// been idle for the rule to disable it now; false when it disables nothing now.
func unusedSince(a *apicred.Account, now time.Time) (time.Time, bool) {
	if a.UnusedDisableAfter <= 0 || now.Before(a.UnusedRuleAt.Add(unusedNotice(a))) {
		return time.Time{}, false
	}
	return now.Add(-a.UnusedDisableAfter - unusedSlack), true
}

// DisableUnused disables the credentials that the rules of their accounts find
// unused, some at a time, and reports how many. Every node may do it at once:
// each credential is judged again in the transaction that disables it. Its error
// is the store's.
func (s *Service) DisableUnused(ctx context.Context) (int, error) {
	var due []apicred.Credential // ID and account alone
	err := s.store.View(ctx, func(r Reader) error {
		accounts, err := r.Accounts(ctx)
		if err != nil {
			return err
		}
		for i := range accounts {
			since, rules := unusedSince(&accounts[i], s.now())
			if !rules {
				continue
			}
			ids, err := r.CredentialsIdle(ctx, IdleQuery{AccountID: accounts[i].ID, Since: since, Now: s.now(), Limit: unusedBatch})
			if err != nil {
				return err
			}
			for _, id := range ids {
				due = append(due, apicred.Credential{AccountID: accounts[i].ID, ClientID: id})
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	done := 0
	for i := range due {
		disabled, err := s.disableUnused(ctx, &due[i])
		if err != nil {
			return done, err
		}
		if disabled {
			done++
		}
	}
	return done, nil
}

// disableUnused disables one, unless it was used, changed or is gone by now.
func (s *Service) disableUnused(ctx context.Context, due *apicred.Credential) (disabled bool, err error) {
	err = s.change(ctx, func(tx Tx) error {
		disabled = false
		account, err := tx.Account(ctx, due.AccountID)
		if err != nil {
			return err
		}
		before, err := tx.Credential(ctx, due.AccountID, due.ClientID)
		if apicred.IsKind(err, apicred.KindNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		since, rules := unusedSince(&account, s.now())
		if !rules || before.Disabled() || before.Expired(s.now()) || before.IdleSince().After(since) {
			return nil
		}
		catalogue, err := s.catalogue(ctx, tx)
		if err != nil {
			return err
		}
		after := before
		after.DisabledAt, after.DisabledBy = s.now(), apicred.DisabledUnused
		after.Generation++
		disabled = true
		system := systemActor(due.AccountID, &apicred.Actor{})
		return s.saveCredential(ctx, tx, &system, &facts{account: account, catalogue: catalogue}, credentialEdit{"credential.disable", before, after})
	})
	return disabled && err == nil, err
}
