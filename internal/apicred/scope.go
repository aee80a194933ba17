package apicred

import (
	"slices"
	"strings"
)

// MaxScopeValue is the longest scope value, in bytes.
const MaxScopeValue = 64

// ManagementPrefix begins the values of the built-in scopes of Claviger's own
// management API; the catalogue file may not use it.
const ManagementPrefix = "claviger:"

// Scope is a right that a credential may hold.
type Scope struct {
	Value       string `json:"value" yaml:"value"`
	Description string `json:"description" yaml:"description"`
	// API is the ID of the API the scope belongs to. It also opens every API
	// with a route that names it.
	API string `json:"api" yaml:"api"`
	// Roles that may hold the scope. Admins may hold every scope.
	Roles   []Role `json:"roles" yaml:"roles,flow"`
	Retired bool   `json:"retired,omitempty" yaml:"retired,omitempty"`
}

// AllowsRole tells whether a person with role may hold the scope: admins every
// one, supervisors those that name them, agents none (R2).
func (s *Scope) AllowsRole(role Role) bool {
	return role == RoleAdmin || role == RoleSupervisor && slices.Contains(s.Roles, RoleSupervisor)
}

// ValidScopeValue tells whether v is a scope-token of RFC 6749 section 3.3
// (printable ASCII without space, quote and backslash) of at most 64 bytes.
func ValidScopeValue(v string) bool {
	if v == "" || len(v) > MaxScopeValue {
		return false
	}
	for i := range len(v) {
		if c := v[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// IsManagement tells whether v is one of Claviger's own scopes.
func IsManagement(v string) bool { return strings.HasPrefix(v, ManagementPrefix) }

// The built-in scopes of the management API (contract.md "Management REST").
const (
	ScopeCredentialsRead  = "claviger:credentials:read"
	ScopeCredentialsWrite = "claviger:credentials:write"
	ScopeUsersRead        = "claviger:users:read"
	ScopeUsersWrite       = "claviger:users:write"
	ScopeAuditRead        = "claviger:audit:read"
	ScopeAccountWrite     = "claviger:account:write"
	ScopeIntrospect       = "claviger:introspect"
	ScopeFeed             = "claviger:feed"
	ScopeCatalogueRead    = "claviger:catalogue:read"
	ScopeCatalogueWrite   = "claviger:catalogue:write"
	ScopeKeysWrite        = "claviger:keys:write"
)

// ManagementAPI is the ID of the built-in API that the built-in scopes open.
const ManagementAPI = "claviger"

// BuiltInScopes returns Claviger's own scopes. They are in every catalogue and
// in no catalogue file.
func BuiltInScopes() []Scope {
	both, admin := []Role{RoleAdmin, RoleSupervisor}, []Role{RoleAdmin}
	return []Scope{
		{ScopeCredentialsRead, "View API credentials", ManagementAPI, both, false},
		{ScopeCredentialsWrite, "Create, edit, rotate and delete API credentials", ManagementAPI, both, false},
		{ScopeUsersRead, "View the account's users", ManagementAPI, admin, false},
		{ScopeUsersWrite, "Invite, edit and remove the account's users", ManagementAPI, admin, false},
		{ScopeAuditRead, "Read the audit log", ManagementAPI, admin, false},
		{ScopeAccountWrite, "Edit the account's settings", ManagementAPI, admin, false},
		{ScopeIntrospect, "Ask whether a token is active", ManagementAPI, admin, false},
		{ScopeFeed, "Follow the revocation feed", ManagementAPI, admin, false},
		{ScopeCatalogueRead, "Read the catalogue of APIs and scopes", ManagementAPI, admin, false},
		{ScopeCatalogueWrite, "Edit the catalogue of APIs and scopes", ManagementAPI, admin, false},
		{ScopeKeysWrite, "Rotate and remove signing keys", ManagementAPI, admin, false},
	}
}

// OperatorOnly tells whether a built-in scope exists in the operator account
// only, because what it changes belongs to the whole installation.
func OperatorOnly(v string) bool {
	return v == ScopeCatalogueRead || v == ScopeCatalogueWrite || v == ScopeKeysWrite
}
