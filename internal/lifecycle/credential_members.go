package lifecycle

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Bounds of a token's lifetime (contract.md "Listeners and settings").
const (
	minTokenLifetime = time.Minute
	maxTokenLifetime = 24 * time.Hour
	maxRequestRate   = 100_000
)

// memberCheck validates the members of a credential and collects all faults.
type memberCheck struct{ faults []apicred.FieldError }

func (v *memberCheck) fault(location, message string) {
	v.faults = append(v.faults, apicred.FieldError{Location: location, Message: message})
}

// err is all faults as one error, or nil.
func (v *memberCheck) err() error {
	if len(v.faults) == 0 {
		return nil
	}
	return apicred.Invalid(v.faults...)
}

// faulty tells whether a member already has a fault, so that a value the
// surface could not read is not judged a second time.
func (v *memberCheck) faulty(location string) bool {
	return slices.ContainsFunc(v.faults, func(f apicred.FieldError) bool { return f.Location == location })
}

func (v *memberCheck) name(name string) string {
	if v.faulty("body.name") {
		return ""
	}
	checked, err := apicred.CheckName("body.name", name)
	if err != nil {
		v.faults = append(v.faults, apicred.AsError(err).Fields...)
	}
	return checked
}

// scopes validates asked scopes. Those in held stay allowed although retired
// since: an edit of something else must not force them off.
func (v *memberCheck) scopes(f *facts, asked, held []string) []string {
	if v.faulty("body.scopes") {
		return nil
	}
	if len(asked) > apicred.MaxScopes {
		v.fault("body.scopes", fmt.Sprintf("Name at most %d scopes.", apicred.MaxScopes))
		return nil
	}
	for i, value := range asked {
		at := fmt.Sprintf("body.scopes[%d]", i)
		scope := f.catalogue.Scope(value)
		switch {
		case slices.Contains(held, value), v.faulty(at):
		case scope == nil || apicred.OperatorOnly(value) && !f.account.Operator:
			v.fault(at, fmt.Sprintf("There is no scope %s. Choose from GET /api/v1/scopes; letter case counts.", quoted(value)))
		case !scope.Live:
			v.fault(at, fmt.Sprintf("The scope %s is retired. Choose another.", quoted(value)))
		case !scope.Grantable(apicred.RoleAdmin, &f.account):
			v.fault(at, fmt.Sprintf("The scope %s is not open to this account. Choose from GET /api/v1/scopes.", quoted(value)))
		}
	}
	scopes := apicred.NormalizeScopes(asked)
	if len(asked) == 0 {
		v.fault("body.scopes", "Choose at least one scope.")
	}
	if len(apicred.JoinScopes(scopes)) > apicred.MaxScopesText {
		v.fault("body.scopes", "The scopes together are longer than 2,048 characters. Split them over two API credentials.")
	}
	return scopes
}

func (v *memberCheck) expiry(at, now time.Time) time.Time {
	if !at.IsZero() && !at.After(now) && !v.faulty("body.expires_at") {
		v.fault("body.expires_at", "The end lies in the past. Give a later time, or leave it out.")
	}
	return at.UTC().Truncate(time.Microsecond)
}

func (v *memberCheck) cidrs(ranges []netip.Prefix) []netip.Prefix {
	if len(ranges) > apicred.MaxCIDRs {
		v.fault("body.allowed_cidrs", fmt.Sprintf("Allow at most %d address ranges.", apicred.MaxCIDRs))
	}
	for i, p := range ranges {
		if p != p.Masked() && !v.faulty("body.allowed_cidrs") {
			v.fault(fmt.Sprintf("body.allowed_cidrs[%d]", i), fmt.Sprintf("The range %s has bits set behind its mask. Write %s.", p, p.Masked()))
		}
	}
	return ranges
}

func (v *memberCheck) tokenLifetime(d time.Duration, account *apicred.Account) time.Duration {
	most := maxTokenLifetime
	if account.MaxTokenLifetime > 0 {
		most = min(most, account.MaxTokenLifetime)
	}
	if d != 0 && (d < minTokenLifetime || d > most) && !v.faulty("body.token_lifetime_seconds") {
		v.fault("body.token_lifetime_seconds", fmt.Sprintf("The token lifetime must be %d to %d seconds in this account.", int64(minTokenLifetime/time.Second), int64(most/time.Second)))
	}
	return d
}

func (v *memberCheck) requestRate(n int) int {
	if (n < 0 || n > maxRequestRate) && !v.faulty("body.requests_per_second") {
		v.fault("body.requests_per_second", fmt.Sprintf("The limit must be 1 to %d requests per second.", maxRequestRate))
	}
	return n
}

// ceiling refuses what would leave the credential with a scope above what the
// actor may give now (contract.md "Ceiling", S26). Scopes that do not exist for
// this account are left to the member check; of held ones retired since, only
// the actor counts.
func ceiling(actor *apicred.Actor, f *facts, held, after []string) error {
	for i, value := range after {
		scope := f.catalogue.Scope(value)
		if scope == nil || !scope.Grantable(apicred.RoleAdmin, &f.account) && !slices.Contains(held, value) {
			continue
		}
		if why := aboveCeiling(actor, f, scope); why != "" {
			return apicred.ScopeNotGrantable(why, apicred.FieldError{Location: fmt.Sprintf("body.scopes[%d]", i), Message: why})
		}
	}
	return nil
}

// aboveCeiling says why the actor may not give a scope, or nothing: it must be
// within the actor's role, for claviger:* ones also within the acting token's
// own scopes, and for an account-level credential within its own.
func aboveCeiling(actor *apicred.Actor, f *facts, scope *apicred.CompiledScope) string {
	role := actor.Role
	if accountActor(actor) {
		role = apicred.RoleAdmin
	}
	switch {
	case !scope.AllowsRole(role):
		return fmt.Sprintf("Your role may not give the scope %s. Ask an admin, or leave it out.", quoted(scope.Value))
	case apicred.IsManagement(scope.Value) && !actor.Holds(scope.Value):
		return fmt.Sprintf("The acting token does not hold the scope %s itself, so it cannot give it. Use the console, or a token that holds it.", quoted(scope.Value))
	case accountActor(actor) && !slices.Contains(f.held, scope.Value):
		return fmt.Sprintf("The acting credential does not hold the scope %s itself, so it cannot give it. Use one that holds it, or ask an admin.", quoted(scope.Value))
	}
	return ""
}

// needProof asks a session for a fresh proof (S21) before it makes or strengthens
// a credential with a scope for risky acts. A token of such a credential is never
// asked, so whoever found a browser open could otherwise do by it what the
// session refuses. Ask it last, as needScope.
func (s *Service) needProof(actor *apicred.Actor, scopes []string, attempt recorded) error {
	if !actor.ProofOld || !slices.ContainsFunc(scopes, forRiskyActs) {
		return nil
	}
	s.refuse(actor, "reauthentication", attempt)
	return apicred.ReauthenticationRequired()
}

// forRiskyActs tells whether a scope opens operations of the management API for
// which a session must prove itself anew.
func forRiskyActs(scope string) bool {
	switch scope {
	case apicred.ScopeUsersWrite, apicred.ScopeAccountWrite, apicred.ScopeCatalogueWrite, apicred.ScopeKeysWrite:
		return true
	}
	return false
}

// quoted shows a foreign value in a message, shortened and without control
// characters.
func quoted(value string) string {
	const most = 80
	if len(value) > most {
		value = value[:most] + "…"
	}
	return fmt.Sprintf("%q", value)
}
