package desk

import "context"

// Operator is what the operator at the machine can do. Errors are
// *apicred.Error.
type Operator interface {
	// Accounts lists every account, oldest first.
	Accounts(ctx context.Context) ([]Account, error)
	// CreateAccount makes an account, after the operator account.
	CreateAccount(ctx context.Context, in NewAccount) (Account, error)
	// EditAccount changes an account's settings.
	EditAccount(ctx context.Context, in AccountEdit) (Account, error)

	// Users lists the members of one account.
	Users(ctx context.Context, in AccountRef) ([]User, error)
	// CreateUser makes a person a member of an account, with a set-up link.
	CreateUser(ctx context.Context, in NewUser) (CreatedUser, error)
	// EditUser changes role and status of a member.
	EditUser(ctx context.Context, in UserEdit) (User, error)
	// SetUpLink makes a link that signs a member in, and ends earlier ones.
	SetUpLink(ctx context.Context, in UserRef) (SetUpLink, error)

	// MintToken makes a management access token that acts as a member.
	MintToken(ctx context.Context, in TokenRequest) (Token, error)

	// ApplyCatalogue replaces the catalogue by a document.
	ApplyCatalogue(ctx context.Context, in CatalogueDocument) (CatalogueState, error)
	// DiffCatalogue compares a document with what is stored; nothing changes.
	DiffCatalogue(ctx context.Context, in CatalogueDocument) (CatalogueReport, error)
	// ExportCatalogue returns the catalogue as YAML.
	ExportCatalogue(ctx context.Context) (CatalogueDocument, error)

	// SigningKeys lists the published signing keys, oldest first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
	// RotateSigningKeys makes the next key sign.
	RotateSigningKeys(ctx context.Context, in KeyRotation) ([]SigningKey, error)
	// RemoveSigningKey removes a key at once, with every token that it signed.
	RemoveSigningKey(ctx context.Context, in KeyRef) ([]SigningKey, error)

	// AuditEvents lists what was done and refused, newest first.
	AuditEvents(ctx context.Context, in AuditQuery) (AuditEventPage, error)
	// CheckpointAudit returns a signed checkpoint of where the audit chain ends.
	CheckpointAudit(ctx context.Context) (AuditCheckpoint, error)
	// VerifyAudit checks the whole audit chain and its checkpoints.
	VerifyAudit(ctx context.Context, in AuditVerification) (AuditReport, error)

	// Explain says why a program was refused, or would be.
	Explain(ctx context.Context, in ExplainRequest) (Explanation, error)

	// RestoredCredentials lists those that wait for a confirmation, by client ID.
	RestoredCredentials(ctx context.Context, in RestoredQuery) ([]RestoredCredential, error)
	// ConfirmRestored lets restored credentials work again.
	ConfirmRestored(ctx context.Context, in Confirmation) ([]RestoredCredential, error)

	// Status says who answers.
	Status(ctx context.Context) (Status, error)
}

// The two ways to the same commands.
var (
	_ Operator = (*Desk)(nil)
	_ Operator = (*Client)(nil)
)
