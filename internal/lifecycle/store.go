package lifecycle

import (
	"context"
	"strconv"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Store keeps what the use cases decide. All errors it returns are
// *apicred.Error: not_found for an absent row, conflict for a taken unique key,
// precondition for a stale version, unavailable when the database cannot be
// reached or the change could not be made durable (full disk, failing fsync),
// internal for the rest.
type Store interface {
	// View runs fn on one consistent snapshot. Nothing can be written.
	View(ctx context.Context, fn func(Reader) error) error
	// Change runs fn in one durable transaction, serialized with every other
	// change of the installation (it holds the audit head row), and commits
	// when fn returns nil. fn may run again after a serialization failure, so
	// it must not touch anything but tx. When Change returns nil the change has
	// reached the disk.
	Change(ctx context.Context, fn func(Tx) error) error
	// RecordOnce appends events to the audit chain, in one durable transaction,
	// unless the batch id was written before.
	RecordOnce(ctx context.Context, id apicred.BatchID, events []apicred.AuditEvent) error
	// PutUsageMark keeps a process's mark, in the place of its one before.
	PutUsageMark(ctx context.Context, m UsageMark) error
}

// Reader reads one snapshot.
type Reader interface {
	Account(ctx context.Context, accountID string) (apicred.Account, error)
	AccountByName(ctx context.Context, name string) (apicred.Account, error)
	Accounts(ctx context.Context) ([]apicred.Account, error)

	// User is a membership; not_found when the person is no member.
	User(ctx context.Context, accountID, userID string) (apicred.User, error)
	Users(ctx context.Context, accountID string) ([]apicred.User, error)
	// Memberships of one person in every account, oldest first.
	Memberships(ctx context.Context, userID string) ([]apicred.User, error)
	Person(ctx context.Context, userID string) (apicred.Person, error)
	// PersonByEmail compares folded (apicred.FoldText).
	PersonByEmail(ctx context.Context, email string) (apicred.Person, error)
	// CountActiveAdmins of one account.
	CountActiveAdmins(ctx context.Context, accountID string) (int64, error)

	Credential(ctx context.Context, accountID, clientID string) (apicred.Credential, error)
	// CredentialAccount is the ID of the account that a credential belongs to.
	CredentialAccount(ctx context.Context, clientID string) (string, error)
	Credentials(ctx context.Context, q CredentialQuery) ([]apicred.Credential, error)
	// CountCredentials stops counting at most+1.
	CountCredentials(ctx context.Context, q CredentialQuery, most int) (int, error)
	// CredentialsIdle returns the client IDs of those that are neither disabled nor
	// expired and idle (apicred.Credential.IdleSince), the longest idle first.
	CredentialsIdle(ctx context.Context, q IdleQuery) ([]string, error)
	// CredentialsOwned by one user in one account, any number.
	CredentialsOwned(ctx context.Context, accountID, userID string) ([]apicred.Credential, error)
	// CredentialsHolding any of the scopes, in every account.
	CredentialsHolding(ctx context.Context, scopes []string) ([]apicred.Credential, error)
	// RestoredCredentials are those that wait for a confirmation after a
	// restore, in every account, by client ID behind after.
	RestoredCredentials(ctx context.Context, after string, limit int) ([]apicred.Credential, error)
	// CredentialAnywhere finds a credential whatever its account; for the
	// operator alone.
	CredentialAnywhere(ctx context.Context, clientID string) (apicred.Credential, error)
	// ScopesHeld returns those of scopes that some credential holds.
	ScopesHeld(ctx context.Context, scopes []string) ([]string, error)
	// ScopeHolders counts the credentials that hold each of scopes, in every
	// account; absent means none.
	ScopeHolders(ctx context.Context, scopes []string) (map[string]int64, error)
	// Secrets of one credential, oldest first.
	Secrets(ctx context.Context, clientID string) ([]apicred.Secret, error)
	// SecretsOf several credentials at once, by client ID, each oldest first.
	SecretsOf(ctx context.Context, clientIDs []string) (map[string][]apicred.Secret, error)
	// ClosingAsked tells whether any secret whose end has not come is to be closed
	// when it is quiet.
	ClosingAsked(ctx context.Context, now time.Time) (bool, error)
	// QuietSecrets finds secrets to be closed that seem to have been quiet for long
	// enough, by client ID and secret ID.
	QuietSecrets(ctx context.Context, q QuietQuery) ([]QuietSecret, error)
	// UsageMarks of all processes.
	UsageMarks(ctx context.Context) ([]UsageMark, error)
	// DailyCalls of several credentials for the 14 UTC days that end with
	// today, oldest first, by client ID; absent means none.
	DailyCalls(ctx context.Context, clientIDs []string, today time.Time) (map[string][14]int64, error)

	// UsageDays and UsageHours are a credential's counts of the UTC days and hours
	// that begin from first to before until, in order of time, outcome and scope.
	UsageDays(ctx context.Context, clientID string, first, until time.Time) ([]UsageCount, error)
	UsageHours(ctx context.Context, clientID string, first, until time.Time) ([]UsageCount, error)

	// Catalogue returns the stored document, normalized, with what came back
	// lately, and its version (0
	// and an empty document when none was ever applied).
	Catalogue(ctx context.Context) (apicred.Catalogue, int64, error)

	// SigningKeys returns every key, oldest first.
	SigningKeys(ctx context.Context) ([]apicred.SigningKey, error)

	// Idempotency finds what an earlier create with the key did; not_found
	// when there was none since notBefore.
	Idempotency(ctx context.Context, key IdempotencyKey, notBefore time.Time) (IdempotencyRecord, error)

	// AuditEvents newest first, with actor e-mails joined.
	AuditEvents(ctx context.Context, q AuditQuery) ([]apicred.AuditEvent, error)
}

// Tx reads and writes inside one transaction. Updates with a Version compare
// it with the stored one (precondition when stale) and store Version+1.
type Tx interface {
	Reader

	InsertAccount(ctx context.Context, a apicred.Account) error
	UpdateAccount(ctx context.Context, a apicred.Account) error

	InsertPerson(ctx context.Context, p apicred.Person) error
	InsertUser(ctx context.Context, u apicred.User) error
	// UpdateUser writes role, status, generation and invitation of the membership.
	UpdateUser(ctx context.Context, u apicred.User) error
	// ErasePerson takes away what the rows of a person tell of them, and leaves
	// the rows: at is when it was erased, unless it was before. It returns of how
	// many audit events the address went. Conflict: the database's role may not.
	ErasePerson(ctx context.Context, userID string, at time.Time) (addresses int64, err error)
	// EndSessions deletes every session of a person.
	EndSessions(ctx context.Context, userID string) error
	// EndLinks deletes the links of a member that work once.
	EndLinks(ctx context.Context, accountID, userID string) error

	InsertCredential(ctx context.Context, c apicred.Credential) error
	UpdateCredential(ctx context.Context, c apicred.Credential) error
	DeleteCredential(ctx context.Context, accountID, clientID string) error

	InsertSecret(ctx context.Context, s apicred.Secret) error
	// UpdateSecret writes label and end of a secret, and when it is to be closed.
	UpdateSecret(ctx context.Context, s apicred.Secret) error
	DeleteSecret(ctx context.Context, clientID, secretID string) error

	// SaveCatalogue replaces the document when version is the stored one, else
	// precondition.
	SaveCatalogue(ctx context.Context, c apicred.Catalogue, version int64) error

	InsertSigningKey(ctx context.Context, k apicred.SigningKey) error
	// UpdateSigningKey writes status, not-before and end.
	UpdateSigningKey(ctx context.Context, k apicred.SigningKey) error
	DeleteSigningKey(ctx context.Context, kid string) error

	InsertIdempotency(ctx context.Context, key IdempotencyKey, record IdempotencyRecord) error

	// Record appends an audit event to the chain and advances the head row.
	// Sequence and hash are the store's; Outcome done advances the change feed
	// too, refused does not.
	Record(ctx context.Context, event apicred.AuditEvent) error
}

// CredentialSort orders a list.
type CredentialSort string

// The orders of a credential list (contract.md "List"), where "-" is
// descending. Ties are broken by client ID.
const (
	SortName           CredentialSort = "name"
	SortNameDesc       CredentialSort = "-name"
	SortCreatedAt      CredentialSort = "created_at"
	SortCreatedAtDesc  CredentialSort = "-created_at"
	SortLastUsedAt     CredentialSort = "last_used_at"
	SortLastUsedAtDesc CredentialSort = "-last_used_at"
)

// CredentialQuery selects a page of credentials of one account. Empty members
// do not filter.
type CredentialQuery struct {
	AccountID string
	Level     apicred.Level
	OwnerID   string
	Status    apicred.Status
	Scope     string
	Attention Attention
	// Search: each word is a prefix of a word of the name, or the text is a
	// prefix of the client ID or of the owner's e-mail, folded.
	Search string
	Sort   CredentialSort
	// After is the keyset position behind which the page begins.
	After CredentialPosition
	Limit int
	Now   time.Time // for expired against active
}

// IdleQuery selects credentials of one account that were idle at Since already.
type IdleQuery struct {
	AccountID string
	Since     time.Time
	Now       time.Time // for expired
	Limit     int
}

// QuietQuery selects secrets that are to be closed and were quiet up to Through for
// as long as it takes, where that may have begun at From at the earliest.
type QuietQuery struct {
	Through time.Time
	From    time.Time   // zero: any time
	Now     time.Time   // for what has ended
	After   QuietSecret // behind which the page begins
	Limit   int
}

// QuietSecret names a secret.
type QuietSecret struct{ AccountID, ClientID, SecretID string }

// UsageMark is how far the uses that a process counts in memory are in the
// database.
type UsageMark struct {
	Process string // a new random name for each process
	// Through: whatever it counted before then is written.
	Through time.Time
	// Lost is the last moment of which it may have lost a use; zero: none.
	Lost time.Time
	// Offline is how long it goes on without the database.
	Offline time.Duration
	// Ended: it counts no more, and every use is written.
	Ended bool
}

// CredentialPosition is the keyset position of the last row of a page; the
// zero value is the beginning. Key is the row's sort key as text: the folded
// name, or Unix microseconds (0 for never used).
type CredentialPosition struct {
	Key      string `json:"k,omitempty"`
	ClientID string `json:"c,omitempty"`
}

// PositionOf returns the keyset position of c under sort.
func PositionOf(c *apicred.Credential, sort CredentialSort) CredentialPosition {
	p := CredentialPosition{ClientID: c.ClientID}
	switch sort {
	case SortCreatedAt, SortCreatedAtDesc:
		p.Key = microText(c.CreatedAt)
	case SortLastUsedAt, SortLastUsedAtDesc:
		p.Key = microText(c.LastUsedAt)
	default:
		p.Key = apicred.FoldText(c.Name)
	}
	return p
}

// IdempotencyKey is a client's key on create, bound to account and actor.
type IdempotencyKey struct {
	AccountID string
	ActorID   string
	Key       string
}

// IdempotencyRecord is what the first create with a key did.
type IdempotencyRecord struct {
	BodyHash  []byte // SHA-256 of the request's meaning
	ClientID  string
	CreatedAt time.Time
}

// AuditQuery selects audit events of one account, newest first.
type AuditQuery struct {
	AccountID string // empty: every account (the operator at the machine)
	// Installation adds to an account's events those of its signing keys and
	// catalogue, which are of no account where the operator or Claviger acted.
	Installation bool
	Actor        string // ID
	// ActorType selects the operator or the system, who have no ID.
	ActorType apicred.ActorType
	Action    string
	Target    string
	From, To  time.Time
	Before    int64 // sequence below which the page begins; 0: the newest
	Limit     int
}

// microText is a time as Unix microseconds in decimal; the zero time is "0".
func microText(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}
