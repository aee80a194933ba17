package restapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
)

// userJSON is a member of the account acted in.
type userJSON struct {
	UserID     string     `json:"user_id" format:"uuid"`
	Email      string     `json:"email" doc:"Until they accept: as it was entered here."`
	Name       *string    `json:"name"`
	Role       string     `json:"role" enum:"admin,supervisor,agent" doc:"The role in this account."`
	Status     string     `json:"status" enum:"active,deactivated,archived" doc:"Only active members get in, and only their credentials work."`
	CreatedAt  time.Time  `json:"created_at" doc:"When they were added to this account."`
	LastSeenAt *time.Time `json:"last_seen_at" doc:"When they last used this account, to the minute; null: never."`
}

type userListJSON struct {
	Users []userJSON `json:"users" doc:"Every member, oldest first."`
}

type userListOutput struct{ Body userListJSON }

type userOutput struct{ Body userJSON }

type userInput struct {
	UserID string `path:"user_id" format:"uuid" doc:"The user ID."`
}

func renderUser(u *apicred.User) userJSON {
	out := userJSON{
		UserID: u.ID, Email: u.Email, Name: some(u.Name), Role: string(u.Role), Status: string(u.Status), CreatedAt: u.JoinedAt.UTC(),
	}
	if !u.LastSeenAt.IsZero() {
		seen := u.LastSeenAt.UTC()
		out.LastSeenAt = &seen
	}
	return out
}

func answerUser(u apicred.User, err error) (*userOutput, error) {
	if err != nil {
		return nil, err
	}
	return &userOutput{renderUser(&u)}, nil
}

// registerUsers registers what admins do with the people of their account.
func (s *Surface) registerUsers(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "listUsers", Method: http.MethodGet, Path: "/users", Tags: []string{tagPeople},
			Summary: "List the users", Description: "The members of the account acted in. Admins only; to others there is no such list.",
		},
		scope: apicred.ScopeUsersRead, example: userListJSON{[]userJSON{exampleUser()}},
	}, steps[struct{}, *struct{}, userListOutput]{parse: asIs[struct{}], act: s.listUsers})
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "getUser", Method: http.MethodGet, Path: "/users/{user_id}", Tags: []string{tagPeople},
			Summary: "Read a user", Description: "Admins only.",
		},
		scope: apicred.ScopeUsersRead, example: exampleUser(),
	}, steps[userInput, *userInput, userOutput]{
		parse: asIs[userInput],
		act: func(ctx context.Context, actor apicred.Actor, in *userInput) (*userOutput, error) {
			return answerUser(s.lifecycle.User(ctx, actor, in.UserID))
		},
	})
	s.registerUserCreate(a)
	s.registerSetUpLink(a)
	s.registerUserChanges(a)
}

func (s *Surface) listUsers(ctx context.Context, actor apicred.Actor, _ *struct{}) (*userListOutput, error) {
	users, err := s.lifecycle.ListUsers(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := &userListOutput{userListJSON{make([]userJSON, 0, len(users))}}
	for n := range users {
		out.Body.Users = append(out.Body.Users, renderUser(&users[n]))
	}
	return out, nil
}

func exampleUser() userJSON {
	name, seen := "Ada", exampleTime().Add(26*time.Hour)
	return userJSON{
		UserID: exampleUserID, Email: "ada@example.com", Name: &name, Role: "supervisor", Status: "active",
		CreatedAt: exampleTime(), LastSeenAt: &seen,
	}
}
