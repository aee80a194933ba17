package lifecycle_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func TestDemotion_SuspendsWhatHasNoScopeLeftAndEndsItsTokens(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	alan := i.as("alan")
	all := i.create(alan, "orders:write").ClientID
	some := i.create(alan, "orders:write", "stats").ClientID
	i.setRole("alan", apicred.RoleSupervisor)

	lost := i.stored(all)
	if lost.Suspension != apicred.SuspensionScopes || lost.Generation != 2 {
		t.Errorf("without a scope left: %q, generation %d", lost.Suspension, lost.Generation)
	}
	kept, err := i.service.Credential(ctx, i.as("ada"), some)
	must(t, err)
	if diff := cmp.Diff([]string{"stats"}, kept.EffectiveScopes); diff != "" || kept.Status != apicred.StatusActive || kept.Generation != 1 {
		t.Errorf("with one left: %s %s, generation %d", diff, kept.Status, kept.Generation)
	}
	suspended := i.events(i.first.ID)[0]
	if suspended.Action != "credential.suspend" || suspended.ActorType != apicred.ActorSystem || suspended.TargetID != all {
		t.Errorf("event: %+v", suspended)
	}
	i.setRole("alan", apicred.RoleAdmin)
	if c := i.stored(all); c.Suspension != apicred.SuspensionNone || c.Generation != 2 {
		t.Errorf("promoted again: %q, generation %d; promotion revives no token", c.Suspension, c.Generation)
	}
}

// A token from before a demotion names the scopes that the demotion took. It
// must not have them back when the owner is promoted again.
func TestPromotion_EndsTokensThatADemotionNarrowed(t *testing.T) {
	i := install(t)
	narrowed := i.create(i.as("alan"), "orders:write", "stats").ClientID
	untouched := i.create(i.as("alan"), "stats").ClientID
	i.setRole("alan", apicred.RoleSupervisor)
	if c := i.stored(narrowed); c.Generation != 1 {
		t.Errorf("the demotion ends tokens that keep a scope: generation %d", c.Generation)
	}
	i.setRole("alan", apicred.RoleAdmin)
	if c := i.stored(narrowed); c.Generation != 2 {
		t.Errorf("the promotion revives what tokens had lost: generation %d", c.Generation)
	}
	if c := i.stored(untouched); c.Generation != 1 {
		t.Errorf("the promotion ends tokens that never lost a scope: generation %d", c.Generation)
	}
	again := i.events(i.first.ID)[0]
	if again.Action != "credential.resume" || again.ActorType != apicred.ActorSystem || again.TargetID != narrowed {
		t.Errorf("event: %+v", again)
	}
}

func TestDeactivation_StopsTheOwnersCredentialsAndTokens(t *testing.T) {
	i := install(t)
	id := i.create(i.as("sue"), "stats").ClientID
	i.setStatus("sue", apicred.UserDeactivated)
	if c := i.stored(id); c.Suspension != apicred.SuspensionOwner || c.Generation != 2 {
		t.Errorf("%q, generation %d", c.Suspension, c.Generation)
	}
	user, err := i.service.FindUser(t.Context(), i.first.ID, "SUE@example.com")
	must(t, err)
	if user.Generation != 2 {
		t.Errorf("people-tokens live on: generation %d", user.Generation)
	}
	i.setStatus("sue", apicred.UserActive)
	if c := i.stored(id); c.Suspension != apicred.SuspensionNone || c.Generation != 2 {
		t.Errorf("back again: %q, generation %d", c.Suspension, c.Generation)
	}
}

func TestLastActiveAdmin_Stays(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	edit := func(name string, in lifecycle.UserChange) error {
		_, err := i.service.EditUser(ctx, operator(), i.users[name].AccountID, i.users[name].ID, in)
		return err
	}
	agent, archived, active := apicred.RoleAgent, apicred.UserArchived, apicred.UserActive
	wantKind(t, "one of two", edit("alan", lifecycle.UserChange{Status: &archived}), "")
	wantKind(t, "demote the last", edit("ada", lifecycle.UserChange{Role: &agent}), apicred.KindConflict)
	wantKind(t, "archive the last", edit("ada", lifecycle.UserChange{Status: &archived}), apicred.KindConflict)
	wantKind(t, "the last of another account", edit("olga", lifecycle.UserChange{Role: &agent}), apicred.KindConflict)
	wantKind(t, "change nothing", edit("ada", lifecycle.UserChange{Status: &active}), "")
	wantKind(t, "another one back", edit("alan", lifecycle.UserChange{Status: &active}), "")
	wantKind(t, "now", edit("ada", lifecycle.UserChange{Role: &agent}), "")
}

func TestCreateUser_KnowsAPersonWhateverTheSpelling(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	_, err := i.service.CreateUser(ctx, operator(), i.first.ID, lifecycle.NewUser{Email: "ADA@Example.com", Role: apicred.RoleAgent})
	wantKind(t, "again", err, apicred.KindConflict)
	other, err := i.service.CreateUser(ctx, operator(), i.second.ID, lifecycle.NewUser{Email: "ADA@Example.com", Role: apicred.RoleAgent})
	must(t, err)
	if other.ID != i.users["ada"].ID {
		t.Error("one person became two")
	}
	me, err := i.service.Me(ctx, i.as("ada"))
	must(t, err)
	if len(me.Accounts) != 1 || me.User.Role != apicred.RoleAdmin || other.Accepted() {
		t.Errorf("an address that is known was let in on the word of who added it: %+v", me)
	}
	for _, in := range []lifecycle.NewUser{
		{Email: "no address", Role: apicred.RoleAgent}, {Email: "x@example.com", Role: "owner"}, {Email: "x@example.com", Name: "a\u202eb", Role: apicred.RoleAgent},
	} {
		_, err := i.service.CreateUser(ctx, operator(), i.first.ID, in)
		wantKind(t, in.Email, err, apicred.KindInvalid)
	}
}
