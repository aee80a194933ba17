package client

import (
	"context"
	"iter"
)

// AuditEvents goes through all audit events that the filter selects, newest
// first, page after page; its PageToken says where to begin. It ends at the
// first error.
func (c *Client) AuditEvents(ctx context.Context, filter ListAuditEventsParams) iter.Seq2[AuditEvent, error] {
	return pages(func(token string) ([]AuditEvent, *string, error) {
		if token != "" {
			filter.PageToken = token
		}
		page, err := c.ListAuditEvents(ctx, filter)
		if err != nil {
			return nil, nil, err
		}
		return page.AuditEvents, page.NextPageToken, nil
	})
}
