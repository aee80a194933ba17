package restapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
)

// apiJSON is an API of the catalogue as every role may see it. Where the
// gateway sends its calls and which accounts may use it are the operator's.
type apiJSON struct {
	ID                string      `json:"id"`
	Name              string      `json:"name"`
	Audience          string      `json:"audience" doc:"The aud of its access tokens, and what a token request may name as resource."`
	Hosts             []string    `json:"hosts" doc:"Hosts it answers on; none: any."`
	BasePath          string      `json:"base_path" doc:"Stands before the path of every route."`
	DirectCredentials bool        `json:"direct_credentials" doc:"It takes client ID and secret themselves, by Basic."`
	Retired           bool        `json:"retired" doc:"It grants nothing any more."`
	Routes            []routeJSON `json:"routes"`
}

type routeJSON struct {
	Methods []string `json:"methods" doc:"None: every method but OPTIONS. GET includes HEAD."`
	Path    string   `json:"path" doc:"Behind the base path: {x} is one segment, /** at the end any depth."`
	Scopes  []string `json:"scopes" doc:"Any one of them opens the route."`
}

type apiListJSON struct {
	APIs []apiJSON `json:"apis"`
}

type apiListOutput struct{ Body apiListJSON }

func (s *Surface) registerAPIs(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "listApis", Method: http.MethodGet, Path: "/apis", Tags: []string{tagCatalogue},
			Summary: "List APIs and their routes", Description: "What there is to call, and which scopes open it. Every role may read it.",
		},
		example: exampleAPIs(),
	}, steps[struct{}, *struct{}, apiListOutput]{parse: asIs[struct{}], act: s.listAPIs})
}

func (s *Surface) listAPIs(ctx context.Context, actor apicred.Actor, _ *struct{}) (*apiListOutput, error) {
	apis, err := s.lifecycle.APIs(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := apiListJSON{make([]apiJSON, 0, len(apis))}
	for i := range apis {
		out.APIs = append(out.APIs, renderAPI(&apis[i]))
	}
	return &apiListOutput{out}, nil
}

func renderAPI(a *apicred.API) apiJSON {
	out := apiJSON{
		ID: a.ID, Name: a.Name, Audience: a.Audience, Hosts: filled(a.Hosts), BasePath: a.BasePath,
		DirectCredentials: a.DirectCredentials, Retired: a.Retired, Routes: make([]routeJSON, 0, len(a.Routes)),
	}
	for _, r := range a.Routes {
		out.Routes = append(out.Routes, routeJSON{Methods: filled(r.Methods), Path: r.Path, Scopes: filled(r.Scopes)})
	}
	return out
}
