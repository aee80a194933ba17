package storetest

import (
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
)

// secondSession stores another session of the same person, seen later.
func (f *fixture) secondSession(s login.Session, hash string) login.Session {
	f.Helper()
	s.ID, s.Hash, s.LastSeenAt = f.id(), []byte(hash), s.LastSeenAt.Add(time.Minute)
	f.must(f.changeLogin(func(tx login.Tx) error { return tx.InsertSession(f.Context(), s) }))
	return s
}

func sessionsListed(f *fixture) {
	first, others := f.session("h1"), f.session("h2")
	second := f.secondSession(first, "h3")
	got, err := f.store.Login().Sessions(f.Context(), first.UserID)
	f.must(err)
	f.equal(got, []login.Session{second, first})
	f.must(f.changeLogin(func(tx login.Tx) error {
		got, err := tx.Sessions(f.Context(), others.UserID)
		f.equal(got, []login.Session{others})
		return err
	}))
	got, err = f.store.Login().Sessions(f.Context(), "absent")
	f.must(err)
	f.equal(len(got), 0)
}

func otherSessionsEnded(f *fixture) {
	first, others := f.session("h1"), f.session("h2")
	second := f.secondSession(first, "h3")
	end := func(but string, want int64) {
		f.must(f.changeLogin(func(tx login.Tx) error {
			n, err := tx.EndOtherSessions(f.Context(), first.UserID, but)
			f.equal(n, want)
			return err
		}))
	}
	end(second.ID, 1)
	f.wantSession(second)
	f.wantSession(others)
	end("", 1)
	end("", 0)
	for _, gone := range []login.Session{first, second} {
		_, err := f.store.Login().Session(f.Context(), gone.Hash)
		f.wantKind(err, apicred.KindNotFound)
	}
	f.wantSession(others)
}

func sessionProof(f *fixture) {
	s, other := f.session("h1"), f.session("h2")
	s.AuthenticatedAt, s.AuthenticatedBy = start().Add(2*time.Hour), login.ProofOperatorLink
	prove := func(id string) error {
		return f.changeLogin(func(tx login.Tx) error {
			return tx.ProveSession(f.Context(), id, s.AuthenticatedAt, s.AuthenticatedBy)
		})
	}
	f.must(prove(s.ID))
	f.wantSession(s)
	f.wantSession(other)
	f.wantKind(prove("absent"), apicred.KindNotFound)
}

func linksOfPersonEnded(f *fixture) {
	once, setUp, reusable, others := newLink("h1", "u1"), newLink("h2", "u1"), newLink("h3", "u1"), newLink("h4", "u2")
	setUp.Kind, setUp.AccountID, reusable.Reusable = login.LinkSetUp, "acc2", true
	f.links(once, setUp, reusable, others)
	f.must(f.changeLogin(func(tx login.Tx) error { return tx.EndLinksOf(f.Context(), "u1") }))
	f.wantGone(once, setUp)
	f.wantLink(reusable)
	f.wantLink(others)
}

func passwordReadsAsWritten(f *fixture) {
	a := f.account("default")
	ada, bob := f.user(a.ID, "ada@example.com"), f.user(a.ID, "bob@example.com")
	set := func(p login.StoredPassword) error {
		return f.changeLogin(func(tx login.Tx) error { return tx.SetPassword(f.Context(), p) })
	}
	want := login.StoredPassword{UserID: ada.ID, Sealed: []byte{0, 1, 0xff}, MasterKeyID: "k1", ChangedAt: start()}
	f.must(set(want))
	_, err := f.store.Login().Password(f.Context(), bob.ID)
	f.wantKind(err, apicred.KindNotFound)
	want.Sealed, want.MasterKeyID, want.ChangedAt = []byte("other"), "k2", start().Add(time.Hour)
	f.must(set(want))
	got, err := f.store.Login().Password(f.Context(), ada.ID)
	f.must(err)
	f.equal(got, want)
	f.must(f.changeLogin(func(tx login.Tx) error {
		got, err := tx.Password(f.Context(), ada.ID)
		f.equal(got, want)
		return err
	}))
	reseal := func(was, now login.StoredPassword) bool {
		done, err := f.store.Login().ResealPassword(f.Context(), was, now)
		f.must(err)
		return done
	}
	was, now := want, want
	now.Sealed, now.MasterKeyID = []byte("anew"), "k3"
	was.Sealed = []byte("changed since")
	f.equal(reseal(was, now), false)
	f.equal(reseal(want, now), true)
	bobs := login.StoredPassword{UserID: bob.ID, Sealed: []byte("bob's"), MasterKeyID: "k2", ChangedAt: start()}
	f.must(set(bobs))
	under := func(key, after string) []login.StoredPassword {
		found, err := f.store.Login().PasswordsNotUnder(f.Context(), key, after, 5)
		f.must(err)
		return found
	}
	f.equal(under("k1", ""), []login.StoredPassword{now, bobs})
	f.equal(under("k1", ada.ID), []login.StoredPassword{bobs})
	f.equal(under("k3", ""), []login.StoredPassword{bobs})
	if err := set(login.StoredPassword{UserID: "nobody", Sealed: []byte{1}, ChangedAt: start()}); err == nil {
		f.Error("a password without a person was stored")
	}
}
