package restapi

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
)

// OwnAffairs is what people do with their own password and sessions; see
// login.Service, which decides.
type OwnAffairs interface {
	PasswordState(ctx context.Context, actor apicred.Actor) (login.PasswordState, error)
	ChangePassword(ctx context.Context, session login.Session, in login.PasswordChange, facts login.RequestFacts) error
	Reauthenticate(ctx context.Context, session login.Session, password login.Password, faults []apicred.FieldError, facts login.RequestFacts) error
	Sessions(ctx context.Context, actor apicred.Actor) ([]login.Session, error)
	EndSession(ctx context.Context, actor apicred.Actor, sessionID string) error
	EndSessions(ctx context.Context, actor apicred.Actor, but string) error
}

// passwordJSON is what a person may know of their password.
type passwordJSON struct {
	Set       bool       `json:"set"`
	ChangedAt *time.Time `json:"changed_at"`
	SignIn    bool       `json:"sign_in" doc:"This server takes passwords (setting password_sign_in)."`
}

// passwordChangeJSON describes the body of a change; object reads it.
type passwordChangeJSON struct {
	CurrentPassword *string `json:"current_password,omitempty" format:"password" doc:"Needed where one is set, unless a link of the operator signed you in during the last 15 minutes."`
	NewPassword     string  `json:"new_password" format:"password" doc:"15 to 128 characters, none of the usual ones."`
}

// proofJSON describes the body of a proof; object reads it.
type proofJSON struct {
	Password string `json:"password" format:"password"`
}

type passwordOutput struct{ Body passwordJSON }

// passwordProof is a password to check, ready for the use case.
type passwordProof struct {
	password login.Password
	faults   []apicred.FieldError
}

func (s *Surface) registerPassword(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "getPassword", Method: http.MethodGet, Path: "/me/password", Tags: []string{tagPeople},
			Summary: "See whether you have a password", Description: "For people, of every role; not for API credentials.",
		},
		withoutAccount: true, example: passwordJSON{SignIn: true}, refusals: []int{http.StatusForbidden},
	}, steps[struct{}, *struct{}, passwordOutput]{parse: asIs[struct{}], act: s.password})
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "setPassword", Method: http.MethodPut, Path: "/me/password", Tags: []string{tagPeople},
			DefaultStatus: http.StatusNoContent, Summary: "Set or change your password",
			Description: "Ends your other sessions and your one-time links. In a session only. The first password needs a session that proved " +
				"itself during the last 15 minutes (else 403 `reauthentication_required`).",
		},
		withoutAccount: true,
		takes: &requestBody{
			of: reflect.TypeFor[passwordChangeJSON](), media: []string{mediaJSON}, required: true,
			example: passwordChangeJSON{NewPassword: "EXAMPLE EXAMPLE EXAMPLE"},
		},
		refusals: []int{http.StatusConflict},
	}, steps[struct{}, login.PasswordChange, struct{}]{parse: parsePasswordChange, act: s.setPassword})
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "reauthenticate", Method: http.MethodPost, Path: "/me/reauthenticate", Tags: []string{tagPeople},
			DefaultStatus: http.StatusNoContent, Summary: "Prove that it is you",
			Description: "For the next 15 minutes the session may do what is risky. In a session only. A wrong password is 422, too many are 429; " +
				"without a password (409), sign in anew by a link.",
		},
		withoutAccount: true,
		takes: &requestBody{
			of: reflect.TypeFor[proofJSON](), media: []string{mediaJSON}, required: true,
			example: proofJSON{Password: "EXAMPLE EXAMPLE EXAMPLE"},
		},
		refusals: []int{http.StatusConflict},
	}, steps[struct{}, passwordProof, struct{}]{parse: parseProof, act: s.reauthenticate})
}

func (s *Surface) password(ctx context.Context, actor apicred.Actor, _ *struct{}) (*passwordOutput, error) {
	state, err := s.ownAffairs.PasswordState(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := passwordJSON{Set: state.Set, SignIn: state.SignIn}
	if state.Set {
		changed := state.ChangedAt.UTC()
		out.ChangedAt = &changed
	}
	return &passwordOutput{out}, nil
}

func parsePasswordChange(c *call, _ *struct{}) (login.PasswordChange, error) {
	o, err := readObject(c.body)
	if err != nil {
		return login.PasswordChange{}, err
	}
	var current, fresh string
	o.text("current_password", true, &current)
	if !o.text("new_password", false, &fresh) {
		o.fault("body.new_password", "Enter the new password.")
	}
	return login.PasswordChange{
		Current: login.PasswordFrom(current), New: login.PasswordFrom(fresh), Faults: o.rest(),
	}, nil
}

func (s *Surface) setPassword(ctx context.Context, _ apicred.Actor, in login.PasswordChange) (*struct{}, error) {
	c := callFrom(ctx)
	return nil, s.ownAffairs.ChangePassword(ctx, c.session, in, c.facts())
}

func parseProof(c *call, _ *struct{}) (passwordProof, error) {
	o, err := readObject(c.body)
	if err != nil {
		return passwordProof{}, err
	}
	var password string
	if !o.text("password", false, &password) {
		o.fault("body.password", "Enter your password.")
	}
	return passwordProof{login.PasswordFrom(password), o.rest()}, nil
}

func (s *Surface) reauthenticate(ctx context.Context, _ apicred.Actor, in passwordProof) (*struct{}, error) {
	c := callFrom(ctx)
	return nil, s.ownAffairs.Reauthenticate(ctx, c.session, in.password, in.faults, c.facts())
}

// facts are what login wants to know of the request.
func (c *call) facts() login.RequestFacts {
	return login.RequestFacts{
		Address: c.exchange.Address(), UserAgent: c.request.UserAgent(), RequestID: c.exchange.RequestID,
	}
}
