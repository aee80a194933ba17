package client

import (
	"context"
	"iter"
)

// Words of a credential.
const (
	LevelUser    = "user"
	LevelAccount = "account"

	StatusActive    = "active"
	StatusDisabled  = "disabled"
	StatusExpired   = "expired"
	StatusSuspended = "suspended"
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
