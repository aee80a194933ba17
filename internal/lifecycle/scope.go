package lifecycle

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
)

// OfferedScope is a scope of the catalogue and whether the actor may give it.
type OfferedScope struct {
	*apicred.CompiledScope
	OnOffer bool
}

// Scopes lists the scopes on offer to the actor, in the catalogue's order, or
// with all every scope that exists for the account. On offer is exactly what the
// ceiling lets the actor give. Every role may read them.
func (s *Service) Scopes(ctx context.Context, actor apicred.Actor, all bool) ([]OfferedScope, error) {
	var out []OfferedScope
	err := s.store.View(ctx, func(r Reader) error {
		f, err := s.facts(ctx, r, &actor)
		if err != nil {
			return err
		}
		for _, scope := range f.catalogue.Scopes() {
			if apicred.OperatorOnly(scope.Value) && !f.account.Operator {
				continue
			}
			offer := scope.Grantable(apicred.RoleAdmin, &f.account) && aboveCeiling(&actor, &f, scope) == ""
			if offer || all {
				out = append(out, OfferedScope{scope, offer})
			}
		}
		return nil
	})
	return out, err
}

// APIs lists the catalogue's APIs with their routes. Every role may read them.
func (s *Service) APIs(ctx context.Context, actor apicred.Actor) ([]apicred.API, error) {
	var out []apicred.API
	err := s.store.View(ctx, func(r Reader) error {
		f, err := s.facts(ctx, r, &actor)
		if err == nil {
			out = f.catalogue.Document().APIs
		}
		return err
	})
	return out, err
}
