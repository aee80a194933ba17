package restapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// scopeJSON is a scope on the wire.
type scopeJSON struct {
	Value       string         `json:"value" doc:"What token requests name."`
	Description string         `json:"description" doc:"What people choose it by."`
	API         string         `json:"api" doc:"ID of the API it belongs to; claviger is this one."`
	Roles       []apicred.Role `json:"roles" enum:"admin,supervisor" doc:"Roles whose credentials may hold it. Admins may hold every scope."`
	Retired     bool           `json:"retired" doc:"It grants nothing: it or its API is retired."`
	OnOffer     bool           `json:"on_offer" doc:"The caller may put it into a credential."`
}

type scopeListJSON struct {
	Scopes []scopeJSON `json:"scopes"`
}

type scopesInput struct {
	All bool `query:"all" doc:"true: also those that the caller may not give."`
}

type scopeListOutput struct{ Body scopeListJSON }

func (s *Surface) registerScopes(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "listScopes", Method: http.MethodGet, Path: "/scopes", Tags: []string{tagCatalogue},
			Summary: "List scopes", Description: "The scopes that the caller may put into a credential, in the catalogue's order; Claviger's own last. Every role may read them.",
		},
		example: exampleScopes(),
	}, steps[scopesInput, *scopesInput, scopeListOutput]{parse: asIs[scopesInput], act: s.listScopes})
}

func (s *Surface) listScopes(ctx context.Context, actor apicred.Actor, in *scopesInput) (*scopeListOutput, error) {
	scopes, err := s.lifecycle.Scopes(ctx, actor, in.All)
	if err != nil {
		return nil, err
	}
	out := scopeListJSON{make([]scopeJSON, 0, len(scopes))}
	for _, scope := range scopes {
		out.Scopes = append(out.Scopes, renderScope(scope))
	}
	return &scopeListOutput{out}, nil
}

func renderScope(s lifecycle.OfferedScope) scopeJSON {
	return scopeJSON{
		Value: s.Value, Description: s.Description, API: s.API, Roles: filled(s.Roles), Retired: !s.Live, OnOffer: s.OnOffer,
	}
}
