package accesstoken

import (
	"context"
	"strconv"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Client IDs of people-tokens (contract.md "Tokens").
const (
	ClientCLI     = "claviger-cli"
	ClientConsole = "claviger-console"
)

// PersonGrant asks for a token that acts as a person in one account.
type PersonGrant struct {
	UserID    string
	AccountID string
	ClientID  string // ClientCLI or ClientConsole
	// Scopes the token carries, claviger: ones; none is allowed. What works is
	// decided at each use by the person's role then.
	Scopes []string
	// TTL is the token's life, up to MaxPersonTokenLifetime.
	TTL time.Duration
	// Generation is the membership's.
	Generation int64
}

// IssuePerson makes a people-token for the management API. It does not look the
// membership up: it may run where no Directory is loaded.
func (i *Issuer) IssuePerson(_ context.Context, g PersonGrant) (Token, error) {
	life := g.TTL.Truncate(time.Second)
	switch {
	case life < time.Second || life > MaxPersonTokenLifetime:
		return Token{}, apicred.Invalid(apicred.FieldError{Location: "ttl", Message: "The token's lifetime must be from 1 second to 24 hours."})
	case !personClient(g.ClientID) || g.UserID == "" || g.AccountID == "":
		return Token{}, apicred.Invalid(apicred.FieldError{Location: "user", Message: "A management token needs a user and an account."})
	}
	for _, s := range g.Scopes {
		if !apicred.IsManagement(s) || !apicred.ValidScopeValue(s) {
			return Token{}, apicred.Invalid(apicred.FieldError{Location: "scope", Message: "A management token carries claviger: scopes only."})
		}
	}
	options := &i.directory.options
	scope := apicred.JoinScopes(g.Scopes)
	buffer := i.buffers.Get().(*issueBuffer)
	defer i.buffers.Put(buffer)
	p := appendHead(buffer.payload[:0], options.Issuer, []string{ManagementAudience(options.Issuer)}, scope)
	p = appendEscaped(p, g.UserID)
	p = append(p, `","client_id":"`...)
	p = append(p, g.ClientID...)
	p = append(p, `","account":"`...)
	p = appendEscaped(p, g.AccountID)
	p = append(p, `","owner":"`...)
	p = appendEscaped(p, g.UserID)
	p = append(p, `","gen":`...)
	buffer.payload = strconv.AppendInt(p, g.Generation, 10)
	return i.finish(buffer, scope, life, options.Clock())
}

func personClient(id string) bool { return id == ClientCLI || id == ClientConsole }
