package accesstoken

import (
	"sync/atomic"

	"github.com/claviger/claviger/internal/apicred"
)

// Member is what the hot path knows of a user: the membership, and nothing
// personal.
type Member struct {
	UserID     string
	AccountID  string
	Role       apicred.Role
	Status     apicred.UserStatus
	Generation int64
}

// Active tells whether the membership may sign in and own live credentials.
func (m *Member) Active() bool { return m != nil && m.Status == apicred.UserActive }

// accountCell holds an account's present facts. Classes point to the cell, so
// that a changed account reaches all its credentials by one store.
type accountCell struct {
	now atomic.Pointer[apicred.Account]
}

// memberCell holds a membership's present facts; nil when it is gone.
type memberCell struct {
	now    atomic.Pointer[Member]
	number uint32 // place in table.owners
}

type memberKey struct{ accountID, userID string }

func memberOf(u *apicred.User) *Member {
	return &Member{UserID: u.ID, AccountID: u.AccountID, Role: u.Role, Status: u.Status, Generation: u.Generation}
}
