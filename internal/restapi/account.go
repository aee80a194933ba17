package restapi

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// accountJSON is an account on the wire.
type accountJSON struct {
	AccountID                 string `json:"account_id" format:"uuid"`
	Name                      string `json:"name"`
	APICredentialsEnabled     bool   `json:"api_credentials_enabled" doc:"The API Credentials area is there. Programs work either way."`
	AccountLevelCredentials   string `json:"account_level_credentials" enum:"closed,open" doc:"Whether admins may create account-level credentials."`
	MaxTokenLifetimeSeconds   *int64 `json:"max_token_lifetime_seconds" doc:"Longest life of an access token; null: the server's."`
	MaxSecretAgeSeconds       *int64 `json:"max_secret_age_seconds" doc:"How old a client secret may grow before it ends; null: as old as it likes."`
	UnusedWarnAfterSeconds    *int64 `json:"unused_warn_after_seconds" doc:"How long nobody uses a credential before it counts as unused; null: 90 days."`
	UnusedDisableAfterSeconds *int64 `json:"unused_disable_after_seconds" doc:"How long nobody uses a credential before it is disabled; null: it never is."`
	Version                   int64  `json:"version"`
}

// accountChangeJSON describes the body of an edit; object reads it.
type accountChangeJSON struct {
	Name                      *string `json:"name,omitempty" minLength:"1" maxLength:"128"`
	AccountLevelCredentials   *string `json:"account_level_credentials,omitempty" enum:"closed,open"`
	MaxTokenLifetimeSeconds   *int64  `json:"max_token_lifetime_seconds,omitempty" nullable:"true" minimum:"60" maximum:"86400" doc:"Null removes the bound."`
	MaxSecretAgeSeconds       *int64  `json:"max_secret_age_seconds,omitempty" nullable:"true" minimum:"60" maximum:"315360000" doc:"Null removes the bound."`
	UnusedWarnAfterSeconds    *int64  `json:"unused_warn_after_seconds,omitempty" nullable:"true" minimum:"60" maximum:"315360000" doc:"Null goes back to 90 days."`
	UnusedDisableAfterSeconds *int64  `json:"unused_disable_after_seconds,omitempty" nullable:"true" minimum:"60" maximum:"315360000" doc:"More than unused_warn_after_seconds where both are set; null removes the rule."`
}

type accountInput struct {
	IfMatch string `header:"If-Match" doc:"ETag of the version you saw: the edit is refused with 412 when somebody saved in between. * or left out: whatever stands." example:"\"3\""`
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
	}, steps[struct{}, *struct{}, accountOutput]{
		parse: asIs[struct{}],
		act: func(ctx context.Context, actor apicred.Actor, _ *struct{}) (*accountOutput, error) {
			return answerAccount(s.lifecycle.Account(ctx, actor))
		},
	})
	s.registerAccountEdit(a)
}

func (s *Surface) registerAccountEdit(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "editAccount", Method: http.MethodPatch, Path: "/account", Tags: []string{tagPeople},
			Summary: "Change the account's rules",
			Description: "A JSON merge patch (RFC 7396): members that are left out stay as they are, null removes. Admins only. A bound counts at " +
				"once for what is there already: secrets above the greatest age stop working, new tokens are shorter. A rule that disables unused " +
				"credentials begins with a notice as long as the time between warning and disabling, and a day at least. Whether the " +
				"area is shown at all (`api_credentials_enabled`) is the operator's.",
		},
		scope: apicred.ScopeAccountWrite, risky: true, example: exampleAccount(),
		takes: &requestBody{
			of: reflect.TypeFor[accountChangeJSON](), media: []string{mediaJSON, mediaMergePatch}, required: true,
			example: map[string]any{"max_secret_age_seconds": 31536000, "unused_disable_after_seconds": nil},
		},
		refusals: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, steps[accountInput, lifecycle.AccountChange, accountOutput]{
		parse: parseAccountEdit,
		act: func(ctx context.Context, actor apicred.Actor, in lifecycle.AccountChange) (*accountOutput, error) {
			return answerAccount(s.lifecycle.ChangeAccount(ctx, actor, in))
		},
	})
}

func parseAccountEdit(c *call, _ *accountInput) (lifecycle.AccountChange, error) {
	version, err := c.wantedVersion()
	if err != nil {
		return lifecycle.AccountChange{}, err
	}
	o, err := readObject(c.body)
	if err != nil {
		return lifecycle.AccountChange{}, err
	}
	var (
		name, level                       string
		token, secret, warnAfter, disable time.Duration
	)
	out := lifecycle.AccountChange{Version: wireVersion(version)}
	out.Name = given(o.text("name", false, &name), &name)
	if o.text("account_level_credentials", false, &level) {
		policy := apicred.AccountLevelPolicy(level)
		out.AccountLevelCredentials = &policy
	}
	out.MaxTokenLifetime = given(o.duration("max_token_lifetime_seconds", &token), &token)
	out.MaxSecretAge = given(o.duration("max_secret_age_seconds", &secret), &secret)
	out.UnusedWarnAfter = given(o.duration("unused_warn_after_seconds", &warnAfter), &warnAfter)
	out.UnusedDisableAfter = given(o.duration("unused_disable_after_seconds", &disable), &disable)
	out.Faults = o.rest("account_id", "api_credentials_enabled", "version")
	return out, nil
}

func answerAccount(a apicred.Account, err error) (*accountOutput, error) {
	if err != nil {
		return nil, err
	}
	return &accountOutput{ETag: versionTag(a.Version), Body: accountJSON{
		AccountID: a.ID, Name: a.Name, APICredentialsEnabled: a.APICredentialsEnabled,
		AccountLevelCredentials: string(a.AccountLevelCredentials),
		MaxTokenLifetimeSeconds: someSeconds(a.MaxTokenLifetime), MaxSecretAgeSeconds: someSeconds(a.MaxSecretAge),
		UnusedWarnAfterSeconds: someSeconds(a.UnusedWarnAfter), UnusedDisableAfterSeconds: someSeconds(a.UnusedDisableAfter),
		Version: a.Version,
	}}, nil
}

// someSeconds is null on the wire for none.
func someSeconds(d time.Duration) *int64 { return some(int64(d / time.Second)) }
