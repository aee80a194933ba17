package desk

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
)

// User is a member of an account as the operator sees it.
type User struct {
	UserID     string             `json:"user_id"`
	AccountID  string             `json:"account_id"`
	Email      string             `json:"email"`
	Name       string             `json:"name"`
	Role       apicred.Role       `json:"role"`
	Status     apicred.UserStatus `json:"status"`
	CreatedAt  time.Time          `json:"created_at"`
	LastSeenAt *time.Time         `json:"last_seen_at"` // null: never
}

// UserRef names a member by user ID or e-mail.
type UserRef struct {
	AccountRef
	User string `json:"user"`
}

// NewUser is a person to make a member of an account.
type NewUser struct {
	AccountRef
	Email string       `json:"email"`
	Name  string       `json:"name,omitempty"`
	Role  apicred.Role `json:"role"`
}

// UserEdit changes a membership; absent members stay.
type UserEdit struct {
	UserRef
	Role   *apicred.Role       `json:"role,omitempty"`
	Status *apicred.UserStatus `json:"status,omitempty"`
}

// SetUpLink is a link that signs its person in, once. It is shown when it is
// made and never again.
type SetUpLink struct {
	URL       Secret
	ExpiresAt time.Time
}

// CreatedUser is a new member with the link to get in by.
type CreatedUser struct {
	User      User
	SetUpLink SetUpLink
}

// Users lists the members of one account.
func (d *Desk) Users(ctx context.Context, in AccountRef) ([]User, error) {
	account, err := d.lifecycle.FindAccount(ctx, in.Account)
	if err != nil {
		return nil, err
	}
	users, err := d.lifecycle.Users(ctx, account.ID)
	if err != nil {
		return nil, err
	}
	out := make([]User, 0, len(users))
	for i := range users {
		out = append(out, userOf(&users[i]))
	}
	return out, nil
}

// CreateUser makes a person a member of an account. Where the installation has
// no account yet, the operator account is made first. Errors: invalid,
// not_found (the account), conflict (already a member).
func (d *Desk) CreateUser(ctx context.Context, in NewUser) (CreatedUser, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return CreatedUser{}, err
	}
	if _, err := d.lifecycle.EnsureOperatorAccount(ctx, actor); err != nil {
		return CreatedUser{}, err
	}
	account, err := d.lifecycle.FindAccount(ctx, in.Account)
	if err != nil {
		return CreatedUser{}, err
	}
	user, err := d.lifecycle.CreateUser(ctx, actor, account.ID, lifecycle.NewUser{Email: in.Email, Name: in.Name, Role: in.Role})
	if err != nil {
		return CreatedUser{}, err
	}
	link, err := d.link(ctx, actor, &user)
	if err != nil {
		return CreatedUser{}, withoutLink(err)
	}
	return CreatedUser{User: userOf(&user), SetUpLink: link}, nil
}

// withoutLink says what stands when the user was made and the link was not.
func withoutLink(err error) error {
	e := *apicred.AsError(err)
	e.Message = "The user was created, but the set-up link was not. Make it with: claviger user set-up-link. The reason: " + e.Message
	return &e
}

// EditUser changes role and status of a member; their credentials and tokens
// follow at once. Errors: not_found, invalid, conflict (the last active admin).
func (d *Desk) EditUser(ctx context.Context, in UserEdit) (User, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return User{}, err
	}
	user, err := d.member(ctx, in.UserRef)
	if err != nil {
		return User{}, err
	}
	user, err = d.lifecycle.EditUser(ctx, actor, user.AccountID, user.ID, lifecycle.UserChange{Role: in.Role, Status: in.Status})
	return userOf(&user), err
}

// SetUpLink makes a link that signs an active member in, for 24 hours, and ends
// every earlier link of that person.
func (d *Desk) SetUpLink(ctx context.Context, in UserRef) (SetUpLink, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return SetUpLink{}, err
	}
	user, err := d.member(ctx, in)
	if err != nil {
		return SetUpLink{}, err
	}
	return d.link(ctx, actor, &user)
}

func (d *Desk) link(ctx context.Context, actor apicred.Actor, user *apicred.User) (SetUpLink, error) {
	link, err := d.login.NewSignInLink(ctx, login.SignInLinkRequest{AccountID: user.AccountID, UserID: user.ID}, actor)
	if err != nil {
		return SetUpLink{}, err
	}
	return SetUpLink{URL: Secret{text: d.linkURL(link.Token)}, ExpiresAt: link.ExpiresAt.UTC()}, nil
}

// member finds the account and the member of it that a reference names.
func (d *Desk) member(ctx context.Context, ref UserRef) (apicred.User, error) {
	account, err := d.lifecycle.FindAccount(ctx, ref.Account)
	if err != nil {
		return apicred.User{}, err
	}
	return d.lifecycle.FindUser(ctx, account.ID, ref.User)
}

func userOf(u *apicred.User) User {
	out := User{
		UserID: u.ID, AccountID: u.AccountID, Email: u.Email, Name: u.Name,
		Role: u.Role, Status: u.Status, CreatedAt: u.JoinedAt.UTC(),
	}
	if !u.LastSeenAt.IsZero() {
		seen := u.LastSeenAt.UTC()
		out.LastSeenAt = &seen
	}
	return out
}
