package restapi

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/web"
)

// The examples of the document are values of the very types that are sent, so
// that they cannot say anything else. Their IDs and secret are invented.
const (
	exampleClientID  = "0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811"
	exampleUserID    = "0199b2a0-11d7-7e0b-8f6c-93a5d2b47f10"
	exampleAccountID = "0199b29f-c0de-7a11-a2b3-5d6e7f809142"
	exampleSecretID  = "0199b2c4-6f1e-7c3b-b1f0-2c8d9e6a4735"
	exampleEventID   = "0199b2c4-6f1f-7d40-8a6e-0b5c7f21d3e9"
	exampleRequestID = "01k6sc8vqe9v7n4h2m5x3a1btd"
	exampleText      = "clav_EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0EXAMPL0EXAMPL"
)

func exampleTime() time.Time { return time.Date(2026, time.November, 2, 9, 30, 0, 0, time.UTC) }

func exampleSecret() secretJSON {
	used, address := exampleTime().Add(26*time.Hour), "192.0.2.17"
	return secretJSON{
		SecretID: exampleSecretID, Hint: "MPL0", CreatedAt: exampleTime(), LastUsedAt: &used, LastUsedAddress: &address,
	}
}

func exampleCredential() credentialJSON {
	secret, email, rate := exampleSecret(), "ada@example.com", 50
	return credentialJSON{
		ClientID: exampleClientID, Name: "Nightly user export", Level: "user", Owner: &ownerJSON{UserID: exampleUserID, Email: &email},
		Scopes: []string{"users:read"}, EffectiveScopes: []string{"users:read"}, Status: "active",
		CreatedAt: exampleTime(), UpdatedAt: exampleTime(), CreatedBy: exampleUserID,
		LastUsedAt: secret.LastUsedAt, LastUsedAddress: secret.LastUsedAddress, Secrets: []secretJSON{secret},
		AuthenticationMethod: "client_secret", AllowedCIDRs: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		RequestsPerSecond: &rate, Version: 3, Actions: []string{"view", "edit", "disable", "delete"},
	}
}

func exampleCreated() createdCredentialJSON {
	c := exampleCredential()
	c.LastUsedAt, c.LastUsedAddress, c.Version = nil, nil, 1
	c.Secrets[0].LastUsedAt, c.Secrets[0].LastUsedAddress = nil, nil
	return createdCredentialJSON{c, exampleText}
}

func exampleCreatedSecret() createdSecretJSON {
	label := "November"
	s := exampleSecret()
	s.Label, s.LastUsedAt, s.LastUsedAddress = &label, nil, nil
	return createdSecretJSON{s, exampleText}
}

func exampleList() credentialListJSON {
	return credentialListJSON{
		Credentials: []listedCredentialJSON{{exampleCredential(), [14]int64{12: 96, 13: 41}}}, Total: 1,
	}
}

func exampleNewCredential() newCredentialJSON {
	rate := 50
	return newCredentialJSON{
		Name: "Nightly user export", Scopes: []string{"users:read"}, Level: "user",
		AllowedCIDRs: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, RequestsPerSecond: &rate,
	}
}

func exampleEdit() map[string]any {
	return map[string]any{"name": "Hourly user export", "requests_per_second": nil}
}

func exampleNewSecret() newSecretJSON {
	label, day := "November", int64(86400)
	return newSecretJSON{Label: &label, RetireOthersAfterSeconds: &day}
}

func exampleSecretEdit() secretChangeJSON {
	return secretChangeJSON{CloseWhenQuietHours: new(int64(24))}
}

func exampleClosingSecret() secretJSON {
	s := exampleSecret()
	end, closes := exampleTime().Add(30*24*time.Hour), s.LastUsedAt.Add(24*time.Hour)
	s.ExpiresAt, s.CloseWhenQuietHours, s.ClosesAt = &end, new(int64(24)), &closes
	return s
}

func exampleScopes() scopeListJSON {
	return scopeListJSON{[]scopeJSON{{
		Value: "users:read", Description: "Read VCC user details, settings, and presences", API: "user-admin",
		Roles: []apicred.Role{apicred.RoleAdmin, apicred.RoleSupervisor}, OnOffer: true,
	}}}
}

func exampleAPIs() apiListJSON {
	a := exampleCatalogue().APIs[0]
	return apiListJSON{[]apiJSON{renderAPI(&a)}}
}

func exampleCatalogue() apicred.Catalogue {
	return apicred.Catalogue{
		APIs: []apicred.API{{
			ID: "user-admin", Name: "User Admin API", Audience: "urn:vcc:user-admin", BasePath: "/useradmin", DirectCredentials: true,
			Routes: []apicred.Route{{Methods: []string{"GET"}, Path: "/users/**", Scopes: []string{"users:read", "users:write"}}},
		}},
		Scopes: []apicred.Scope{
			{
				Value: "users:read", Description: "Read VCC user details, settings, and presences", API: "user-admin",
				Roles: []apicred.Role{apicred.RoleAdmin, apicred.RoleSupervisor},
			},
			{
				Value: "users:write", Description: "Update VCC user details, settings, and presences", API: "user-admin",
				Roles: []apicred.Role{apicred.RoleAdmin},
			},
		},
	}
}

func exampleAccount() accountJSON {
	return accountJSON{
		AccountID: exampleAccountID, Name: "default", APICredentialsEnabled: true, AccountLevelCredentials: "closed", Version: 1,
	}
}

func exampleMe() meJSON {
	name := "Ada"
	return meJSON{
		UserID: exampleUserID, Email: "ada@example.com", Name: &name, AccountID: exampleAccountID, Role: "supervisor",
		Accounts: []membershipJSON{{AccountID: exampleAccountID, Name: "default", Role: "supervisor"}},
		Scopes:   []string{apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite},
	}
}

func exampleAuditEvents() auditEventListJSON {
	email, name, address, request := "ada@example.com", "Hourly user export", "192.0.2.17", exampleRequestID
	user, client := exampleUserID, exampleClientID
	return auditEventListJSON{AuditEvents: []auditEventJSON{{
		EventID: exampleEventID, Sequence: 4711, At: exampleTime(), Actor: auditActorJSON{Type: "user", ID: &user, Email: &email},
		Action: "credential.edit", Target: auditTargetJSON{Type: "credential", ID: &client, Name: &name}, Outcome: "done", Count: 1,
		Address: &address, RequestID: &request,
		Before: json.RawMessage(`{"name":"Nightly user export","scopes":["users:read"]}`),
		After:  json.RawMessage(`{"name":"Hourly user export","scopes":["users:read"]}`),
	}}}
}

// refusalExample is one kind of refusal.
type refusalExample struct {
	meaning string
	err     *apicred.Error
}

func (r refusalExample) headers() map[string]*huma.Param {
	text := &huma.Schema{Type: huma.TypeString}
	switch {
	case web.Status(r.err) == http.StatusUnauthorized:
		return map[string]*huma.Param{"WWW-Authenticate": {Description: "Bearer (RFC 6750), or DPoP (RFC 9449).", Schema: text}}
	case r.err.RetryAfter > 0:
		return map[string]*huma.Param{"Retry-After": {Description: "Seconds to wait.", Schema: text}}
	}
	return nil
}

func exampleRefusals() []refusalExample {
	used := apicred.Conflict("This Idempotency-Key has already created an API credential. Its secret was shown then and cannot be shown again; rotate the secret if it was lost.")
	used.ClientID = exampleClientID
	name := apicred.FieldError{Location: "body.name", Message: "Give a name of 1 to 128 characters."}
	return []refusalExample{
		{"The request cannot be read: syntax of body, query or a header.", malformedAt("query.page_size", "page_size must be a whole number from 1 to 200.")},
		{"No proof of who asks, or one that is not active.", apicred.Unauthenticated("The access token is invalid or has expired. Request a new one.")},
		{"The caller is known and may not do this. code is forbidden, insufficient_scope, scope_not_grantable or address_not_allowed.", apicred.Forbidden("Only its owner can edit a user-level API credential. An admin can disable or delete it.")},
		{"There is no such thing, or it is not the caller's to see; nothing tells the two apart.", apicred.NotFound()},
		{"The present state does not allow it.", used},
		{"Somebody saved a newer version (If-Match).", apicred.Stale()},
		{"The body is over its limit: 64 KiB, for the catalogue 1 MiB.", web.TooLarge()},
		{"The body is of another type.", &apicred.Error{Kind: apicred.KindInvalid, Code: web.CodeUnsupportedMediaType, Message: "Send the body as application/json in UTF-8, and say so in Content-Type."}},
		{"Members are unknown, repeated, read-only, of the wrong type or of a wrong value.", apicred.Invalid(name)},
		{"Faster than the credential's own limit allows.", apicred.RateLimited(time.Second)},
		{"The server's fault; the request ID leads to its cause.", apicred.Internal(nil)},
		{"The database cannot be reached. Nothing was changed.", apicred.Unavailable(nil)},
	}
}

func exampleSigningKeys() signingKeyListJSON {
	end := exampleTime().Add(24*time.Hour + 15*time.Minute)
	return signingKeyListJSON{[]signingKeyJSON{
		{KID: "Zq3wF9tLr0bXcVn5mKj7HdSgPa2yUeTi8oEwRxQz1CM", Algorithm: "ES256", Status: "retired", CreatedAt: exampleTime().AddDate(0, -2, 0), NotBefore: exampleTime().AddDate(0, -1, 0), ExpiresAt: &end},
		{KID: "l3rWvj6oVZ9yK2mT5cQxXh1sN8bEfUaG4dRzP7uYwJk", Algorithm: "ES256", Status: "active", CreatedAt: exampleTime().AddDate(0, -1, 0), NotBefore: exampleTime()},
		{KID: "d0TqY5hGx8sJvMwLz4nBcR7kEfPa1oUi6eXyW3rSt9Q", Algorithm: "ES256", Status: "next", CreatedAt: exampleTime(), NotBefore: exampleTime().Add(6 * time.Minute)},
	}}
}
