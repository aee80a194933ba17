package login_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
)

// live is the session of Ada's that was seen last.
func (f *fixture) live(t *testing.T) login.Session {
	t.Helper()
	sessions, err := f.Sessions(t.Context(), person())
	if err != nil || len(sessions) == 0 {
		t.Fatal(err, len(sessions))
	}
	return sessions[0]
}

// byPassword signs Ada in.
func (f *fixture) byPassword(t *testing.T) login.Session {
	t.Helper()
	_, session, err := f.enter(t, "ada@example.com", goodPassword, facts())
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func (f *fixture) changeTo(t *testing.T, session login.Session, current, fresh string) error {
	t.Helper()
	return f.ChangePassword(t.Context(), session, login.PasswordChange{Current: login.PasswordFrom(current), New: login.PasswordFrom(fresh)}, facts())
}

func wantFields(t *testing.T, err error, locations ...string) {
	t.Helper()
	wantKind(t, err, apicred.KindInvalid)
	var got []string
	for _, field := range apicred.AsError(err).Fields {
		got = append(got, field.Location)
	}
	if diff := cmp.Diff(locations, got); diff != "" {
		t.Error(diff)
	}
}

func TestChangePassword_AsksForTheCurrentOne(t *testing.T) {
	f := withPassword(t)
	session := f.byPassword(t)
	wantFields(t, f.changeTo(t, session, "", otherPassword), "body.current_password")
	wantFields(t, f.changeTo(t, session, "not my password at all", otherPassword), "body.current_password")
	wantFields(t, f.changeTo(t, session, "", "short"), "body.new_password", "body.current_password")
	f.pass(time.Hour)
	if err := f.changeTo(t, session, goodPassword, otherPassword); err != nil {
		t.Fatal(err)
	}
	if again := f.live(t); again.ID != session.ID || !again.AuthenticatedAt.Equal(f.clock()) || again.AuthenticatedBy != login.ProofPassword {
		t.Errorf("%+v", again)
	}
	_, _, err := f.enter(t, "ada@example.com", goodPassword, facts())
	wantKind(t, err, apicred.KindUnauthenticated)
	if _, _, err := f.enter(t, "ada@example.com", otherPassword, facts()); err != nil {
		t.Error(err)
	}
}

func TestChangePassword_AfterTheOperatorsLinkNeedsNoCurrentOneForAWhile(t *testing.T) {
	f := withPassword(t)
	session := f.session(t, f.signIn(t))
	f.pass(login.ReauthenticationLimit)
	wantFields(t, f.changeTo(t, session, "", otherPassword), "body.current_password")
	session = f.session(t, f.signIn(t))
	f.pass(login.ReauthenticationLimit - time.Second)
	if err := f.changeTo(t, session, "", otherPassword); err != nil {
		t.Fatal(err)
	}
	if again := f.live(t); again.AuthenticatedBy != login.ProofOperatorLink {
		t.Errorf("proved by %s", again.AuthenticatedBy)
	}
}

func TestChangePassword_TheFirstNeedsARecentProof(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	session := f.session(t, f.signIn(t))
	f.pass(login.ReauthenticationLimit)
	err := f.changeTo(t, session, "", goodPassword)
	if apicred.AsError(err).WireCode() != "reauthentication_required" || !strings.Contains(err.Error(), "one-time link") {
		t.Errorf("%v", err)
	}
	wantKind(t, f.ChangePassword(t.Context(), login.Session{}, login.PasswordChange{New: login.PasswordFrom(goodPassword)}, facts()), apicred.KindForbidden)
}

func TestChangePassword_GuessesOfASessionAreBounded(t *testing.T) {
	f := withPassword(t)
	session := f.byPassword(t)
	for range 10 {
		wantFields(t, f.changeTo(t, session, "not my password at all", otherPassword), "body.current_password")
	}
	wantKind(t, f.changeTo(t, session, goodPassword, otherPassword), apicred.KindRateLimited)
	wantKind(t, f.Reauthenticate(t.Context(), session, login.PasswordFrom(goodPassword), nil, facts()), apicred.KindRateLimited)
}

func TestReauthenticate_MakesTheProofFreshAndIsAudited(t *testing.T) {
	f := withPassword(t)
	f.byPassword(t)
	f.pass(time.Hour)
	session := f.live(t)
	if session.Proved(f.clock()) {
		t.Error("an hour later it still counts")
	}
	wantFields(t, f.Reauthenticate(t.Context(), session, login.PasswordFrom(otherPassword), nil, facts()), "body.password")
	if session = f.live(t); session.Proved(f.clock()) {
		t.Error("a wrong password proved something")
	}
	if err := f.Reauthenticate(t.Context(), session, login.PasswordFrom(goodPassword), nil, facts()); err != nil {
		t.Fatal(err)
	}
	if session = f.live(t); !session.Proved(f.clock()) || f.events(t)[0].Action != "session.reauthenticate" || f.events(t)[0].TargetID != session.ID {
		t.Errorf("%+v, %s", session, f.events(t)[0].Action)
	}
	if err := f.EndSessions(t.Context(), person(), ""); err != nil {
		t.Fatal(err)
	}
	wantKind(t, f.Reauthenticate(t.Context(), session, login.PasswordFrom(goodPassword), nil, facts()), apicred.KindUnauthenticated)
}

func TestReauthenticate_WithoutAPasswordSaysWhatToDo(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	session := f.session(t, f.signIn(t))
	err := f.Reauthenticate(t.Context(), session, login.PasswordFrom(goodPassword), nil, facts())
	wantKind(t, err, apicred.KindConflict)
	if !strings.Contains(err.Error(), "one-time link") {
		t.Error(err)
	}
}

func TestSessions_AreThePersonsLiveOnes(t *testing.T) {
	f := withPassword(t)
	old := f.live(t)
	f.pass(login.IdleLimit)
	one := f.byPassword(t)
	f.pass(time.Minute)
	two := f.byPassword(t)
	sessions, err := f.Sessions(t.Context(), person())
	if err != nil || len(sessions) != 2 || sessions[0].ID != two.ID || sessions[1].ID != one.ID {
		t.Fatalf("%v %+v", err, sessions)
	}
	wantKind(t, f.EndSession(t.Context(), person(), old.ID), apicred.KindNotFound)
	stranger := person()
	stranger.ID, stranger.UserID = "0195c000-0000-7000-8000-00000000000b", "0195c000-0000-7000-8000-00000000000b"
	wantKind(t, f.EndSession(t.Context(), stranger, one.ID), apicred.KindNotFound)
	if err := f.EndSessions(t.Context(), stranger, ""); err != nil {
		t.Error(err)
	}
	if err := f.EndSession(t.Context(), person(), one.ID); err != nil {
		t.Fatal(err)
	}
	if e := f.events(t)[0]; e.Action != "session.delete" || e.TargetID != one.ID || e.ActorID != ada {
		t.Errorf("%+v", e)
	}
	three := f.byPassword(t)
	if err := f.EndSessions(t.Context(), person(), three.ID); err != nil {
		t.Fatal(err)
	}
	if e := f.events(t)[0]; e.Action != "user.end_sessions" || string(e.After) != `{"sessions_ended":2}` { // two, and the one that was over
		t.Errorf("%s %s", e.Action, e.After)
	}
	if left, err := f.Sessions(t.Context(), person()); err != nil || len(left) != 1 || left[0].ID != three.ID {
		t.Errorf("%v %+v", err, left)
	}
}

func TestOwnAffairs_AreNotForCredentials(t *testing.T) {
	f := withPassword(t)
	own := apicred.Actor{Type: apicred.ActorCredential, ID: "c", UserID: ada, AccountID: operatorAccount}
	shared := own
	shared.UserID = ""
	for actor, kind := range map[*apicred.Actor]apicred.Kind{&own: apicred.KindForbidden, &shared: apicred.KindNotFound} {
		_, err := f.PasswordState(t.Context(), *actor)
		wantKind(t, err, kind)
		_, err = f.Sessions(t.Context(), *actor)
		wantKind(t, err, kind)
		wantKind(t, f.EndSession(t.Context(), *actor, f.live(t).ID), kind)
		wantKind(t, f.EndSessions(t.Context(), *actor, ""), kind)
	}
}

func TestSetUpLink_WithAPasswordIsASignInFromThenOn(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAdmin)
	link, err := f.NewSetUpLink(t.Context(), operatorAccount, ada, person())
	if err != nil {
		t.Fatal(err)
	}
	runs := f.HashRuns()
	_, _, err = f.Consume(t.Context(), link.Token, login.LinkForm{Password: login.PasswordFrom("ada@example.com!")}, facts())
	wantFields(t, err, "body.password")
	if f.HashRuns() != runs {
		t.Error("a refused password was hashed")
	}
	_, session, err := f.Consume(t.Context(), link.Token, login.LinkForm{Password: login.PasswordFrom(goodPassword)}, facts())
	if err != nil || session.AuthenticatedBy != login.ProofSetUpLink {
		t.Fatalf("%v %s", err, session.AuthenticatedBy)
	}
	if diff := cmp.Diff([]string{"user.set_up_link", "user.password_set", "session.create"}, f.actions(t)); diff != "" {
		t.Error(diff)
	}
	// An admin's next link only joins: there is a password now.
	next, err := f.NewSetUpLink(t.Context(), operatorAccount, ada, person())
	if err != nil {
		t.Fatal(err)
	}
	if view, err := f.Peek(t.Context(), next.Token); err != nil || !view.Joins || view.MaySetPassword {
		t.Errorf("%v %+v", err, view)
	}
	_, _, err = f.Consume(t.Context(), next.Token, login.LinkForm{Password: login.PasswordFrom(otherPassword)}, facts())
	wantFields(t, err, "body.password")
	_, _, err = f.Consume(t.Context(), next.Token, login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindConflict)
	f.byPassword(t)
}

func TestSetUpLink_OfSomebodyWithAPasswordOnlyJoins(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAdmin) // never seen, in this account alone
	err := f.store.Login().ChangeLogin(t.Context(), func(tx login.Tx) error { return tx.SetPassword(t.Context(), f.SealOldHash(ada, goodPassword)) })
	if err != nil {
		t.Fatal(err)
	}
	link, err := f.NewSetUpLink(t.Context(), operatorAccount, ada, person())
	if err != nil {
		t.Fatal(err)
	}
	if view, err := f.Peek(t.Context(), link.Token); err != nil || !view.Joins {
		t.Errorf("%v %+v", err, view)
	}
	_, _, err = f.Consume(t.Context(), link.Token, login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindConflict)
}

func TestLinkPassword_OfADeadLinkCostsNoHash(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAdmin)
	link := f.signInLink(t)
	f.pass(25 * time.Hour)
	for _, token := range []login.LinkToken{link.Token, login.LinkTokenFrom(strings.Repeat("A", 43))} {
		_, _, err := f.Consume(t.Context(), token, login.LinkForm{Password: login.PasswordFrom(goodPassword)}, facts())
		wantKind(t, err, apicred.KindNotFound)
	}
	reusable, err := f.NewSignInLink(t.Context(), login.SignInLinkRequest{AccountID: operatorAccount, UserID: ada, Reusable: true}, operator())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = f.Consume(t.Context(), reusable.Token, login.LinkForm{Password: login.PasswordFrom(goodPassword)}, facts())
	wantFields(t, err, "body.password")
	if f.HashRuns() != 0 {
		t.Errorf("%d hashes", f.HashRuns())
	}
}

// Its person ended it from elsewhere while the request was on its way.
func TestChangePassword_OfASessionThatHasEndedChangesNothing(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAdmin)
	f.signIn(t)
	session := f.live(t)
	if err := f.EndSession(t.Context(), person(), session.ID); err != nil {
		t.Fatal(err)
	}
	wantKind(t, f.changeTo(t, session, "", goodPassword), apicred.KindUnauthenticated)
	_, _, err := f.enter(t, "ada@example.com", goodPassword, facts())
	wantKind(t, err, apicred.KindUnauthenticated)
}
