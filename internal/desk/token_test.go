package desk_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/desk"
)

func TestMintToken_CarriesEveryScopeOfTheRole(t *testing.T) {
	bothWays(t, func(t *testing.T, b *bench, operator desk.Operator) {
		ada := newUser(t, operator, "ada@example.com", apicred.RoleSupervisor).User
		token, err := operator.MintToken(t.Context(), desk.TokenRequest{UserRef: ref("ada@example.com"), TTL: time.Hour})
		check(t, err)
		want := []string{apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite}
		if diff := cmp.Diff(want, token.Scopes); diff != "" {
			t.Errorf("scopes (-want +got):\n%s", diff)
		}
		claims := claimsOf(t, token)
		if claims.Subject != ada.UserID || claims.Account != ada.AccountID || claims.Client != "claviger-cli" || claims.Audience != issuer+"/api/v1" {
			t.Errorf("claims = %+v, want ada's in her account", claims)
		}
	})
}

func TestMintToken_NarrowsToTheScopesAskedFor(t *testing.T) {
	bothWays(t, func(t *testing.T, _ *bench, operator desk.Operator) {
		newUser(t, operator, "ada@example.com", apicred.RoleAdmin)
		token, err := operator.MintToken(t.Context(), desk.TokenRequest{
			UserRef: ref("ada@example.com"), Scopes: []string{apicred.ScopeAuditRead, apicred.ScopeAuditRead}, TTL: time.Minute,
		})
		check(t, err)
		if claims := claimsOf(t, token); claims.Scope != apicred.ScopeAuditRead || claims.Expires-claims.Issued != 60 {
			t.Errorf("claims = %+v, want one scope for a minute", claims)
		}
	})
}

func TestMintToken_RefusesWithoutTrace(t *testing.T) {
	bothWays(t, func(t *testing.T, b *bench, operator desk.Operator) {
		newUser(t, operator, "ada@example.com", apicred.RoleAdmin)
		newUser(t, operator, "sam@example.com", apicred.RoleSupervisor)
		gone := apicred.UserDeactivated
		_, err := operator.EditUser(t.Context(), desk.UserEdit{UserRef: ref("sam@example.com"), Status: &gone})
		check(t, err)
		before := events(t, b)
		for name, test := range map[string]struct {
			request desk.TokenRequest
			kind    apicred.Kind
		}{
			"unknown user":      {desk.TokenRequest{UserRef: ref("nobody@example.com"), TTL: time.Hour}, apicred.KindNotFound},
			"inactive user":     {desk.TokenRequest{UserRef: ref("sam@example.com"), TTL: time.Hour}, apicred.KindConflict},
			"scope not held":    {desk.TokenRequest{UserRef: ref("ada@example.com"), TTL: time.Hour, Scopes: []string{"users:read"}}, apicred.KindForbidden},
			"scope in caps":     {desk.TokenRequest{UserRef: ref("ada@example.com"), TTL: time.Hour, Scopes: []string{"CLAVIGER:FEED"}}, apicred.KindForbidden},
			"longer than a day": {desk.TokenRequest{UserRef: ref("ada@example.com"), TTL: 24*time.Hour + time.Second}, apicred.KindInvalid},
			"no time at all":    {desk.TokenRequest{UserRef: ref("ada@example.com")}, apicred.KindInvalid},
			"negative time":     {desk.TokenRequest{UserRef: ref("ada@example.com"), TTL: -time.Hour}, apicred.KindInvalid},
		} {
			token, err := operator.MintToken(t.Context(), test.request)
			if !apicred.IsKind(err, test.kind) {
				t.Errorf("%s: error = %v, want %s", name, err, test.kind)
			}
			if token.AccessToken.Reveal() != "" {
				t.Errorf("%s: a token was handed out with the refusal", name)
			}
		}
		if after := events(t, b); len(after) != len(before) {
			t.Errorf("%d audit events were written for tokens that were not made", len(after)-len(before))
		}
	})
}

func TestMintToken_IsAuditedAsTheOperators(t *testing.T) {
	bothWays(t, func(t *testing.T, b *bench, operator desk.Operator) {
		ada := newUser(t, operator, "ada@example.com", apicred.RoleSupervisor).User
		token, err := operator.MintToken(t.Context(), desk.TokenRequest{UserRef: ref("ada@example.com"), TTL: time.Hour})
		check(t, err)
		all := events(t, b)
		got := all[len(all)-1]
		want := apicred.AuditEvent{
			AccountID: ada.AccountID, ActorType: apicred.ActorOperator, ActingAs: ada.UserID, Action: "token.mint",
			TargetType: apicred.TargetToken, TargetID: claimsOf(t, token).ID, Outcome: apicred.OutcomeDone, Count: 1,
		}
		if got.RequestID == "" {
			t.Error("the event has no request ID")
		}
		after := map[string]any{}
		check(t, json.Unmarshal(got.After, &after))
		wantAfter := map[string]any{
			"user_id": ada.UserID, "scopes": []any{apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite},
			"expires_at": token.ExpiresAt.Format(time.RFC3339),
		}
		if diff := cmp.Diff(wantAfter, after); diff != "" {
			t.Errorf("after (-want +got):\n%s", diff)
		}
		got.EventID, got.Sequence, got.At, got.RequestID, got.After = "", 0, time.Time{}, "", nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
	})
}

func TestMintToken_IsNotHandedOutUnaudited(t *testing.T) {
	bothWays(t, func(t *testing.T, b *bench, operator desk.Operator) {
		newUser(t, operator, "ada@example.com", apicred.RoleAdmin)
		b.before = func() error { return apicred.Unavailable(nil) }
		token, err := operator.MintToken(t.Context(), desk.TokenRequest{UserRef: ref("ada@example.com"), TTL: time.Hour})
		if !apicred.IsKind(err, apicred.KindUnavailable) || token.AccessToken.Reveal() != "" {
			t.Errorf("token %v, error %v: want none, unavailable", token, err)
		}
	})
}

// events reads the whole audit chain.
func events(t *testing.T, b *bench) []apicred.AuditEvent {
	t.Helper()
	var out []apicred.AuditEvent
	_, err := b.store.Audit().Chain(t.Context(), func(*audit.Base) error { return nil }, func(e audit.Entry) error {
		out = append(out, e.Event)
		return nil
	})
	check(t, err)
	return out
}

// claims are those of a people-token.
type claims struct {
	Subject  string `json:"sub"`
	Client   string `json:"client_id"`
	Account  string `json:"account"`
	Audience string `json:"aud"`
	Scope    string `json:"scope"`
	ID       string `json:"jti"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

func claimsOf(t *testing.T, token desk.Token) claims {
	t.Helper()
	parts := strings.Split(token.AccessToken.Reveal(), ".")
	if len(parts) != 3 {
		t.Fatal("the token has not three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	check(t, err)
	var c claims
	check(t, json.Unmarshal(payload, &c))
	return c
}
