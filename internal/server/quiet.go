package server

import (
	"context"
	"log/slog"
	"time"
)

const (
	// quietPeriod is how often it is looked which secrets have been quiet for long
	// enough, and how often this node marks how far its uses are written.
	quietPeriod = time.Minute
	// leaveTime bounds the last word of a node.
	leaveTime = time.Second
)

// closeQuiet closes secrets that nobody uses any more, as their people asked, until
// ctx ends. It begins at once: nodes must know of each other.
func (c *Core) closeQuiet(ctx context.Context) {
	tick := time.NewTicker(quietPeriod)
	defer tick.Stop()
	for {
		c.closeQuietOnce(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *Core) closeQuietOnce(ctx context.Context) {
	closed, err := c.Quiet.Pass(ctx)
	if closed > 0 {
		c.Log.InfoContext(ctx, "closed client secrets that nobody used any more", slog.Int("secrets", closed))
	}
	if err != nil && ctx.Err() == nil {
		c.Log.WarnContext(ctx, "it could not be looked which client secrets nobody uses any more; the next try is in a minute", slog.Any("error", err))
	}
}

// leaveQuiet says that this node counts no more uses. Where that fails, others wait
// until nothing it may have counted matters any more.
func (c *Core) leaveQuiet(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if err := c.Quiet.Leave(ctx); err != nil {
		c.Log.WarnContext(ctx, "other nodes go on waiting for the uses that this one counted last before they close secrets", slog.Any("error", err))
	}
}
