package server

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/sqlstore"
)

// joinEvery is how often a server that started without its database looks for it.
const joinEvery = time.Second

// keysUser takes the signing keys of a snapshot.
type keysUser func(keys []apicred.SigningKey) error

// openOrRecall opens the database that cfg describes. away is why it could not
// be asked, where this node may start nevertheless, with what it knew.
func openOrRecall(ctx context.Context, cfg config.Config, log *slog.Logger) (core *Core, away, err error) {
	core, err = openDatabase(ctx, cfg, log)
	if err == nil || ctx.Err() != nil || cfg.MaxOffline == 0 || !sqlstore.Unreachable(err) {
		return core, nil, err
	}
	if _, sqlite := cfg.SQLitePath(); sqlite {
		return nil, nil, err
	}
	store, opened := sqlstore.Open(ctx, sqlstore.Options{URL: cfg.DatabaseURL.Reveal(), Away: true})
	if opened != nil {
		return nil, nil, err
	}
	return &Core{Config: cfg, Log: log, Store: store}, err, nil
}

// recall is assemble without the database: with what this node kept of what it
// knew. away is the error to start with where there is nothing, or nothing that
// may be used any more.
func (c *Core) recall(ctx context.Context, issuer string, away error) error {
	keys, err := c.Config.OpenMasterKeys(rand.Reader) // with PostgreSQL none is made
	if err != nil {
		return err
	}
	master := keyring.NewMaster(keys.Current(), keys.Old()...)
	if err := c.openDirectory(issuer, master); err != nil {
		return err
	}
	taken, err := c.recallSnapshot(func(keys []apicred.SigningKey) (err error) {
		c.Ring, err = keyring.Recall(c.ringOptions(master), keys)
		return err
	})
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			c.Log.WarnContext(ctx, "what this node knew cannot be used", slog.String("data_dir", c.Config.DataDir), slog.Any("error", err))
		}
		return away
	}
	c.build(master)
	c.away = true
	c.Log.WarnContext(ctx, "started without the database, with what this node knew",
		slog.Time("as_of", taken), slog.Time("until", taken.Add(c.Config.MaxOffline)), slog.Int("credentials", c.Directory.Size()),
		slog.Any("cause", away))
	return nil
}

// join makes up for the start as soon as the database answers. It returns when
// that is done, when ctx has ended, or with what makes this program unfit for the
// database.
func (c *Core) join(ctx context.Context) error {
	if !c.away {
		return nil
	}
	tick := time.NewTicker(joinEvery)
	defer tick.Stop()
	told := ""
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		err := c.settle(ctx)
		switch {
		case err == nil:
			c.Log.InfoContext(ctx, "the database answers; the start is complete")
			return nil
		case ctx.Err() != nil:
			return nil
		case !apicred.IsKind(err, apicred.KindUnavailable):
			return err
		case !sqlstore.Unreachable(err) && err.Error() != told: // the database is there, and something else is not
			told = err.Error()
			c.Log.WarnContext(ctx, "the database answers, and the start cannot be completed yet", slog.Any("error", err))
		}
	}
}

// settle does what a start does with its database.
func (c *Core) settle(ctx context.Context) error {
	if c.Config.MigrateOnStart {
		if err := migrate(ctx, c.Config.MigrateDatabaseURL.Reveal()); err != nil {
			return err
		}
	}
	if err := c.Store.CheckSchema(ctx); err != nil {
		return err
	}
	if err := c.Ring.Mend(ctx); err != nil {
		return err
	}
	if err := c.ensureOperatorAccount(ctx); err != nil {
		return err
	}
	if err := c.applyCatalogueFile(ctx); err != nil {
		return err
	}
	return c.Directory.CatchUp(ctx)
}
