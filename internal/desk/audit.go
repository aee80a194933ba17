package desk

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/lifecycle"
)

// AuditQuery selects audit events; empty members do not filter.
type AuditQuery struct {
	// Account is the ID or name of an account; empty: every account, and what
	// belongs to none.
	Account string `json:"account,omitempty"`
	// Actor is an ID or an e-mail address, or operator or system.
	Actor     string    `json:"actor,omitempty"`
	Action    string    `json:"action,omitempty"`
	Target    string    `json:"target,omitempty"` // ID
	From      time.Time `json:"from,omitzero"`
	To        time.Time `json:"to,omitzero"`
	PageSize  int       `json:"page_size,omitempty"` // 0: 50; at most 200
	PageToken string    `json:"page_token,omitempty"`
}

// AuditEventPage is a page of audit events, newest first.
type AuditEventPage struct {
	Events        []AuditEvent `json:"audit_events"`
	NextPageToken string       `json:"next_page_token,omitempty"` // empty: the last page
}

// AuditEvent is an audit event as the operator sees it: as the management API
// shows it, and its account.
type AuditEvent struct {
	EventID   string          `json:"event_id"`
	Sequence  int64           `json:"sequence"`
	At        time.Time       `json:"at"`
	AccountID string          `json:"account_id"`
	Actor     AuditActor      `json:"actor"`
	ActingAs  *AuditUser      `json:"acting_as"` // null: nobody else
	Action    string          `json:"action"`
	Target    AuditTarget     `json:"target"`
	Outcome   apicred.Outcome `json:"outcome"`
	Rule      string          `json:"rule"`
	Count     int64           `json:"count"`
	Address   string          `json:"address"`
	RequestID string          `json:"request_id"`
	Before    json.RawMessage `json:"before"`
	After     json.RawMessage `json:"after"`
}

// AuditActor is who acted; operator and system have no ID.
type AuditActor struct {
	Type  apicred.ActorType `json:"type"`
	ID    string            `json:"id"`
	Email string            `json:"email"`
}

// AuditUser is a user acted for.
type AuditUser struct {
	UserID string `json:"user_id"`
	Email  string `json:"email"`
}

// AuditTarget is what was acted on, with its present name.
type AuditTarget struct {
	Type apicred.TargetType `json:"type"`
	ID   string             `json:"id"`
	Name string             `json:"name"`
}

// AuditEvents lists what was done and refused. Errors: not_found (the account),
// invalid (the page).
func (d *Desk) AuditEvents(ctx context.Context, in AuditQuery) (AuditEventPage, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return AuditEventPage{}, err
	}
	if in.Account != "" {
		account, err := d.lifecycle.FindAccount(ctx, in.Account)
		if err != nil {
			return AuditEventPage{}, err
		}
		actor.AccountID = account.ID
	}
	page, err := d.lifecycle.AuditEvents(ctx, actor, lifecycle.AuditRequest{
		Actor: in.Actor, Action: in.Action, Target: in.Target, From: in.From, To: in.To, PageSize: in.PageSize, PageToken: in.PageToken,
	})
	out := AuditEventPage{Events: make([]AuditEvent, 0, len(page.Events)), NextPageToken: page.NextPageToken}
	for i := range page.Events {
		out.Events = append(out.Events, auditEventOf(&page.Events[i]))
	}
	return out, err
}

func auditEventOf(v *lifecycle.AuditEventView) AuditEvent {
	out := AuditEvent{
		EventID: v.EventID, Sequence: v.Sequence, At: v.At.UTC(), AccountID: v.AccountID,
		Actor: AuditActor{v.ActorType, v.ActorID, v.ActorEmail}, Action: v.Action,
		Target: AuditTarget{v.TargetType, v.TargetID, v.TargetName}, Outcome: v.Outcome, Rule: v.Rule, Count: v.Count,
		Address: v.Address, RequestID: v.RequestID, Before: v.Before, After: v.After,
	}
	if v.ActingAs != "" {
		out.ActingAs = &AuditUser{v.ActingAs, v.ActingAsEmail}
	}
	return out
}

// AuditReport says what a verified audit chain is.
type AuditReport struct {
	Events       int64      `json:"events"`
	LastSequence int64      `json:"last_sequence"`
	LastHash     string     `json:"last_hash"` // hex; keep it elsewhere to compare later
	LastAt       *time.Time `json:"last_at"`   // null: no event
	// Fault is the first place where the chain does not hold; null: it holds.
	// The members above are then of the events before it.
	Fault *AuditFault `json:"fault"`
}

// AuditFault is a place where the audit chain does not hold.
type AuditFault struct {
	Sequence int64         `json:"sequence"`
	Problem  audit.Problem `json:"problem"`
	Message  string        `json:"message"` // a finished sentence with the remedy
}

// VerifyAudit checks every event of the chain, whichever wrote it, and the head
// row. A chain that does not hold is a report with a Fault, not an error.
func (d *Desk) VerifyAudit(ctx context.Context) (AuditReport, error) {
	report, err := audit.Verify(ctx, d.audit)
	out := AuditReport{Events: report.Events, LastSequence: report.LastSequence, LastHash: report.LastHash}
	if !report.At.IsZero() {
		at := report.At.UTC()
		out.LastAt = &at
	}
	var fault *audit.Fault
	if errors.As(err, &fault) {
		out.Fault = &AuditFault{Sequence: fault.Sequence, Problem: fault.Problem, Message: fault.Error()}
		return out, nil
	}
	return out, err
}
