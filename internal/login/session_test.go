package login_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/sqlstore"
)

func TestSession_EndsAfterTheIdleLimit(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	token := f.signIn(t)
	f.pass(login.IdleLimit - time.Microsecond)
	if _, _, _, err := f.Authenticate(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	f.pass(login.IdleLimit)
	_, _, _, err := f.Authenticate(t.Context(), token)
	wantKind(t, err, apicred.KindUnauthenticated)
}

func TestSession_EndsAfterTheAbsoluteLimitHoweverMuchItIsUsed(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	token := f.signIn(t)
	for range 7*24/6 - 1 {
		f.pass(6 * time.Hour)
		if _, _, _, err := f.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	f.pass(6 * time.Hour)
	_, _, _, err := f.Authenticate(t.Context(), token)
	wantKind(t, err, apicred.KindUnauthenticated)
}

func TestSession_WritesLastSeenAtMostOnceAMinute(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	token := f.signIn(t)
	start := f.clock()
	f.pass(59 * time.Second)
	if s, _, _, err := f.Authenticate(t.Context(), token); err != nil || s.LastSeenAt != start {
		t.Errorf("before the minute is over: %v %v", s.LastSeenAt, err)
	}
	f.pass(time.Second)
	if s, _, _, err := f.Authenticate(t.Context(), token); err != nil || s.LastSeenAt != start.Add(time.Minute) {
		t.Errorf("after a minute: %v %v", s.LastSeenAt, err)
	}
	f.pass(30 * time.Second)
	if s, _, _, err := f.Authenticate(t.Context(), token); err != nil || s.LastSeenAt != start.Add(time.Minute) {
		t.Errorf("the time was not stored: %v %v", s.LastSeenAt, err)
	}
}

func TestSession_TakesARoleChangeAtOnce(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAdmin)
	token := f.signIn(t)
	f.edit(t, operatorAccount, func(u *apicred.User) { u.Role = apicred.RoleAgent })
	_, _, memberships, err := f.Authenticate(t.Context(), token)
	if err != nil || len(memberships) != 1 || memberships[0].Role != apicred.RoleAgent {
		t.Errorf("%v %+v", err, memberships)
	}
}

func TestSession_LeavesOutMembershipsThatAreNotActiveAndDiesWithTheLast(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAdmin)
	f.join(t, otherAccount, apicred.RoleAgent)
	token := f.signIn(t)
	f.edit(t, operatorAccount, func(u *apicred.User) { u.Status = apicred.UserDeactivated })
	_, _, memberships, err := f.Authenticate(t.Context(), token)
	if err != nil || len(memberships) != 1 || memberships[0].AccountID != otherAccount {
		t.Errorf("%v %+v", err, memberships)
	}
	f.edit(t, otherAccount, func(u *apicred.User) { u.Status = apicred.UserArchived })
	_, _, _, err = f.Authenticate(t.Context(), token)
	wantKind(t, err, apicred.KindUnauthenticated)
}

func TestSession_IsOverAfterSignOutAndSigningOutTwiceIsFine(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	token, other := f.signInTwice(t)
	for range 2 {
		if err := f.SignOut(t.Context(), token, facts()); err != nil {
			t.Fatal(err)
		}
	}
	_, _, _, err := f.Authenticate(t.Context(), token)
	wantKind(t, err, apicred.KindUnauthenticated)
	if _, _, _, err := f.Authenticate(t.Context(), other); err != nil {
		t.Errorf("the other session ended too: %v", err)
	}
	if got := strings.Join(f.actions(t), " "); strings.Count(got, "session.delete") != 1 {
		t.Errorf("audited %s", got)
	}
	if err := f.SignOut(t.Context(), login.SessionToken{}, facts()); err != nil {
		t.Error(err)
	}
}

func TestSession_OfTheBrowserEndsAtANewSignIn(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	former := f.signIn(t)
	again := facts()
	again.Session = former
	if _, _, err := f.Consume(t.Context(), f.signInLink(t).Token, login.LinkForm{}, again); err != nil {
		t.Fatal(err)
	}
	_, _, _, err := f.Authenticate(t.Context(), former)
	wantKind(t, err, apicred.KindUnauthenticated)
	if _, _, err := f.Consume(t.Context(), f.signInLink(t).Token, login.LinkForm{}, again); err != nil {
		t.Errorf("a cookie of an ended session stops the sign-in: %v", err)
	}
}

func TestSession_ThatIsOverIsClearedAwayAtTheNextSignIn(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	token := f.signIn(t)
	f.pass(login.AbsoluteLimit + time.Second)
	f.signIn(t)
	// Only a row that is gone stays refused when time runs backwards.
	f.pass(-login.AbsoluteLimit)
	_, _, _, err := f.Authenticate(t.Context(), token)
	wantKind(t, err, apicred.KindUnauthenticated)
}

func TestAuthenticate_RefusesJunkWithOneAnswer(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	token := f.signIn(t).Reveal()
	for _, cookie := range []string{"", "x", strings.Repeat("A", 43), token[:42], token + "=", token + "A", " " + token, swapCase(token)} {
		_, _, _, err := f.Authenticate(t.Context(), login.SessionTokenFrom(cookie))
		wantKind(t, err, apicred.KindUnauthenticated)
		if err == nil || err.Error() != "You are not signed in, or the session has ended. Sign in again." {
			t.Errorf("%q: %v", cookie, err)
		}
	}
}

func TestAuthenticate_WithTheDatabaseAwayIsNeverAWrongNo(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	token := f.signIn(t)
	if err := f.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, _, err := f.Authenticate(t.Context(), token)
	if err == nil || apicred.IsKind(err, apicred.KindUnauthenticated) {
		t.Errorf("got %v", err)
	}
}

func TestAuthenticate_GoesOnWhenLastSeenCannotBeWritten(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	token := f.signIn(t)
	f.pass(time.Hour)
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: f.url, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	options := f.options()
	options.Store = store.Login()
	readOnly := login.New(options)
	s, _, _, err := readOnly.Authenticate(t.Context(), token)
	if err != nil || s.LastSeenAt != f.clock().Add(-time.Hour) {
		t.Errorf("%v %v", s.LastSeenAt, err)
	}
	if !strings.Contains(f.log.String(), "last-seen time not written") || strings.Contains(f.log.String(), token.Reveal()) {
		t.Errorf("logged %q", f.log.String())
	}
}

func TestTokens_CannotBePrinted(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	link := f.signInLink(t)
	session, _, err := f.Consume(t.Context(), link.Token, login.LinkForm{}, facts())
	if err != nil {
		t.Fatal(err)
	}
	withSession := facts()
	withSession.Session = session
	encoded, err := json.Marshal(map[string]any{"a": link, "b": session})
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %q %x|%v %+v %#v %d|%+v|%s", link, link, link, link.Token, link.Token, link.Token, session, session, session, session, withSession, encoded)
	for _, secret := range []string{link.Token.Reveal(), session.Reveal(), fmt.Sprintf("%x", session.Reveal())} {
		if len(secret) < 43 || strings.Contains(printed, secret) {
			t.Errorf("printed: %s", printed)
		}
	}
	if !strings.Contains(printed, "[redacted]") {
		t.Errorf("nothing says that something was left out: %s", printed)
	}
}

func TestCookieName_HasTheHostPrefixUnderTLSOnly(t *testing.T) {
	if login.CookieName(true) != "__Host-claviger_session" || login.CookieName(false) != "claviger_session" {
		t.Error(login.CookieName(true), login.CookieName(false))
	}
}
