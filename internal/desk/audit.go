package desk

import (
	"context"
	"errors"
	"time"

	"github.com/claviger/claviger/internal/audit"
)

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
