package apicred

import "time"

// AccountLevelPolicy says whether account-level credentials may be created.
type AccountLevelPolicy string

// The values of the policy; closed is the default (R2).
const (
	AccountLevelClosed AccountLevelPolicy = "closed"
	AccountLevelOpen   AccountLevelPolicy = "open"
)

// Account holds people, credentials and the rules for them. The first account
// of an installation is the operator account.
type Account struct {
	ID       string
	Name     string
	Operator bool
	// APICredentialsEnabled shows the API Credentials area (R1). Off hides the
	// area and stops no program.
	APICredentialsEnabled   bool
	AccountLevelCredentials AccountLevelPolicy
	// MaxTokenLifetime bounds every access token of the account; 0 is no bound.
	MaxTokenLifetime time.Duration
	// MaxSecretAge, UnusedWarnAfter, UnusedDisableAfter: 0 is off.
	MaxSecretAge       time.Duration
	UnusedWarnAfter    time.Duration
	UnusedDisableAfter time.Duration
	// UnusedRuleAt is since when the rule for unused credentials has been as
	// strict as it is; zero: there is none that disables.
	UnusedRuleAt time.Time
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Version      int64
}
