package restapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// auditEventJSON is an audit event on the wire (contract.md "Audit").
type auditEventJSON struct {
	EventID   string          `json:"event_id" format:"uuid"`
	Sequence  int64           `json:"sequence" doc:"Its place in the chain of the installation; other accounts' events are between."`
	At        time.Time       `json:"at"`
	Actor     auditActorJSON  `json:"actor"`
	ActingAs  *ownerJSON      `json:"acting_as" doc:"The user on whose behalf a credential or a minted token acted; null: nobody else."`
	Action    string          `json:"action" doc:"What was done or tried, as credential.create."`
	Target    auditTargetJSON `json:"target"`
	Outcome   string          `json:"outcome" enum:"done,refused"`
	Rule      *string         `json:"rule" doc:"The rule that refused; null when it was done."`
	Count     int64           `json:"count" doc:"How many refusals of a minute the event stands for; 1 when it was done."`
	Address   *string         `json:"address" doc:"Where the request came from; null: from within, or erased."`
	RequestID *string         `json:"request_id"`
	Before    json.RawMessage `json:"before" doc:"The target before, as far as the action touches it, without secrets and personal data; null: it was not there, or nothing was done."`
	After     json.RawMessage `json:"after" doc:"The target after; null: it is gone, or nothing was done."`
}

type auditActorJSON struct {
	Type  string  `json:"type" enum:"user,credential,operator,system" doc:"A person, a program with its credential, the operator at the machine, or Claviger itself."`
	ID    *string `json:"id" doc:"User ID or client ID; operator and system have none."`
	Email *string `json:"email" doc:"A user's e-mail address, unless it was erased."`
}

type auditTargetJSON struct {
	Type string  `json:"type" doc:"credential, user, account, catalogue, signing_key, session, token, audit_log; more may come."`
	ID   *string `json:"id" doc:"Null: what was refused had none yet."`
	Name *string `json:"name" doc:"What it is called now: a credential's or account's name, a user's e-mail address; null: it is gone or has none."`
}

type auditEventListJSON struct {
	AuditEvents   []auditEventJSON `json:"audit_events"`
	NextPageToken *string          `json:"next_page_token" doc:"Send it as page_token for the next page; null: this is the last."`
}

// auditEventsInput are the parameters of a list of audit events.
type auditEventsInput struct {
	Actor     string `query:"actor" maxLength:"254" doc:"Only what was done by this user ID, client ID or e-mail address; or by operator, or system." example:"ada@example.com"`
	Action    string `query:"action" maxLength:"64" doc:"Only this action." example:"credential.delete"`
	Target    string `query:"target" maxLength:"256" doc:"Only what was done to the thing of this ID."`
	From      string `query:"from" maxLength:"64" doc:"Only from this moment on (RFC 3339)." example:"2026-11-01T00:00:00Z"`
	To        string `query:"to" maxLength:"64" doc:"Only before this moment (RFC 3339)." example:"2026-12-01T00:00:00Z"`
	PageSize  int    `query:"page_size" minimum:"1" maximum:"200" doc:"Rows a page at most; where events are large there are fewer. Left out: 50."`
	PageToken string `query:"page_token" doc:"next_page_token of the answer before, to the same query of the same caller."`
}

type auditEventListOutput struct{ Body auditEventListJSON }

func (s *Surface) registerAuditEvents(a huma.API) {
	add(s, a, &operation{
		Operation: huma.Operation{
			OperationID: "listAuditEvents", Method: http.MethodGet, Path: "/audit-events", Tags: []string{tagAudit},
			Summary: "List audit events",
			Description: "What was done and refused in the account, newest first; for its admins. Pages are stable: events that come " +
				"meanwhile stand before the first. A refusal is listed within about a minute, as one event for all of the same actor and rule in that minute.",
		},
		scope: apicred.ScopeAuditRead, example: exampleAuditEvents(),
	}, steps[auditEventsInput, lifecycle.AuditRequest, auditEventListOutput]{parse: parseAuditEvents, act: s.listAuditEvents})
}

func parseAuditEvents(_ *call, in *auditEventsInput) (lifecycle.AuditRequest, error) {
	out := lifecycle.AuditRequest{
		Actor: in.Actor, Action: in.Action, Target: in.Target, PageSize: in.PageSize, PageToken: in.PageToken,
	}
	var err error
	if out.From, err = queryMoment("from", in.From); err == nil {
		out.To, err = queryMoment("to", in.To)
	}
	return out, err
}

// queryMoment reads a time of a query; the zero time stands for none.
func queryMoment(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Unix() < 0 {
		return time.Time{}, malformedAt("query."+name, name+" must be a time of RFC 3339, as 2026-11-30T12:00:00Z. A plus sign is written %2B in a query.")
	}
	return at.UTC(), nil
}

func (s *Surface) listAuditEvents(ctx context.Context, actor apicred.Actor, in lifecycle.AuditRequest) (*auditEventListOutput, error) {
	page, err := s.lifecycle.AuditEvents(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	out := auditEventListJSON{AuditEvents: make([]auditEventJSON, 0, len(page.Events)), NextPageToken: some(page.NextPageToken)}
	for i := range page.Events {
		out.AuditEvents = append(out.AuditEvents, renderAuditEvent(&page.Events[i]))
	}
	return &auditEventListOutput{out}, nil
}

func renderAuditEvent(v *lifecycle.AuditEventView) auditEventJSON {
	out := auditEventJSON{
		EventID: v.EventID, Sequence: v.Sequence, At: v.At.UTC(),
		Actor:  auditActorJSON{Type: string(v.ActorType), ID: some(v.ActorID), Email: some(v.ActorEmail)},
		Action: v.Action, Target: auditTargetJSON{Type: string(v.TargetType), ID: some(v.TargetID), Name: some(v.TargetName)},
		Outcome: string(v.Outcome), Rule: some(v.Rule), Count: v.Count, Address: some(v.Address), RequestID: some(v.RequestID),
		Before: v.Before, After: v.After,
	}
	if v.ActingAs != "" {
		out.ActingAs = &ownerJSON{UserID: v.ActingAs, Email: some(v.ActingAsEmail)}
	}
	return out
}
