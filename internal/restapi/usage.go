package restapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// usageJSON is a report of a credential's usage.
type usageJSON struct {
	ClientID string          `json:"client_id" format:"uuid"`
	From     time.Time       `json:"from"`
	To       time.Time       `json:"to"`
	Total    int64           `json:"total" doc:"All calls of days."`
	Days     []usageDayJSON  `json:"days" doc:"Every UTC day that the time touches, counted whole; kept 400 days. A day without calls has no entry."`
	Hours    []usageHourJSON `json:"hours" doc:"The same by the hour; kept 14 days."`
}

type usageDayJSON struct {
	Day     string `json:"day" doc:"The UTC day, as 2026-11-30."`
	Outcome string `json:"outcome" doc:"issued (a token), allowed (a call let through), or why it was refused: invalid_scope, insufficient_scope, address_not_allowed, rate_limited, invalid_token, no_route, invalid_dpop_proof, disabled, expired, suspended, secret_expired; more may come. Only what the credential proved to be its own is counted."`
	Scope   string `json:"scope" doc:"The scopes of the token, or the scope that the call needed; may be empty."`
	Calls   int64  `json:"calls"`
}

type usageHourJSON struct {
	Hour    time.Time `json:"hour" doc:"When the hour begins."`
	Outcome string    `json:"outcome"`
	Scope   string    `json:"scope"`
	Calls   int64     `json:"calls"`
}

type usageInput struct {
	ClientID string `path:"client_id" format:"uuid" doc:"The client ID."`
	From     string `query:"from" maxLength:"64" doc:"From this moment on (RFC 3339), at most 400 days before to. Left out: 14 days, the last one included." example:"2026-11-01T00:00:00Z"`
	To       string `query:"to" maxLength:"64" doc:"Before this moment (RFC 3339). Left out: now." example:"2026-12-01T00:00:00Z"`
}

type usageOutput struct{ Body usageJSON }

// usageOf is a report that is asked for.
type usageOf struct {
	clientID string
	request  lifecycle.UsageRequest
}

func (s *Surface) registerUsage(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "getUsage", Method: http.MethodGet, Path: "/credentials/{client_id}/usage", Tags: []string{tagCredentials},
			Summary: "Read how an API credential is used",
			Description: "Tokens issued to it, and calls made with it at the gateway and forward-auth, by day and hour, outcome and scope. " +
				"What just happened is there within 10 seconds.",
		},
		scope: apicred.ScopeCredentialsRead, example: exampleUsage(),
	}, steps[usageInput, usageOf, usageOutput]{parse: parseUsage, act: s.usage})
}

func parseUsage(_ *call, in *usageInput) (usageOf, error) {
	out := usageOf{clientID: in.ClientID}
	var err error
	if out.request.From, err = queryMoment("from", in.From); err == nil {
		out.request.To, err = queryMoment("to", in.To)
	}
	return out, err
}

func (s *Surface) usage(ctx context.Context, actor apicred.Actor, in usageOf) (*usageOutput, error) {
	u, err := s.lifecycle.Usage(ctx, actor, in.clientID, in.request)
	if err != nil {
		return nil, err
	}
	out := usageJSON{
		ClientID: u.ClientID, From: u.From.UTC(), To: u.To.UTC(), Total: u.Total,
		Days: make([]usageDayJSON, 0, len(u.Days)), Hours: make([]usageHourJSON, 0, len(u.Hours)),
	}
	for _, d := range u.Days {
		out.Days = append(out.Days, usageDayJSON{Day: d.At.UTC().Format(time.DateOnly), Outcome: d.Outcome, Scope: d.Scope, Calls: d.Calls})
	}
	for _, h := range u.Hours {
		out.Hours = append(out.Hours, usageHourJSON{Hour: h.At.UTC(), Outcome: h.Outcome, Scope: h.Scope, Calls: h.Calls})
	}
	return &usageOutput{out}, nil
}

func exampleUsage() usageJSON {
	day := exampleTime().Truncate(24 * time.Hour)
	return usageJSON{
		ClientID: exampleClientID, From: day, To: day.Add(24 * time.Hour), Total: 137,
		Days: []usageDayJSON{
			{Day: "2026-11-02", Outcome: "allowed", Scope: "users:read", Calls: 96},
			{Day: "2026-11-02", Outcome: "issued", Scope: "users:read", Calls: 41},
		},
		Hours: []usageHourJSON{
			{Hour: day.Add(9 * time.Hour), Outcome: "allowed", Scope: "users:read", Calls: 96},
			{Hour: day.Add(9 * time.Hour), Outcome: "issued", Scope: "users:read", Calls: 41},
		},
	}
}
