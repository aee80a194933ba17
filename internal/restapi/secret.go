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

// secretJSON is a client secret on the wire: never its text.
type secretJSON struct {
	SecretID        string     `json:"secret_id" format:"uuid"`
	Label           *string    `json:"label" doc:"What people call it; null: nothing."`
	Hint            string     `json:"hint" doc:"Its last four characters: enough to tell secrets apart, useless to use one."`
	CreatedAt       time.Time  `json:"created_at"`
	ExpiresAt       *time.Time `json:"expires_at" doc:"Null: it does not end by itself."`
	LastUsedAt      *time.Time `json:"last_used_at" doc:"Null: never used. Exact to a minute."`
	LastUsedAddress *string    `json:"last_used_address"`
	// There where it is asked for alone.
	CloseWhenQuietHours *int64     `json:"close_when_quiet_hours,omitempty" nullable:"true" doc:"It is closed when nobody has used it for so many hours, or at its end, whichever comes first. Left out: not asked for."`
	ClosesAt            *time.Time `json:"closes_at,omitempty" nullable:"true" doc:"When it is closed if nobody uses it until then; a few minutes later, once every node has told its uses. Left out where that does not come: its end comes first, the credential does not work, or this is the last secret that works."`
}

// SecretMembers is for secrets what CredentialMembers is for credentials.
type SecretMembers = secretJSON

// createdSecretJSON is the answer to an added secret.
type createdSecretJSON struct {
	SecretMembers
	ClientSecret string `json:"client_secret" doc:"The client secret. It is shown here and never again."`
}

type secretListJSON struct {
	Secrets []secretJSON `json:"secrets"`
}

// newSecretJSON describes the body of an added secret; object reads it.
type newSecretJSON struct {
	Label                    *string    `json:"label,omitempty" nullable:"true" maxLength:"128" doc:"As a name: 1 to 128 characters."`
	ExpiresAt                *time.Time `json:"expires_at,omitempty" nullable:"true" doc:"When it ends; null or left out: never."`
	RetireOthersAfterSeconds *int64     `json:"retire_others_after_seconds,omitempty" nullable:"true" minimum:"0" maximum:"7776000" doc:"Gives every other secret an end so many seconds from now, unless it ends sooner: this is rotation. Left out: the others stay as they are."`
	// CloseOthersWhenQuietHours is for the others what close_when_quiet_hours is for one.
	CloseOthersWhenQuietHours *int64 `json:"close_others_when_quiet_hours,omitempty" nullable:"true" minimum:"1" maximum:"2160" doc:"Closes every other secret when nobody has used it for so many hours, or at its end, whichever comes first. Left out: what was asked for before stays."`
}

// secretChangeJSON describes the body of an edit; object reads it.
type secretChangeJSON struct {
	CloseWhenQuietHours *int64 `json:"close_when_quiet_hours,omitempty" nullable:"true" minimum:"1" maximum:"2160" doc:"Closes it when nobody has used it for so many hours, counted from now or its next use; null: not any more."`
}

func renderSecret(s *apicred.Secret) secretJSON {
	out := secretJSON{
		SecretID: s.ID, Label: some(s.Label), Hint: s.Hint, CreatedAt: s.CreatedAt.UTC(), ExpiresAt: someTime(s.ExpiresAt),
		LastUsedAt: someTime(s.LastUsedAt), LastUsedAddress: some(s.LastUsedAddress), ClosesAt: someTime(s.ClosesAt()),
	}
	if hours := int64(s.CloseWhenQuiet / time.Hour); hours > 0 {
		out.CloseWhenQuietHours = &hours
	}
	return out
}

func renderSecrets(secrets []apicred.Secret) []secretJSON {
	out := make([]secretJSON, 0, len(secrets))
	for i := range secrets {
		out = append(out, renderSecret(&secrets[i]))
	}
	return out
}

type secretInput struct {
	ClientID    string `path:"client_id" format:"uuid" doc:"The client ID."`
	SecretID    string `path:"secret_id" format:"uuid" doc:"ID of the secret."`
	Compromised bool   `query:"compromised" doc:"true: somebody else may know it. Every token of the credential dies then; otherwise tokens live to their end."`
}

type (
	secretListOutput    struct{ Body secretListJSON }
	secretOutput        struct{ Body secretJSON }
	createdSecretOutput struct{ Body createdSecretJSON }
)

// secretPath names a secret.
type secretPath struct {
	ClientID string `path:"client_id" format:"uuid" doc:"The client ID."`
	SecretID string `path:"secret_id" format:"uuid" doc:"ID of the secret."`
}

// secretEdit is an edit of a secret ready for the use case.
type secretEdit struct {
	secretPath
	change lifecycle.SecretChange
}

// addition is a new secret ready for the use case.
type addition struct {
	clientID string
	secret   lifecycle.NewSecret
}

func (s *Surface) registerSecrets(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "listSecrets", Method: http.MethodGet, Path: "/credentials/{client_id}/secrets", Tags: []string{tagSecrets},
			Summary: "List client secrets", Description: "Oldest first, without their text.",
		},
		scope: apicred.ScopeCredentialsRead, example: secretListJSON{[]secretJSON{exampleSecret()}},
	}, steps[credentialInput, *credentialInput, secretListOutput]{parse: asIs[credentialInput], act: s.listSecrets})

	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "addSecret", Method: http.MethodPost, Path: "/credentials/{client_id}/secrets", Tags: []string{tagSecrets},
			DefaultStatus: http.StatusCreated, Summary: "Add a client secret",
			Description: "A credential has up to five secrets at once; a sixth is refused with 409. The answer is the only place where " +
				"the new secret is ever shown. With `retire_others_after_seconds` this is rotation: 86400 gives programs a day to change over.",
		},
		scope: apicred.ScopeCredentialsWrite, strengthens: true, example: exampleCreatedSecret(),
		takes:    &requestBody{of: reflect.TypeFor[newSecretJSON](), media: []string{mediaJSON}, example: exampleNewSecret()},
		refusals: []int{http.StatusConflict},
	}, steps[credentialInput, addition, createdSecretOutput]{parse: parseAddition, act: s.addSecret})

	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "editSecret", Method: http.MethodPatch, Path: "/credentials/{client_id}/secrets/{secret_id}", Tags: []string{tagSecrets},
			Summary: "Close a client secret when it is quiet",
			Description: "A JSON merge patch (RFC 7396) that asks for a secret to be closed when nobody has used it for a time, changes that, or takes " +
				"it back. Quiet is counted from its last use, from now, or from the last change of the credential, whichever is later, and while " +
				"the credential and another of its secrets work: the last one that works is never closed. 409 where it has ended already.",
		},
		scope: apicred.ScopeCredentialsWrite, strengthens: true, example: exampleClosingSecret(),
		takes: &requestBody{
			of: reflect.TypeFor[secretChangeJSON](), media: []string{mediaJSON, mediaMergePatch}, required: true, example: exampleSecretEdit(),
		},
		refusals: []int{http.StatusConflict},
	}, steps[secretPath, secretEdit, secretOutput]{parse: parseSecretEdit, act: s.editSecret})

	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "deleteSecret", Method: http.MethodDelete, Path: "/credentials/{client_id}/secrets/{secret_id}", Tags: []string{tagSecrets},
			Summary:     "Delete a client secret",
			Description: "It stops working at once. The last one cannot be deleted (409): add a new one first, or disable or delete the credential.",
		},
		scope: apicred.ScopeCredentialsWrite, refusals: []int{http.StatusConflict},
	}, steps[secretInput, *secretInput, struct{}]{
		parse: asIs[secretInput],
		act: func(ctx context.Context, actor apicred.Actor, in *secretInput) (*struct{}, error) {
			return nil, s.lifecycle.DeleteSecret(ctx, actor, in.ClientID, in.SecretID, in.Compromised)
		},
	})
}

func (s *Surface) listSecrets(ctx context.Context, actor apicred.Actor, in *credentialInput) (*secretListOutput, error) {
	secrets, err := s.lifecycle.Secrets(ctx, actor, in.ClientID)
	if err != nil {
		return nil, err
	}
	return &secretListOutput{secretListJSON{renderSecrets(secrets)}}, nil
}

func parseAddition(c *call, in *credentialInput) (addition, error) {
	out := addition{clientID: in.ClientID}
	if len(c.body) == 0 {
		return out, nil
	}
	o, err := readObject(c.body)
	if err != nil {
		return addition{}, err
	}
	retire := int64(-1)
	o.text("label", true, &out.secret.Label)
	o.moment("expires_at", &out.secret.ExpiresAt)
	o.number("retire_others_after_seconds", 0, &retire)
	if retire >= 0 {
		out.secret.RetireOthers, out.secret.RetireAfter = true, time.Duration(min(retire, maxSeconds))*time.Second
	}
	if hours := int64(0); o.hours("close_others_when_quiet_hours", &hours) {
		out.secret.CloseOthersWhenQuiet = time.Duration(hours) * time.Hour
	}
	out.secret.Faults = o.rest(append(readOnlySecretMembers(), "close_when_quiet_hours")...)
	return out, nil
}

func readOnlySecretMembers() []string {
	return []string{"secret_id", "client_secret", "hint", "created_at", "last_used_at", "last_used_address", "closes_at"}
}

func parseSecretEdit(c *call, in *secretPath) (secretEdit, error) {
	o, err := readObject(c.body)
	if err != nil {
		return secretEdit{}, err
	}
	out := secretEdit{secretPath: *in}
	if hours := int64(0); o.hours("close_when_quiet_hours", &hours) {
		quiet := time.Duration(hours) * time.Hour
		out.change.CloseWhenQuiet = &quiet
	}
	out.change.Faults = o.rest(append(readOnlySecretMembers(), "label", "expires_at")...)
	return out, nil
}

// maxHours is more than any bound and fits a time.Duration.
const maxHours = int64(1) << 20

// hours reads a number of hours; null is 0.
func (o *object) hours(name string, into *int64) bool {
	there := o.number(name, 1, into)
	*into = min(*into, maxHours)
	return there
}

func (s *Surface) editSecret(ctx context.Context, actor apicred.Actor, in secretEdit) (*secretOutput, error) {
	secret, err := s.lifecycle.EditSecret(ctx, actor, in.ClientID, in.SecretID, in.change)
	if err != nil {
		return nil, err
	}
	return &secretOutput{renderSecret(&secret)}, nil
}

func (s *Surface) addSecret(ctx context.Context, actor apicred.Actor, in addition) (*createdSecretOutput, error) {
	added, err := s.lifecycle.AddSecret(ctx, actor, in.clientID, in.secret)
	if err != nil {
		return nil, err
	}
	return &createdSecretOutput{createdSecretJSON{renderSecret(&added.Secret), added.Text.Reveal()}}, nil
}
