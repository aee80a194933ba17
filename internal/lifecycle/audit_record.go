package lifecycle

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// The records below are what before and after of an audit event hold: members
// as on the wire, never a secret or its hash, never personal data.

type credentialRecord struct {
	Name              string         `json:"name"`
	Level             apicred.Level  `json:"level"`
	OwnerID           string         `json:"owner_id,omitempty"`
	Scopes            []string       `json:"scopes"`
	ExpiresAt         string         `json:"expires_at,omitempty"`
	AllowedCIDRs      []netip.Prefix `json:"allowed_cidrs,omitempty"`
	TokenLifetime     int64          `json:"token_lifetime_seconds,omitempty"`
	RequestsPerSecond int            `json:"requests_per_second,omitempty"`
	Disabled          bool           `json:"disabled,omitempty"`
	DisabledBy        string         `json:"disabled_by,omitempty"`
	Suspension        string         `json:"suspension,omitempty"`
	API               string         `json:"api,omitempty"`
	Method            string         `json:"authentication_method,omitempty"` // empty: client_secret
	Keys              []keyRecord    `json:"keys,omitempty"`
	TLSClientSubject  string         `json:"tls_client_subject,omitempty"`
	Generation        int64          `json:"generation"`
}

func recordCredential(c *apicred.Credential) credentialRecord {
	return credentialRecord{
		Name: c.Name, Level: c.Level, OwnerID: c.OwnerID, Scopes: c.Scopes, ExpiresAt: auditTime(c.ExpiresAt),
		AllowedCIDRs: c.AllowedCIDRs, TokenLifetime: int64(c.TokenLifetime / time.Second),
		RequestsPerSecond: c.RequestsPerSecond, Disabled: c.Disabled(), DisabledBy: c.DisabledBy, Suspension: string(c.Suspension),
		API: c.API, Method: recordMethod(c.AuthenticationMethod), Keys: keyRecords(c.KeySet), TLSClientSubject: c.TLSClientSubject, Generation: c.Generation,
	}
}

func recordMethod(m apicred.AuthenticationMethod) string {
	if m == apicred.AuthenticationClientSecret {
		return ""
	}
	return string(m)
}

type secretRecord struct {
	SecretID  string `json:"secret_id"`
	Label     string `json:"label,omitempty"`
	Hint      string `json:"hint"`
	ExpiresAt string `json:"expires_at,omitempty"`
	// CloseWhenQuiet is 0 when it is not closed so.
	CloseWhenQuiet int64 `json:"close_when_quiet_hours,omitempty"`
}

func recordSecret(s *apicred.Secret) secretRecord {
	return secretRecord{s.ID, s.Label, s.Hint, auditTime(s.ExpiresAt), int64(s.CloseWhenQuiet / time.Hour)}
}

func recordSecrets(secrets []apicred.Secret) []secretRecord {
	out := make([]secretRecord, 0, len(secrets))
	for i := range secrets {
		out = append(out, recordSecret(&secrets[i]))
	}
	return out
}

type userRecord struct {
	Role   apicred.Role       `json:"role"`
	Status apicred.UserStatus `json:"status"`
}

func recordUser(u *apicred.User) userRecord { return userRecord{u.Role, u.Status} }

type accountRecord struct {
	Name                    string                     `json:"name"`
	APICredentialsEnabled   bool                       `json:"api_credentials_enabled"`
	AccountLevelCredentials apicred.AccountLevelPolicy `json:"account_level_credentials"`
	MaxTokenLifetime        int64                      `json:"max_token_lifetime_seconds"`
	MaxSecretAge            int64                      `json:"max_secret_age_seconds"`
	UnusedWarnAfter         int64                      `json:"unused_warn_after_seconds"`
	UnusedDisableAfter      int64                      `json:"unused_disable_after_seconds"`
}

func recordAccount(a *apicred.Account) accountRecord {
	return accountRecord{
		a.Name, a.APICredentialsEnabled, a.AccountLevelCredentials, int64(a.MaxTokenLifetime / time.Second),
		int64(a.MaxSecretAge / time.Second), int64(a.UnusedWarnAfter / time.Second), int64(a.UnusedDisableAfter / time.Second),
	}
}

func auditTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func auditJSON(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, apicred.Internal(err)
	}
	return b, nil
}
