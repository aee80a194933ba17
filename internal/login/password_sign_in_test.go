package login_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
)

// withPassword makes Ada a supervisor with a password and nothing else.
func withPassword(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	f.join(t, operatorAccount, apicred.RoleSupervisor)
	if err := f.firstPassword(t, goodPassword); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) enter(t *testing.T, email, password string, facts login.RequestFacts) (login.SessionToken, login.Session, error) {
	t.Helper()
	return f.SignIn(t.Context(), login.PasswordForm{Email: email, Password: login.PasswordFrom(password)}, facts)
}

func from(address string) login.RequestFacts {
	f := facts()
	f.Address = address
	return f
}

func TestSignIn_OpensANewSessionAndIsAudited(t *testing.T) {
	f := withPassword(t)
	f.join(t, otherAccount, apicred.RoleAdmin)
	former, _, err := f.enter(t, "ada@example.com", goodPassword, facts())
	if err != nil {
		t.Fatal(err)
	}
	again := facts()
	again.Session = former
	token, session, err := f.enter(t, " ADA@Example.com", goodPassword, again)
	if err != nil || session.UserID != ada || session.AccountID != operatorAccount || session.AuthenticatedBy != login.ProofPassword || !session.AuthenticatedAt.Equal(f.clock()) {
		t.Fatalf("%+v %v", session, err)
	}
	if session.UserAgent != "Test[31m/1.0" {
		t.Errorf("kept the User-Agent %q", session.UserAgent)
	}
	_, _, _, err = f.Authenticate(t.Context(), former)
	wantKind(t, err, apicred.KindUnauthenticated)
	f.session(t, token)
	events := f.events(t)
	if events[0].Action != "session.create" || events[1].Action != "session.delete" || !strings.Contains(string(events[0].After), `"authenticated_by":"password"`) {
		t.Errorf("%+v", events[:2])
	}
}

func TestSignIn_RefusesAlikeAfterTheSameWork(t *testing.T) {
	f := withPassword(t)
	bob := f.person(t, "bob@example.com") // has no password
	_ = bob
	for name, c := range map[string]struct{ email, password, reason string }{
		"unknown":         {"eve@example.com", goodPassword, "no such person"},
		"wrong":           {"ada@example.com", otherPassword, "wrong password"},
		"no password":     {"bob@example.com", goodPassword, "no password set"},
		"nothing":         {"", "", "no such person"},
		"endless address": {strings.Repeat("a", 1<<15) + "@example.com", goodPassword, "no such person"},
		"odd bytes":       {"\x00\xff@example.com", "\x00\xff", "no such person"},
	} {
		runs := f.HashRuns()
		_, _, err := f.enter(t, c.email, c.password, from("198.51.100.1"))
		wantKind(t, err, apicred.KindUnauthenticated)
		if err.Error() != wrong(t, f).Error() || f.HashRuns() != runs+2 { // the second is wrong's
			t.Errorf("%s: %q after %d hashes", name, err, f.HashRuns()-runs-1)
		}
		if !strings.Contains(f.log.String(), c.reason) || strings.Contains(f.log.String(), "kettle") || strings.Contains(f.log.String(), "eve@") {
			t.Errorf("%s: logged %s", name, f.log.String())
		}
		f.log.Reset()
	}
	f.edit(t, operatorAccount, func(u *apicred.User) { u.Status = apicred.UserDeactivated })
	runs := f.HashRuns()
	_, _, err := f.enter(t, "ada@example.com", goodPassword, facts())
	wantKind(t, err, apicred.KindUnauthenticated)
	if f.HashRuns() != runs+1 || !strings.Contains(f.log.String(), "no active membership") {
		t.Errorf("%v, %d hashes, logged %s", err, f.HashRuns()-runs, f.log.String())
	}
	for _, action := range f.actions(t) {
		if strings.Contains(action, "fail") {
			t.Errorf("a stranger wrote the audit log: %s", action)
		}
	}
}

func wrong(t *testing.T, f *fixture) error {
	t.Helper()
	_, _, err := f.enter(t, "mallory@example.com", "another wrong password", from("198.51.100.2"))
	f.pass(time.Hour)
	return err
}

// person makes somebody without a membership or password.
func (f *fixture) person(t *testing.T, email string) apicred.Person {
	t.Helper()
	p := apicred.Person{ID: "0195c000-0000-7000-8000-00000000000b", Email: email, CreatedAt: f.now}
	f.change(t, func(ctx context.Context, tx lifecycle.Tx) error { return tx.InsertPerson(ctx, p) })
	return p
}

func TestSignIn_WhereSwitchedOffIsRefusedBeforeAnyWork(t *testing.T) {
	f := withPassword(t)
	options := f.options()
	options.PasswordSignIn = false
	off := login.New(options)
	_, _, err := off.SignIn(t.Context(), login.PasswordForm{Email: "ada@example.com", Password: login.PasswordFrom(goodPassword)}, facts())
	wantKind(t, err, apicred.KindForbidden)
	session := f.session(t, f.signIn(t))
	wantKind(t, off.ChangePassword(t.Context(), session, login.PasswordChange{New: login.PasswordFrom(otherPassword)}, facts()), apicred.KindForbidden)
	wantKind(t, off.Reauthenticate(t.Context(), session, login.PasswordFrom(goodPassword), nil, facts()), apicred.KindForbidden)
	if off.HashRuns() != 0 {
		t.Errorf("%d hashes", off.HashRuns())
	}
}

func TestThrottle_BindsThePersonWhateverTheSpelling(t *testing.T) {
	f := withPassword(t)
	spellings := []string{"ada@example.com", "ADA@EXAMPLE.COM", " ada@Example.com ", "aDA@example.com", "\tada@example.com"}
	for n := range 10 {
		_, _, err := f.enter(t, spellings[n%len(spellings)], otherPassword, facts())
		wantKind(t, err, apicred.KindUnauthenticated)
	}
	runs := f.HashRuns()
	for _, spelling := range spellings {
		_, _, err := f.enter(t, spelling, otherPassword, facts())
		wantKind(t, err, apicred.KindRateLimited)
		if apicred.AsError(err).RetryAfter <= 0 {
			t.Error("no time to wait for")
		}
	}
	if f.HashRuns() != runs {
		t.Error("a throttled try was hashed")
	}
	// Unknown addresses are throttled alike.
	for n := range 11 {
		_, _, err := f.enter(t, "eve@example.com", otherPassword, from("198.51.100.7"))
		if want := apicred.KindUnauthenticated; n < 10 {
			wantKind(t, err, want)
		} else {
			wantKind(t, err, apicred.KindRateLimited)
		}
	}
}

func TestThrottle_BindsThePersonAcrossAddressesAndAnAddressAcrossPersons(t *testing.T) {
	f := withPassword(t)
	refused := 0
	for n := range 40 {
		if _, _, err := f.enter(t, "ada@example.com", otherPassword, from(fmt.Sprintf("198.51.%d.1", n))); apicred.IsKind(err, apicred.KindRateLimited) {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d of 40 tries from as many addresses were refused, want 10", refused)
	}
	refused = 0
	for n := range 70 {
		if _, _, err := f.enter(t, fmt.Sprintf("p%d@example.com", n), otherPassword, from(fmt.Sprintf("2001:db8::%x", n))); apicred.IsKind(err, apicred.KindRateLimited) {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d of 70 tries of one /64 were refused, want 10", refused)
	}
}

func TestThrottle_DoesNotLockThePersonOut(t *testing.T) {
	f := withPassword(t)
	_, session, err := f.enter(t, "ada@example.com", goodPassword, facts())
	if err != nil {
		t.Fatal(err)
	}
	browser, err := f.RememberBrowser(session)
	if err != nil {
		t.Fatal(err)
	}
	// One outsider at one address leaves the person's other places alone.
	for range 50 {
		_, _, err = f.enter(t, "ada@example.com", otherPassword, from("198.51.100.66"))
	}
	wantKind(t, err, apicred.KindRateLimited)
	if _, _, err := f.enter(t, "ada@example.com", goodPassword, facts()); err != nil {
		t.Fatalf("an outsider at another address locked her out: %v", err)
	}
	// Many at many addresses use up what strangers have; her own browser goes on.
	for n := range 40 {
		_, _, _ = f.enter(t, "ada@example.com", otherPassword, from(fmt.Sprintf("203.0.%d.1", n)))
	}
	_, _, err = f.enter(t, "ada@example.com", goodPassword, from("192.0.2.200"))
	wantKind(t, err, apicred.KindRateLimited)
	known := from("192.0.2.200")
	known.Browser = browser
	if _, _, err := f.enter(t, "ada@example.com", goodPassword, known); err != nil {
		t.Errorf("her own browser is locked out: %v", err)
	}
	// A right password costs nothing, so that signing in often is no fault.
	for range 11 {
		if _, _, err := f.enter(t, "ada@example.com", goodPassword, known); err != nil {
			t.Fatal(err)
		}
	}
	// A session is bound by none of it.
	current := f.live(t)
	if err := f.Reauthenticate(t.Context(), current, login.PasswordFrom(goodPassword), nil, facts()); err != nil {
		t.Errorf("a session is bound by what strangers did: %v", err)
	}
}

func TestThrottle_BindsAKnownBrowserToo(t *testing.T) {
	f := withPassword(t)
	_, session, err := f.enter(t, "ada@example.com", goodPassword, facts())
	if err != nil {
		t.Fatal(err)
	}
	stolen := facts()
	if stolen.Browser, err = f.RememberBrowser(session); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		_, _, err := f.enter(t, "ada@example.com", otherPassword, stolen)
		wantKind(t, err, apicred.KindUnauthenticated)
	}
	_, _, err = f.enter(t, "ada@example.com", otherPassword, stolen)
	wantKind(t, err, apicred.KindRateLimited)
}

func TestBrowserToken_CountsForItsPersonAndTimeOnly(t *testing.T) {
	f := withPassword(t)
	_, session, err := f.enter(t, "ada@example.com", goodPassword, facts())
	if err != nil {
		t.Fatal(err)
	}
	token, err := f.RememberBrowser(session)
	if err != nil {
		t.Fatal(err)
	}
	for range 11 {
		_, _, _ = f.enter(t, "ada@example.com", otherPassword, facts())
	}
	try := func(b login.BrowserToken) error {
		with := facts()
		with.Browser = b
		_, _, err := f.enter(t, "ada@example.com", goodPassword, with)
		return err
	}
	other := session
	other.UserID = "0195c000-0000-7000-8000-00000000000b"
	others, err := f.RememberBrowser(other)
	if err != nil {
		t.Fatal(err)
	}
	text := token.Reveal()
	for name, bad := range map[string]string{
		"none": "", "another person's": others.Reveal(), "cut": text[:len(text)-1], "changed": "A" + text[1:], "endless": strings.Repeat(text, 50), "no base64": "%%%",
	} {
		if bad == text {
			continue
		}
		if err := try(login.BrowserTokenFrom(bad)); !apicred.IsKind(err, apicred.KindRateLimited) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := try(token); err != nil {
		t.Errorf("the right one: %v", err)
	}
}

func TestPassword_IsRenewedAtSignInWhenParametersOrMasterKeyChanged(t *testing.T) {
	f := withPassword(t)
	old := f.SealOldHash(ada, goodPassword)
	store := func(p login.StoredPassword) {
		t.Helper()
		if err := f.store.Login().ChangeLogin(t.Context(), func(tx login.Tx) error { return tx.SetPassword(t.Context(), p) }); err != nil {
			t.Fatal(err)
		}
	}
	store(old)
	f.pass(time.Hour)
	if _, _, err := f.enter(t, "ada@example.com", otherPassword, facts()); err == nil {
		t.Fatal("a wrong password fits the older hash")
	}
	if _, _, err := f.enter(t, "ada@example.com", goodPassword, facts()); err != nil {
		t.Fatal(err)
	}
	renewed, err := f.store.Login().Password(t.Context(), ada)
	if err != nil || !strings.Contains(f.OpenHash(t, renewed), "m=19456,t=2,p=1") || !renewed.ChangedAt.Equal(old.ChangedAt) {
		t.Fatalf("%v, changed %v", err, renewed.ChangedAt)
	}
	renewed.MasterKeyID = "an older one"
	store(renewed)
	if _, _, err := f.enter(t, "ada@example.com", goodPassword, facts()); err != nil {
		t.Fatal(err)
	}
	again, err := f.store.Login().Password(t.Context(), ada)
	if err != nil || again.MasterKeyID == renewed.MasterKeyID || f.OpenHash(t, again) != f.OpenHash(t, renewed) {
		t.Errorf("%v, sealed under %q", err, again.MasterKeyID)
	}
}

// The seal of a password is made anew while its person signs in: it is theirs
// still, and nobody is told that it was wrong.
func TestSignIn_WhileThePasswordIsSealedAnewLetsIn(t *testing.T) {
	f := withPassword(t)
	f.pass(time.Hour)
	o := f.options()
	o.Sealer = keyring.NewMaster([keyring.MasterKeySize]byte{2}, [keyring.MasterKeySize]byte{1})
	rolled := login.New(o)
	before := &resealedMeanwhile{Store: f.store.Login(), reseal: func() {
		if n, err := rolled.ResealPasswords(t.Context()); n != 1 || err != nil {
			t.Errorf("%d sealed anew, %v", n, err)
		}
	}}
	o.Store = before
	if _, _, err := login.New(o).SignIn(t.Context(), login.PasswordForm{Email: "ada@example.com", Password: login.PasswordFrom(goodPassword)}, facts()); err != nil {
		t.Error(err)
	}
	o.Store, o.Sealer = f.store.Login(), keyring.NewMaster([keyring.MasterKeySize]byte{2})
	f.Service = login.New(o)
	if _, _, err := f.enter(t, "ada@example.com", goodPassword, facts()); err != nil {
		t.Errorf("without the old key: %v", err)
	}
	if n, err := f.ResealPasswords(t.Context()); n != 0 || err != nil {
		t.Errorf("with nothing to do: %d, %v", n, err)
	}
}

// resealedMeanwhile is a store in which passwords are sealed anew between a
// sign-in's first look and its change.
type resealedMeanwhile struct {
	login.Store
	reseal func()
}

func (s *resealedMeanwhile) ChangeLogin(ctx context.Context, fn func(login.Tx) error) error {
	s.reseal()
	return s.Store.ChangeLogin(ctx, fn)
}

// What no key opens is left as it is, for the day on which its key is found.
func TestResealPasswords_LeavesWhatDoesNotOpen(t *testing.T) {
	f := withPassword(t)
	o := f.options()
	o.Sealer = keyring.NewMaster([keyring.MasterKeySize]byte{3})
	if n, err := login.New(o).ResealPasswords(t.Context()); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, _, err := f.enter(t, "ada@example.com", goodPassword, facts()); err != nil {
		t.Error(err)
	}
}

func TestPassword_OfAnotherPersonOrMasterKeyFitsNobody(t *testing.T) {
	f := withPassword(t)
	bob := f.person(t, "bob@example.com")
	stored, err := f.store.Login().Password(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	stored.UserID = bob.ID // a row copied by whoever can write the database
	err = f.store.Login().ChangeLogin(t.Context(), func(tx login.Tx) error { return tx.SetPassword(t.Context(), stored) })
	if err != nil {
		t.Fatal(err)
	}
	runs := f.HashRuns()
	_, _, err = f.enter(t, "bob@example.com", goodPassword, facts())
	wantKind(t, err, apicred.KindUnauthenticated)
	if f.HashRuns() != runs+1 || !strings.Contains(f.log.String(), "does not open") {
		t.Errorf("%d hashes, logged %s", f.HashRuns()-runs, f.log.String())
	}
	if strings.Contains(string(stored.Sealed), "argon2id") {
		t.Error("the hash stands in the database in clear")
	}
}

func TestGate_RunsOneHashAtATimeAndBoundsWhoWaits(t *testing.T) {
	f := withPassword(t)
	synctest.Test(t, func(t *testing.T) {
		s := login.New(f.options())
		release := s.HoldGate()
		errs := make(chan error, 100)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for n := range 50 { // strangers of 50 addresses, then 10 of one
			all.Go(func() { errs <- tryAt(ctx, s, fmt.Sprintf("198.51.%d.1", n)) })
		}
		synctest.Wait()
		if strangers, known := s.Waiting(); strangers != 32 || known != 0 || len(errs) != 18 {
			t.Errorf("%d strangers and %d known wait, %d were turned away", strangers, known, len(errs))
		}
		for range len(errs) {
			wantKind(t, <-errs, apicred.KindUnavailable)
		}
		cancel() // they close their browsers
		all.Wait()
		for range len(errs) {
			wantKind(t, <-errs, apicred.KindUnavailable)
		}
		for range 10 {
			all.Go(func() { errs <- tryAt(t.Context(), s, "198.51.100.1") })
		}
		synctest.Wait()
		if strangers, _ := s.Waiting(); strangers != 4 || len(errs) != 6 {
			t.Errorf("%d of one address wait", strangers)
		}
		runs := s.HashRuns()
		release()
		all.Wait()
		if s.HashRuns() != runs+4 {
			t.Errorf("%d ran", s.HashRuns()-runs)
		}
		if strangers, known := s.Waiting(); strangers != 0 || known != 0 {
			t.Errorf("%d and %d wait for nothing", strangers, known)
		}
	})
}

func tryAt(ctx context.Context, s *login.Service, address string) error {
	_, err := s.CheckAt(ctx, address, goodPassword)
	return err
}
