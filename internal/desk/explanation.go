package desk

import (
	"context"
	"net/netip"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// ExplainRequest asks about a refusal by its request ID, about a token by its
// jti, or about a call that was not made. One of them is named.
type ExplainRequest struct {
	RequestID string `json:"request_id,omitempty"`
	JTI       string `json:"jti,omitempty"`
	// ClientID of the credential that would call, and the call.
	ClientID string     `json:"client_id,omitempty"`
	API      string     `json:"api,omitempty"`  // empty: host and path find it
	Host     string     `json:"host,omitempty"` // empty: any
	Method   string     `json:"method,omitempty"`
	Path     string     `json:"path,omitempty"`
	Address  netip.Addr `json:"address,omitzero"` // zero: any
}

// Explanation says why a program was refused, or would be, as the management API
// says it.
type Explanation struct {
	At       *time.Time `json:"at"` // null: not known
	Code     string     `json:"code"`
	Rule     string     `json:"rule"`
	Why      string     `json:"why"`
	Remedy   string     `json:"remedy"`
	Who      string     `json:"who"`
	ClientID string     `json:"client_id"`
	Name     string     `json:"name"`
	Owner    string     `json:"owner"`
	API      string     `json:"api"`
	Method   string     `json:"method"`
	Route    string     `json:"route"`
	Scopes   []string   `json:"scopes"`
	Address  string     `json:"address"`
}

// Explain says why a program was refused, or would be.
func (d *Desk) Explain(ctx context.Context, in ExplainRequest) (Explanation, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return Explanation{}, err
	}
	request := lifecycle.ExplainRequest{RequestID: in.RequestID, JTI: in.JTI}
	if in.ClientID != "" {
		request.Call = &lifecycle.ExplainedCall{ClientID: in.ClientID, API: in.API, Host: in.Host, Method: in.Method, Path: in.Path, Address: in.Address}
	}
	e, err := d.lifecycle.Explain(ctx, actor, request)
	if err != nil {
		return Explanation{}, err
	}
	return explanationOf(&e), nil
}

func explanationOf(e *lifecycle.Explanation) Explanation {
	out := Explanation{
		Code: e.Code, Rule: e.Rule, Why: e.Why, Remedy: e.Remedy, Who: e.Who, ClientID: e.Credential.ClientID, Name: e.Credential.Name,
		Owner: e.Credential.OwnerEmail, API: e.API, Method: e.Method, Route: e.Route, Scopes: apicred.NormalizeScopes(e.Scopes),
	}
	if !e.At.IsZero() {
		out.At = &e.At
	}
	if e.Address.IsValid() {
		out.Address = e.Address.String()
	}
	return out
}
