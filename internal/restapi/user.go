package restapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// meJSON is the person who asks, in the account acted in.
type meJSON struct {
	UserID    string           `json:"user_id" format:"uuid"`
	Email     string           `json:"email"`
	Name      *string          `json:"name"`
	AccountID string           `json:"account_id" format:"uuid" doc:"The account acted in."`
	Role      string           `json:"role" enum:"admin,supervisor,agent" doc:"The role in that account."`
	Accounts  []membershipJSON `json:"accounts" doc:"Every account that the person belongs to, oldest first."`
	Scopes    []string         `json:"scopes" doc:"Scopes of this API that the caller has: those of the token, or those of the role for a session."`
}

type membershipJSON struct {
	AccountID string `json:"account_id" format:"uuid"`
	Name      string `json:"name"`
	Role      string `json:"role" enum:"admin,supervisor,agent"`
}

type meOutput struct{ Body meJSON }

func (s *Surface) registerMe(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "getMe", Method: http.MethodGet, Path: "/me", Tags: []string{tagPeople},
			Summary: "Read who you are",
			Description: "A session may leave `Claviger-Account` out here: the answer is then about the account used last. " +
				"An account-level credential is nobody: 404.",
		},
		withoutAccount: true, example: exampleMe(),
	}, steps[struct{}, *struct{}, meOutput]{parse: asIs[struct{}], act: s.me})
}

func (s *Surface) me(ctx context.Context, actor apicred.Actor, _ *struct{}) (*meOutput, error) {
	me, err := s.lifecycle.Me(ctx, actor)
	if err != nil {
		return nil, err
	}
	return &meOutput{renderMe(&me)}, nil
}

func renderMe(me *lifecycle.Me) meJSON {
	out := meJSON{
		UserID: me.User.ID, Email: me.User.Email, Name: some(me.User.Name), AccountID: me.User.AccountID,
		Role: string(me.User.Role), Accounts: make([]membershipJSON, 0, len(me.Accounts)), Scopes: filled(me.Scopes),
	}
	for _, m := range me.Accounts {
		out.Accounts = append(out.Accounts, membershipJSON{AccountID: m.Account.ID, Name: m.Account.Name, Role: string(m.Role)})
	}
	return out
}
