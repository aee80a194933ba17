package apicred

import (
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// UserStatus is the state of a membership.
type UserStatus string

// The states of a membership. Only active ones sign in and own live credentials.
const (
	UserActive      UserStatus = "active"
	UserDeactivated UserStatus = "deactivated"
	UserArchived    UserStatus = "archived"
	// UserRemoved members are gone for everybody who asks. The row stays, for
	// what they own and for the audit; adding the person again takes it up.
	UserRemoved UserStatus = "removed"
)

// Valid tells whether s is one of the three states that a member can be in.
func (s UserStatus) Valid() bool {
	return s == UserActive || s == UserDeactivated || s == UserArchived
}

// Person is somebody who can sign in. Sign-ins and sessions belong to the
// person; roles belong to the membership in an account.
type Person struct {
	ID        string
	Email     string // as entered, NFC
	Name      string
	CreatedAt time.Time
	// ErasedAt is when the person's data was erased; zero: it was not. Email and
	// Name are empty then, and for ever.
	ErasedAt time.Time
}

// User is a person as a member of one account.
type User struct {
	Person
	AccountID string
	Role      Role
	Status    UserStatus
	// Generation is carried by people-tokens; a token below it is dead.
	Generation int64
	JoinedAt   time.Time
	LastSeenAt time.Time // zero: never
	Version    int64
	// InvitedEmail and InvitedName are what the admin entered who added the
	// person. They stand until the person accepts, so that nobody learns by
	// adding an address whether its owner is known here, or under which name.
	InvitedEmail string
	InvitedName  string
}

// Accepted tells whether the person has accepted the membership. Until then
// their sessions do not reach the account.
func (u *User) Accepted() bool { return u.InvitedEmail == "" }

// AsKnown is the user as the account may know them: until they accept, by what
// was entered there.
func (u *User) AsKnown() User {
	known := *u
	if !u.Accepted() {
		known.Email, known.Name = u.InvitedEmail, u.InvitedName
	}
	return known
}

// FoldText returns the form under which texts are compared without regard to
// case and Unicode spelling (NFC, then full case folding).
func FoldText(s string) string { return cases.Fold().String(norm.NFC.String(s)) }

// CheckEmail validates an e-mail address as a login name. It is deliberately
// shallow: one "@" with text on both sides, no spaces, no control characters,
// at most 254 bytes (RFC 5321 section 4.5.3.1.3).
func CheckEmail(email string) (string, error) {
	email = norm.NFC.String(strings.TrimSpace(email))
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" || domain == "" || strings.Contains(domain, "@") || len(email) > 254 ||
		strings.ContainsFunc(email, func(r rune) bool { return r == ' ' || forbiddenInName(r) }) {
		return "", Invalid(FieldError{Location: "body.email", Message: "Give an e-mail address such as ada@example.com, at most 254 characters."})
	}
	return email, nil
}
