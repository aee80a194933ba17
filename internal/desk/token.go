package desk

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/lifecycle"
)

// TokenIssuer makes people-tokens (*accesstoken.Issuer).
type TokenIssuer interface {
	IssuePerson(ctx context.Context, g accesstoken.PersonGrant) (accesstoken.Token, error)
}

// TokenRequest asks for a management access token that acts as a member.
type TokenRequest struct {
	UserRef
	// Scopes are claviger: ones that the member's role has; none: all of them.
	Scopes []string `json:"scopes,omitempty"`
	// TTL is the token's life, 1 second to 24 hours; in nanoseconds on the socket.
	TTL time.Duration `json:"ttl"`
}

// Token is a minted access token.
type Token struct {
	AccessToken Secret
	ExpiresAt   time.Time
	Scopes      []string
}

// MintToken makes a management access token that acts as a member, and audits
// that the operator did. A token whose audit event could not be written is
// never handed out. Errors: not_found, conflict (not active), forbidden with
// code scope_not_grantable, invalid (ttl).
func (d *Desk) MintToken(ctx context.Context, in TokenRequest) (Token, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return Token{}, err
	}
	user, err := d.member(ctx, in.UserRef)
	if err != nil {
		return Token{}, err
	}
	grant, err := d.lifecycle.GrantPersonToken(ctx, user.AccountID, user.ID, in.Scopes)
	if err != nil {
		return Token{}, err
	}
	expires := d.clock().UTC().Truncate(time.Second).Add(in.TTL.Truncate(time.Second))
	token, err := d.tokens.IssuePerson(ctx, accesstoken.PersonGrant{
		UserID: user.ID, AccountID: user.AccountID, ClientID: accesstoken.ClientCLI,
		Scopes: grant.Scopes, TTL: in.TTL, Generation: grant.Generation,
	})
	if err != nil {
		return Token{}, err
	}
	err = d.lifecycle.RecordPersonToken(ctx, actor, lifecycle.PersonToken{
		JTI: token.JTI, UserID: user.ID, AccountID: user.AccountID, Scopes: grant.Scopes, ExpiresAt: expires,
	})
	if err != nil {
		return Token{}, err
	}
	return Token{AccessToken: Secret{text: token.Raw}, ExpiresAt: expires, Scopes: grant.Scopes}, nil
}
