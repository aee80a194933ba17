package accesstoken

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Head is the position of the change feed: the audit head row.
type Head struct {
	Epoch    string // names the database; another epoch means another history
	Sequence int64  // of the audit chain, refusals included
	Change   int64  // of the change feed, refusals left out
	Hash     string // hex of the chain's last hash
}

// Change says that one thing changed; the follower reads its present state.
type Change struct {
	Change     int64
	At         time.Time // when it was made, by that node's clock; RecentChanges leaves it zero
	TargetType apicred.TargetType
	TargetID   string
	AccountID  string
}

// CredentialRecord is a credential with its secrets. Of many that are loaded at
// once it may have nothing but what tokens and checks depend on: no name, label,
// hint, address, version or time of the record itself.
type CredentialRecord struct {
	Credential apicred.Credential
	Secrets    []apicred.Secret
}

// FoundCredential is a record, or why it cannot be understood.
type FoundCredential struct {
	CredentialRecord
	Fault error
}

// RevokedToken is a token that was revoked before its end (RFC 7009).
type RevokedToken struct {
	JTI       string
	AccountID string
	ClientID  string
	ExpiresAt time.Time // the token's own end; nobody needs the row after it
	RevokedAt time.Time
}

// Loader receives a whole snapshot, in this order: catalogue, accounts, users,
// credentials, revoked tokens. A Loader must not keep the slices it is handed.
type Loader interface {
	LoadCatalogue(c apicred.Catalogue, version int64)
	LoadAccount(a apicred.Account)
	LoadUser(u apicred.User)
	LoadCredential(r CredentialRecord)
	LoadRevokedToken(r RevokedToken)
}

// Store is what the directory reads and what usage is written to. All errors
// are *apicred.Error; unavailable when the database cannot be reached.
type Store interface {
	// Head reads the head row, on the primary.
	Head(ctx context.Context) (Head, error)
	// HashAt reads the hex hash of one event of the audit chain; empty where it
	// was pruned, not_found where there is none.
	HashAt(ctx context.Context, sequence int64) (string, error)
	// RenameHistory gives the database's history a new epoch, if it is from still.
	RenameHistory(ctx context.Context, from string) error
	// Load reads everything in one snapshot and returns that snapshot's head.
	Load(ctx context.Context, into Loader) (Head, error)
	// ChangesSince lists the first changes with a number above after, in order, at
	// most so many.
	ChangesSince(ctx context.Context, after int64, most int) ([]Change, error)

	// RecentChanges lists the changes up to a number that may matter to tokens
	// issued since then: creations are left out. floor is the number of the last
	// change before that time, 0 when there is none.
	RecentChanges(ctx context.Context, since time.Time, upTo int64) (changes []Change, floor int64, err error)

	// CredentialRecords reads several in one snapshot, by client ID; what is gone
	// is left out. One that cannot be understood has a fault beside it.
	CredentialRecords(ctx context.Context, clientIDs []string) (map[string]FoundCredential, error)
	// RevokedTokens reads several by jti; what is in no list is left out.
	RevokedTokens(ctx context.Context, jtis []string) (map[string]RevokedToken, error)
	// Single reads, for the follower; not_found when gone.
	Account(ctx context.Context, accountID string) (apicred.Account, error)
	User(ctx context.Context, accountID, userID string) (apicred.User, error)
	Catalogue(ctx context.Context) (apicred.Catalogue, int64, error)

	// RevokeToken keeps r and its audit event, in one durable transaction. One
	// that was revoked before leaves everything as it is.
	RevokeToken(ctx context.Context, r RevokedToken, event apicred.AuditEvent) error

	// UseProof takes the proof with a hash for used until end, whichever node asks,
	// in one durable step; conflict when it was used before. Proofs that ended
	// before now are forgotten.
	UseProof(ctx context.Context, hash []byte, now, end time.Time) error

	// AddUsage adds counts, raises last-used facts and takes hashes made anew, in
	// one transaction, unless the batch id was written before. Rows of deleted
	// credentials and secrets are dropped.
	AddUsage(ctx context.Context, id apicred.BatchID, batch UsageBatch) error
}

// UsageCount is how often a credential was used in one hour.
type UsageCount struct {
	ClientID string
	Hour     time.Time // start of the UTC hour
	Outcome  string    // an Outcome
	Scope    string    // the granted or required scopes, joined; may be empty
	Calls    int64
}

// SecretUse is the last use of a credential's secret; SecretID is empty for a
// use that no secret was presented for.
type SecretUse struct {
	ClientID string
	SecretID string
	At       time.Time
	Address  string
	// Hash under the pepper PepperID replaces the secret's stored one, which is
	// under an older pepper; nil leaves it.
	Hash     []byte
	PepperID string
}

// Signer signs access tokens and verifies them (internal/keyring).
type Signer interface {
	// Current returns the active signing key.
	Current() SigningKey
	// Public finds a published key by its kid; false when there is none.
	Public(kid string) (PublicKey, bool)
}

// SigningKey makes JWS signatures with one key and one algorithm.
type SigningKey interface {
	// Header is the base64url JWS header, `{"alg":…,"kid":…,"typ":"at+jwt"}`.
	Header() string
	// AppendSignature appends the base64url signature of signingInput to dst.
	AppendSignature(dst, signingInput []byte) ([]byte, error)
}

// PublicKey verifies JWS signatures of one algorithm.
type PublicKey interface {
	Algorithm() string
	// Verify tells whether signature (raw JWS bytes) is of signingInput.
	Verify(signingInput, signature []byte) bool
}
