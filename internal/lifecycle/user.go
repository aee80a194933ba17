package lifecycle

import (
	"context"

	"github.com/claviger/claviger/internal/apicred"
)

// NewUser is a person to make a member of an account.
type NewUser struct {
	Email string
	Name  string // may be empty
	Role  apicred.Role
}

// UserChange is what an edit of a membership asks for; nil members stay.
type UserChange struct {
	Role   *apicred.Role
	Status *apicred.UserStatus
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
		if me.Accounts, err = activeMemberships(ctx, r, actor.UserID); err != nil {
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

func activeMemberships(ctx context.Context, r Reader, userID string) ([]Membership, error) {
	users, err := r.Memberships(ctx, userID)
	if err != nil {
		return nil, err
	}
	var out []Membership
	for _, u := range users {
		if u.Status != apicred.UserActive {
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
		out, err = r.Users(ctx, accountID)
		return err
	})
	return out, err
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

// CreateUser makes a person a member of an account; a person known from another
// account is only added. Errors: invalid, conflict (already a member).
func (s *Service) CreateUser(ctx context.Context, actor apicred.Actor, accountID string, in NewUser) (apicred.User, error) {
	var out apicred.User
	err := s.change(ctx, func(tx Tx) error {
		email, err := apicred.CheckEmail(in.Email)
		if err != nil {
			return err
		}
		if !in.Role.Valid() {
			return apicred.Invalid(apicred.FieldError{Location: "body.role", Message: "The role is admin, supervisor or agent."})
		}
		person, err := s.ensurePerson(ctx, tx, email, in.Name)
		if err != nil {
			return err
		}
		out = apicred.User{
			Person: person, AccountID: accountID, Role: in.Role, Status: apicred.UserActive,
			Generation: 1, JoinedAt: s.now(), Version: 1,
		}
		if err := tx.InsertUser(ctx, out); apicred.IsKind(err, apicred.KindConflict) {
			return apicred.Conflict(quoted(email) + " is already a member of this account. Change the role with: claviger user edit").Because(err)
		} else if err != nil {
			return err
		}
		as := actor
		as.AccountID = accountID
		return s.record(ctx, tx, &as, recorded{action: "user.create", target: apicred.TargetUser, id: person.ID, after: recordUser(&out)})
	})
	return out, err
}

func (s *Service) ensurePerson(ctx context.Context, tx Tx, email, name string) (apicred.Person, error) {
	person, err := tx.PersonByEmail(ctx, email)
	if !apicred.IsKind(err, apicred.KindNotFound) {
		return person, err
	}
	if name != "" {
		if name, err = apicred.CheckName("body.name", name); err != nil {
			return apicred.Person{}, err
		}
	}
	id, err := s.newID()
	if err != nil {
		return apicred.Person{}, err
	}
	person = apicred.Person{ID: id, Email: email, Name: name, CreatedAt: s.now()}
	return person, tx.InsertPerson(ctx, person)
}

// EditUser changes role and status of a membership. Rights follow the person:
// credentials the change leaves without an active owner or without a scope are
// suspended in the same transaction, and their tokens die. Errors: not_found,
// invalid, conflict (the last active admin stays).
func (s *Service) EditUser(ctx context.Context, actor apicred.Actor, accountID, userID string, in UserChange) (apicred.User, error) {
	var out apicred.User
	err := s.change(ctx, func(tx Tx) error {
		before, err := tx.User(ctx, accountID, userID)
		if err != nil {
			return err
		}
		after, err := editedUser(before, &in)
		if err != nil {
			return err
		}
		if out = before; recordUser(&before) == recordUser(&after) {
			return nil
		}
		if err := lastAdminStays(ctx, tx, &before, &after); err != nil {
			return err
		}
		if err := tx.UpdateUser(ctx, after); err != nil {
			return err
		}
		as := actor
		as.AccountID = accountID
		err = s.record(ctx, tx, &as, recorded{action: "user.edit", target: apicred.TargetUser, id: userID, before: recordUser(&before), after: recordUser(&after)})
		if err != nil {
			return err
		}
		if err := s.resuspendOwned(ctx, tx, &as, &before); err != nil {
			return err
		}
		out, err = tx.User(ctx, accountID, userID)
		return err
	})
	return out, err
}

func editedUser(u apicred.User, in *UserChange) (apicred.User, error) {
	v := memberCheck{}
	if in.Role != nil {
		if u.Role = *in.Role; !u.Role.Valid() {
			v.fault("body.role", "The role is admin, supervisor or agent.")
		}
	}
	if in.Status != nil {
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
