package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/claviger/claviger/internal/apicred"
)

// Catalogue returns the stored document and its version. It belongs to the
// installation: only the operator account's admins may read it, and the
// operator at the machine.
func (s *Service) Catalogue(ctx context.Context, actor apicred.Actor) (apicred.Catalogue, int64, error) {
	var document apicred.Catalogue
	var version int64
	err := s.store.View(ctx, func(r Reader) error {
		if err := s.catalogueRight(ctx, r, &actor, apicred.ScopeCatalogueRead, "catalogue.view"); err != nil {
			return err
		}
		var err error
		document, version, err = r.Catalogue(ctx)
		return err
	})
	return document, version, err
}

// MayApplyCatalogue is the refusal that ApplyCatalogue would begin with, if any:
// not_found, forbidden. Ask it before reading a large document for somebody.
func (s *Service) MayApplyCatalogue(ctx context.Context, actor apicred.Actor) error {
	return s.store.View(ctx, func(r Reader) error {
		return s.catalogueRight(ctx, r, &actor, apicred.ScopeCatalogueWrite, "catalogue.apply")
	})
}

// ApplyCatalogue replaces the catalogue. version is the one the editor saw, or
// -1 to replace whatever stands. It reports whether anything differed. Errors:
// invalid (every fault at once), conflict (a scope that somebody holds would
// vanish: retire it instead), precondition.
func (s *Service) ApplyCatalogue(ctx context.Context, actor apicred.Actor, document apicred.Catalogue, version int64) (newVersion int64, changed bool, err error) {
	err = s.change(ctx, func(tx Tx) error {
		if err := s.catalogueRight(ctx, tx, &actor, apicred.ScopeCatalogueWrite, "catalogue.apply"); err != nil {
			return err
		}
		next, err := document.Normalize()
		if err != nil {
			return err
		}
		if err := s.keepsManagementApart(next); err != nil {
			return err
		}
		stored, at, err := tx.Catalogue(ctx)
		if err != nil {
			return err
		}
		if version >= 0 && version != at {
			return apicred.Stale()
		}
		newVersion, changed = at, false
		if same, err := sameCatalogue(stored, next); err != nil || same {
			return err
		}
		newVersion, changed = at+1, true
		return s.saveCatalogue(ctx, tx, &actor, stored, next, at)
	})
	return newVersion, changed, err
}

// keepsManagementApart refuses an API with the audience of Claviger's own: the
// tokens for it would be taken by the management API, and by no enforcement
// point (contract.md "Audience": it never mixes).
func (s *Service) keepsManagementApart(c apicred.Catalogue) error {
	v := memberCheck{}
	for i, api := range c.APIs {
		if api.Audience == s.audience {
			v.fault(fmt.Sprintf("apis[%d].audience", i), "This is the audience of Claviger's own management API. Give the API another one.")
		}
	}
	return v.err()
}

func (s *Service) saveCatalogue(ctx context.Context, tx Tx, actor *apicred.Actor, stored, next apicred.Catalogue, at int64) error {
	if err := checkAccountsExist(ctx, tx, next); err != nil {
		return err
	}
	if err := checkNothingHeldVanishes(ctx, tx, stored, next); err != nil {
		return err
	}
	before := apicred.Compile(stored, s.audience, at)
	next.Revivals = revivals(before, apicred.Compile(next, s.audience, at+1), stored.Revivals, s.now())
	if err := tx.SaveCatalogue(ctx, next, at); err != nil {
		return err
	}
	err := s.record(ctx, tx, actor, recorded{
		action: "catalogue.apply", target: apicred.TargetCatalogue, id: "catalogue", before: stored, after: next,
	})
	if err != nil {
		return err
	}
	after := apicred.Compile(next, s.audience, at+1)
	holders, err := tx.CredentialsHolding(ctx, scopesTouched(before, after))
	if err != nil {
		return err
	}
	return s.resuspend(ctx, tx, actor, circumstances{catalogue: after}, holders)
}

func (s *Service) catalogueRight(ctx context.Context, r Reader, actor *apicred.Actor, scope, action string) error {
	if actor.Type == apicred.ActorOperator || actor.Type == apicred.ActorSystem {
		return nil
	}
	f, err := s.facts(ctx, r, actor)
	if err != nil {
		return err
	}
	attempt := recorded{action: action, target: apicred.TargetCatalogue, id: "catalogue"}
	if !f.account.Operator || actor.Role != apicred.RoleAdmin {
		s.refuse(actor, "catalogue", attempt)
		return apicred.NotFound()
	}
	return s.needScope(actor, scope, attempt)
}

// checkNothingHeldVanishes: a scope that some credential holds may be retired
// but not dropped, or the credential would hold a value nobody can explain.
func checkNothingHeldVanishes(ctx context.Context, tx Tx, stored, next apicred.Catalogue) error {
	var dropped []string
	for _, scope := range stored.Scopes {
		if !slices.ContainsFunc(next.Scopes, func(n apicred.Scope) bool { return n.Value == scope.Value }) {
			dropped = append(dropped, scope.Value)
		}
	}
	if len(dropped) == 0 {
		return nil
	}
	held, err := tx.ScopesHeld(ctx, dropped)
	if err != nil {
		return err
	}
	return stillHeld(held)
}

// stillHeld refuses to drop scopes, where there are any.
func stillHeld(held []string) error {
	if len(held) == 0 {
		return nil
	}
	slices.Sort(held)
	return apicred.Conflict("API credentials still hold " + strings.Join(held, ", ") + ". Keep the scope with \"retired: true\" instead of dropping it.")
}

func checkAccountsExist(ctx context.Context, r Reader, c apicred.Catalogue) error {
	accounts, err := r.Accounts(ctx)
	if err != nil {
		return err
	}
	v := memberCheck{}
	for _, api := range c.APIs {
		for _, id := range api.Accounts {
			if !slices.ContainsFunc(accounts, func(a apicred.Account) bool { return a.ID == id }) {
				v.fault("apis."+api.ID+".accounts", "There is no account "+quoted(id)+". Use account IDs from claviger account list.")
			}
		}
	}
	return v.err()
}
