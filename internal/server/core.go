package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/desk"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/spool"
	"github.com/claviger/claviger/internal/sqlstore"
)

// Core is the installation without listeners: the database, the keys, the
// directory and the use cases. The server runs on it, and so do the operator's
// local commands while no server does.
type Core struct {
	Config    config.Config
	Issuer    string
	Log       *slog.Logger
	Store     *sqlstore.Store
	Ring      *keyring.Ring
	Directory *accesstoken.Directory
	Tokens    *accesstoken.Issuer
	Verifier  *accesstoken.Verifier
	Lifecycle *lifecycle.Service
	Notary    *audit.Notary
	Login     *login.Service
	Snapshots *accesstoken.Snapshots // nil with SQLite
	// Quiet closes secrets that nobody uses any more, where this is a server.
	Quiet *lifecycle.QuietCloser
	// Lag observes how long changes took to get here.
	Lag prometheus.Histogram
	// Traces makes a span of each request; nil: nobody asked for them.
	Traces *Traces

	lock *os.File // nil with PostgreSQL
	// serves: it is a server's, whose counters outlive it on the shelf; see spool.go.
	serves bool
	shelf  *shelf // nil: none
	away   bool   // it began without the database; see join
}

// OpenCore opens the installation that cfg describes. With SQLite it takes the
// data directory's lock. Errors are finished lines for the operator.
func OpenCore(ctx context.Context, cfg config.Config, log *slog.Logger) (*Core, error) {
	c, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	if err := c.assemble(ctx, cfg.IssuerAt(cfg.Listen)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Migrate applies schema migrations and nothing else (claviger migrate).
func Migrate(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	cfg.MigrateOnStart = true
	c, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return err
	}
	return c.Close()
}

// openDatabase takes the lock, applies migrations and opens the store.
func openDatabase(ctx context.Context, cfg config.Config, log *slog.Logger) (*Core, error) {
	c := &Core{Config: cfg, Log: log}
	if _, sqlite := cfg.SQLitePath(); sqlite {
		lock, err := lockDirectory(ctx, cfg.DataDir)
		if err != nil {
			return nil, err
		}
		c.lock = lock
	}
	if cfg.MigrateOnStart {
		if err := migrate(ctx, cfg.MigrateDatabaseURL.Reveal()); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	store, err := sqlstore.Open(ctx, sqlstore.Options{URL: cfg.DatabaseURL.Reveal()})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	c.Store = store
	// With migrate_on_start off, an older schema would else show as one failing
	// statement after the other.
	if err := store.CheckSchema(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func migrate(ctx context.Context, url string) error {
	store, err := sqlstore.Open(ctx, sqlstore.Options{URL: url})
	if err != nil {
		return err
	}
	return errors.Join(store.Migrate(ctx), store.Close())
}

// assemble derives the keys, fills the directory and builds the use cases.
func (c *Core) assemble(ctx context.Context, issuer string) error {
	keys, err := c.openMasterKeys(ctx)
	if err != nil {
		return err
	}
	master := keyring.NewMaster(keys.Current(), keys.Old()...)
	if err := c.openDirectory(issuer, master); err != nil {
		return err
	}
	if c.Ring, err = keyring.Open(ctx, c.ringOptions(master)); err != nil {
		return err
	}
	c.build(master)
	if err := c.ensureOperatorAccount(ctx); err != nil {
		return err
	}
	return c.Directory.Load(ctx)
}

// openDirectory makes the directory, empty.
func (c *Core) openDirectory(issuer string, master *keyring.Master) error {
	c.Issuer = issuer
	if c.serves {
		c.shelf = newShelf(c.Config.DataDir, master)
	}
	c.Lag = newLag()
	c.Directory = accesstoken.NewDirectory(c.Store.AccessToken(), master.Hasher(), accesstoken.Options{
		Issuer: issuer, TokenLifetime: c.Config.TokenLifetime, MaxOffline: c.Config.MaxOffline,
		Logger: c.Log, OnKeysChanged: func(ctx context.Context) error { return c.Ring.Reload(ctx) },
		OnFollowed:   func(made time.Time) { c.Lag.Observe(time.Since(made).Seconds()) },
		OnManyLoaded: debug.FreeOSMemory,
		Shelf:        c.onShelf(),
	})
	if _, sqlite := c.Config.SQLitePath(); sqlite {
		return nil // it is on the same disk
	}
	schema, err := c.Store.KnownSchema()
	c.Snapshots = accesstoken.NewSnapshots(c.Directory, master, fmt.Sprintf("claviger snapshot 1, schema %d", schema))
	return err
}

// onShelf is the shelf, or none.
func (c *Core) onShelf() spool.Shelf {
	if c.shelf == nil {
		return nil
	}
	return c.shelf
}

// build puts the use cases on database, directory and ring.
func (c *Core) build(master *keyring.Master) {
	c.Notary = audit.NewNotary(c.Store.Audit(), master, time.Now, c.Log)
	c.Tokens = accesstoken.NewIssuer(c.Directory, c.Ring)
	c.Verifier = accesstoken.NewVerifier(c.Directory, c.Ring)
	c.Lifecycle = lifecycle.New(lifecycle.Options{
		Store: c.Store.Lifecycle(), Hasher: master.Hasher(), Sealer: master, Keys: c.Ring, Clock: time.Now, Random: rand.Reader,
		ManagementAudience: accesstoken.ManagementAudience(c.Issuer), Changed: c.catchUp,
		Shelf: c.onShelf(), Logger: c.Log,
	})
	c.Quiet = c.Lifecycle.QuietCloser(lifecycle.QuietOptions{
		Process: rand.Text(), Offline: c.Config.MaxOffline, Flush: func(ctx context.Context) (lifecycle.Flushed, error) {
			flushed, err := c.Directory.FlushAll(ctx)
			return lifecycle.Flushed(flushed), err
		},
	})
	c.Login = login.New(login.Options{
		Store: c.Store.Login(), Clock: time.Now, Random: rand.Reader, Sealer: master, Logger: c.Log,
		Refusals: c.Lifecycle, PasswordSignIn: c.Config.PasswordSignIn,
	})
}

func (c *Core) ensureOperatorAccount(ctx context.Context) error {
	_, err := c.Lifecycle.EnsureOperatorAccount(ctx, apicred.Actor{Type: apicred.ActorSystem, Unlimited: true})
	return err
}

func (c *Core) ringOptions(master *keyring.Master) keyring.Options {
	return keyring.Options{
		Store: c.Store.Keyring(), Master: master, Clock: time.Now, Logger: c.Log,
		Algorithm: c.Config.SigningAlgorithm, Rotation: c.Config.SigningKeyRotation,
	}
}

// openMasterKeys makes a master key only for a database that nothing was sealed
// in yet: a lost key must be restored, and a new one would only hide that.
func (c *Core) openMasterKeys(ctx context.Context) (config.MasterKeys, error) {
	sealed, err := c.Store.Keyring().SigningKeys(ctx)
	if err != nil {
		return config.MasterKeys{}, err
	}
	if len(sealed) > 0 {
		return c.Config.OpenMasterKeys(nil)
	}
	return c.Config.OpenMasterKeys(rand.Reader)
}

// catchUp makes a committed change live on this node before its maker is
// answered (R11). When it fails, the poll loop follows within its period.
func (c *Core) catchUp(ctx context.Context) {
	if err := c.Directory.CatchUp(ctx); err != nil {
		c.Log.WarnContext(ctx, "a change is stored, but this node has not seen it yet", slog.Any("error", err))
	}
}

// Desk is the operator's desk on this installation.
func (c *Core) Desk() *desk.Desk {
	return desk.New(desk.Deps{
		Lifecycle: c.Lifecycle, Login: c.Login, Tokens: c.Tokens, Notary: c.Notary,
		Issuer: c.Issuer, LinkURL: c.linkURL, Clock: time.Now, Ready: c.Directory.Ready, Logger: c.Log,
	})
}

// Close writes what is still in memory, closes the database and gives the lock
// back.
func (c *Core) Close() error {
	var err error
	if c.Lifecycle != nil && !c.serves { // a server has, or keeps them for the next one
		flush, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err = c.Lifecycle.FlushRefusals(flush, true)
		cancel()
	}
	if c.Store != nil {
		err = errors.Join(err, c.Store.Close())
	}
	if c.shelf != nil {
		err = errors.Join(err, c.shelf.Close())
	}
	if c.lock != nil {
		err = errors.Join(err, c.lock.Close())
	}
	return err
}
