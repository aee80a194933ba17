package lifecycle

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// PersonTokenGrant is what a people-token of a member may carry.
type PersonTokenGrant struct {
	Scopes []string
	// Generation is the membership's, which the token carries.
	Generation int64
}

// PersonToken is a people-token that the operator had made.
type PersonToken struct {
	JTI       string
	UserID    string
	AccountID string
	Scopes    []string
	ExpiresAt time.Time
}

// GrantPersonToken decides which claviger:* scopes a token that acts as a member
// carries: those of the member's role, or the ones asked for. Errors: not_found,
// conflict (the member is not active), scope_not_grantable (not the role's;
// nothing is narrowed silently).
func (s *Service) GrantPersonToken(ctx context.Context, accountID, userID string, wanted []string) (PersonTokenGrant, error) {
	var out PersonTokenGrant
	err := s.store.View(ctx, func(r Reader) error {
		f, err := s.facts(ctx, r, &apicred.Actor{AccountID: accountID})
		if err != nil {
			return err
		}
		user, err := r.User(ctx, accountID, userID)
		if err != nil {
			return err
		}
		if user.Status != apicred.UserActive {
			return apicred.Conflict(quoted(user.Email) + " is " + string(user.Status) + " in this account. Make them active first: claviger user edit EMAIL --status active")
		}
		held := managementScopes(&f, user.Role)
		for _, scope := range wanted {
			if !slices.Contains(held, scope) {
				return scopeNotOfRole(scope, &user, held)
			}
		}
		out = PersonTokenGrant{Scopes: held, Generation: user.Generation}
		if len(wanted) > 0 {
			out.Scopes = slices.DeleteFunc(held, func(scope string) bool { return !slices.Contains(wanted, scope) })
		}
		return nil
	})
	return out, err
}

func scopeNotOfRole(scope string, user *apicred.User, held []string) error {
	message := "The role " + string(user.Role) + " does not have the scope " + quoted(scope) + " in this account."
	if len(held) > 0 {
		message += " It has: " + strings.Join(held, ", ") + "."
	}
	return apicred.ScopeNotGrantable(message, apicred.FieldError{Location: "scope", Message: message})
}

// RecordPersonToken audits that the operator had a token made. Whoever makes it
// must not hand it out before this returns nil.
func (s *Service) RecordPersonToken(ctx context.Context, actor apicred.Actor, token PersonToken) error {
	return s.change(ctx, func(tx Tx) error {
		as := actor
		as.AccountID, as.UserID = token.AccountID, token.UserID
		return s.record(ctx, tx, &as, recorded{
			action: "token.mint", target: apicred.TargetToken, id: token.JTI, after: recordPersonToken(&token),
		})
	})
}

type personTokenRecord struct {
	UserID    string   `json:"user_id"`
	Scopes    []string `json:"scopes"`
	ExpiresAt string   `json:"expires_at"`
}

func recordPersonToken(t *PersonToken) personTokenRecord {
	return personTokenRecord{t.UserID, t.Scopes, auditTime(t.ExpiresAt)}
}
