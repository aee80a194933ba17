package restapi

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// explanationJSON is why a program was refused, or would be.
type explanationJSON struct {
	At      *time.Time `json:"at" doc:"When it was; null for a call that was not made."`
	Code    *string    `json:"code" doc:"The code of the refusal; null: the call passes, or the token was not refused."`
	Rule    string     `json:"rule" doc:"The rule that decided, as scope_not_held. More may come."`
	Why     string     `json:"why" doc:"The rule in a sentence."`
	Remedy  string     `json:"remedy" doc:"What would allow it."`
	Who     string     `json:"who" doc:"Who may do that."`
	Client  *string    `json:"client_id" format:"uuid" doc:"The API credential concerned; null: none that is known."`
	Name    *string    `json:"name" doc:"Its name now."`
	Owner   *string    `json:"owner" doc:"Its owner's e-mail address."`
	API     *string    `json:"api"`
	Method  *string    `json:"method"`
	Route   *string    `json:"route" doc:"The pattern of the route; paths are not kept."`
	Scopes  []string   `json:"scopes" doc:"Any one of these opens the route."`
	Address *string    `json:"address" doc:"Where the call came from."`
}

type explanationInput struct {
	RequestID string `query:"request_id" maxLength:"1024" doc:"The whole Claviger-Request-Id of the refused answer."`
	JTI       string `query:"jti" maxLength:"128" doc:"A token's jti, instead."`
	ClientID  string `query:"client_id" maxLength:"64" doc:"Instead of both: judge a call of this API credential that was not made, with path."`
	API       string `query:"api" maxLength:"64" doc:"The API that would be called; left out: host and path find it." example:"user-admin"`
	Host      string `query:"host" maxLength:"255" doc:"The host that would be called; left out: whichever the API answers on." example:"api.example.com"`
	Method    string `query:"method" maxLength:"32" doc:"Left out: GET."`
	Path      string `query:"path" maxLength:"2048" doc:"The path, base path included." example:"/useradmin/users"`
	Address   string `query:"address" maxLength:"64" doc:"Where it would come from; left out: from an allowed address."`
}

type explanationOutput struct{ Body explanationJSON }

func (s *Surface) registerExplanation(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "explain", Method: http.MethodGet, Path: "/explain", Tags: []string{tagAudit},
			Summary: "Explain a refusal",
			Description: "Which rule refused a program, what would allow the call, and who may do that; for admins of the account that the API " +
				"credential belongs to. Give one of request_id, jti and client_id. What it says of the credential is how it is now.",
		},
		scope: apicred.ScopeAuditRead, example: exampleExplanation(),
	}, steps[explanationInput, lifecycle.ExplainRequest, explanationOutput]{parse: parseExplanation, act: s.explain})
}

func parseExplanation(_ *call, in *explanationInput) (lifecycle.ExplainRequest, error) {
	out := lifecycle.ExplainRequest{RequestID: in.RequestID, JTI: in.JTI}
	asked := 0
	for _, name := range []string{in.RequestID, in.JTI, in.ClientID} {
		if name != "" {
			asked++
		}
	}
	if asked != 1 {
		return out, apicred.Malformed("Give one of request_id, jti and client_id.")
	}
	if in.ClientID == "" {
		return out, nil
	}
	if in.Path == "" {
		return out, apicred.Malformed("With client_id, give path: the call that is to be judged.")
	}
	call := &lifecycle.ExplainedCall{ClientID: in.ClientID, API: in.API, Host: in.Host, Method: in.Method, Path: in.Path}
	if call.Method == "" {
		call.Method = http.MethodGet
	}
	if in.Address != "" {
		var err error
		if call.Address, err = netip.ParseAddr(in.Address); err != nil {
			return out, malformedAt("query.address", "address must be an IP address, as 192.0.2.7.")
		}
	}
	out.Call = call
	return out, nil
}

func (s *Surface) explain(ctx context.Context, actor apicred.Actor, in lifecycle.ExplainRequest) (*explanationOutput, error) {
	e, err := s.lifecycle.Explain(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	out := explanationJSON{
		Code: some(e.Code), Rule: e.Rule, Why: e.Why, Remedy: e.Remedy, Who: e.Who,
		Client: some(e.Credential.ClientID), Name: some(e.Credential.Name), Owner: some(e.Credential.OwnerEmail),
		API: some(e.API), Method: some(e.Method), Route: some(e.Route), Scopes: apicred.NormalizeScopes(e.Scopes),
	}
	if !e.At.IsZero() {
		at := e.At.UTC()
		out.At = &at
	}
	if e.Address.IsValid() {
		out.Address = some(e.Address.String())
	}
	return &explanationOutput{out}, nil
}

func exampleExplanation() explanationJSON {
	at, code, name, owner := exampleTime(), "insufficient_scope", "Hourly user export", "ada@example.com"
	client, api, method, route, address := exampleClientID, "user-admin", "PATCH", "/useradmin/users/{userId}", "192.0.2.17"
	return explanationJSON{
		At: &at, Code: &code, Rule: "scope_not_held", Why: "The route needs the scope users:write, which the token did not have.",
		Remedy: "Add users:write to the API credential, and request a new token.", Who: "its owner, ada@example.com",
		Client: &client, Name: &name, Owner: &owner, API: &api, Method: &method, Route: &route, Scopes: []string{"users:write"}, Address: &address,
	}
}
