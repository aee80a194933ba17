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
	// Checkpoints is how many signed checkpoints the chain was found to contain;
	// UnknownKeys how many there are of keys that are not configured.
	Checkpoints int `json:"checkpoints"`
	UnknownKeys int `json:"checkpoints_of_unknown_keys"`
	// PrunedUpTo is the last event that was pruned before what was verified, as is
	// signed; 0: none was.
	PrunedUpTo int64 `json:"pruned_up_to_sequence,omitempty"`
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

// AuditVerification says what the chain is compared with.
type AuditVerification struct {
	// Checkpoint is the text of a checkpoint saved elsewhere; empty: none.
	Checkpoint string `json:"checkpoint,omitempty"`
}

// AuditCheckpoint is a signed checkpoint of the audit chain, as a file has it.
type AuditCheckpoint struct {
	Text string `json:"text"`
}

// CheckpointAudit returns a signed checkpoint of where the chain ends now. Error:
// conflict while the log is empty.
func (d *Desk) CheckpointAudit(ctx context.Context) (AuditCheckpoint, error) {
	c, err := d.notary.Checkpoint(ctx)
	if err != nil {
		return AuditCheckpoint{}, err
	}
	return AuditCheckpoint{string(c.Text())}, nil
}

// VerifyAudit checks every event of the chain, whichever wrote it, and the head
// row, and that the chain contains the checkpoints. A chain that does not hold is
// a report with a Fault, not an error. Error: invalid (no checkpoint).
func (d *Desk) VerifyAudit(ctx context.Context, in AuditVerification) (AuditReport, error) {
	var saved *audit.Checkpoint
	if in.Checkpoint != "" {
		c, err := audit.ParseCheckpoint([]byte(in.Checkpoint))
		if err != nil {
			return AuditReport{}, err
		}
		saved = &c
	}
	return AuditReportOf(d.notary.Verify(ctx, saved))
}

// AuditReportOf makes of a fault a member of the report; other errors stay.
func AuditReportOf(report audit.Report, err error) (AuditReport, error) {
	out := AuditReport{
		Events: report.Events, LastSequence: report.LastSequence, LastHash: report.LastHash,
		Checkpoints: report.Checkpoints, UnknownKeys: report.UnknownKeys,
	}
	if report.Base != nil {
		out.PrunedUpTo = report.Base.Sequence
	}
	if !report.At.IsZero() {
		at := report.At.UTC()
		out.LastAt = &at
	}
	var fault *audit.Fault
	if errors.As(err, &fault) {
		out.Fault = &AuditFault{Sequence: fault.Sequence, Problem: fault.Problem, Message: err.Error()} // which names the archive that it is of
		return out, nil
	}
	return out, err
}
