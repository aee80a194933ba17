package login

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// LinkKind says what a one-time link does when its form is posted.
type LinkKind string

// The kinds of link.
const (
	// LinkFirstAdmin makes the first admin of the operator account.
	LinkFirstAdmin LinkKind = "first_admin"
	// LinkSignIn signs the named person in; the operator alone makes it.
	LinkSignIn LinkKind = "sign_in"
	// LinkSetUp lets the named person into an account whose admin made it. It
	// signs in only who never had a sign-in: an admin of one account must not
	// become a person who belongs to others, or one of their own (R2).
	LinkSetUp LinkKind = "set_up"
)

// Link is a one-time link as stored: only the SHA-256 of its 256-bit token.
type Link struct {
	Hash      []byte
	Kind      LinkKind
	AccountID string
	UserID    string // empty for LinkFirstAdmin
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero: not used
	// Reusable links work until they expire (claviger demo only).
	Reusable bool
}

// Session is a signed-in browser: only the SHA-256 of its 256-bit token is kept.
type Session struct {
	ID         string // public handle, for listing and ending
	Hash       []byte
	UserID     string
	AccountID  string // the account used last
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time // absolute end
	Address    string
	UserAgent  string
	// AuthenticatedAt is when the person last proved who they are; zero: never
	// since this is kept.
	AuthenticatedAt time.Time
	AuthenticatedBy Proof
}

// Proof is how a person proved who they are.
type Proof string

// The proofs.
const (
	// ProofOperatorLink: a link that the operator made (LinkSignIn, LinkFirstAdmin).
	ProofOperatorLink Proof = "operator_link"
	// ProofSetUpLink: a link that an admin of the account made (LinkSetUp).
	ProofSetUpLink Proof = "set_up_link"
	ProofPassword  Proof = "password"
)

// StoredPassword is a person's password as stored: an argon2id hash with its
// parameters (a PHC string), sealed under the master key that MasterKeyID names,
// so that the database alone gives nobody anything to guess at.
type StoredPassword struct {
	apicred.Redacted
	UserID      string
	Sealed      []byte
	MasterKeyID string
	ChangedAt   time.Time
}

// same tells whether it is the password that p is. Its seal may be another: it is
// made anew after a change of the master key, and the person's change alone
// counts.
func (p *StoredPassword) same(other *StoredPassword) bool {
	return (p.Sealed == nil) == (other.Sealed == nil) && p.ChangedAt.Equal(other.ChangedAt)
}

// Store keeps links and sessions. Errors are *apicred.Error, as lifecycle.Store's.
type Store interface {
	// Link finds a link by hash; not_found when absent (used and expired ones
	// are returned: the caller judges).
	Link(ctx context.Context, hash []byte) (Link, error)
	// Session finds a session by hash; not_found when absent.
	Session(ctx context.Context, hash []byte) (Session, error)
	// Sessions of a person, the one seen last first; those that are over too.
	Sessions(ctx context.Context, userID string) ([]Session, error)
	// Password of a person; not_found when none is set.
	Password(ctx context.Context, userID string) (StoredPassword, error)
	// PasswordsNotUnder lists passwords that another master key sealed, behind a
	// user ID, in the order of those, at most so many.
	PasswordsNotUnder(ctx context.Context, masterKeyID, after string, most int) ([]StoredPassword, error)
	// ResealPassword replaces one by itself, sealed anew; false when it is not as
	// it was any more. It is not audited: nobody's password changes.
	ResealPassword(ctx context.Context, was, now StoredPassword) (bool, error)
	Person(ctx context.Context, userID string) (apicred.Person, error)
	// PersonByEmail compares folded (apicred.FoldText).
	PersonByEmail(ctx context.Context, email string) (apicred.Person, error)
	Memberships(ctx context.Context, userID string) ([]apicred.User, error)
	Account(ctx context.Context, accountID string) (apicred.Account, error)
	// TouchSession writes last seen, address and account, not audited.
	TouchSession(ctx context.Context, s Session) error
	// ChangeLogin runs fn in one durable transaction, serialized with every
	// other change of the installation.
	ChangeLogin(ctx context.Context, fn func(Tx) error) error
}

// Tx changes links, sessions and people, and audits it in one transaction.
type Tx interface {
	Link(ctx context.Context, hash []byte) (Link, error)
	InsertLink(ctx context.Context, l Link) error
	// UseLink sets UsedAt; conflict when the link was used before (never for
	// reusable ones).
	UseLink(ctx context.Context, hash []byte, at time.Time) error
	// DeleteLinks removes every link of a kind for a user ("" for first admin).
	DeleteLinks(ctx context.Context, kind LinkKind, userID string) error
	// DeleteLinksOfMember removes those of one account.
	DeleteLinksOfMember(ctx context.Context, kind LinkKind, accountID, userID string) error
	// EndLinksOf removes those of a person in every account, but for reusable ones.
	EndLinksOf(ctx context.Context, userID string) error
	Session(ctx context.Context, hash []byte) (Session, error)
	Sessions(ctx context.Context, userID string) ([]Session, error)
	InsertSession(ctx context.Context, s Session) error
	// DeleteSession is not_found when the session has ended before.
	DeleteSession(ctx context.Context, sessionID string) error
	// EndSessions deletes every session of a person.
	EndSessions(ctx context.Context, userID string) error
	// EndOtherSessions deletes every session of a person but one ("": all), and
	// says how many there were.
	EndOtherSessions(ctx context.Context, userID, but string) (int64, error)
	// ProveSession writes when and how the person proved who they are; not_found
	// when the session has ended.
	ProveSession(ctx context.Context, sessionID string, at time.Time, by Proof) error
	// Password is not_found when none is set.
	Password(ctx context.Context, userID string) (StoredPassword, error)
	// SetPassword sets or replaces the password of a person.
	SetPassword(ctx context.Context, p StoredPassword) error
	// DeleteSessionsEndedBefore removes sessions whose absolute end has passed.
	DeleteSessionsEndedBefore(ctx context.Context, t time.Time) error

	Person(ctx context.Context, userID string) (apicred.Person, error)
	PersonByEmail(ctx context.Context, email string) (apicred.Person, error)
	Account(ctx context.Context, accountID string) (apicred.Account, error)
	Accounts(ctx context.Context) ([]apicred.Account, error)
	User(ctx context.Context, accountID, userID string) (apicred.User, error)
	CountActiveAdmins(ctx context.Context, accountID string) (int64, error)
	InsertPerson(ctx context.Context, p apicred.Person) error
	InsertUser(ctx context.Context, u apicred.User) error
	// Memberships of one person in every account, oldest first.
	Memberships(ctx context.Context, userID string) ([]apicred.User, error)
	// UpdateUser writes role, status, generation and invitation.
	UpdateUser(ctx context.Context, u apicred.User) error
	Record(ctx context.Context, event apicred.AuditEvent) error
}
