package lifecycle_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// peopleActs are everything that can be done with the people of an account,
// each to a member of its own.
func (i *installation) peopleActs(actor apicred.Actor, target string) map[string]error {
	ctx := i.t.Context()
	id := i.users[target].ID
	role := apicred.RoleAgent
	out := map[string]error{}
	_, out["user.list"] = i.service.ListUsers(ctx, actor)
	_, out["user.view"] = i.service.User(ctx, actor, id)
	_, out["user.edit"] = i.service.ChangeUser(ctx, actor, id, lifecycle.UserChange{Role: &role})
	out["user.set_up_link"] = i.service.MayMakeSetUpLink(ctx, actor, id)
	out["user.delete"] = i.service.RemoveUser(ctx, actor, id)
	_, out["user.create"] = i.service.AddUser(ctx, actor, lifecycle.NewUser{Email: "new-by-" + actor.ID + "@example.com", Role: apicred.RoleAgent})
	return out
}

// accountLevel is an account-level credential that acts with scopes.
func (i *installation) accountLevel(scopes ...string) apicred.Actor {
	return apicred.Actor{
		Type: apicred.ActorCredential, ID: i.createForAccount(scopes...).ClientID, AccountID: i.first.ID,
		Level: apicred.LevelAccount, Scopes: scopes, Generation: 1,
	}
}

func TestPeople_AreForAdminsWithTheScopeAlone(t *testing.T) {
	both := []string{"claviger:users:read", "claviger:users:write"}
	for name, c := range map[string]struct {
		actor       func(*installation) apicred.Actor
		read, write apicred.Kind
	}{
		"supervisor":               {func(i *installation) apicred.Actor { return i.as("sue") }, apicred.KindNotFound, apicred.KindNotFound},
		"supervisor with scopes":   {func(i *installation) apicred.Actor { return i.with("sue", both...) }, apicred.KindNotFound, apicred.KindNotFound},
		"agent":                    {func(i *installation) apicred.Actor { return i.as("abe") }, apicred.KindNotFound, apicred.KindNotFound},
		"account-level credential": {func(i *installation) apicred.Actor { return i.accountLevel(both...) }, apicred.KindNotFound, apicred.KindNotFound},
		"admin without scopes":     {func(i *installation) apicred.Actor { return i.with("ada", "claviger:credentials:read") }, apicred.KindForbidden, apicred.KindForbidden},
		"admin who may read":       {func(i *installation) apicred.Actor { return i.with("ada", both[0]) }, "", apicred.KindForbidden},
		"admin who may write":      {func(i *installation) apicred.Actor { return i.with("ada", both[1]) }, apicred.KindForbidden, ""},
	} {
		i := install(t)
		for action, err := range i.peopleActs(c.actor(i), "sam") {
			want := c.write
			if action == "user.list" || action == "user.view" {
				want = c.read
			}
			wantKind(t, name+": "+action, err, want)
		}
	}
}

func TestPeople_OfAnotherAccountDoNotExist(t *testing.T) {
	i := install(t)
	for action, err := range i.peopleActs(i.as("ada"), "olga") {
		want := apicred.KindNotFound
		if action == "user.list" || action == "user.create" {
			want = ""
		}
		wantKind(t, action, err, want)
	}
	if u, err := i.service.FindUser(t.Context(), i.second.ID, i.users["olga"].ID); err != nil || u.Role != apicred.RoleAdmin {
		t.Errorf("olga: %+v %v", u, err)
	}
}

func TestPeople_RefusalsAreAudited(t *testing.T) {
	i := install(t)
	for rule, actor := range map[string]apicred.Actor{"people": i.as("sue"), "token_scope": i.with("alan")} {
		for _, err := range i.peopleActs(actor, "sam") {
			if err == nil {
				t.Fatal("not refused")
			}
		}
		found := false
		for _, e := range i.refused(i.first.ID) {
			found = found || e.Rule == rule && e.ActorID == actor.ID && e.Count == 6 && e.TargetType == apicred.TargetUser
		}
		if !found {
			t.Errorf("no event for %s: %+v", rule, i.refused(i.first.ID))
		}
	}
}

// What an admin is told must not differ by whether the address is known.
func TestAddUser_AnswersAlikeForKnownAndUnknown(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	add := func(email string) apicred.User {
		t.Helper()
		u, err := i.service.AddUser(ctx, i.as("ada"), lifecycle.NewUser{Email: email, Name: "Entered", Role: apicred.RoleSupervisor})
		must(t, err)
		return u
	}
	known, unknown := add("OLGA@example.com"), add("Nobody@example.com")
	if known.ID != i.users["olga"].ID {
		t.Error("one person became two")
	}
	told := func(u apicred.User) apicred.User {
		u.ID, u.Email, u.CreatedAt = "", "", known.CreatedAt
		return u
	}
	ignored := cmpopts.IgnoreFields(apicred.User{}, "InvitedEmail")
	if diff := cmp.Diff(told(known), told(unknown), ignored); diff != "" {
		t.Error(diff)
	}
	if known.Email != "OLGA@example.com" || known.Name != "Entered" {
		t.Errorf("told %q %q", known.Email, known.Name)
	}
	for _, u := range []apicred.User{known, unknown} {
		again, err := i.service.User(ctx, i.as("ada"), u.ID)
		must(t, err)
		if again.Email != u.Email || again.Name != "Entered" {
			t.Errorf("read again: %q %q", again.Email, again.Name)
		}
		if version := u.ID[14]; version != '4' && u.ID != known.ID {
			t.Errorf("the ID %s tells when it was made", u.ID)
		}
	}
	_, err := i.service.AddUser(ctx, i.as("ada"), lifecycle.NewUser{Email: "olga@EXAMPLE.com", Role: apicred.RoleAgent})
	wantKind(t, "again", err, apicred.KindConflict)
}

func TestAddUser_NamesEveryFaultAtOnce(t *testing.T) {
	i := install(t)
	_, err := i.service.AddUser(t.Context(), i.as("ada"), lifecycle.NewUser{Email: "no address", Name: "a\u202eb", Role: "owner"})
	wantKind(t, "faults", err, apicred.KindInvalid)
	if n := len(apicred.AsError(err).Fields); n != 3 {
		t.Errorf("%d faults: %v", n, apicred.AsError(err).Fields)
	}
}

// Rights follow the person (R10).
func TestRemoveUser_StopsTheirCredentialsAndKeepsThemVisible(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	id := i.create(i.as("sue"), "stats").ClientID
	must(t, i.service.RemoveUser(ctx, i.as("ada"), i.users["sue"].ID))
	seen, err := i.service.Credential(ctx, i.as("ada"), id)
	must(t, err)
	if seen.Status != apicred.StatusSuspended || seen.Suspension != apicred.SuspensionOwner || seen.Generation != 2 {
		t.Errorf("%s %s, generation %d", seen.Status, seen.Suspension, seen.Generation)
	}
	for action, err := range i.peopleActs(i.as("ada"), "sue") {
		if action != "user.list" && action != "user.create" {
			wantKind(t, action, err, apicred.KindNotFound)
		}
	}
	users, err := i.service.ListUsers(ctx, i.as("ada"))
	must(t, err)
	for _, u := range users {
		if u.ID == i.users["sue"].ID {
			t.Error("still listed")
		}
	}
	_, err = i.service.Credential(ctx, i.as("sue"), id)
	wantKind(t, "her own session", err, apicred.KindNotFound)

	back, err := i.service.AddUser(ctx, i.as("ada"), lifecycle.NewUser{Email: "sue@example.com", Role: apicred.RoleSupervisor})
	must(t, err)
	if back.ID != i.users["sue"].ID || back.Generation != 2 {
		t.Errorf("came back as %s, generation %d", back.ID, back.Generation)
	}
	if c := i.stored(id); c.Suspension != apicred.SuspensionNone || c.Generation < 2 {
		t.Errorf("added again: %q, generation %d; old tokens stay dead", c.Suspension, c.Generation)
	}
}

func TestRemoveUser_TheLastActiveAdminStays(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	must(t, i.service.RemoveUser(ctx, i.as("ada"), i.users["alan"].ID))
	wantKind(t, "the last", i.service.RemoveUser(ctx, i.as("ada"), i.users["ada"].ID), apicred.KindConflict)
	agent := apicred.RoleAgent
	_, err := i.service.ChangeUser(ctx, i.as("ada"), i.users["ada"].ID, lifecycle.UserChange{Role: &agent})
	wantKind(t, "demote the last", err, apicred.KindConflict)
}
