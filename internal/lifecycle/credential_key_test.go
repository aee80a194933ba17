package lifecycle_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// Public keys made for these tests; nobody has the private parts.
const (
	keyOne = `{"kty":"OKP","crv":"Ed25519","kid":"one","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	keyTwo = `{"kty":"EC","crv":"P-256","kid":"two","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
)

func keySet(keys ...string) []byte { return []byte(`{"keys":[` + strings.Join(keys, ",") + `]}`) }

func (i *installation) createKeyed(actor apicred.Actor, keys []byte, scopes ...string) lifecycle.Created {
	i.t.Helper()
	made, err := i.service.CreateCredential(i.t.Context(), actor, lifecycle.NewCredential{
		Name: "keyed", Scopes: scopes, Method: apicred.AuthenticationPrivateKeyJWT, KeySet: keys,
	})
	must(i.t, err)
	return made
}

func TestKeyedCredential_HasNoSecretAndTakesNone(t *testing.T) {
	i := install(t)
	made := i.createKeyed(i.as("ada"), keySet(keyOne), "stats")
	if made.Secret.Reveal() != "" || len(made.Secrets) != 0 {
		t.Error("a private_key_jwt credential was given a secret")
	}
	_, err := i.service.AddSecret(t.Context(), i.as("ada"), made.ClientID, lifecycle.NewSecret{})
	wantKind(t, "add a secret", err, apicred.KindConflict)
	wantKind(t, "delete a secret", i.service.DeleteSecret(t.Context(), i.as("ada"), made.ClientID, made.ClientID, false), apicred.KindConflict)
}

func TestKeyedCredential_NeedsKeysAndOnlyItHasThem(t *testing.T) {
	i := install(t)
	for what, in := range map[string]lifecycle.NewCredential{
		"no keys":             {Method: apicred.AuthenticationPrivateKeyJWT},
		"keys for a secret":   {KeySet: keySet(keyOne)},
		"an unknown method":   {Method: "none"},
		"an unusable key":     {Method: apicred.AuthenticationPrivateKeyJWT, KeySet: keySet(`{"kty":"oct"}`)},
		"two of the same kid": {Method: apicred.AuthenticationPrivateKeyJWT, KeySet: keySet(keyOne, strings.Replace(keyTwo, `"two"`, `"one"`, 1))},
	} {
		in.Name, in.Scopes = "x", []string{"stats"}
		_, err := i.service.CreateCredential(t.Context(), i.as("ada"), in)
		wantKind(t, what, err, apicred.KindInvalid)
	}
	secret := i.create(i.as("ada"), "stats")
	_, err := i.service.EditCredential(t.Context(), i.as("ada"), secret.ClientID, lifecycle.CredentialChange{KeySet: new(keySet(keyOne))})
	wantKind(t, "keys for a secret, by edit", err, apicred.KindInvalid)
}

// Whoever holds the private part of a new key holds the credential's scopes.
func TestCeiling_LetsADemotedOwnerDropKeysAndNotAddThem(t *testing.T) {
	i := install(t)
	made := i.createKeyed(i.as("alan"), keySet(keyOne, keyTwo), "orders:write", "orders:read")
	i.setRole("alan", apicred.RoleSupervisor)
	edit := func(keys []byte) error {
		_, err := i.service.EditCredential(t.Context(), i.as("alan"), made.ClientID, lifecycle.CredentialChange{KeySet: &keys})
		return err
	}
	wantKind(t, "drop a key", edit(keySet(keyOne)), "")
	wantKind(t, "rename a key", edit(keySet(strings.Replace(keyOne, `"one"`, `"uno"`, 1))), "")
	wantKind(t, "add a key", edit(keySet(keyOne, keyTwo)), apicred.KindForbidden)
	wantKind(t, "exchange a key", edit(keySet(strings.Replace(keyTwo, `"two"`, `"one"`, 1))), apicred.KindForbidden)
}

func TestKeyedCredential_AuditNamesKeysByThumbprint(t *testing.T) {
	i := install(t)
	made := i.createKeyed(i.as("ada"), keySet(keyOne), "stats")
	_, err := i.service.EditCredential(t.Context(), i.as("ada"), made.ClientID,
		lifecycle.CredentialChange{KeySet: new(keySet(strings.Replace(keyTwo, `"two"`, `"one"`, 1)))})
	must(t, err)
	last := i.events(i.first.ID)[0]
	if last.Action != "credential.edit" || bytes.Equal(last.Before, last.After) ||
		!bytes.Contains(last.Before, []byte(`"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"`)) { // RFC 8037 appendix A.3
		t.Errorf("%s: before %s, after %s", last.Action, last.Before, last.After)
	}
}

func TestBoundAPI_IsForAdminsOfTheOperatorAccount(t *testing.T) {
	i := install(t)
	for _, c := range []struct {
		who, api string
		want     apicred.Kind
	}{
		{"ada", "orders", ""}, {"ada", "unknown", apicred.KindInvalid}, {"sue", "orders", apicred.KindForbidden}, {"olga", "orders", apicred.KindInvalid},
	} {
		_, err := i.service.CreateCredential(t.Context(), i.as(c.who), lifecycle.NewCredential{Name: "x", Scopes: []string{"stats"}, API: c.api})
		wantKind(t, c.who+" creates", err, c.want)
		made := i.create(i.as(c.who), "stats")
		_, err = i.service.EditCredential(t.Context(), i.as(c.who), made.ClientID, lifecycle.CredentialChange{API: &c.api})
		wantKind(t, c.who+" edits", err, c.want)
		_, err = i.service.EditCredential(t.Context(), i.as(c.who), made.ClientID, lifecycle.CredentialChange{API: new("")})
		wantKind(t, c.who+" removes", err, "")
	}
}

// Binding widens what claviger:introspect shows, so the acting token needs it too.
func TestBoundAPI_NeedsTheScopesOfTheCredential(t *testing.T) {
	i := install(t)
	made := i.create(i.as("ada"), apicred.ScopeIntrospect)
	limited := i.with("ada", apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite)
	_, err := i.service.EditCredential(t.Context(), limited, made.ClientID, lifecycle.CredentialChange{API: new("orders")})
	wantKind(t, "without claviger:introspect", err, apicred.KindForbidden)
	_, err = i.service.EditCredential(t.Context(), i.as("ada"), made.ClientID, lifecycle.CredentialChange{API: new("orders")})
	wantKind(t, "with it", err, "")
}
