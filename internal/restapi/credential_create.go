package restapi

import (
	"context"
	"net/http"
	"net/netip"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// newCredentialJSON describes the body of a create; object reads it.
type newCredentialJSON struct {
	Name                 string         `json:"name" minLength:"1" maxLength:"128" doc:"What people recognise it by: 1 to 128 characters, at least one of them visible, no control or text-direction characters."`
	Scopes               []string       `json:"scopes" minItems:"1" maxItems:"100" doc:"Scopes it shall hold, out of GET /scopes."`
	Level                string         `json:"level,omitempty" enum:"user,account" doc:"user, or left out: it is yours. account: it is the account's; admins only, where the account's policy is open."`
	ExpiresAt            *time.Time     `json:"expires_at,omitempty" nullable:"true" doc:"When it ends; null or left out: never."`
	AllowedCIDRs         []netip.Prefix `json:"allowed_cidrs,omitempty" maxItems:"64" doc:"Address ranges it may be used from; none: from anywhere."`
	TokenLifetimeSeconds *int64         `json:"token_lifetime_seconds,omitempty" nullable:"true" minimum:"60" maximum:"86400" doc:"Longest life of its access tokens. The account may allow less."`
	RequestsPerSecond    *int           `json:"requests_per_second,omitempty" nullable:"true" minimum:"1" maximum:"100000" doc:"Limit on each node; bursts of twice as many pass."`
	AuthenticationMethod string         `json:"authentication_method,omitempty" enum:"client_secret,private_key_jwt,tls_client_auth" doc:"How it proves itself at the token endpoint, for its whole life. Left out: client_secret."`
	JWKS                 *keySetJSON    `json:"jwks,omitempty" doc:"For private_key_jwt: the public keys that it signs with."`
	TLSClientSubject     *string        `json:"tls_client_subject,omitempty" nullable:"true" minLength:"1" maxLength:"1024" doc:"For tls_client_auth: the name in its certificate, compared as a whole. A subject of RFC 4514, as CN=worker,O=Acme, or dns:, uri:, ip: or email: and a subject alternative name."`
	API                  *string        `json:"api,omitempty" nullable:"true" doc:"ID of the API whose tokens, of every account, it may introspect and follow; credentials of the operator account, and admins, only."`
}

// readOnlyMembers are those of a credential that nobody writes (S26).
func readOnlyMembers() []string {
	return []string{
		"client_id", "client_secret", "owner", "effective_scopes", "status", "status_reason", "created_at", "updated_at", "created_by",
		"last_used_at", "last_used_address", "secrets", "version", "actions", "daily_calls", "account_id", "generation",
	}
}

type createInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"1 to 255 printable ASCII characters that you make up for this create and send again when you repeat it, within 24 hours: no second credential is made then."`
}

type createdOutput struct {
	Location string `header:"Location" doc:"Path of the new credential."`
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Body     createdCredentialJSON
}

func (s *Surface) registerCredentialCreate(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "createCredential", Method: http.MethodPost, Path: "/credentials", Tags: []string{tagCredentials},
			DefaultStatus: http.StatusCreated, Summary: "Create an API credential",
			Description: "Makes a credential with one client secret. The answer is the only place where that secret is ever shown. " +
				"A repeated `Idempotency-Key` is answered with 409 and the `client_id` of the credential that the first request made.",
		},
		scope: apicred.ScopeCredentialsWrite, strengthens: true, example: exampleCreated(),
		takes: &requestBody{
			of: reflect.TypeFor[newCredentialJSON](), media: []string{mediaJSON}, required: true, example: exampleNewCredential(),
		},
		refusals: []int{http.StatusConflict},
	}, steps[createInput, lifecycle.NewCredential, createdOutput]{parse: parseCreate, act: s.createCredential})
}

func parseCreate(c *call, _ *createInput) (lifecycle.NewCredential, error) {
	key, err := c.idempotencyKey()
	if err != nil {
		return lifecycle.NewCredential{}, err
	}
	o, err := readObject(c.body)
	if err != nil {
		return lifecycle.NewCredential{}, err
	}
	in := lifecycle.NewCredential{IdempotencyKey: key, BodyHash: o.meaning()}
	o.text("name", false, &in.Name)
	o.texts("scopes", false, &in.Scopes)
	var level, method string
	o.text("level", false, &level)
	o.moment("expires_at", &in.ExpiresAt)
	o.ranges("allowed_cidrs", &in.AllowedCIDRs)
	o.lifetime(&in.TokenLifetime)
	o.rate(&in.RequestsPerSecond)
	o.text("authentication_method", true, &method)
	in.Method = apicred.AuthenticationMethod(method)
	o.keySet(&in.KeySet)
	o.text("tls_client_subject", true, &in.TLSClientSubject)
	o.text("api", true, &in.API)
	in.Level = apicred.Level(level)
	in.Faults = o.rest(readOnlyMembers()...)
	return in, nil
}

func (s *Surface) createCredential(ctx context.Context, actor apicred.Actor, in lifecycle.NewCredential) (*createdOutput, error) {
	created, err := s.lifecycle.CreateCredential(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	return &createdOutput{
		Location: prefix + "/credentials/" + created.ClientID, ETag: versionTag(created.Version),
		Body: createdCredentialJSON{renderCredential(&created.CredentialView), created.Secret.Reveal()},
	}, nil
}

// lifetime reads token_lifetime_seconds.
func (o *object) lifetime(into *time.Duration) bool {
	return o.duration("token_lifetime_seconds", into)
}

// duration reads a number of seconds. One too large for a duration is cut: it is
// as far out of bounds.
func (o *object) duration(name string, into *time.Duration) bool {
	var seconds int64
	there := o.number(name, 1, &seconds)
	*into = time.Duration(min(seconds, maxSeconds)) * time.Second
	return there
}

func (o *object) rate(into *int) bool {
	var n int64
	there := o.number("requests_per_second", 1, &n)
	*into = int(min(n, maxSeconds))
	return there
}

// maxSeconds is more than any bound and fits a time.Duration.
const maxSeconds = int64(1) << 31
