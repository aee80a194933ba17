package restapi

import (
	"context"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// credentialChangeJSON describes the body of an edit; object reads it.
type credentialChangeJSON struct {
	Name                 *string         `json:"name,omitempty" minLength:"1" maxLength:"128"`
	Scopes               []string        `json:"scopes,omitempty" minItems:"1" maxItems:"100" doc:"All scopes that it shall hold, not only new ones."`
	ExpiresAt            *time.Time      `json:"expires_at,omitempty" nullable:"true" doc:"Null removes the end."`
	AllowedCIDRs         *[]netip.Prefix `json:"allowed_cidrs,omitempty" nullable:"true" maxItems:"64" doc:"All ranges; null or none: from anywhere."`
	TokenLifetimeSeconds *int64          `json:"token_lifetime_seconds,omitempty" nullable:"true" minimum:"60" maximum:"86400" doc:"Null removes the bound."`
	RequestsPerSecond    *int            `json:"requests_per_second,omitempty" nullable:"true" minimum:"1" maximum:"100000" doc:"Null removes the limit."`
	JWKS                 *keySetJSON     `json:"jwks,omitempty" doc:"All public keys that it shall have, for private_key_jwt. Tokens that are out live on."`
	TLSClientSubject     *string         `json:"tls_client_subject,omitempty" minLength:"1" maxLength:"1024" doc:"The name in its certificate from now on, for tls_client_auth. Tokens that are out stay bound to the certificate they were issued for."`
	API                  *string         `json:"api,omitempty" nullable:"true" doc:"ID of the API whose tokens it may introspect; null removes it."`
}

type editInput struct {
	ClientID string `path:"client_id" format:"uuid" doc:"The client ID."`
	IfMatch  string `header:"If-Match" doc:"ETag of the version you saw: the edit is refused with 412 when somebody saved in between. * or left out: whatever stands." example:"\"3\""`
}

// edit is an edit ready for the use case.
type edit struct {
	clientID string
	change   lifecycle.CredentialChange
}

func (s *Surface) registerCredentialChanges(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "editCredential", Method: http.MethodPatch, Path: "/credentials/{client_id}", Tags: []string{tagCredentials},
			Summary: "Edit an API credential",
			Description: "A JSON merge patch (RFC 7396): members that are left out stay as they are, null removes. Only the owner edits a " +
				"user-level credential; admins edit account-level ones. Tokens that are out lose the scopes that are taken away.",
		},
		scope: apicred.ScopeCredentialsWrite, strengthens: true, example: exampleCredential(),
		takes: &requestBody{
			of: reflect.TypeFor[credentialChangeJSON](), media: []string{mediaJSON, mediaMergePatch}, required: true, example: exampleEdit(),
		},
		refusals: []int{http.StatusPreconditionFailed},
	}, steps[editInput, edit, credentialOutput]{
		parse: parseEdit,
		act: func(ctx context.Context, actor apicred.Actor, in edit) (*credentialOutput, error) {
			return answerCredential(s.lifecycle.EditCredential(ctx, actor, in.clientID, in.change))
		},
	})
	s.registerSwitch(a, "disable", s.lifecycle.DisableCredential,
		"Switches the credential off. Its tokens die at once and stay dead. Disabling twice changes nothing.")
	s.registerSwitch(a, "enable", s.lifecycle.EnableCredential,
		"Switches the credential on again. What an admin disabled, only an admin enables; what the owner disabled, the owner; what was disabled as unused, either.")
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "deleteCredential", Method: http.MethodDelete, Path: "/credentials/{client_id}", Tags: []string{tagCredentials},
			Summary: "Delete an API credential", Description: "Removes the credential with its secrets. Its tokens die at once. There is no undo.",
		},
		scope: apicred.ScopeCredentialsWrite,
	}, steps[credentialInput, *credentialInput, struct{}]{
		parse: asIs[credentialInput],
		act: func(ctx context.Context, actor apicred.Actor, in *credentialInput) (*struct{}, error) {
			return nil, s.lifecycle.DeleteCredential(ctx, actor, in.ClientID)
		},
	})
}

func parseEdit(c *call, in *editInput) (edit, error) {
	version, err := c.wantedVersion()
	if err != nil {
		return edit{}, err
	}
	o, err := readObject(c.body)
	if err != nil {
		return edit{}, err
	}
	out := edit{clientID: in.ClientID, change: lifecycle.CredentialChange{Version: wireVersion(version)}}
	var (
		name     string
		scopes   []string
		end      time.Time
		ranges   []netip.Prefix
		lifetime time.Duration
		rate     int
		keys     []byte
		subject  string
		api      string
	)
	change := &out.change
	change.Name = given(o.text("name", false, &name), &name)
	change.Scopes = given(o.texts("scopes", false, &scopes), &scopes)
	change.ExpiresAt = given(o.moment("expires_at", &end), &end)
	change.AllowedCIDRs = given(o.ranges("allowed_cidrs", &ranges), &ranges)
	change.TokenLifetime = given(o.lifetime(&lifetime), &lifetime)
	change.RequestsPerSecond = given(o.rate(&rate), &rate)
	change.KeySet = given(o.keySet(&keys), &keys)
	change.TLSClientSubject = given(o.text("tls_client_subject", true, &subject), &subject)
	change.API = given(o.text("api", true, &api), &api)
	change.Faults = o.rest(append(readOnlyMembers(), "level", "authentication_method")...)
	return out, nil
}

// given is the value of a member that is there, else nil.
func given[T any](there bool, value *T) *T {
	if there {
		return value
	}
	return nil
}

// wireVersion says If-Match in lifecycle's words, where 0 asks for nothing;
// versions of credentials and accounts begin at 1.
func wireVersion(wanted int64) int64 {
	switch wanted {
	case anyVersion:
		return 0
	case 0:
		return noVersion
	}
	return wanted
}

type switchCase = func(ctx context.Context, actor apicred.Actor, clientID string) (lifecycle.CredentialView, error)

func (s *Surface) registerSwitch(a huma.API, verb string, use switchCase, description string) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: verb + "Credential", Method: http.MethodPost, Path: "/credentials/{client_id}/" + verb, Tags: []string{tagCredentials},
			Summary: strings.ToUpper(verb[:1]) + verb[1:] + " an API credential", Description: description + " Takes no body.",
		},
		scope: apicred.ScopeCredentialsWrite, strengthens: verb == "enable", example: exampleCredential(),
	}, steps[credentialInput, *credentialInput, credentialOutput]{
		parse: parseNothing[credentialInput],
		act: func(ctx context.Context, actor apicred.Actor, in *credentialInput) (*credentialOutput, error) {
			return answerCredential(use(ctx, actor, in.ClientID))
		},
	})
}

// parseNothing is the parse step of operations without members: a body may be
// left out, or be an empty object.
func parseNothing[I any](c *call, in *I) (*I, error) {
	if len(c.body) == 0 {
		return in, nil
	}
	o, err := readObject(c.body)
	if err != nil {
		return nil, err
	}
	if len(o.members) > 0 || len(o.faults) > 0 {
		return nil, malformedAt("body", "This operation takes no members. Send no body.")
	}
	return in, nil
}
