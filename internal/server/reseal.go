package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// resealEvery is how often sealing passwords anew is tried while the database is
// away.
const resealEvery = 5 * time.Second

// resealPasswords seals what an old master key sealed anew, beside the first
// requests: there may be many people, and none of them has to wait for it.
func (c *Core) resealPasswords(ctx context.Context) {
	for ctx.Err() == nil {
		resealed, err := c.Login.ResealPasswords(ctx)
		if resealed > 0 {
			c.Log.InfoContext(ctx, "passwords of an old master key were sealed under the present one", slog.Int("passwords", resealed))
		}
		if err == nil {
			return
		}
		if !apicred.IsKind(err, apicred.KindUnavailable) {
			c.Log.ErrorContext(ctx, "passwords of an old master key could not be sealed anew; each is when its person signs in", slog.Any("error", err))
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(resealEvery):
		}
	}
}
