package login

import (
	"context"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// PasswordState is what a person may know of their password.
type PasswordState struct {
	Set       bool
	ChangedAt time.Time // zero: not set
	// SignIn tells whether this server takes passwords at all.
	SignIn bool
}

// PasswordState tells whether the person who acts has a password, and since
// when. Errors: not_found and forbidden (an API credential).
func (s *Service) PasswordState(ctx context.Context, actor apicred.Actor) (PasswordState, error) {
	if err := s.ownAffairs(actor, "user.password_view"); err != nil {
		return PasswordState{}, err
	}
	stored, err := s.store.Password(ctx, actor.UserID)
	if apicred.IsKind(err, apicred.KindNotFound) {
		return PasswordState{SignIn: s.password}, nil
	}
	return PasswordState{Set: err == nil, ChangedAt: stored.ChangedAt, SignIn: s.password}, err
}

// PasswordChange is what a person enters to set or change their password.
type PasswordChange struct {
	Current Password // zero: not given
	New     Password
	// Faults are members that the surface could not read.
	Faults []apicred.FieldError
}

// ChangePassword sets the password of a session's person, and ends their other
// sessions and their one-time links. The proof that it is them is the present
// password; in its place counts a session that a link of the operator opened
// lately (that is how a forgotten one is replaced), and where none is set, any
// session whose proof is recent. Errors: forbidden (switched off),
// reauthentication_required, invalid, rate_limited, unavailable.
func (s *Service) ChangePassword(ctx context.Context, session Session, in PasswordChange, facts RequestFacts) error {
	if err := s.takesPasswordOf(session); err != nil {
		return err
	}
	stored, hash, err := s.storedHash(ctx, session.UserID)
	if err != nil {
		return err
	}
	ask, err := s.asksForCurrent(&session, stored)
	if err != nil {
		return err
	}
	if err := s.checkChange(ctx, session.UserID, in, ask); err != nil {
		return err
	}
	by := session.AuthenticatedBy
	if ask {
		asked := entered{in.Current, "body.current_password", "user.password_set"}
		if err := s.prove(ctx, &session, hash, asked, &facts); err != nil {
			return err
		}
		by = ProofPassword
	}
	fresh, err := s.gate.hash(ctx, sessionVisitor(&session), in.New, s.random)
	if err != nil {
		return err
	}
	return s.store.ChangeLogin(ctx, func(tx Tx) error {
		at := s.now()
		if err := unchanged(ctx, tx, stored, session.UserID); err != nil {
			return err
		}
		if err := standing(ctx, tx, &session); err != nil {
			return err
		}
		change := newPassword{session.UserID, session.AccountID, fresh, at, &facts, session.ID}
		if err := s.setPassword(ctx, tx, change); err != nil {
			return err
		}
		if !ask {
			return nil
		}
		return ended(tx.ProveSession(ctx, session.ID, at, by))
	})
}

// takesPasswordOf refuses where there is no session to prove, as with an access
// token, and where passwords are switched off.
func (s *Service) takesPasswordOf(session Session) error {
	switch {
	case session.ID == "":
		return apicred.Forbidden("A password is entered in a signed-in browser only. Use the console; an access token cannot do this.")
	case !s.password:
		return passwordsOff()
	}
	return nil
}

// asksForCurrent tells whether the present password has to be given.
func (s *Service) asksForCurrent(session *Session, stored StoredPassword) (bool, error) {
	recent := session.Proved(s.now())
	switch {
	case stored.Sealed != nil:
		return !recent || session.AuthenticatedBy != ProofOperatorLink, nil
	case !recent:
		e := apicred.ReauthenticationRequired()
		e.Message = "You signed in a while ago, and have no password to confirm that it is you. Sign in anew by a one-time link, then set one."
		return false, e
	}
	return false, nil
}

func (s *Service) checkChange(ctx context.Context, userID string, in PasswordChange, ask bool) error {
	faults := in.Faults
	if len(faults) == 0 {
		about, err := s.knownAbout(ctx, userID)
		if err != nil {
			return err
		}
		if fault := in.New.check(about...); fault != "" {
			faults = append(faults, apicred.FieldError{Location: "body.new_password", Message: fault})
		}
		if ask && in.Current.IsZero() {
			faults = append(faults, apicred.FieldError{Location: "body.current_password", Message: "Enter your present password. If you forgot it, ask the operator for a set-up link: claviger user set-up-link EMAIL."})
		}
	}
	if len(faults) > 0 {
		return apicred.Invalid(faults...)
	}
	return nil
}

// Reauthenticate takes the password of a session's person as a fresh proof of
// who they are. faults are members that the surface could not read. Errors: forbidden (switched off), conflict (none is set),
// invalid (it is wrong), rate_limited, unavailable.
func (s *Service) Reauthenticate(ctx context.Context, session Session, password Password, faults []apicred.FieldError, facts RequestFacts) error {
	if err := s.takesPasswordOf(session); err != nil {
		return err
	}
	stored, hash, err := s.storedHash(ctx, session.UserID)
	if err != nil {
		return err
	}
	switch {
	case stored.Sealed == nil:
		return apicred.Conflict("You have no password. Sign in anew by a one-time link instead, or set a password then.")
	case len(faults) > 0:
		return apicred.Invalid(faults...)
	}
	asked := entered{password, "body.password", "session.reauthenticate"}
	if err := s.prove(ctx, &session, hash, asked, &facts); err != nil {
		return err
	}
	renewed, renew := s.renewed(ctx, sessionVisitor(&session), password, stored, hash)
	return s.store.ChangeLogin(ctx, func(tx Tx) error {
		at := s.now()
		if err := unchanged(ctx, tx, stored, session.UserID); err != nil {
			return err
		}
		if renew {
			if err := tx.SetPassword(ctx, renewed); err != nil {
				return err
			}
		}
		if err := ended(tx.ProveSession(ctx, session.ID, at, ProofPassword)); err != nil {
			return err
		}
		event, err := s.event(at, session.AccountID, facts.actor(apicred.ActorUser, session.UserID))
		if err != nil {
			return err
		}
		event.Action, event.TargetType, event.TargetID = "session.reauthenticate", apicred.TargetSession, session.ID
		return tx.Record(ctx, event)
	})
}

// entered is a password in a session: the member that it stood in, and what it
// was entered for.
type entered struct {
	password         Password
	location, action string
}

// prove checks a password that a signed-in person entered, out of the session's
// own budget of tries: nobody else can use that up. Wrong ones are in the audit
// log: it may be somebody at a browser that was left open.
func (s *Service) prove(ctx context.Context, session *Session, hash passwordHash, in entered, facts *RequestFacts) error {
	who := sessionVisitor(session)
	refused := func(rule string) {
		actor := facts.actor(apicred.ActorUser, session.UserID)
		actor.UserID, actor.AccountID = session.UserID, session.AccountID
		s.refuse(actor, apicred.RefusedAct{Rule: rule, Action: in.action, TargetType: apicred.TargetSession, TargetID: session.ID})
	}
	try, err := s.throttle.familiar(who.name, s.now())
	if err != nil {
		s.logger.WarnContext(ctx, "proof by password throttled", failure(session.UserID, "too many tries", facts)...)
		refused("too_many_tries")
		return err
	}
	right, err := s.gate.check(ctx, who, hash, in.password)
	switch {
	case err != nil:
		try.repay()
		return err
	case !right:
		s.logger.WarnContext(ctx, "proof by password failed", failure(session.UserID, "wrong password", facts)...)
		refused("wrong_password")
		return apicred.Invalid(apicred.FieldError{Location: in.location, Message: "This is not your password. Check it, also for capital letters."})
	}
	try.repay()
	return nil
}

func sessionVisitor(session *Session) visitor {
	return visitor{known: true, name: "session " + session.ID}
}

// unchanged refuses when the password was set by somebody else in between.
func unchanged(ctx context.Context, tx Tx, seen StoredPassword, userID string) error {
	now, err := tx.Password(ctx, userID)
	if err != nil && !apicred.IsKind(err, apicred.KindNotFound) {
		return err
	}
	if !now.same(&seen) {
		return apicred.Conflict("Your password was changed somewhere else just now. If that was not you, ask the operator for a set-up link.")
	}
	return nil
}

// standing refuses when the session was ended in between: by its person, who saw
// somebody else in it, or with their last membership.
func standing(ctx context.Context, tx Tx, session *Session) error {
	sessions, err := tx.Sessions(ctx, session.UserID)
	if err == nil && !slices.ContainsFunc(sessions, func(s Session) bool { return s.ID == session.ID }) {
		err = notSignedIn()
	}
	return err
}

// ended makes of a session that is gone what it is to its browser.
func ended(err error) error {
	if apicred.IsKind(err, apicred.KindNotFound) {
		return notSignedIn()
	}
	return err
}
