package client

import (
	"context"
	"iter"
)

// Words of a credential.
const (
	LevelUser    = "user"
	LevelAccount = "account"

	AuthenticationClientSecret  = "client_secret"
	AuthenticationPrivateKeyJWT = "private_key_jwt"
	AuthenticationTLSClientAuth = "tls_client_auth"

	StatusActive    = "active"
	StatusDisabled  = "disabled"
	StatusExpired   = "expired"
	StatusSuspended = "suspended"
)

// Why a credential needs attention: [ListCredentialsParams.Attention].
const (
	AttentionExpiring  = "expiring"  // it or a secret that works ends within 14 days
	AttentionUnused    = "unused"    // for 90 days, or as long as the account says
	AttentionUnrotated = "unrotated" // no secret was added for 90 days
	AttentionSuspended = "suspended"
)

// Credentials goes through all API credentials that the filter selects, page
// after page; its PageToken says where to begin. It ends at the first error.
func (c *Client) Credentials(ctx context.Context, filter ListCredentialsParams) iter.Seq2[ListedCredential, error] {
	return pages(func(token string) ([]ListedCredential, *string, error) {
		if token != "" {
			filter.PageToken = token
		}
		page, err := c.ListCredentials(ctx, filter)
		if err != nil {
			return nil, nil, err
		}
		return page.Credentials, page.NextPageToken, nil
	})
}
