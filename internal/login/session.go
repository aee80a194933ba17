package login

import (
	"context"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// How long sessions live (S21; NIST SP 800-63B-4 section 2.2.3 allows 24 hours
// of activity at AAL2 and asks that both limits be stated).
const (
	// IdleLimit ends a session that nobody used for so long.
	IdleLimit = 12 * time.Hour
	// AbsoluteLimit ends a session however much it is used.
	AbsoluteLimit = 7 * 24 * time.Hour
	// ReauthenticationLimit is how long a proof counts for risky acts.
	ReauthenticationLimit = 15 * time.Minute
	// touchInterval is how exact LastSeenAt is: no database write per request.
	touchInterval = time.Minute
)

// CookieName is the name of the session cookie. secure says that the issuer is
// https; only then do browsers accept the __Host- prefix, which keeps other
// hosts of the domain from setting the cookie (RFC 6265bis section 4.1.3.2).
func CookieName(secure bool) string {
	if secure {
		return "__Host-claviger_session"
	}
	return "claviger_session"
}

// Authenticate finds the session behind a cookie, its person and their active
// memberships, oldest first and at least one. Everything is read each time, so
// that the end of a session, a membership or a role binds at once. Whatever is
// wrong with a token is one unauthenticated.
func (s *Service) Authenticate(ctx context.Context, token SessionToken) (Session, apicred.Person, []apicred.User, error) {
	session, err := s.liveSession(ctx, token)
	if err != nil {
		return Session{}, apicred.Person{}, nil, err
	}
	memberships, err := s.activeMemberships(ctx, session.UserID)
	if err != nil {
		return Session{}, apicred.Person{}, nil, err
	}
	if len(memberships) == 0 {
		return Session{}, apicred.Person{}, nil, notSignedIn()
	}
	s.touch(ctx, &session)
	return session, memberships[0].Person, memberships, nil
}

// opening is a sign-in that has been decided on.
type opening struct {
	token             secretText
	userID, accountID string
	by                Proof
	at                time.Time
	facts             *RequestFacts
}

// open signs a person in, and clears away sessions that are over.
func (s *Service) open(ctx context.Context, tx Tx, o opening) (Session, error) {
	if err := tx.DeleteSessionsEndedBefore(ctx, o.at); err != nil {
		return Session{}, err
	}
	id, err := s.newID()
	if err != nil {
		return Session{}, err
	}
	session := Session{
		ID: id, Hash: o.token.hash(), UserID: o.userID, AccountID: o.accountID,
		CreatedAt: o.at, LastSeenAt: o.at, ExpiresAt: o.at.Add(AbsoluteLimit),
		Address: o.facts.Address, UserAgent: cleanUserAgent(o.facts.UserAgent),
		AuthenticatedAt: o.at, AuthenticatedBy: o.by,
	}
	if err := tx.InsertSession(ctx, session); err != nil {
		return Session{}, err
	}
	event, err := s.event(o.at, o.accountID, o.facts.actor(apicred.ActorUser, o.userID))
	if err != nil {
		return Session{}, err
	}
	event.Action, event.TargetType, event.TargetID = "session.create", apicred.TargetSession, session.ID
	event.After = jsonObject(map[string]any{"expires_at": session.ExpiresAt, "authenticated_by": session.AuthenticatedBy})
	return session, tx.Record(ctx, event)
}

// SignOut ends the session behind a cookie. One that has ended before is no error.
func (s *Service) SignOut(ctx context.Context, token SessionToken, facts RequestFacts) error {
	if token.IsZero() {
		return nil
	}
	session, err := s.store.Session(ctx, token.hash())
	if apicred.IsKind(err, apicred.KindNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	at := s.now()
	err = s.store.ChangeLogin(ctx, func(tx Tx) error { return s.endSession(ctx, tx, session, at, facts) })
	if apicred.IsKind(err, apicred.KindNotFound) { // signed out in another tab meanwhile
		return nil
	}
	return err
}

// endSession deletes and audits; not_found when the session has ended before.
func (s *Service) endSession(ctx context.Context, tx Tx, session Session, at time.Time, facts RequestFacts) error {
	if err := tx.DeleteSession(ctx, session.ID); err != nil {
		return err
	}
	event, err := s.event(at, session.AccountID, facts.actor(apicred.ActorUser, session.UserID))
	if err != nil {
		return err
	}
	event.Action, event.TargetType, event.TargetID = "session.delete", apicred.TargetSession, session.ID
	return tx.Record(ctx, event)
}

func (s *Service) liveSession(ctx context.Context, token SessionToken) (Session, error) {
	if token.IsZero() {
		return Session{}, notSignedIn()
	}
	session, err := s.store.Session(ctx, token.hash())
	if apicred.IsKind(err, apicred.KindNotFound) {
		return Session{}, notSignedIn()
	}
	if err != nil {
		return Session{}, err
	}
	if !session.alive(s.now()) {
		return Session{}, notSignedIn()
	}
	return session, nil
}

// alive tells whether a session is within both limits.
func (s *Session) alive(now time.Time) bool {
	return now.Before(s.ExpiresAt) && now.Sub(s.LastSeenAt) < IdleLimit
}

// Proved tells whether the person proved who they are recently enough for a
// risky act.
func (s *Session) Proved(now time.Time) bool {
	return now.Sub(s.AuthenticatedAt) < ReauthenticationLimit
}

// activeMemberships leaves out those that let nobody in: not active, or not
// accepted.
func (s *Service) activeMemberships(ctx context.Context, userID string) ([]apicred.User, error) {
	memberships, err := s.store.Memberships(ctx, userID)
	if err != nil {
		return nil, err
	}
	return lettingIn(memberships), nil
}

func lettingIn(memberships []apicred.User) []apicred.User {
	return slices.DeleteFunc(memberships, func(u apicred.User) bool { return u.Status != apicred.UserActive || !u.Accepted() })
}

// touch writes when the session was last seen. It may fail without harm (a full
// disk must not sign people out): the session then ends earlier, never later.
func (s *Service) touch(ctx context.Context, session *Session) {
	if s.now().Sub(session.LastSeenAt) >= touchInterval {
		s.seen(ctx, session)
	}
}

// seen is touch at any time, for the account that the session names.
func (s *Service) seen(ctx context.Context, session *Session) {
	touched := *session
	touched.LastSeenAt = s.now()
	if err := s.store.TouchSession(ctx, touched); err != nil {
		s.logger.WarnContext(ctx, "session last-seen time not written", "session", session.ID, "error", err)
		return
	}
	*session = touched
}

func notSignedIn() *apicred.Error {
	return apicred.Unauthenticated("You are not signed in, or the session has ended. Sign in again.")
}
