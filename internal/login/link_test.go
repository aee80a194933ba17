package login_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
)

func TestFirstAdminLink_MakesAnAdminOfTheOperatorAccountAndSignsIn(t *testing.T) {
	f := newFixture(t)
	link := f.adminLink(t)
	view, err := f.Peek(t.Context(), link.Token)
	want := login.LinkView{Kind: login.LinkFirstAdmin, AccountName: "default", ExpiresAt: f.now.Add(time.Hour), MaySetPassword: true}
	if diff := cmp.Diff(want, view); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	token, session, err := f.Consume(t.Context(), link.Token, login.LinkForm{Email: " ada@example.com", Name: "Ada"}, facts())
	if err != nil {
		t.Fatal(err)
	}
	_, person, memberships, err := f.Authenticate(t.Context(), token)
	if err != nil || len(memberships) != 1 {
		t.Fatal(err, memberships)
	}
	if m := memberships[0]; m.AccountID != operatorAccount || m.Role != apicred.RoleAdmin || person.Email != "ada@example.com" || person.Name != "Ada" {
		t.Errorf("signed in as %+v", m)
	}
	if session.ExpiresAt != f.now.Add(7*24*time.Hour) || session.UserAgent != "Test[31m/1.0" || session.Address != "192.0.2.7" {
		t.Errorf("session %+v", session)
	}
	if diff := cmp.Diff([]string{"account.first_admin_link", "user.create", "session.create"}, f.actions(t)); diff != "" {
		t.Error(diff)
	}
}

// An ID with a time in it would tell another account's admin, who adds the
// first admin's address, that it was known before.
func TestFirstAdminLink_GivesAnIDThatTellsNothing(t *testing.T) {
	f := newFixture(t)
	_, session, err := f.Consume(t.Context(), f.adminLink(t).Token, login.LinkForm{Email: "ada@example.com"}, facts())
	if err != nil {
		t.Fatal(err)
	}
	const random = 4 // RFC 9562 section 5.4
	if id, err := uuid.Parse(session.UserID); err != nil || id.Version() != random {
		t.Errorf("user ID %s: version %d, %v", session.UserID, id.Version(), err)
	}
}

func TestFirstAdminLink_IsAConflictOnceAnActiveAdminExists(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAdmin)
	_, err := f.NewFirstAdminLink(t.Context())
	wantKind(t, err, apicred.KindConflict)
	f.edit(t, operatorAccount, func(u *apicred.User) { u.Status = apicred.UserDeactivated })
	f.adminLink(t)
}

func TestFirstAdminLink_IsOfferedWhenOnlyAnotherAccountHasAnAdmin(t *testing.T) {
	f := newFixture(t)
	f.join(t, otherAccount, apicred.RoleAdmin)
	f.adminLink(t)
}

func TestFirstAdminLink_ReplacesTheEarlierOne(t *testing.T) {
	f := newFixture(t)
	first := f.adminLink(t)
	second := f.adminLink(t)
	_, err := f.Peek(t.Context(), first.Token)
	wantKind(t, err, apicred.KindNotFound)
	if _, err := f.Peek(t.Context(), second.Token); err != nil {
		t.Error(err)
	}
}

func TestFirstAdminLink_DiesWhenAnAdminComesFromElsewhere(t *testing.T) {
	f := newFixture(t)
	link := f.adminLink(t)
	f.join(t, operatorAccount, apicred.RoleAdmin)
	_, err := f.Peek(t.Context(), link.Token)
	wantKind(t, err, apicred.KindNotFound)
	_, _, err = f.Consume(t.Context(), link.Token, login.LinkForm{Email: "eve@example.com"}, facts())
	wantKind(t, err, apicred.KindNotFound)
}

func TestFirstAdminLink_SurvivesABadFormAndNamesEveryMember(t *testing.T) {
	f := newFixture(t)
	link := f.adminLink(t)
	_, _, err := f.Consume(t.Context(), link.Token, login.LinkForm{Email: "nonsense", Name: "a\u202eb"}, facts())
	wantKind(t, err, apicred.KindInvalid)
	var locations []string
	for _, field := range apicred.AsError(err).Fields {
		locations = append(locations, field.Location)
	}
	if !slices.Equal(locations, []string{"body.email", "body.name"}) {
		t.Errorf("members named: %v", locations)
	}
	if _, _, err := f.Consume(t.Context(), link.Token, login.LinkForm{Email: "ada@example.com"}, facts()); err != nil {
		t.Errorf("the link was burnt by a bad form: %v", err)
	}
}

func TestFirstAdminLink_MakesNobodyIntoAPersonWhoExists(t *testing.T) {
	f := newFixture(t)
	f.join(t, otherAccount, apicred.RoleAdmin)
	_, _, err := f.Consume(t.Context(), f.adminLink(t).Token, login.LinkForm{Email: "ADA@example.com"}, facts())
	wantKind(t, err, apicred.KindInvalid)
}

func TestSignInLink_SignsItsPersonInOnce(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleSupervisor)
	link := f.signInLink(t)
	if link.ExpiresAt != f.now.Add(24*time.Hour) {
		t.Errorf("lives until %v", link.ExpiresAt)
	}
	view, err := f.Peek(t.Context(), link.Token)
	want := login.LinkView{Kind: login.LinkSignIn, Email: "ada@example.com", AccountName: "default", ExpiresAt: link.ExpiresAt, MaySetPassword: true}
	if diff := cmp.Diff(want, view); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	if _, _, err := f.Consume(t.Context(), link.Token, login.LinkForm{}, facts()); err != nil {
		t.Fatal(err)
	}
	_, err = f.Peek(t.Context(), link.Token)
	wantKind(t, err, apicred.KindNotFound)
	_, _, err = f.Consume(t.Context(), link.Token, login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindNotFound)
}

func TestSignInLink_IsNotBurntByLooking(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	link := f.signInLink(t)
	for range 5 {
		if _, err := f.Peek(t.Context(), link.Token); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := f.Consume(t.Context(), link.Token, login.LinkForm{}, facts()); err != nil {
		t.Error(err)
	}
}

func TestSignInLink_UsedByTwentyAtOnceSignsOneIn(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	link := f.signInLink(t)
	var wait sync.WaitGroup
	var done atomic.Int32
	for range 20 {
		wait.Go(func() {
			_, _, err := f.Consume(context.Background(), link.Token, login.LinkForm{}, facts())
			if err == nil {
				done.Add(1)
			} else if !apicred.IsKind(err, apicred.KindNotFound) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if done.Load() != 1 {
		t.Errorf("%d were signed in", done.Load())
	}
}

func TestSignInLink_ReusableWorksUntilItExpires(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	link, err := f.NewSignInLink(t.Context(), login.SignInLinkRequest{AccountID: operatorAccount, UserID: ada, Lifetime: 30 * 24 * time.Hour, Reusable: true}, operator())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, _, err := f.Consume(t.Context(), link.Token, login.LinkForm{}, facts()); err != nil {
			t.Fatal(err)
		}
	}
	f.pass(30 * 24 * time.Hour)
	_, _, err = f.Consume(t.Context(), link.Token, login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindNotFound)
}

func TestSignInLink_ExpiresToTheSecond(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	link := f.signInLink(t)
	f.pass(login.SignInLinkLifetime - time.Microsecond)
	if _, err := f.Peek(t.Context(), link.Token); err != nil {
		t.Error(err)
	}
	f.pass(time.Microsecond)
	_, err := f.Peek(t.Context(), link.Token)
	wantKind(t, err, apicred.KindNotFound)
	_, _, err = f.Consume(t.Context(), link.Token, login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindNotFound)
}

func TestSignInLink_DiesWithTheMembership(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	f.join(t, otherAccount, apicred.RoleAgent)
	link := f.signInLink(t)
	f.edit(t, operatorAccount, func(u *apicred.User) { u.Status = apicred.UserDeactivated })
	_, err := f.Peek(t.Context(), link.Token)
	wantKind(t, err, apicred.KindNotFound)
	_, _, err = f.Consume(t.Context(), link.Token, login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindNotFound)
	_, err = f.NewSignInLink(t.Context(), login.SignInLinkRequest{AccountID: operatorAccount, UserID: ada}, operator())
	wantKind(t, err, apicred.KindConflict)
}

func TestSignInLink_ReplacesTheEarlierOneOfThePerson(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	first, second := f.signInLink(t), f.signInLink(t)
	_, err := f.Peek(t.Context(), first.Token)
	wantKind(t, err, apicred.KindNotFound)
	if _, err := f.Peek(t.Context(), second.Token); err != nil {
		t.Error(err)
	}
}

func TestSignInLink_IsMadeByTheOperatorAlone(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAdmin)
	for _, kind := range []apicred.ActorType{apicred.ActorUser, apicred.ActorCredential, apicred.ActorSystem, ""} {
		_, err := f.NewSignInLink(t.Context(), login.SignInLinkRequest{AccountID: operatorAccount, UserID: ada}, apicred.Actor{Type: kind, ID: ada, Role: apicred.RoleAdmin, Unlimited: true})
		wantKind(t, err, apicred.KindForbidden)
	}
	if got := f.actions(t); len(got) != 0 {
		t.Errorf("audited %v", got)
	}
}

func TestSignInLink_ForAStrangerOrTooLongIsRefused(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	_, err := f.NewSignInLink(t.Context(), login.SignInLinkRequest{AccountID: otherAccount, UserID: ada}, operator())
	wantKind(t, err, apicred.KindNotFound)
	for _, lifetime := range []time.Duration{-time.Second, 7*24*time.Hour + 1} {
		_, err := f.NewSignInLink(t.Context(), login.SignInLinkRequest{AccountID: operatorAccount, UserID: ada, Lifetime: lifetime}, operator())
		wantKind(t, err, apicred.KindInvalid)
	}
}

func TestLinks_ThatDoNotWorkGetOneAnswer(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	used := f.signInLink(t).Token
	if _, _, err := f.Consume(t.Context(), used, login.LinkForm{}, facts()); err != nil {
		t.Fatal(err)
	}
	unknown := strings.Repeat("A", 43)
	const want = "This link has been used or has expired. Ask the operator for a new one: claviger user set-up-link EMAIL, or, before there is a first admin, a restart of the server."
	for name, token := range map[string]login.LinkToken{
		"used": used, "unknown": login.LinkTokenFrom(unknown), "empty": login.LinkTokenFrom(""), "junk": login.LinkTokenFrom("../x"),
		"truncated": login.LinkTokenFrom(used.Reveal()[:42]), "padded": login.LinkTokenFrom(used.Reveal() + "="), "re-cased": login.LinkTokenFrom(swapCase(used.Reveal())),
	} {
		_, peek := f.Peek(t.Context(), token)
		_, _, consume := f.Consume(t.Context(), token, login.LinkForm{Email: "eve@example.com"}, facts())
		for _, err := range []error{peek, consume} {
			wantKind(t, err, apicred.KindNotFound)
			if err == nil || err.Error() != want {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		if r >= 'A' && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

func TestLinks_AuditWhoForWhomAndNothingSecretOrPersonal(t *testing.T) {
	f := newFixture(t)
	link := f.adminLink(t)
	token, session, err := f.Consume(t.Context(), link.Token, login.LinkForm{Email: "grace@example.com", Name: "Grace"}, facts())
	if err != nil {
		t.Fatal(err)
	}
	events := f.events(t)
	slices.Reverse(events)
	type row struct {
		Actor                            apicred.ActorType
		ActorID, Target, Address, Detail string
	}
	want := []row{
		{apicred.ActorSystem, "", operatorAccount, "", ""},
		{apicred.ActorOperator, "", session.UserID, "192.0.2.7", `{"role":"admin","status":"active"}`},
		{apicred.ActorUser, session.UserID, session.ID, "192.0.2.7", ""},
	}
	var got []row
	for _, e := range events {
		r := row{e.ActorType, e.ActorID, e.TargetID, e.Address, ""}
		if e.Action == "user.create" {
			r.Detail = string(e.After)
		}
		got = append(got, r)
		text := fmt.Sprintf("%+v %s", e, e.After)
		for _, secret := range []string{link.Token.Reveal(), token.Reveal(), "Grace"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s", e.Action, secret)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLinks_WithoutRandomnessAreNotMade(t *testing.T) {
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleAgent)
	options := f.options()
	options.Random = failing()
	broken := login.New(options)
	_, err := broken.NewFirstAdminLink(t.Context())
	wantKind(t, err, apicred.KindInternal)
	_, err = broken.NewSignInLink(t.Context(), login.SignInLinkRequest{AccountID: operatorAccount, UserID: ada}, operator())
	wantKind(t, err, apicred.KindInternal)
	_, _, err = broken.Consume(t.Context(), f.signInLink(t).Token, login.LinkForm{}, facts())
	wantKind(t, err, apicred.KindInternal)
}

func TestFirstAdminLink_WithoutAnOperatorAccountIsRefused(t *testing.T) {
	_, err := emptyFixture(t).NewFirstAdminLink(t.Context())
	wantKind(t, err, apicred.KindConflict)
}
