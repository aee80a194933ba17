package client

import (
	"context"
	"time"
)

// RotateSecret adds a client secret and gives all others of the credential an
// end, retireAfter from now (whole seconds, 0 to 90 days) unless they end sooner.
func (c *Client) RotateSecret(ctx context.Context, clientID string, retireAfter time.Duration) (*CreatedSecret, error) {
	seconds := int64(retireAfter / time.Second)
	return c.AddSecret(ctx, clientID, NewSecret{RetireOthersAfterSeconds: &seconds})
}
