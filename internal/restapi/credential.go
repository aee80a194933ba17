package restapi

import (
	"net/netip"
	"time"

	"github.com/claviger/claviger/internal/lifecycle"
)

// credentialJSON is an API credential on the wire (contract.md "Credential").
type credentialJSON struct {
	ClientID             string         `json:"client_id" format:"uuid" doc:"The client ID: a UUID, never used again."`
	Name                 string         `json:"name" doc:"What people recognise it by. Names need not be unique."`
	Level                string         `json:"level" enum:"user,account" doc:"Who owns it: a user, or the account."`
	Owner                *ownerJSON     `json:"owner" doc:"The user who owns it; null for account-level ones."`
	Scopes               []string       `json:"scopes" doc:"The scopes it holds, sorted."`
	EffectiveScopes      []string       `json:"effective_scopes" doc:"Those of its scopes that work now: allowed to the owner's present role, and not retired."`
	Status               string         `json:"status" enum:"active,disabled,expired,suspended" doc:"disabled (somebody switched it off) goes before expired, that before suspended (by circumstances)."`
	StatusReason         *string        `json:"status_reason" enum:"disabled_by_owner,disabled_by_admin,unused,owner,scopes,restored" doc:"Why it is disabled or suspended: who disabled it, or that nobody used it for as long as the account allows; or its owner is gone, no effective scope is left, or it was restored and is not confirmed yet."`
	CreatedAt            time.Time      `json:"created_at"`
	UpdatedAt            time.Time      `json:"updated_at"`
	CreatedBy            string         `json:"created_by" doc:"User ID or client ID of its maker."`
	ExpiresAt            *time.Time     `json:"expires_at" doc:"Its end; null: none."`
	LastUsedAt           *time.Time     `json:"last_used_at" doc:"Null: never used. Exact to a minute."`
	LastUsedAddress      *string        `json:"last_used_address"`
	Secrets              []secretJSON   `json:"secrets" doc:"Its client secrets, oldest first, without their text."`
	AuthenticationMethod string         `json:"authentication_method" enum:"client_secret,private_key_jwt,tls_client_auth" doc:"How it proves itself at the token endpoint."`
	JWKS                 *keySetJSON    `json:"jwks" doc:"The public keys that it signs its assertions with; null: none."`
	TLSClientSubject     *string        `json:"tls_client_subject" doc:"The name in its certificate, for tls_client_auth; null: none."`
	AllowedCIDRs         []netip.Prefix `json:"allowed_cidrs" doc:"Address ranges it may be used from; none: from anywhere."`
	TokenLifetimeSeconds *int64         `json:"token_lifetime_seconds" doc:"Longest life of its access tokens; null: the server's and the account's."`
	RequestsPerSecond    *int           `json:"requests_per_second" doc:"Its limit on each node; null: none."`
	API                  *string        `json:"api" doc:"ID of the API it introspects tokens for; null: none."`
	Version              int64          `json:"version" doc:"Grows with each change; its ETag."`
	Actions              []string       `json:"actions" enum:"view,edit,disable,enable,delete" doc:"What the caller's role allows with it now."`
}

type ownerJSON struct {
	_      struct{} `nullable:"true"`
	UserID string   `json:"user_id" format:"uuid"`
	Email  *string  `json:"email" doc:"Null when the owner is no longer a member."`
}

// listedCredentialJSON is a row of a list.
type listedCredentialJSON struct {
	CredentialMembers
	DailyCalls [14]int64 `json:"daily_calls" doc:"Calls on each of the last 14 UTC days, today last."`
}

// createdCredentialJSON is the answer to a create: the only one with a secret,
// if the credential has one.
type createdCredentialJSON struct {
	CredentialMembers
	ClientSecret string `json:"client_secret,omitempty" doc:"The client secret. It is shown here and never again. Not there for private_key_jwt and tls_client_auth."`
}

// CredentialMembers lets other bodies hold the members of a credential beside
// their own: huma looks into embedded types of exported names only.
type CredentialMembers = credentialJSON

type credentialListJSON struct {
	Credentials   []listedCredentialJSON `json:"credentials"`
	NextPageToken *string                `json:"next_page_token" doc:"Send it as page_token for the next page; null: this is the last."`
	Total         int                    `json:"total" maximum:"1000" doc:"How many there are on all pages, counted to 1,000."`
	TotalCapped   bool                   `json:"total_capped" doc:"There are more than total."`
}

func renderCredential(v *lifecycle.CredentialView) credentialJSON {
	out := credentialJSON{
		ClientID: v.ClientID, Name: v.Name, Level: string(v.Level), Scopes: filled(v.Scopes), EffectiveScopes: filled(v.EffectiveScopes),
		Status: string(v.Status), StatusReason: some(v.StatusReason), CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
		CreatedBy: v.CreatedBy, ExpiresAt: someTime(v.ExpiresAt), LastUsedAt: someTime(v.LastUsedAt), LastUsedAddress: some(v.LastUsedAddress),
		Secrets: renderSecrets(v.Secrets), AuthenticationMethod: string(v.AuthenticationMethod), AllowedCIDRs: filled(v.AllowedCIDRs),
		TokenLifetimeSeconds: some(int64(v.TokenLifetime / time.Second)), RequestsPerSecond: some(v.RequestsPerSecond),
		JWKS: renderKeySet(v.KeySet), TLSClientSubject: some(v.TLSClientSubject), API: some(v.API), Version: v.Version, Actions: make([]string, 0, len(v.Actions)),
	}
	if v.OwnerID != "" {
		out.Owner = &ownerJSON{UserID: v.OwnerID, Email: some(v.OwnerEmail)}
	}
	for _, a := range v.Actions {
		out.Actions = append(out.Actions, string(a))
	}
	return out
}

func renderPage(page *lifecycle.CredentialPage) credentialListJSON {
	out := credentialListJSON{
		Credentials: make([]listedCredentialJSON, 0, len(page.Credentials)), NextPageToken: some(page.NextPageToken),
		Total: page.Total, TotalCapped: page.Capped,
	}
	for i := range page.Credentials {
		row := &page.Credentials[i]
		out.Credentials = append(out.Credentials, listedCredentialJSON{renderCredential(row), row.DailyCalls})
	}
	return out
}

// filled makes a list that is never null on the wire.
func filled[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// some is null on the wire for the zero value.
func some[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

func someTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
