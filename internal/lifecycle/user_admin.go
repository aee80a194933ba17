package lifecycle

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
)

// The use cases below are what an account's admins do with its people. They
// touch the membership in that account alone: passwords, sessions and other
// accounts belong to the person (contract.md "People").

// mayPeople decides who may do action with the people of an account, and finds
// the one it is about; userID is empty when there is none. In the order of
// refusals: not_found for all but admins (a credential acts as its owner, an
// account-level one is nobody) and for who is no member, then forbidden for a
// token without the scope. Refusals are audited.
func (s *Service) mayPeople(ctx context.Context, r Reader, actor *apicred.Actor, userID string, need peopleNeed) (apicred.User, error) {
	if _, err := s.facts(ctx, r, actor); err != nil {
		return apicred.User{}, err
	}
	attempt := recorded{action: need.action, target: apicred.TargetUser, id: userID}
	if accountActor(actor) || actor.Role != apicred.RoleAdmin {
		s.refuse(actor, "people", attempt)
		return apicred.User{}, apicred.NotFound()
	}
	var user apicred.User
	if userID != "" {
		var err error
		if user, err = member(ctx, r, actor.AccountID, userID); err != nil {
			return apicred.User{}, err
		}
	}
	return user, s.needScope(actor, need.scope, attempt)
}

// peopleNeed is an action, as the audit names it, and the scope it needs.
type peopleNeed struct{ action, scope string }

func reading(action string) peopleNeed { return peopleNeed{action, apicred.ScopeUsersRead} }
func writing(action string) peopleNeed { return peopleNeed{action, apicred.ScopeUsersWrite} }

// ListUsers lists the members of the actor's account, oldest first, as the
// account may know them. Errors: not_found, forbidden.
func (s *Service) ListUsers(ctx context.Context, actor apicred.Actor) ([]apicred.User, error) {
	var out []apicred.User
	err := s.store.View(ctx, func(r Reader) error {
		if _, err := s.mayPeople(ctx, r, &actor, "", reading("user.list")); err != nil {
			return err
		}
		var err error
		out, err = members(ctx, r, actor.AccountID)
		for n := range out {
			out[n] = out[n].AsKnown()
		}
		return err
	})
	return out, err
}

// User reads one member. Errors: not_found, forbidden.
func (s *Service) User(ctx context.Context, actor apicred.Actor, userID string) (apicred.User, error) {
	var out apicred.User
	err := s.store.View(ctx, func(r Reader) error {
		user, err := s.mayPeople(ctx, r, &actor, userID, reading("user.view"))
		out = user.AsKnown()
		return err
	})
	return out, err
}

// AddUser makes a person a member of the actor's account, to be let in by a
// set-up link. It does and answers the same whether or not the address is known
// to the installation. Errors: not_found, forbidden, invalid, conflict (already
// a member of this account).
func (s *Service) AddUser(ctx context.Context, actor apicred.Actor, in NewUser) (apicred.User, error) {
	var out apicred.User
	err := s.change(ctx, func(tx Tx) error {
		if _, err := s.mayPeople(ctx, tx, &actor, "", writing("user.create")); err != nil {
			return err
		}
		checked, err := checkNewUser(in)
		if err != nil {
			return err
		}
		user, err := s.addMember(ctx, tx, &actor, checked)
		out = user.AsKnown()
		return err
	})
	return out, err
}

// ChangeUser changes role and status of a member, as EditUser does. Errors:
// not_found, forbidden, invalid, conflict (the last active admin stays).
func (s *Service) ChangeUser(ctx context.Context, actor apicred.Actor, userID string, in UserChange) (apicred.User, error) {
	var out apicred.User
	err := s.change(ctx, func(tx Tx) error {
		before, err := s.mayPeople(ctx, tx, &actor, userID, writing("user.edit"))
		if err != nil {
			return err
		}
		user, err := s.editMember(ctx, tx, &actor, before, &in)
		out = user.AsKnown()
		return err
	})
	return out, err
}

// RemoveUser ends a membership. Their user-level credentials stop, stay visible
// to admins as suspended for want of their owner (R10), and work again should
// the person be added again; admins delete what is not to come back. Errors:
// not_found, forbidden, conflict (the last active admin stays).
func (s *Service) RemoveUser(ctx context.Context, actor apicred.Actor, userID string) error {
	return s.change(ctx, func(tx Tx) error {
		before, err := s.mayPeople(ctx, tx, &actor, userID, writing("user.delete"))
		if err != nil {
			return err
		}
		after := before
		after.Status, after.InvitedEmail, after.InvitedName = apicred.UserRemoved, "", ""
		if before.Status == apicred.UserActive {
			after.Generation++ // people-tokens that are out die, and stay dead
		}
		event := recorded{action: "user.delete", target: apicred.TargetUser, id: userID, before: recordUser(&before)}
		return s.saveMember(ctx, tx, &actor, [2]*apicred.User{&before, &after}, event)
	})
}

// MayMakeSetUpLink is the refusal that a set-up link for a member begins with,
// if any: not_found, forbidden, conflict (the member is not active). Ask it
// before login.Service.NewSetUpLink, which makes and audits the link.
func (s *Service) MayMakeSetUpLink(ctx context.Context, actor apicred.Actor, userID string) error {
	return s.store.View(ctx, func(r Reader) error {
		user, err := s.mayPeople(ctx, r, &actor, userID, writing("user.set_up_link"))
		if err == nil && user.Status != apicred.UserActive {
			err = apicred.Conflict("This person is not active in the account. Make them active first.")
		}
		return err
	})
}
