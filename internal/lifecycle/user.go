package lifecycle

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
)

// NewUser is a person to make a member of an account.
type NewUser struct {
	Email string
	Name  string // may be empty
	Role  apicred.Role
	// Faults are members the surface could not read; they are answered only
	// once the actor may act at all.
	Faults []apicred.FieldError
}

// UserChange is what an edit of a membership asks for; nil members stay.
type UserChange struct {
	Role   *apicred.Role
	Status *apicred.UserStatus
	Faults []apicred.FieldError // as NewUser's
}

// Me is the signed-in person in the account acted in.
type Me struct {
	User     apicred.User
	Accounts []Membership
	Scopes   []string // the acting token's own; for a session those of the role
}

// Membership is an account a person belongs to.
type Membership struct {
	Account apicred.Account
	Role    apicred.Role
}

// Me describes the actor. Account-level credentials are no person: not_found.
func (s *Service) Me(ctx context.Context, actor apicred.Actor) (Me, error) {
	var me Me
	err := s.store.View(ctx, func(r Reader) error {
		f, err := s.facts(ctx, r, &actor)
		if err != nil {
			return err
		}
		if me.User, err = r.User(ctx, actor.AccountID, actor.UserID); err != nil {
			return err
		}
		if me.Accounts, err = memberships(ctx, r, &actor); err != nil {
			return err
		}
		me.Scopes = actor.Scopes
		if actor.Unlimited {
			me.Scopes = managementScopes(&f, actor.Role)
		}
		return nil
	})
	return me, err
}

// memberships are the accounts that the person is active in and has accepted,
// and in any case the one acted in.
func memberships(ctx context.Context, r Reader, actor *apicred.Actor) ([]Membership, error) {
	users, err := r.Memberships(ctx, actor.UserID)
	if err != nil {
		return nil, err
	}
	var out []Membership
	for _, u := range users {
		if u.Status != apicred.UserActive || !u.Accepted() && u.AccountID != actor.AccountID {
			continue
		}
		account, err := r.Account(ctx, u.AccountID)
		if err != nil {
			return nil, err
		}
		out = append(out, Membership{account, u.Role})
	}
	return out, nil
}

// managementScopes are the claviger:* scopes that a role has in an account.
func managementScopes(f *facts, role apicred.Role) []string {
	var out []string
	for _, scope := range f.catalogue.Offered(role, &f.account) {
		if apicred.IsManagement(scope.Value) {
			out = append(out, scope.Value)
		}
	}
	return out
}

// ManagementScopes returns the claviger:* scopes that a member has by role, for
// the operator who mints a management token.
func (s *Service) ManagementScopes(ctx context.Context, accountID, userID string) ([]string, error) {
	var out []string
	err := s.store.View(ctx, func(r Reader) error {
		f, err := s.facts(ctx, r, &apicred.Actor{AccountID: accountID})
		if err != nil {
			return err
		}
		user, err := r.User(ctx, accountID, userID)
		out = managementScopes(&f, user.Role)
		return err
	})
	return out, err
}

// Users lists the members of an account, for the operator at the machine.
func (s *Service) Users(ctx context.Context, accountID string) ([]apicred.User, error) {
	var out []apicred.User
	err := s.store.View(ctx, func(r Reader) error {
		var err error
		out, err = members(ctx, r, accountID)
		return err
	})
	return out, err
}

// members leaves out who was removed.
func members(ctx context.Context, r Reader, accountID string) ([]apicred.User, error) {
	users, err := r.Users(ctx, accountID)
	return slices.DeleteFunc(users, func(u apicred.User) bool { return u.Status == apicred.UserRemoved }), err
}

// member finds one of them.
func member(ctx context.Context, r Reader, accountID, userID string) (apicred.User, error) {
	user, err := r.User(ctx, accountID, userID)
	if err == nil && user.Status == apicred.UserRemoved {
		return apicred.User{}, apicred.NotFound()
	}
	return user, err
}

// FindUser finds a member by user ID or e-mail, for the operator.
func (s *Service) FindUser(ctx context.Context, accountID, idOrEmail string) (apicred.User, error) {
	users, err := s.Users(ctx, accountID)
	if err != nil {
		return apicred.User{}, err
	}
	folded := apicred.FoldText(idOrEmail)
	for _, u := range users {
		if u.ID == idOrEmail || apicred.FoldText(u.Email) == folded {
			return u, nil
		}
	}
	return apicred.User{}, &apicred.Error{
		Kind: apicred.KindNotFound, Message: "There is no user " + quoted(idOrEmail) + " in this account. List them with: claviger user list",
	}
}

// CreateUser makes a person a member of an account. A person known from another
// account is invited and must use a link first. Errors: invalid, conflict
// (already a member).
func (s *Service) CreateUser(ctx context.Context, actor apicred.Actor, accountID string, in NewUser) (apicred.User, error) {
	var out apicred.User
	err := s.change(ctx, func(tx Tx) error {
		checked, err := checkNewUser(in)
		if err != nil {
			return err
		}
		as := actor
		as.AccountID = accountID
		out, err = s.addMember(ctx, tx, &as, checked)
		if apicred.IsKind(err, apicred.KindConflict) {
			return apicred.Conflict(quoted(checked.Email) + " is already a member of this account. Change the role with: claviger user edit").Because(err)
		}
		return err
	})
	return out, err
}

// checkNewUser reports every fault at once.
func checkNewUser(in NewUser) (NewUser, error) {
	v := memberCheck{faults: in.Faults}
	if !v.faulty("body.email") {
		email, err := apicred.CheckEmail(in.Email)
		if err != nil {
			v.faults = append(v.faults, apicred.AsError(err).Fields...)
		}
		in.Email = email
	}
	if in.Name != "" {
		in.Name = v.name(in.Name)
	}
	if !in.Role.Valid() && !v.faulty("body.role") {
		v.fault("body.role", "The role is admin, supervisor or agent.")
	}
	return in, v.err()
}

// addMember makes a person a member, known or not. Who was removed takes up
// their old membership, and what they own with it. Conflict: already a member.
//
// Only somebody whom the operator makes anew is let in at once. An address that
// is known may have been claimed by another account's admin, and whoever is
// signed in under it must not get rights here by that (docs/decisions/
// set-up-link-joins.md).
func (s *Service) addMember(ctx context.Context, tx Tx, actor *apicred.Actor, in NewUser) (apicred.User, error) {
	person, known, err := s.ensurePerson(ctx, tx, in.Email, in.Name)
	if err != nil {
		return apicred.User{}, err
	}
	user := apicred.User{
		Person: person, AccountID: actor.AccountID, Role: in.Role, Status: apicred.UserActive,
		Generation: 1, JoinedAt: s.now(), Version: 1,
	}
	if known || actor.Type != apicred.ActorOperator {
		user.InvitedEmail, user.InvitedName = in.Email, in.Name
	}
	before, err := tx.User(ctx, actor.AccountID, person.ID)
	switch {
	case apicred.IsKind(err, apicred.KindNotFound):
		err = tx.InsertUser(ctx, user)
	case err == nil && before.Status != apicred.UserRemoved:
		err = apicred.Conflict(quoted(in.Email) + " is already a member of this account. Change their role or status instead.")
	case err == nil:
		user.Generation, user.Version, user.JoinedAt, user.LastSeenAt = before.Generation, before.Version, before.JoinedAt, before.LastSeenAt
		err = tx.UpdateUser(ctx, user)
	}
	if err != nil {
		return apicred.User{}, err
	}
	err = s.record(ctx, tx, actor, recorded{action: "user.create", target: apicred.TargetUser, id: person.ID, after: recordUser(&user)})
	if err != nil || before.ID == "" { // who is new owns nothing yet
		return user, err
	}
	return user, s.resuspendOwned(ctx, tx, actor, &before)
}

// ensurePerson finds or makes a person, and says whether they were known.
func (s *Service) ensurePerson(ctx context.Context, tx Tx, email, name string) (person apicred.Person, known bool, err error) {
	person, err = tx.PersonByEmail(ctx, email)
	if !apicred.IsKind(err, apicred.KindNotFound) {
		return person, true, err
	}
	// Random, not time-ordered as newID's: when somebody became known must not
	// show in the answer to who adds them (contract.md "People").
	id, err := uuid.NewRandomFromReader(s.random)
	if err != nil {
		return apicred.Person{}, false, apicred.Internal(err)
	}
	person = apicred.Person{ID: id.String(), Email: email, Name: name, CreatedAt: s.now()}
	return person, false, tx.InsertPerson(ctx, person)
}

// EditUser changes role and status of a membership. Rights follow the person:
// credentials the change leaves without an active owner or without a scope are
// suspended in the same transaction, and their tokens die. Errors: not_found,
// invalid, conflict (the last active admin stays).
func (s *Service) EditUser(ctx context.Context, actor apicred.Actor, accountID, userID string, in UserChange) (apicred.User, error) {
	var out apicred.User
	err := s.change(ctx, func(tx Tx) error {
		as := actor
		as.AccountID = accountID
		before, err := member(ctx, tx, accountID, userID)
		if err != nil {
			return err
		}
		out, err = s.editMember(ctx, tx, &as, before, &in)
		return err
	})
	return out, err
}

func (s *Service) editMember(ctx context.Context, tx Tx, actor *apicred.Actor, before apicred.User, in *UserChange) (apicred.User, error) {
	after, err := editedUser(before, in)
	if err != nil || recordUser(&before) == recordUser(&after) {
		return before, err
	}
	event := recorded{action: "user.edit", target: apicred.TargetUser, id: before.ID, before: recordUser(&before), after: recordUser(&after)}
	if err := s.saveMember(ctx, tx, actor, [2]*apicred.User{&before, &after}, event); err != nil {
		return apicred.User{}, err
	}
	return tx.User(ctx, before.AccountID, before.ID)
}

// saveMember stores a membership before[0] as before[1], with all that follows:
// credentials are suspended or resumed, and who is no longer active loses what
// lets them in. Conflict: the last active admin stays.
func (s *Service) saveMember(ctx context.Context, tx Tx, actor *apicred.Actor, change [2]*apicred.User, event recorded) error {
	before, after := change[0], change[1]
	if err := lastAdminStays(ctx, tx, before, after); err != nil {
		return err
	}
	if err := tx.UpdateUser(ctx, *after); err != nil {
		return err
	}
	if err := s.record(ctx, tx, actor, event); err != nil {
		return err
	}
	if before.Status == apicred.UserActive && after.Status != apicred.UserActive {
		if err := endAccess(ctx, tx, after); err != nil {
			return err
		}
	}
	return s.resuspendOwned(ctx, tx, actor, before)
}

// endAccess ends the links into the account, and the person's sessions when no
// account is left to use them in (S21). Sessions belong to the person: where
// one is left they go on there, and see this account no more.
func endAccess(ctx context.Context, tx Tx, user *apicred.User) error {
	if err := tx.EndLinks(ctx, user.AccountID, user.ID); err != nil {
		return err
	}
	all, err := tx.Memberships(ctx, user.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(u apicred.User) bool { return u.Status == apicred.UserActive && u.Accepted() }) {
		return nil
	}
	return tx.EndSessions(ctx, user.ID)
}

func editedUser(u apicred.User, in *UserChange) (apicred.User, error) {
	v := memberCheck{faults: in.Faults}
	if in.Role != nil && !v.faulty("body.role") {
		if u.Role = *in.Role; !u.Role.Valid() {
			v.fault("body.role", "The role is admin, supervisor or agent.")
		}
	}
	if in.Status != nil && !v.faulty("body.status") {
		if *in.Status != apicred.UserActive && u.Status == apicred.UserActive {
			u.Generation++ // people-tokens that are out die, and stay dead
		}
		if u.Status = *in.Status; !u.Status.Valid() {
			v.fault("body.status", "The status is active, deactivated or archived.")
		}
	}
	return u, v.err()
}

func lastAdminStays(ctx context.Context, tx Tx, before, after *apicred.User) error {
	wasAdmin := before.Role == apicred.RoleAdmin && before.Status == apicred.UserActive
	isAdmin := after.Role == apicred.RoleAdmin && after.Status == apicred.UserActive
	if !wasAdmin || isAdmin {
		return nil
	}
	n, err := tx.CountActiveAdmins(ctx, before.AccountID)
	if err == nil && n <= 1 {
		err = apicred.Conflict("This is the last active admin of the account. Make somebody else an admin first.")
	}
	return err
}

// resuspendOwned lets a changed member's credentials follow; before is the
// member as it was.
func (s *Service) resuspendOwned(ctx context.Context, tx Tx, actor *apicred.Actor, before *apicred.User) error {
	owned, err := tx.CredentialsOwned(ctx, before.AccountID, before.ID)
	if err != nil {
		return err
	}
	catalogue, err := s.catalogue(ctx, tx)
	if err != nil {
		return err
	}
	return s.resuspend(ctx, tx, actor, circumstances{catalogue: catalogue, ownerBefore: before}, owned)
}
