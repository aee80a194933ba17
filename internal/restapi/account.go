package restapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
)

// accountJSON is an account on the wire.
type accountJSON struct {
	AccountID               string `json:"account_id" format:"uuid"`
	Name                    string `json:"name"`
	APICredentialsEnabled   bool   `json:"api_credentials_enabled" doc:"The API Credentials area is there. Programs work either way."`
	AccountLevelCredentials string `json:"account_level_credentials" enum:"closed,open" doc:"Whether admins may create account-level credentials."`
	MaxTokenLifetimeSeconds *int64 `json:"max_token_lifetime_seconds" doc:"Longest life of an access token; null: the server's."`
	Version                 int64  `json:"version"`
}

type accountOutput struct {
	ETag string `header:"ETag" doc:"The version."`
	Body accountJSON
}

func (s *Surface) registerAccount(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "getAccount", Method: http.MethodGet, Path: "/account", Tags: []string{tagPeople},
			Summary: "Read the account", Description: "The account acted in, with the rules it sets for its credentials. Every role may read it.",
		},
		example: exampleAccount(),
	}, steps[struct{}, *struct{}, accountOutput]{parse: asIs[struct{}], act: s.account})
}

func (s *Surface) account(ctx context.Context, actor apicred.Actor, _ *struct{}) (*accountOutput, error) {
	a, err := s.lifecycle.Account(ctx, actor)
	if err != nil {
		return nil, err
	}
	return &accountOutput{ETag: versionTag(a.Version), Body: accountJSON{
		AccountID: a.ID, Name: a.Name, APICredentialsEnabled: a.APICredentialsEnabled,
		AccountLevelCredentials: string(a.AccountLevelCredentials),
		MaxTokenLifetimeSeconds: some(int64(a.MaxTokenLifetime / time.Second)), Version: a.Version,
	}}, nil
}
