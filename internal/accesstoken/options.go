package accesstoken

import (
	"context"
	"log/slog"
	"time"

	"github.com/claviger/claviger/internal/spool"
)

// Defaults and bounds of Options.
const (
	// DefaultPollInterval is how often the head row is read.
	DefaultPollInterval = 250 * time.Millisecond
	// DefaultTokenLifetime is the setting token_lifetime (contract.md "Lifetime").
	DefaultTokenLifetime = time.Hour
	// VCCTokenLifetime is what tokens of the VCC path live (contract.md "Lifetime").
	VCCTokenLifetime = 7200 * time.Second
	// GraceTokenLifetime bounds tokens issued while the database is away.
	GraceTokenLifetime = 300 * time.Second
	// KeySetMaxAge is how long others may keep the JWK Set: Cache-Control of
	// /.well-known/jwks.json.
	KeySetMaxAge = 300 * time.Second
	// MaxPersonTokenLifetime bounds people-tokens.
	MaxPersonTokenLifetime = 24 * time.Hour
)

// Options of a Directory.
type Options struct {
	// Issuer is the iss of every token: scheme and host, no trailing slash.
	Issuer string
	// TokenLifetime is the server's setting; 0 is DefaultTokenLifetime.
	TokenLifetime time.Duration
	// MaxOffline is how long known credentials are served without the
	// database; 0 refuses at once (contract.md "Staleness").
	MaxOffline time.Duration
	// PollInterval is the time between reads of the head row; 0 is
	// DefaultPollInterval.
	PollInterval time.Duration
	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
	// Logger gets what operators must know; nil discards it.
	Logger *slog.Logger
	// OnKeysChanged is called when the feed says that signing keys changed. An
	// error keeps the change unapplied, so that it is tried again.
	OnKeysChanged func(ctx context.Context) error
	// OnFollowed is told of each change of the feed that is live here now, with
	// the time when it was made; nil: nobody is.
	OnFollowed func(made time.Time)
	// OnManyLoaded is called when so many credentials were read into memory that
	// what reading left behind is worth giving back; nil: nobody minds.
	OnManyLoaded func()
	// Shelf keeps usage that cannot be written, over the end of this process; nil
	// keeps it in memory alone.
	Shelf spool.Shelf
}

// manyCredentials is how many make OnManyLoaded worth calling.
const manyCredentials = 50_000

func (o Options) withDefaults() Options {
	if o.TokenLifetime <= 0 {
		o.TokenLifetime = DefaultTokenLifetime
	}
	if o.PollInterval <= 0 {
		o.PollInterval = DefaultPollInterval
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnFollowed == nil {
		o.OnFollowed = func(time.Time) {}
	}
	if o.OnManyLoaded == nil {
		o.OnManyLoaded = func() {}
	}
	return o
}

// ManagementAudience is the aud of tokens for Claviger's own REST API.
func ManagementAudience(issuer string) string { return issuer + "/api/v1" }
