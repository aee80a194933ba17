package apicred

import (
	"encoding/json"
	"time"
)

// Outcome of an audited act.
type Outcome string

// The outcomes (contract.md "Audit").
const (
	OutcomeDone    Outcome = "done"
	OutcomeRefused Outcome = "refused"
)

// TargetType names what an audit event was done to. Caches follow the change
// feed by it, so every change of a row must name the row's type here.
type TargetType string

// The targets of changes.
const (
	TargetCredential TargetType = "credential" // ID: client ID
	TargetUser       TargetType = "user"       // ID: user ID, with the event's account
	TargetAccount    TargetType = "account"    // ID: account ID
	TargetCatalogue  TargetType = "catalogue"  // ID: "catalogue"
	TargetSigningKey TargetType = "signing_key"
	TargetSession    TargetType = "session" // sign-in and sign-out; no cache follows it
	TargetToken      TargetType = "token"   // a people-token minted by the operator
	// TargetAuditLog is the log itself, of which there is one. ID: "audit_log"
	TargetAuditLog TargetType = "audit_log"
)

// AuditEvent is one link of the audit chain. Before and After are JSON objects
// without secrets and without personal data; address and e-mail stand beside
// the chain and can be erased (R14).
type AuditEvent struct {
	EventID    string
	Sequence   int64
	At         time.Time
	AccountID  string
	ActorType  ActorType
	ActorID    string
	ActorEmail string // read side only, joined by ActorID; never in the chain
	// ActingAs is the user a credential or a minted token acted for.
	ActingAs   string
	Action     string // as "credential.create"
	TargetType TargetType
	TargetID   string
	Outcome    Outcome
	// Rule names the refusing rule of a refused event, as "edit_others".
	Rule string
	// Count is how many refusals one coalesced event stands for; 1 otherwise.
	Count     int64
	Address   string
	RequestID string
	Before    json.RawMessage
	After     json.RawMessage
}
