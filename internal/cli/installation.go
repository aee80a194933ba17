package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/desk"
	"github.com/claviger/claviger/internal/server"
)

// How long a local command waits for another one, or for a server that is just
// starting or stopping, to let go of the data directory.
const (
	lockPatience = 5 * time.Second
	lockRetry    = 50 * time.Millisecond
)

// installation is how a local command reaches what it works on.
type installation struct {
	app      *app
	settings *settings
	// creates: the command may make a database where there is none yet.
	creates bool
	// prints: the command prints links or tokens, which carry the issuer.
	prints bool
}

// addInstallation gives a command the flags by which it finds its installation.
func addInstallation(a *app, cmd *cobra.Command) *installation {
	return &installation{app: a, settings: addSettings(cmd, "data_dir")}
}

// addIssuingInstallation is addInstallation for commands that print links or
// tokens.
func addIssuingInstallation(a *app, cmd *cobra.Command) *installation {
	return &installation{app: a, settings: addSettings(cmd, "data_dir", "issuer"), prints: true}
}

// do opens the way to the installation, does the work and closes it.
func (i *installation) do(ctx context.Context, work func(desk.Operator) error) error {
	cfg, err := i.settings.load()
	if err != nil {
		return err
	}
	operator, done, err := i.open(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(work(operator), done())
}

// open goes through a running server's socket, else opens the database. Between
// the two tries a server may be starting, so a taken lock is tried again.
func (i *installation) open(ctx context.Context, cfg config.Config) (desk.Operator, func() error, error) {
	retry := time.NewTicker(lockRetry)
	defer retry.Stop()
	patience := time.NewTimer(lockPatience)
	defer patience.Stop()
	for {
		if client, ok := desk.Dial(ctx, filepath.Join(cfg.DataDir, desk.SocketName)); ok {
			return client, func() error { client.Close(); return nil }, nil
		}
		operator, done, err := i.openDatabase(ctx, cfg)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return operator, done, err
		}
		select {
		case <-retry.C:
		case <-patience.C:
			return nil, nil, err
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

func (i *installation) openDatabase(ctx context.Context, cfg config.Config) (desk.Operator, func() error, error) {
	if err := i.checkDatabase(cfg); err != nil {
		return nil, nil, err
	}
	log := slog.New(slog.NewTextHandler(i.app.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	core, err := server.OpenCore(ctx, cfg, log)
	if err != nil {
		return nil, nil, err
	}
	return core.Desk(), core.Close, nil
}

// checkDatabase refuses to make a database by accident, as after a slip in
// --data-dir.
func (i *installation) checkDatabase(cfg config.Config) error {
	path, sqlite := cfg.SQLitePath()
	if _, err := os.Stat(path); sqlite && errors.Is(err, os.ErrNotExist) {
		if !i.creates {
			return apicred.Conflict("There is no database at " + path + ". Start the server once (claviger serve), or name its data directory with --data-dir or --config.")
		}
		i.app.say("Making a new database at %s.", path)
	}
	if i.prints && cfg.Issuer == "" {
		return apicred.Conflict("The server's address is not known before it listens. Start it first, or give the issuer (--issuer).")
	}
	return nil
}
