package lifecycle

import (
	"context"
	"slices"

	"github.com/claviger/claviger/internal/apicred"
)

// systemActor acts when a rule of ours does, not a person. Where a person of
// another account caused it (a change of the catalogue), that account's admins
// are not shown from which address.
func systemActor(accountID string, because *apicred.Actor) apicred.Actor {
	system := apicred.Actor{Type: apicred.ActorSystem, AccountID: accountID, Unlimited: true, RequestID: because.RequestID}
	if because.AccountID == accountID {
		system.Address = because.Address
	}
	return system
}

// suspend recomputes the stored suspension of a credential. Becoming suspended
// raises the generation, so that every token out is dead for good; what ends a
// suspension revives none (contract.md "What ends a token").
func suspend(f *facts, c *apicred.Credential, owner *apicred.User) {
	next := apicred.SuspensionNone
	switch {
	case c.Suspension == apicred.SuspensionRestored:
		return // only a confirmation ends it
	case c.Level == apicred.LevelUser && owner.Status != apicred.UserActive:
		next = apicred.SuspensionOwner
	case len(effectiveScopes(f, c, owner)) == 0:
		next = apicred.SuspensionScopes
	}
	if next != apicred.SuspensionNone && c.Suspension == apicred.SuspensionNone {
		c.Generation++
	}
	c.Suspension = next
}

// circumstances are what credentials depend on besides themselves, after a
// change of them.
type circumstances struct {
	catalogue *apicred.CompiledCatalogue
	// ownerBefore is the owner as before the change; nil when it is not the
	// owner that changed.
	ownerBefore *apicred.User
}

// resuspend recomputes the suspension of credentials after a change of their
// owner, account or catalogue, and audits each that changed.
func (s *Service) resuspend(ctx context.Context, tx Tx, because *apicred.Actor, now circumstances, credentials []apicred.Credential) error {
	accounts := map[string]facts{}
	for _, before := range credentials {
		f, ok := accounts[before.AccountID]
		if !ok {
			account, err := tx.Account(ctx, before.AccountID)
			if err != nil {
				return err
			}
			f = facts{account: account, catalogue: now.catalogue}
			accounts[before.AccountID] = f
		}
		owner, err := s.owner(ctx, tx, &before)
		if err != nil {
			return err
		}
		after := before
		suspend(&f, &after, &owner)
		if now.ownerBefore != nil && regained(&f, &before, now.ownerBefore, &owner) {
			after.Generation++
		}
		if after.Suspension == before.Suspension && after.Generation == before.Generation {
			continue
		}
		action := "credential.suspend"
		if after.Suspension == apicred.SuspensionNone {
			action = "credential.resume"
		}
		after.UpdatedAt = s.now()
		if err := tx.UpdateCredential(ctx, after); err != nil {
			return err
		}
		system := systemActor(before.AccountID, because)
		err = s.record(ctx, tx, &system, recorded{
			action: action, target: apicred.TargetCredential, id: after.ClientID,
			before: recordCredential(&before), after: recordCredential(&after),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// regained tells whether a promotion gives an active credential scopes back
// that a demotion took from it. Tokens from before the demotion may name them;
// they lost them then, and promoting revives nothing (contract.md "What
// ends a token"). A suspension has ended them all anyhow.
func regained(f *facts, c *apicred.Credential, before, after *apicred.User) bool {
	if c.Disabled() || c.Suspension != apicred.SuspensionNone {
		return false
	}
	had := effectiveScopes(f, c, before)
	return slices.ContainsFunc(effectiveScopes(f, c, after), func(scope string) bool { return !slices.Contains(had, scope) })
}

// scopesTouched lists the scopes that may be worth less or more under next than
// under before: those whose entry, API or accounts differ.
func scopesTouched(before, next *apicred.CompiledCatalogue) []string {
	var out []string
	for _, s := range before.Scopes() {
		if n := next.Scope(s.Value); n == nil || !sameGrant(s, n, before, next) {
			out = append(out, s.Value)
		}
	}
	for _, n := range next.Scopes() {
		if before.Scope(n.Value) == nil {
			out = append(out, n.Value)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sameGrant(a, b *apicred.CompiledScope, before, next *apicred.CompiledCatalogue) bool {
	return a.Live == b.Live && slices.Equal(a.Roles, b.Roles) && slices.Equal(before.API(a.API).Accounts, next.API(b.API).Accounts)
}
