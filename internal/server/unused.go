package server

import (
	"context"
	"log/slog"
	"time"
)

// unusedPeriod is how often the rules for unused credentials are applied. They
// count in days; each node applies them, and whoever is first does it.
const unusedPeriod = time.Minute

// disableUnused applies the accounts' rules for unused credentials until ctx
// ends. It begins a period after the start, so that other nodes have written
// what they counted meanwhile.
func (c *Core) disableUnused(ctx context.Context) {
	tick := time.NewTicker(unusedPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c.disableUnusedOnce(ctx)
	}
}

// disableUnusedOnce first writes what this node has counted: whoever was used a
// moment ago must not look unused.
func (c *Core) disableUnusedOnce(ctx context.Context) {
	err := c.Directory.Flush(ctx)
	if err == nil {
		var disabled int
		if disabled, err = c.Lifecycle.DisableUnused(ctx); disabled > 0 {
			c.Log.InfoContext(ctx, "disabled API credentials that nobody used", slog.Int("credentials", disabled))
		}
	}
	if err != nil && ctx.Err() == nil {
		c.Log.WarnContext(ctx, "the rules for unused API credentials could not be applied; the next try is in a minute", slog.Any("error", err))
	}
}
