package lifecycle

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
)

// CatalogueEffect is what a change of the catalogue does to the credentials that
// hold a scope.
type CatalogueEffect string

// The effects.
const (
	// EffectRefused: the scope would vanish though somebody holds it, so the
	// catalogue is not taken.
	EffectRefused CatalogueEffect = "refused"
	// EffectLost: the scope, or its API, is retired: nobody can use it.
	EffectLost CatalogueEffect = "lost"
	// EffectBack: it can be used again, by new tokens.
	EffectBack CatalogueEffect = "back"
	// EffectLimited: other roles or accounts may hold it from now on.
	EffectLimited CatalogueEffect = "limited"
)

// CatalogueConsequence is an effect on a scope that credentials hold.
type CatalogueConsequence struct {
	Scope       string          `json:"scope"`
	Effect      CatalogueEffect `json:"effect"`
	Credentials int64           `json:"credentials"` // how many hold the scope, in every account
}

// CatalogueReport is what applying a document would change.
type CatalogueReport struct {
	// Version is the stored one, which the document is compared with.
	Version int64
	// Same: applying it would change nothing, not even an order.
	Same         bool
	Difference   apicred.CatalogueDifference
	Consequences []CatalogueConsequence
}

// Refused tells whether applying the document would be a conflict.
func (r *CatalogueReport) Refused() error {
	var held []string
	for _, c := range r.Consequences {
		if c.Effect == EffectRefused {
			held = append(held, c.Scope)
		}
	}
	return stillHeld(held)
}

// DiffCatalogue compares a document with the stored catalogue and changes
// nothing. Errors: those of ApplyCatalogue but conflict and precondition; what
// would be a conflict is a consequence.
func (s *Service) DiffCatalogue(ctx context.Context, actor apicred.Actor, document apicred.Catalogue) (CatalogueReport, error) {
	var report CatalogueReport
	err := s.store.View(ctx, func(r Reader) error {
		if err := s.catalogueRight(ctx, r, &actor, apicred.ScopeCatalogueRead, "catalogue.view"); err != nil {
			return err
		}
		next, err := document.Normalize()
		if err != nil {
			return err
		}
		if err := s.keepsManagementApart(next); err != nil {
			return err
		}
		if err := checkAccountsExist(ctx, r, next); err != nil {
			return err
		}
		stored, at, err := r.Catalogue(ctx)
		if err != nil {
			return err
		}
		same, err := sameCatalogue(stored, next)
		if err != nil {
			return err
		}
		consequences, err := consequencesOf(ctx, r, apicred.Compile(stored, s.audience, at), apicred.Compile(next, s.audience, at+1))
		report = CatalogueReport{at, same, apicred.DiffCatalogues(stored, next), consequences}
		return err
	})
	return report, err
}

func consequencesOf(ctx context.Context, r Reader, before, next *apicred.CompiledCatalogue) ([]CatalogueConsequence, error) {
	touched := scopesTouched(before, next)
	holders, err := r.ScopeHolders(ctx, touched)
	if err != nil {
		return nil, err
	}
	out := []CatalogueConsequence{}
	for _, scope := range touched {
		if n := holders[scope]; n > 0 {
			out = append(out, CatalogueConsequence{scope, effectOn(before.Scope(scope), next.Scope(scope)), n})
		}
	}
	return out, nil
}

func effectOn(was, is *apicred.CompiledScope) CatalogueEffect {
	switch {
	case is == nil:
		return EffectRefused
	case was != nil && was.Live && !is.Live:
		return EffectLost
	case is.Live && (was == nil || !was.Live):
		return EffectBack
	}
	return EffectLimited
}
