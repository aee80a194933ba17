package apicred

// Role is what a person is in one account.
type Role string

// The roles (docs/glossary.md).
const (
	RoleAdmin      Role = "admin"
	RoleSupervisor Role = "supervisor"
	RoleAgent      Role = "agent"
)

// Valid tells whether r is one of the three roles.
func (r Role) Valid() bool { return r == RoleAdmin || r == RoleSupervisor || r == RoleAgent }

// Level tells who owns a credential: a user or the account.
type Level string

// The levels of a credential.
const (
	LevelUser    Level = "user"
	LevelAccount Level = "account"
)

// Valid tells whether l is one of the two levels.
func (l Level) Valid() bool { return l == LevelUser || l == LevelAccount }
