package lifecycle_test

import (
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// What a surface believes of a credential that acts may be out of date by the
// time of the transaction; there it is judged again.
func TestActing_IsJudgedInTheTransaction(t *testing.T) {
	scopes := []string{apicred.ScopeCredentialsRead, apicred.ScopeCredentialsWrite, "stats"}
	for name, test := range map[string]struct {
		meanwhile func(i *installation, id string)
		want      apicred.Kind
	}{
		"nothing": {func(*installation, string) {}, ""},
		"disabled": {func(i *installation, id string) {
			_, err := i.service.DisableCredential(i.t.Context(), i.as("ada"), id)
			must(i.t, err)
		}, apicred.KindUnauthenticated},
		"disabled and enabled": {func(i *installation, id string) {
			_, err := i.service.DisableCredential(i.t.Context(), i.as("ada"), id)
			must(i.t, err)
			_, err = i.service.EnableCredential(i.t.Context(), i.as("ada"), id)
			must(i.t, err)
		}, apicred.KindUnauthenticated},
		"deleted": {func(i *installation, id string) {
			must(i.t, i.service.DeleteCredential(i.t.Context(), i.as("ada"), id))
		}, apicred.KindUnauthenticated},
		"without the scope": {func(i *installation, id string) {
			less := []string{apicred.ScopeCredentialsRead, "stats"}
			_, err := i.service.EditCredential(i.t.Context(), i.as("ada"), id, lifecycle.CredentialChange{Scopes: &less})
			must(i.t, err)
		}, apicred.KindForbidden},
	} {
		for _, level := range []apicred.Level{apicred.LevelUser, apicred.LevelAccount} {
			i := install(t)
			i.policy(apicred.AccountLevelOpen)
			self, err := i.service.CreateCredential(t.Context(), i.as("ada"), lifecycle.NewCredential{Name: "x", Level: level, Scopes: scopes})
			must(t, err)
			actor := apicred.Actor{
				Type: apicred.ActorCredential, ID: self.ClientID, AccountID: i.first.ID, UserID: self.OwnerID, Role: apicred.RoleAdmin,
				Level: level, Scopes: scopes, Generation: 1,
			}
			test.meanwhile(i, self.ClientID)
			_, err = i.service.CreateCredential(t.Context(), actor, lifecycle.NewCredential{Name: "y", Level: level, Scopes: []string{"stats"}})
			wantKind(t, name+", "+string(level), err, test.want)
		}
	}
}

func TestActing_ByACredentialOfTheAccountChangesNoAccount(t *testing.T) {
	i := install(t)
	name := "taken over"
	_, err := i.service.ChangeAccount(t.Context(), i.accountLevel(apicred.ScopeAccountWrite), lifecycle.AccountChange{Name: &name})
	wantKind(t, "an account-level credential", err, apicred.KindForbidden)
}

func TestChangeAccount_AsksASessionForAFreshProof(t *testing.T) {
	i := install(t)
	actor, name := i.as("ada"), "renamed"
	actor.MustReauthenticate = true
	_, err := i.service.ChangeAccount(t.Context(), actor, lifecycle.AccountChange{Name: &name})
	if e := apicred.AsError(err); e.WireCode() != "reauthentication_required" {
		t.Errorf("got %s (%v)", e.WireCode(), err)
	}
}

func TestFindAccount_GoesByIDBeforeAnyName(t *testing.T) {
	i := install(t)
	_, err := i.service.ChangeAccount(t.Context(), i.as("ada"), lifecycle.AccountChange{Name: &i.second.ID})
	must(t, err)
	found, err := i.service.FindAccount(t.Context(), i.second.ID)
	must(t, err)
	if found.ID != i.second.ID {
		t.Error("an account that calls itself by another's ID is taken for it")
	}
}
