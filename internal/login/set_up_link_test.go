package login_test

import (
	"slices"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
)

// invite makes Ada an unaccepted member of an account.
func (f *fixture) invite(t *testing.T, accountID string) {
	t.Helper()
	f.join(t, accountID, apicred.RoleSupervisor)
	f.edit(t, accountID, func(u *apicred.User) { u.InvitedEmail, u.InvitedName = "ADA@example.com", "As entered" })
}

func (f *fixture) setUpLink(t *testing.T, accountID string) login.LinkToken {
	t.Helper()
	link, err := f.NewSetUpLink(t.Context(), accountID, ada, apicred.Actor{Type: apicred.ActorUser, ID: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	if left := link.ExpiresAt.Sub(f.now); left != 24*time.Hour {
		t.Errorf("it lives for %s", left)
	}
	return link.Token
}

func TestSetUpLink_SignsInWhoNeverHadASignIn(t *testing.T) {
	f := newFixture(t)
	f.invite(t, otherAccount)
	token := f.setUpLink(t, otherAccount)
	view, err := f.Peek(t.Context(), token)
	if err != nil || view.Joins || view.Email != "ADA@example.com" {
		t.Fatalf("%+v %v", view, err)
	}
	session, _, err := f.Consume(t.Context(), token, login.LinkForm{}, facts())
	if err != nil {
		t.Fatal(err)
	}
	_, _, memberships, err := f.Authenticate(t.Context(), session)
	if err != nil || len(memberships) != 1 || !memberships[0].Accepted() {
		t.Errorf("%+v %v", memberships, err)
	}
	if got := f.actions(t); !slices.Contains(got, "user.accept") {
		t.Errorf("audited %v", got)
	}
}

// An admin of one account must not become a person who belongs to others, nor a
// person of their own account who has signed in before.
func TestSetUpLink_SignsNobodyInWhoHasASignIn(t *testing.T) {
	for name, arrange := range map[string]func(*fixture){
		"a member elsewhere": func(f *fixture) { f.join(t, operatorAccount, apicred.RoleAdmin); f.invite(t, otherAccount) },
		"seen here before": func(f *fixture) {
			f.join(t, operatorAccount, apicred.RoleAdmin)
			f.signIn(t)
			f.edit(t, operatorAccount, func(u *apicred.User) { u.Status = apicred.UserArchived })
			f.invite(t, otherAccount)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			arrange(f)
			token := f.setUpLink(t, otherAccount)
			if view, err := f.Peek(t.Context(), token); err != nil || !view.Joins {
				t.Errorf("%+v %v", view, err)
			}
			session, _, err := f.Consume(t.Context(), token, login.LinkForm{}, facts())
			wantKind(t, err, apicred.KindConflict)
			if !session.IsZero() {
				t.Error("signed in")
			}
			if _, err := f.Peek(t.Context(), token); err != nil {
				t.Errorf("the refused try used the link up: %v", err)
			}
		})
	}
}

func TestSetUpLink_LetsWhoIsSignedInAsThemselvesJoin(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAdmin)
	session := f.signIn(t)
	f.invite(t, otherAccount)
	_, _, memberships, err := f.Authenticate(t.Context(), session)
	if err != nil || len(memberships) != 1 {
		t.Fatalf("before accepting: %+v %v", memberships, err)
	}
	request := facts()
	request.Session = session
	token := f.setUpLink(t, otherAccount)
	again, joined, err := f.Consume(t.Context(), token, login.LinkForm{}, request)
	if err != nil || !again.IsZero() || joined.AccountID != otherAccount || joined.UserID != ada {
		t.Fatalf("%+v %v", joined, err)
	}
	if _, _, memberships, err = f.Authenticate(t.Context(), session); err != nil || len(memberships) != 2 || memberships[1].LastSeenAt != f.now {
		t.Errorf("afterwards: %+v %v", memberships, err)
	}
	_, _, err = f.Consume(t.Context(), token, login.LinkForm{}, request)
	wantKind(t, err, apicred.KindNotFound)
}

func TestSetUpLink_IsNotAcceptedByASessionThatIsOver(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAdmin)
	request := facts()
	request.Session = f.signIn(t)
	f.invite(t, otherAccount)
	f.pass(login.IdleLimit)
	_, _, err := f.Consume(t.Context(), f.setUpLink(t, otherAccount), login.LinkForm{}, request)
	wantKind(t, err, apicred.KindConflict)
}

func TestSetUpLink_ANewOneEndsTheAccountsOwnAlone(t *testing.T) {
	f := newFixture(t)
	f.invite(t, operatorAccount)
	f.invite(t, otherAccount)
	first, elsewhere := f.setUpLink(t, operatorAccount), f.setUpLink(t, otherAccount)
	f.setUpLink(t, operatorAccount)
	_, err := f.Peek(t.Context(), first)
	wantKind(t, err, apicred.KindNotFound)
	if _, err := f.Peek(t.Context(), elsewhere); err != nil {
		t.Errorf("another account's link ended: %v", err)
	}
}

func TestSetUpLink_OfWhoIsNotActiveIsRefused(t *testing.T) {
	f := newFixture(t)
	f.invite(t, otherAccount)
	token := f.setUpLink(t, otherAccount)
	f.edit(t, otherAccount, func(u *apicred.User) { u.Status = apicred.UserDeactivated })
	_, err := f.NewSetUpLink(t.Context(), otherAccount, ada, apicred.Actor{Type: apicred.ActorUser})
	wantKind(t, err, apicred.KindConflict)
	_, _, err = f.Consume(t.Context(), token, login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindNotFound)
}

// The admin of another account claims an address before its owner comes: adds
// it there, and signs in by the link that the owner never saw. What the operator
// gives the address later must be the owner's alone.
func TestOperatorsLink_TakesAnAddressBackFromWhoClaimedIt(t *testing.T) {
	f := newFixture(t)
	f.invite(t, otherAccount)
	claimant, _, err := f.Consume(t.Context(), f.setUpLink(t, otherAccount), login.LinkForm{}, facts())
	if err != nil {
		t.Fatal(err)
	}
	f.invite(t, operatorAccount) // as lifecycle.CreateUser does for an address that is known
	if _, _, memberships, err := f.Authenticate(t.Context(), claimant); err != nil || len(memberships) != 1 || memberships[0].AccountID != otherAccount {
		t.Errorf("before the owner came: %v %+v", err, memberships)
	}
	owner := f.signIn(t)
	_, _, _, err = f.Authenticate(t.Context(), claimant)
	wantKind(t, err, apicred.KindUnauthenticated)
	if _, _, memberships, err := f.Authenticate(t.Context(), owner); err != nil || len(memberships) != 2 {
		t.Errorf("the owner: %v %+v", err, memberships)
	}
	_, _, err = f.Consume(t.Context(), f.setUpLink(t, otherAccount), login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindConflict) // the claimant cannot come back
}

// The claimant may have set a password, too. It must not open what the operator
// gives the address's owner, who may well leave an optional field empty.
func TestOperatorsLink_IntoAnAccountReplacesAPasswordFromBefore(t *testing.T) {
	f := newFixture(t)
	f.invite(t, otherAccount)
	_, _, err := f.Consume(t.Context(), f.setUpLink(t, otherAccount), login.LinkForm{Password: login.PasswordFrom(goodPassword)}, facts())
	if err != nil {
		t.Fatal(err)
	}
	f.invite(t, operatorAccount)
	link := f.signInLink(t).Token
	if view, err := f.Peek(t.Context(), link); err != nil || !view.MustSetPassword {
		t.Errorf("%+v %v", view, err)
	}
	_, _, err = f.Consume(t.Context(), link, login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindInvalid)
	_, session, err := f.enter(t, "ada@example.com", goodPassword, facts())
	if err != nil || session.AccountID != otherAccount {
		t.Fatalf("a refused form changed something: %+v %v", session, err)
	}
	if _, _, err = f.Consume(t.Context(), link, login.LinkForm{Password: login.PasswordFrom(otherPassword)}, facts()); err != nil {
		t.Fatalf("the link was burnt by a refused form: %v", err)
	}
	_, _, err = f.enter(t, "ada@example.com", goodPassword, facts())
	wantKind(t, err, apicred.KindUnauthenticated)
	if view, err := f.Peek(t.Context(), f.signInLink(t).Token); err != nil || view.MustSetPassword {
		t.Errorf("whoever is in already may keep theirs: %+v %v", view, err)
	}
}
