package apicred

import "slices"

// ActorType says what kind of thing acted.
type ActorType string

// The kinds of actor. ActorOperator is the operator at the machine.
const (
	ActorUser       ActorType = "user"
	ActorCredential ActorType = "credential"
	ActorOperator   ActorType = "operator"
	ActorSystem     ActorType = "system"
)

// Actor is who asks for something, established by the surface and believed by
// the use cases. Permission is decided from it in lifecycle alone.
type Actor struct {
	Type ActorType
	// ID is the user ID, the client ID, or empty for operator and system.
	ID string
	// UserID is the person acted as: the user, or the credential's owner.
	// Empty for account-level credentials.
	UserID    string
	AccountID string
	Role      Role
	// Level is set for credentials: account-level ones manage only their kind.
	Level Level
	// Scopes are the acting token's own scopes. Unlimited (a signed-in session
	// or the operator) is not bound by them.
	Scopes    []string
	Unlimited bool
	// Generation is that of the acting token, for credentials: while they act, the
	// use cases judge again whether it is the credential's still.
	Generation int64
	// OperatorAccount: the account acted in is the installation's first one.
	OperatorAccount bool
	// MustReauthenticate: a session asks for something risky, and its person has
	// not proved who they are for a while (S21).
	MustReauthenticate bool
	// ProofOld: as above, whatever is asked for. It counts where the use case
	// finds out that something is risky.
	ProofOld  bool
	Address   string
	RequestID string
}

// RefusedAct is what the audit log says of something that an actor may not do.
type RefusedAct struct {
	Rule       string // that refuses it
	Action     string // what was asked for
	TargetType TargetType
	TargetID   string // may be empty
}

// Holds tells whether the acting token carries scope, or is not bound by scopes.
func (a *Actor) Holds(scope string) bool { return a.Unlimited || slices.Contains(a.Scopes, scope) }
