package storetest

import (
	"sync"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
)

func loginTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"Link_ReadsAsWritten":                      linkReadsAsWritten,
		"Link_IsUsedOnce":                          linkUsedOnce,
		"Link_IsUsedOnceByManyAtATime":             linkUsedOnceByMany,
		"Link_ReusableIsUsedAgain":                 linkReusable,
		"Link_DeletedByKindAndUser":                linksDeleted,
		"Link_DeletedOfOneMember":                  linksOfMemberDeleted,
		"Link_EndingThemSparesReusableOnes":        linksEnded,
		"Session_EndedForOnePerson":                sessionsOfPersonEnded,
		"User_InvitationReadsAsWritten":            userInvitation,
		"Session_ReadsAsWritten":                   sessionReadsAsWritten,
		"Session_TouchRaisesLastSeenWithoutAudit":  sessionTouch,
		"Session_DeletedIsGone":                    sessionDelete,
		"Session_EndedOnesAreRemoved":              sessionsEnded,
		"Session_KeepsWhateverTheBrowserCallsSelf": sessionOddBrowser,
		"Session_ListedForItsPersonLastSeenFirst":  sessionsListed,
		"Session_OthersOfThePersonEnded":           otherSessionsEnded,
		"Session_ProofReadsAsWritten":              sessionProof,
		"Link_EndingThoseOfAPersonInEveryAccount":  linksOfPersonEnded,
		"Password_ReadsAsWrittenLast":              passwordReadsAsWritten,
		"Login_MakesTheFirstAdminInOneChange":      loginFirstAdmin,
	}
}

func (f *fixture) changeLogin(fn func(login.Tx) error) error {
	return f.store.Login().ChangeLogin(f.Context(), fn)
}

func newLink(hash, userID string) login.Link {
	return login.Link{
		Hash: []byte(hash), Kind: login.LinkSignIn, AccountID: "acc", UserID: userID,
		CreatedAt: start(), ExpiresAt: start().Add(time.Hour),
	}
}

func (f *fixture) links(links ...login.Link) {
	f.Helper()
	f.must(f.changeLogin(func(tx login.Tx) error {
		for _, l := range links {
			f.must(tx.InsertLink(f.Context(), l))
		}
		return nil
	}))
}

func (f *fixture) wantLink(want login.Link) {
	f.Helper()
	got, err := f.store.Login().Link(f.Context(), want.Hash)
	f.must(err)
	f.equal(got, want)
}

func (f *fixture) useLink(l login.Link, at time.Time) error {
	return f.changeLogin(func(tx login.Tx) error { return tx.UseLink(f.Context(), l.Hash, at) })
}

func linkReadsAsWritten(f *fixture) {
	l := newLink("h1", "u1")
	l.Reusable, l.UsedAt = true, start()
	f.links(l)
	f.wantLink(l)
	_, err := f.store.Login().Link(f.Context(), []byte("absent"))
	f.wantKind(err, apicred.KindNotFound)
}

func linkUsedOnce(f *fixture) {
	l := newLink("h1", "u1")
	f.links(l)
	f.must(f.useLink(l, start().Add(time.Minute)))
	l.UsedAt = start().Add(time.Minute)
	f.wantLink(l)
	f.wantKind(f.useLink(l, start().Add(time.Hour)), apicred.KindConflict)
	f.wantLink(l)
	f.wantKind(f.useLink(newLink("absent", ""), start()), apicred.KindNotFound)
}

func linkUsedOnceByMany(f *fixture) {
	l := newLink("h1", "u1")
	f.links(l)
	errs := make(chan error, 10)
	var all sync.WaitGroup
	for range cap(errs) {
		all.Go(func() { errs <- f.useLink(l, start()) })
	}
	all.Wait()
	close(errs)
	used := 0
	for err := range errs {
		if err == nil {
			used++
		} else {
			f.wantKind(err, apicred.KindConflict)
		}
	}
	f.equal(used, 1)
}

func linkReusable(f *fixture) {
	l := newLink("h1", "u1")
	l.Reusable = true
	f.links(l)
	f.must(f.useLink(l, start()))
	f.must(f.useLink(l, start().Add(time.Second)))
}

func linksDeleted(f *fixture) {
	first := login.Link{Hash: []byte("h1"), Kind: login.LinkFirstAdmin, CreatedAt: start(), ExpiresAt: start()}
	one, two := newLink("h2", "u1"), newLink("h3", "u2")
	f.links(first, one, two)
	f.must(f.changeLogin(func(tx login.Tx) error {
		f.must(tx.DeleteLinks(f.Context(), login.LinkFirstAdmin, ""))
		return tx.DeleteLinks(f.Context(), login.LinkSignIn, "u1")
	}))
	f.wantLink(two)
	for _, gone := range []login.Link{first, one} {
		_, err := f.store.Login().Link(f.Context(), gone.Hash)
		f.wantKind(err, apicred.KindNotFound)
	}
}

func (f *fixture) wantGone(links ...login.Link) {
	f.Helper()
	for _, gone := range links {
		_, err := f.store.Login().Link(f.Context(), gone.Hash)
		f.wantKind(err, apicred.KindNotFound)
	}
}

func linksOfMemberDeleted(f *fixture) {
	mine, otherKind, elsewhere, others := newLink("h1", "u1"), newLink("h2", "u1"), newLink("h3", "u1"), newLink("h4", "u2")
	mine.Kind, elsewhere.Kind, others.Kind = login.LinkSetUp, login.LinkSetUp, login.LinkSetUp
	elsewhere.AccountID = "acc2"
	f.links(mine, otherKind, elsewhere, others)
	f.must(f.changeLogin(func(tx login.Tx) error {
		return tx.DeleteLinksOfMember(f.Context(), login.LinkSetUp, "acc", "u1")
	}))
	f.wantGone(mine)
	for _, stays := range []login.Link{otherKind, elsewhere, others} {
		f.wantLink(stays)
	}
}

func linksEnded(f *fixture) {
	once, setUp, reusable, elsewhere := newLink("h1", "u1"), newLink("h2", "u1"), newLink("h3", "u1"), newLink("h4", "u1")
	setUp.Kind, reusable.Reusable, elsewhere.AccountID = login.LinkSetUp, true, "acc2"
	f.links(once, setUp, reusable, elsewhere)
	f.change(func(tx lifecycle.Tx) error { return tx.EndLinks(f.Context(), "acc", "u1") })
	f.wantGone(once, setUp)
	f.wantLink(reusable)
	f.wantLink(elsewhere)
}

func sessionsOfPersonEnded(f *fixture) {
	s, stays := f.session("h1"), f.session("h2")
	f.change(func(tx lifecycle.Tx) error { return tx.EndSessions(f.Context(), s.UserID) })
	_, err := f.store.Login().Session(f.Context(), s.Hash)
	f.wantKind(err, apicred.KindNotFound)
	f.wantSession(stays)
	f.change(func(tx lifecycle.Tx) error { return tx.EndSessions(f.Context(), s.UserID) }) // none left is no fault
}

func userInvitation(f *fixture) {
	a := f.account("default")
	u := f.user(a.ID, "ada@example.com")
	u.InvitedEmail, u.InvitedName = "ADA@example.com", "Ada, as entered"
	f.must(f.changeLogin(func(tx login.Tx) error { return tx.UpdateUser(f.Context(), u) }))
	u.Version++
	f.must(f.changeLogin(func(tx login.Tx) error {
		got, err := tx.Memberships(f.Context(), u.ID)
		f.equal(got, []apicred.User{u})
		return err
	}))
}

// session stores a session of a new member of a new account.
func (f *fixture) session(hash string) login.Session {
	f.Helper()
	a := f.account("of " + hash)
	u := f.user(a.ID, hash+"@example.com")
	s := login.Session{
		ID: f.id(), Hash: []byte(hash), UserID: u.ID, AccountID: a.ID, CreatedAt: start(), LastSeenAt: start().Add(time.Minute),
		ExpiresAt: start().Add(time.Hour), Address: "192.0.2.1", UserAgent: "Browser/1",
		AuthenticatedAt: start().Add(time.Second), AuthenticatedBy: login.ProofPassword,
	}
	f.must(f.changeLogin(func(tx login.Tx) error { return tx.InsertSession(f.Context(), s) }))
	return s
}

func (f *fixture) wantSession(want login.Session) {
	f.Helper()
	got, err := f.store.Login().Session(f.Context(), want.Hash)
	f.must(err)
	f.equal(got, want)
}

func sessionReadsAsWritten(f *fixture) {
	f.wantSession(f.session("h1"))
	_, err := f.store.Login().Session(f.Context(), []byte("absent"))
	f.wantKind(err, apicred.KindNotFound)
}

func sessionTouch(f *fixture) {
	s := f.session("h1")
	other := f.account("Other")
	before := f.head()
	s.LastSeenAt, s.Address, s.AccountID = start().Add(2*time.Hour), "192.0.2.99", other.ID
	f.must(f.store.Login().TouchSession(f.Context(), s))
	f.wantSession(s)
	f.equal(f.head(), before)
	s.ID = "absent"
	f.wantKind(f.store.Login().TouchSession(f.Context(), s), apicred.KindNotFound)

	s = f.session("h2")
	s.LastSeenAt = start().Add(3 * time.Hour)
	f.must(f.store.Login().TouchSession(f.Context(), s))
	earlier := s
	earlier.LastSeenAt = start()
	f.must(f.store.Login().TouchSession(f.Context(), earlier))
	f.view(func(r lifecycle.Reader) error {
		u, err := r.User(f.Context(), s.AccountID, s.UserID)
		f.equal(u.LastSeenAt, s.LastSeenAt)
		return err
	})
}

func sessionDelete(f *fixture) {
	s, stays := f.session("h1"), f.session("h2")
	remove := func() error {
		return f.changeLogin(func(tx login.Tx) error { return tx.DeleteSession(f.Context(), s.ID) })
	}
	f.must(remove())
	_, err := f.store.Login().Session(f.Context(), s.Hash)
	f.wantKind(err, apicred.KindNotFound)
	f.wantKind(remove(), apicred.KindNotFound)
	f.wantSession(stays)
}

func sessionsEnded(f *fixture) {
	s := f.session("h1")
	remove := func(end time.Time) {
		f.must(f.changeLogin(func(tx login.Tx) error { return tx.DeleteSessionsEndedBefore(f.Context(), end) }))
	}
	remove(s.ExpiresAt)
	f.wantSession(s)
	remove(s.ExpiresAt.Add(time.Microsecond))
	_, err := f.store.Login().Session(f.Context(), s.Hash)
	f.wantKind(err, apicred.KindNotFound)
}

func sessionOddBrowser(f *fixture) {
	s := f.session("h1")
	s.ID, s.Hash, s.UserAgent = f.id(), []byte("h2"), "\x00\xff\u202e"
	f.must(f.changeLogin(func(tx login.Tx) error { return tx.InsertSession(f.Context(), s) }))
	s.UserAgent = "\uFFFD\uFFFD\u202e"
	f.wantSession(s)
}

func loginFirstAdmin(f *fixture) {
	a := f.account("default")
	l := login.Link{Hash: []byte("h1"), Kind: login.LinkFirstAdmin, AccountID: a.ID, CreatedAt: start(), ExpiresAt: start()}
	f.links(l)
	u := apicred.User{
		Person:    apicred.Person{ID: f.id(), Email: "ada@example.com", CreatedAt: start()},
		AccountID: a.ID, Role: apicred.RoleAdmin, Status: apicred.UserActive, Generation: 1, JoinedAt: start(), Version: 1,
	}
	f.must(f.changeLogin(func(tx login.Tx) error {
		n, err := tx.CountActiveAdmins(f.Context(), a.ID)
		f.must(err)
		f.equal(n, int64(0))
		_, err = tx.PersonByEmail(f.Context(), u.Email)
		f.wantKind(err, apicred.KindNotFound)
		f.must(tx.UseLink(f.Context(), l.Hash, start()))
		f.must(tx.InsertPerson(f.Context(), u.Person))
		f.must(tx.InsertUser(f.Context(), u))
		got, err := tx.User(f.Context(), a.ID, u.ID)
		f.must(err)
		f.equal(got, u)
		return tx.Record(f.Context(), f.event("user.create"))
	}))
	person, err := f.store.Login().Person(f.Context(), u.ID)
	f.must(err)
	f.equal(person, u.Person)
	account, err := f.store.Login().Account(f.Context(), a.ID)
	f.must(err)
	f.equal(account, a)
	f.wantChain(1)
}
