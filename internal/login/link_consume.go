package login

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
)

// LinkForm is what a person enters on the page of a link: e-mail address and
// name on that of a LinkFirstAdmin, and on each, if they like, a password.
type LinkForm struct {
	Email    string
	Name     string   // may be empty
	Password Password // may be zero: none is set, and one that is there stays
}

// Consume uses a link: it marks it used, makes the first admin if that is its
// kind, accepts the membership, and signs the person in, in one transaction. Of
// several who try at once one succeeds. A bad form leaves the link whole. A new
// password ends every other session and link of the person.
// Unknown, used and expired links are the same not_found as Peek's.
//
// A LinkSetUp signs nobody in who has a sign-in: the session that the browser
// has must be theirs (else conflict, and the link stays whole) and goes on; the
// token returned is zero then, and the session's account the one joined.
func (s *Service) Consume(ctx context.Context, token LinkToken, form LinkForm, facts RequestFacts) (SessionToken, Session, error) {
	if token.IsZero() {
		return SessionToken{}, Session{}, deadLink()
	}
	sessionToken, err := newSecretText(s.random)
	if err != nil {
		return SessionToken{}, Session{}, err
	}
	former, err := s.formerSession(ctx, facts.Session)
	if err != nil {
		return SessionToken{}, Session{}, err
	}
	hash, err := s.hashForLink(ctx, token, form)
	if err != nil {
		return SessionToken{}, Session{}, err
	}
	var session Session
	err = s.store.ChangeLogin(ctx, func(tx Tx) error {
		use := linkUse{service: s, tx: tx, at: s.now(), facts: facts, password: hash}
		userID, link, err := use.link(ctx, token, form, former)
		if err != nil {
			return err
		}
		if use.joined {
			session = former
			session.AccountID = link.AccountID
			return nil
		}
		if err := s.endFormer(ctx, tx, former, use.at, &facts); err != nil {
			return err
		}
		if err := use.endOthers(ctx, link, userID); err != nil {
			return err
		}
		if err := use.setPassword(ctx, link, userID); err != nil {
			return err
		}
		session, err = s.open(ctx, tx, opening{sessionToken, userID, link.AccountID, link.proof(), use.at, &facts})
		return err
	})
	if err != nil {
		return SessionToken{}, Session{}, err
	}
	if session.ID == former.ID {
		s.seen(ctx, &session) // they open the account that they joined
		return SessionToken{}, session, nil
	}
	return SessionToken{sessionToken}, session, nil
}

// formerSession is the session that the browser has already; the zero Session
// when there is none.
func (s *Service) formerSession(ctx context.Context, token SessionToken) (Session, error) {
	if token.IsZero() {
		return Session{}, nil
	}
	session, err := s.store.Session(ctx, token.hash())
	if apicred.IsKind(err, apicred.KindNotFound) {
		return Session{}, nil
	}
	return session, err
}

// linkUse is one use of a link inside one transaction.
type linkUse struct {
	service  *Service
	tx       Tx
	at       time.Time
	facts    RequestFacts
	password passwordHash // of the new password; zero: none
	// joined: the person has a sign-in, so that the link only lets them in.
	joined bool
}

// link burns the link and returns the person it is for.
func (u *linkUse) link(ctx context.Context, token LinkToken, form LinkForm, former Session) (string, Link, error) {
	link, err := u.tx.Link(ctx, token.hash())
	if err != nil {
		return "", Link{}, deadWhenAbsent(err)
	}
	if !link.alive(u.at) {
		return "", Link{}, deadLink()
	}
	userID := link.UserID
	if link.Kind == LinkFirstAdmin {
		userID, err = u.firstAdmin(ctx, link, form)
	} else {
		err = u.member(ctx, link, former)
	}
	if err != nil {
		return "", Link{}, err
	}
	err = u.tx.UseLink(ctx, link.Hash, u.at)
	if apicred.IsKind(err, apicred.KindConflict) {
		err = deadLink()
	}
	return userID, link, err
}

// member refuses a link whose person has left the account since it was made,
// and lets the person in.
func (u *linkUse) member(ctx context.Context, link Link, former Session) error {
	user, err := u.tx.User(ctx, link.AccountID, link.UserID)
	if err != nil {
		return deadWhenAbsent(err)
	}
	if user.Status != apicred.UserActive {
		return deadLink()
	}
	if link.Kind == LinkSetUp {
		memberships, err := u.tx.Memberships(ctx, link.UserID)
		if err != nil {
			return err
		}
		if u.joined, err = hasSignIn(ctx, u.tx, memberships, link); err != nil {
			return err
		}
	}
	if u.joined && u.password.tag != nil {
		return apicred.Invalid(apicred.FieldError{
			Location: "body.password",
			Message:  "You have a sign-in already, and this link leaves it as it is. Change your password in the console under Security.",
		})
	}
	// The session is the proof. The link alone is in the hands of the account's
	// admin too; and who was invited must not become whoever took their address
	// first.
	if u.joined && (former.UserID != user.ID || !former.alive(u.at)) {
		return apicred.Conflict("You have a sign-in at this server already. Sign in as " + user.AsKnown().Email + " in this browser, then open this link again.")
	}
	if link.Kind == LinkSignIn && !user.Accepted() {
		if err := u.replacesPassword(ctx, user.ID); err != nil {
			return err
		}
	}
	return u.accept(ctx, user)
}

// replacesPassword demands a new password of somebody whom the operator lets into
// an account, where one is set already. Whoever set it was never vouched for here:
// it may have been the admin of another account, who added this address there and
// used the link. Left as it is, it would open this account, too.
func (u *linkUse) replacesPassword(ctx context.Context, userID string) error {
	if !u.service.password || u.password.tag != nil {
		return nil
	}
	_, err := u.tx.Password(ctx, userID)
	if apicred.IsKind(err, apicred.KindNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return apicred.Invalid(apicred.FieldError{
		Location: "body.password",
		Message:  "Choose a new password. One was set for your e-mail address before you came to this account, perhaps not by you.",
	})
}

// accept ends the invitation of a member, if there is one.
func (u *linkUse) accept(ctx context.Context, user apicred.User) error {
	if user.Accepted() {
		return nil
	}
	user.InvitedEmail, user.InvitedName = "", ""
	if err := u.tx.UpdateUser(ctx, user); err != nil {
		return err
	}
	event, err := u.service.event(u.at, user.AccountID, u.facts.actor(apicred.ActorUser, user.ID))
	if err != nil {
		return err
	}
	event.Action, event.TargetType, event.TargetID = "user.accept", apicred.TargetUser, user.ID
	return u.tx.Record(ctx, event)
}

func (u *linkUse) firstAdmin(ctx context.Context, link Link, form LinkForm) (string, error) {
	err := refuseWhenAdminExists(ctx, u.tx, link.AccountID)
	if apicred.IsKind(err, apicred.KindConflict) {
		return "", deadLink()
	}
	if err != nil {
		return "", err
	}
	person, err := u.newPerson(ctx, form)
	if err != nil {
		return "", err
	}
	if err := u.tx.InsertPerson(ctx, person); err != nil {
		return "", err
	}
	user := apicred.User{
		Person: person, AccountID: link.AccountID, Role: apicred.RoleAdmin, Status: apicred.UserActive,
		Generation: 1, JoinedAt: u.at, Version: 1,
	}
	if err := u.tx.InsertUser(ctx, user); err != nil {
		return "", err
	}
	return person.ID, u.recordFirstAdmin(ctx, user)
}

// newPerson checks the form. Whoever holds the link must not become somebody
// who exists: that person may belong to other accounts.
func (u *linkUse) newPerson(ctx context.Context, form LinkForm) (apicred.Person, error) {
	email, name, err := checkForm(form)
	if err != nil {
		return apicred.Person{}, err
	}
	_, err = u.tx.PersonByEmail(ctx, email)
	if err == nil {
		return apicred.Person{}, apicred.Invalid(apicred.FieldError{
			Location: "body.email",
			Message:  "Somebody with this e-mail address exists already. Give another one, or have the operator make them an admin: claviger user edit EMAIL --role admin.",
		})
	}
	if !apicred.IsKind(err, apicred.KindNotFound) {
		return apicred.Person{}, err
	}
	// Random, as every person's: a time in it would tell an admin who adds this
	// address to another account that it was known here before (contract.md "People").
	id, err := uuid.NewRandomFromReader(u.service.random)
	if err != nil {
		return apicred.Person{}, apicred.Internal(err)
	}
	return apicred.Person{ID: id.String(), Email: email, Name: name, CreatedAt: u.at}, nil
}

// checkForm reports both members at once.
func checkForm(form LinkForm) (email, name string, err error) {
	var fields []apicred.FieldError
	if email, err = apicred.CheckEmail(form.Email); err != nil {
		fields = append(fields, apicred.AsError(err).Fields...)
	}
	if form.Name != "" {
		if name, err = apicred.CheckName("body.name", form.Name); err != nil {
			fields = append(fields, apicred.AsError(err).Fields...)
		}
	}
	if len(fields) > 0 {
		return "", "", apicred.Invalid(fields...)
	}
	return email, name, nil
}

// recordFirstAdmin names the operator as the actor: the link that only the
// operator's terminal showed is what allowed it.
func (u *linkUse) recordFirstAdmin(ctx context.Context, user apicred.User) error {
	event, err := u.service.event(u.at, user.AccountID, u.facts.actor(apicred.ActorOperator, ""))
	if err != nil {
		return err
	}
	event.Action, event.TargetType, event.TargetID = "user.create", apicred.TargetUser, user.ID
	event.After = jsonObject(map[string]any{"role": user.Role, "status": user.Status})
	return u.tx.Record(ctx, event)
}

// endFormer ends the session that the browser had, if it had one.
func (s *Service) endFormer(ctx context.Context, tx Tx, former Session, at time.Time, facts *RequestFacts) error {
	if former.ID == "" {
		return nil
	}
	err := s.endSession(ctx, tx, former, at, *facts)
	if apicred.IsKind(err, apicred.KindNotFound) { // it ended meanwhile
		return nil
	}
	return err
}

// endOthers ends every session of the person when the operator's link is used.
// The operator vouches that the link's holder is the person; whoever else was
// signed in as them, perhaps on the word of another account's admin, is not.
// The demo's links, which work again and again, leave the others be.
func (u *linkUse) endOthers(ctx context.Context, link Link, userID string) error {
	if link.Kind != LinkSignIn || link.Reusable {
		return nil
	}
	return u.tx.EndSessions(ctx, userID)
}

// proof is what signing in by the link shows.
func (l *Link) proof() Proof {
	if l.Kind == LinkSetUp {
		return ProofSetUpLink
	}
	return ProofOperatorLink
}
