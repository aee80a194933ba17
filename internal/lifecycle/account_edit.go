package lifecycle

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Bounds of the ages that an account may set (R9).
const (
	minPolicyAge = time.Minute
	maxPolicyAge = 3650 * day
)

// EditAccount changes an account's settings. The operator at the machine does
// it. Errors: not_found, invalid, conflict (a name that is taken), precondition.
func (s *Service) EditAccount(ctx context.Context, actor apicred.Actor, accountID string, in AccountChange) (apicred.Account, error) {
	var out apicred.Account
	actor.AccountID = accountID
	err := s.change(ctx, func(tx Tx) error {
		before, err := tx.Account(ctx, accountID)
		if err != nil {
			return err
		}
		out, err = s.saveAccount(ctx, tx, &actor, before, &in)
		return err
	})
	return out, err
}

// ChangeAccount changes the actor's own account: its name and the rules for its
// credentials. Admins do it; whether the area is shown is the operator's to say.
// Errors: forbidden, invalid, conflict (a name that is taken), precondition.
func (s *Service) ChangeAccount(ctx context.Context, actor apicred.Actor, in AccountChange) (apicred.Account, error) {
	var out apicred.Account
	err := s.change(ctx, func(tx Tx) error {
		f, err := s.facts(ctx, tx, &actor)
		if err != nil {
			return err
		}
		attempt := recorded{action: "account.edit", target: apicred.TargetAccount, id: actor.AccountID}
		if actor.Role != apicred.RoleAdmin || accountActor(&actor) {
			s.refuse(&actor, "account_role", attempt)
			return apicred.Forbidden("Only an admin can change the account. Ask one of its admins.")
		}
		if err := s.needScope(&actor, apicred.ScopeAccountWrite, attempt); err != nil {
			return err
		}
		out, err = s.saveAccount(ctx, tx, &actor, f.account, &in)
		if apicred.IsKind(err, apicred.KindConflict) {
			// Which names other accounts have can be tried out this way, and only
			// so: what is tried stands in the log.
			s.refuse(&actor, "account_name", attempt)
		}
		return err
	})
	return out, err
}

// saveAccount validates, stores and audits an edit. Nothing is written when
// nothing differs.
func (s *Service) saveAccount(ctx context.Context, tx Tx, actor *apicred.Actor, before apicred.Account, in *AccountChange) (apicred.Account, error) {
	after, err := editedAccount(before, in, s.now())
	if err != nil {
		return apicred.Account{}, err
	}
	if in.Version != 0 && in.Version != before.Version {
		return apicred.Account{}, apicred.Stale()
	}
	if recordAccount(&before) == recordAccount(&after) {
		return before, nil
	}
	other, err := tx.AccountByName(ctx, after.Name)
	switch {
	case err == nil && other.ID != after.ID:
		return apicred.Account{}, apicred.Conflict("The name " + quoted(after.Name) + " is taken. Choose another name.")
	case err != nil && !apicred.IsKind(err, apicred.KindNotFound):
		return apicred.Account{}, err
	}
	after.UpdatedAt = s.now()
	if err := tx.UpdateAccount(ctx, after); err != nil {
		return apicred.Account{}, err
	}
	err = s.record(ctx, tx, actor, recorded{
		action: "account.edit", target: apicred.TargetAccount, id: after.ID, before: recordAccount(&before), after: recordAccount(&after),
	})
	if err != nil {
		return apicred.Account{}, err
	}
	return tx.Account(ctx, after.ID)
}

func editedAccount(a apicred.Account, in *AccountChange, now time.Time) (apicred.Account, error) {
	v := memberCheck{faults: in.Faults}
	before := a
	if in.Name != nil {
		a.Name = v.name(*in.Name)
	}
	if in.APICredentialsEnabled != nil {
		a.APICredentialsEnabled = *in.APICredentialsEnabled
	}
	if p := in.AccountLevelCredentials; p != nil {
		if *p != apicred.AccountLevelClosed && *p != apicred.AccountLevelOpen && !v.faulty("body.account_level_credentials") {
			v.fault("body.account_level_credentials", "The policy is closed or open.")
		}
		a.AccountLevelCredentials = *p
	}
	if d := in.MaxTokenLifetime; d != nil {
		if *d != 0 && (*d < minTokenLifetime || *d > maxTokenLifetime) && !v.faulty("body.max_token_lifetime_seconds") {
			v.fault("body.max_token_lifetime_seconds", "The longest token lifetime must be 60 to 86,400 seconds, or none for no bound.")
		}
		a.MaxTokenLifetime = *d
	}
	v.policyAge("body.max_secret_age_seconds", in.MaxSecretAge, &a.MaxSecretAge)
	v.policyAge("body.unused_warn_after_seconds", in.UnusedWarnAfter, &a.UnusedWarnAfter)
	v.policyAge("body.unused_disable_after_seconds", in.UnusedDisableAfter, &a.UnusedDisableAfter)
	if a.UnusedDisableAfter != 0 && a.UnusedDisableAfter <= a.UnusedWarnAfter && !v.faulty("body.unused_disable_after_seconds") && !v.faulty("body.unused_warn_after_seconds") {
		v.fault("body.unused_disable_after_seconds", "Unused API credentials must be disabled later than warned of: make it more than unused_warn_after_seconds, or none for never.")
	}
	a.UnusedRuleAt = unusedRuleSince(&before, &a, now)
	return a, v.err()
}

// policyAge takes one of the account's ages; nil leaves it as it is.
func (v *memberCheck) policyAge(location string, asked *time.Duration, into *time.Duration) {
	if asked == nil {
		return
	}
	if *asked != 0 && (*asked < minPolicyAge || *asked > maxPolicyAge) && !v.faulty(location) {
		v.fault(location, "The age must be 60 to 315,360,000 seconds (ten years), or none for no rule.")
	}
	*into = *asked
}

// unusedRuleSince is since when the rule that disables unused credentials has
// been as strict as after says. A rule that is new or stricter begins now, and
// people get its notice (unusedNotice) before it disables anything.
func unusedRuleSince(before, after *apicred.Account, now time.Time) time.Time {
	switch {
	case after.UnusedDisableAfter == 0:
		return time.Time{}
	case before.UnusedDisableAfter == 0, after.UnusedDisableAfter < before.UnusedDisableAfter:
		return now
	}
	return before.UnusedRuleAt
}
