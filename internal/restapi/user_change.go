package restapi

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
)

// SetUpLinks makes set-up links; see login.Service.
type SetUpLinks interface {
	NewSetUpLink(ctx context.Context, accountID, userID string, actor apicred.Actor) (login.IssuedLink, error)
}

// newUserJSON describes the body of a create; object reads it.
type newUserJSON struct {
	Email string  `json:"email" maxLength:"254" doc:"The address they are known by and sign in with."`
	Name  *string `json:"name,omitempty" nullable:"true" maxLength:"128" doc:"What to call them until they have signed in."`
	Role  string  `json:"role" enum:"admin,supervisor,agent"`
}

// userChangeJSON describes the body of an edit; object reads it.
type userChangeJSON struct {
	Role   *string `json:"role,omitempty" enum:"admin,supervisor,agent"`
	Status *string `json:"status,omitempty" enum:"active,deactivated,archived"`
}

// setUpLinkJSON is a link, in the only answer that ever shows it.
type setUpLinkJSON struct {
	URL       string    `json:"url" doc:"Give it to the person, over a channel that you trust. Shown once."`
	ExpiresAt time.Time `json:"expires_at"`
}

type createdUserOutput struct {
	Location string `header:"Location" doc:"Path of the new user."`
	Body     userJSON
}

type setUpLinkOutput struct{ Body setUpLinkJSON }

// userEdit is an edit ready for the use case.
type userEdit struct {
	userID string
	change lifecycle.UserChange
}

// readOnlyUserMembers are those of a user that nobody writes (S26).
func readOnlyUserMembers() []string {
	return []string{"user_id", "account_id", "created_at", "last_seen_at", "generation", "version"}
}

func (s *Surface) registerUserCreate(a huma.API) {
	name := "Ada"
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "createUser", Method: http.MethodPost, Path: "/users", Tags: []string{tagPeople},
			DefaultStatus: http.StatusCreated, Summary: "Add a user",
			Description: "Makes a person a member of the account acted in. Nothing is sent: make a set-up link and give it to them. The answer is " +
				"the same whether or not the address is known to this server. Who was a member before takes up what they owned.",
		},
		scope: apicred.ScopeUsersWrite, risky: true, example: exampleUser(),
		takes: &requestBody{
			of: reflect.TypeFor[newUserJSON](), media: []string{mediaJSON}, required: true,
			example: newUserJSON{Email: "ada@example.com", Name: &name, Role: "supervisor"},
		},
		refusals: []int{http.StatusConflict},
	}, steps[struct{}, lifecycle.NewUser, createdUserOutput]{parse: parseNewUser, act: s.createUser})
}

func parseNewUser(c *call, _ *struct{}) (lifecycle.NewUser, error) {
	o, err := readObject(c.body)
	if err != nil {
		return lifecycle.NewUser{}, err
	}
	var in lifecycle.NewUser
	var role string
	o.text("email", false, &in.Email)
	o.text("name", true, &in.Name)
	o.text("role", false, &role)
	in.Role = apicred.Role(role)
	in.Faults = o.rest(append(readOnlyUserMembers(), "status")...)
	return in, nil
}

func (s *Surface) createUser(ctx context.Context, actor apicred.Actor, in lifecycle.NewUser) (*createdUserOutput, error) {
	user, err := s.lifecycle.AddUser(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	return &createdUserOutput{Location: prefix + "/users/" + user.ID, Body: renderUser(&user)}, nil
}

func (s *Surface) registerSetUpLink(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "createSetUpLink", Method: http.MethodPost, Path: "/users/{user_id}/set-up-link", Tags: []string{tagPeople},
			DefaultStatus: http.StatusCreated, Summary: "Make a set-up link",
			Description: "A link that lets the person into the account, once, within 24 hours; it ends earlier ones. Who has a sign-in at this server " +
				"already is not signed in by it: signed in as themselves, they join. Takes no body.",
		},
		scope: apicred.ScopeUsersWrite, risky: true,
		example:  setUpLinkJSON{URL: "https://claviger.example/sign-in/link/EXAMPLE", ExpiresAt: exampleTime().Add(login.SignInLinkLifetime)},
		refusals: []int{http.StatusConflict},
	}, steps[userInput, *userInput, setUpLinkOutput]{parse: parseNothing[userInput], act: s.createSetUpLink})
}

func (s *Surface) createSetUpLink(ctx context.Context, actor apicred.Actor, in *userInput) (*setUpLinkOutput, error) {
	if err := s.lifecycle.MayMakeSetUpLink(ctx, actor, in.UserID); err != nil {
		return nil, err
	}
	link, err := s.setUpLinks.NewSetUpLink(ctx, actor.AccountID, in.UserID, actor)
	if err != nil {
		return nil, err
	}
	return &setUpLinkOutput{setUpLinkJSON{URL: s.linkURL(link.Token), ExpiresAt: link.ExpiresAt.UTC()}}, nil
}

func (s *Surface) registerUserChanges(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "editUser", Method: http.MethodPatch, Path: "/users/{user_id}", Tags: []string{tagPeople},
			Summary: "Change a user's role or status",
			Description: "Their rights follow at once: tokens and credentials lose what the new role does not allow, and stop while they are not " +
				"active. The last active admin stays: 409.",
		},
		scope: apicred.ScopeUsersWrite, risky: true, example: exampleUser(),
		takes: &requestBody{
			of: reflect.TypeFor[userChangeJSON](), media: []string{mediaJSON, mediaMergePatch}, required: true,
			example: map[string]any{"role": "supervisor"},
		},
		refusals: []int{http.StatusConflict},
	}, steps[userInput, userEdit, userOutput]{
		parse: parseUserEdit,
		act: func(ctx context.Context, actor apicred.Actor, in userEdit) (*userOutput, error) {
			return answerUser(s.lifecycle.ChangeUser(ctx, actor, in.userID, in.change))
		},
	})
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "deleteUser", Method: http.MethodDelete, Path: "/users/{user_id}", Tags: []string{tagPeople},
			Summary: "Remove a user",
			Description: "Ends the membership in this account. Their user-level credentials stop at once and stay listed as suspended, for admins to " +
				"delete; added again, the person takes them up. The last active admin stays: 409.",
		},
		scope: apicred.ScopeUsersWrite, risky: true, refusals: []int{http.StatusConflict},
	}, steps[userInput, *userInput, struct{}]{
		parse: asIs[userInput],
		act: func(ctx context.Context, actor apicred.Actor, in *userInput) (*struct{}, error) {
			return nil, s.lifecycle.RemoveUser(ctx, actor, in.UserID)
		},
	})
}

func parseUserEdit(c *call, in *userInput) (userEdit, error) {
	o, err := readObject(c.body)
	if err != nil {
		return userEdit{}, err
	}
	var role, status string
	out := userEdit{userID: in.UserID}
	if o.text("role", false, &role) {
		role := apicred.Role(role)
		out.change.Role = &role
	}
	if o.text("status", false, &status) {
		status := apicred.UserStatus(status)
		out.change.Status = &status
	}
	out.change.Faults = o.rest(append(readOnlyUserMembers(), "email", "name")...)
	return out, nil
}
