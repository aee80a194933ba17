package login

import (
	"context"
	"slices"

	"github.com/claviger/claviger/internal/apicred"
)

// ownAffairs refuses all but people: what is under /me is about the person, and a
// credential that acts for them must not sign them out or learn where they are.
func (s *Service) ownAffairs(actor apicred.Actor, action string) error {
	if actor.Type == apicred.ActorUser {
		return nil
	}
	s.refuse(actor, apicred.RefusedAct{Rule: "own_affairs", Action: action, TargetType: apicred.TargetUser, TargetID: actor.UserID})
	if actor.UserID == "" {
		return apicred.NotFound()
	}
	return apicred.Forbidden("Password and sessions are for the person alone, not for an API credential. Use the console.")
}

// Sessions lists the live sessions of the person who acts, the one seen last
// first. Errors: not_found and forbidden (an API credential).
func (s *Service) Sessions(ctx context.Context, actor apicred.Actor) ([]Session, error) {
	if err := s.ownAffairs(actor, "session.list"); err != nil {
		return nil, err
	}
	sessions, err := s.store.Sessions(ctx, actor.UserID)
	if err != nil {
		return nil, err
	}
	now := s.now()
	return slices.DeleteFunc(sessions, func(session Session) bool { return !session.alive(now) }), nil
}

// EndSession ends one session of the person who acts; not_found when it is not
// theirs, or has ended before.
func (s *Service) EndSession(ctx context.Context, actor apicred.Actor, sessionID string) error {
	if err := s.ownAffairs(actor, "session.delete"); err != nil {
		return err
	}
	return s.store.ChangeLogin(ctx, func(tx Tx) error {
		sessions, err := tx.Sessions(ctx, actor.UserID)
		if err != nil {
			return err
		}
		at := s.now()
		if !slices.ContainsFunc(sessions, func(session Session) bool { return session.ID == sessionID && session.alive(at) }) {
			return apicred.NotFound()
		}
		if err := tx.DeleteSession(ctx, sessionID); err != nil {
			return err
		}
		event, err := s.event(at, actor.AccountID, actor)
		if err != nil {
			return err
		}
		event.Action, event.TargetType, event.TargetID = "session.delete", apicred.TargetSession, sessionID
		return tx.Record(ctx, event)
	})
}

// EndSessions ends every session of the person who acts but the one named
// ("": all). One event tells how many there were; none, if there was none.
func (s *Service) EndSessions(ctx context.Context, actor apicred.Actor, but string) error {
	if err := s.ownAffairs(actor, "user.end_sessions"); err != nil {
		return err
	}
	return s.store.ChangeLogin(ctx, func(tx Tx) error {
		count, err := tx.EndOtherSessions(ctx, actor.UserID, but)
		if err != nil || count == 0 {
			return err
		}
		event, err := s.event(s.now(), actor.AccountID, actor)
		if err != nil {
			return err
		}
		event.Action, event.TargetType, event.TargetID = "user.end_sessions", apicred.TargetUser, actor.UserID
		event.After = jsonObject(map[string]any{"sessions_ended": count})
		return tx.Record(ctx, event)
	})
}
