package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/lifecycle"
)

// Run serves the installation that cfg describes until ctx ends, then drains.
// Where it listens, and on a first start the one-time set-up link, are written
// to talk (stderr). Errors are finished lines for the operator.
func Run(ctx context.Context, cfg config.Config, log *slog.Logger, talk io.Writer) (err error) {
	// From the first moment to the last: a SIGHUP that nobody takes ends the process,
	// and systemd does not restart what it ended.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	takeLibraryLog(log)
	respectMemoryLimit(ctx, log)
	core, away, err := openOrRecall(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, core.Close()) }()
	core.serves = true
	if core.Traces, err = OpenTraces(ctx, os.Getenv, log); err != nil {
		return err
	}
	defer core.Traces.Close()
	core.warnOfLooseDirectory(ctx)
	doors, err := openDoors(ctx, cfg)
	if err != nil {
		return err
	}
	defer doors.close()
	if err := core.begin(ctx, cfg.IssuerAt(doors.public.Addr().String()), away); err != nil {
		return err
	}
	s, err := newServer(core, doors)
	if err != nil {
		return err
	}
	announce(talk, core, doors)
	if away == nil {
		if err := core.announceFirstAdmin(ctx, talk); err != nil {
			return err
		}
	}
	defer core.readAgainOnHangup(ctx, doors, hangup)()
	s.talk = talk
	return s.serve(ctx, doors)
}

// begin fills the core from the database or, while that is away, from what this
// node knew.
func (c *Core) begin(ctx context.Context, issuer string, away error) error {
	if away != nil {
		return c.recall(ctx, issuer, away)
	}
	if err := c.assemble(ctx, issuer); err != nil {
		return err
	}
	return c.applyCatalogueFile(ctx)
}

// warnOfLooseDirectory tells of a data directory that was made by somebody else
// and that others may enter. The files in it are the server's own and closed; but
// who may write there can put others in their place.
func (c *Core) warnOfLooseDirectory(ctx context.Context) {
	info, err := os.Stat(c.Config.DataDir)
	if _, sqlite := c.Config.SQLitePath(); !sqlite || err != nil {
		return
	}
	if message := loose(c.Config.DataDir, info); message != "" {
		c.Log.WarnContext(ctx, "the data directory is open to others", slog.String("found", message), slog.String("remedy", "chmod 700 "+c.Config.DataDir))
	}
}

// readAgainOnHangup applies the catalogue file and reads the TLS certificate and
// the client authorities again at every SIGHUP, also at one that came during the
// start, until the returned function is called. A file with faults changes
// nothing, and keeps the others from nothing.
func (c *Core) readAgainOnHangup(ctx context.Context, d *doors, hangup <-chan os.Signal) (stop func()) {
	over := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-hangup:
			}
			if err := c.applyCatalogueFile(ctx); err != nil {
				c.Log.ErrorContext(ctx, "the catalogue file was not applied; the catalogue in force stays", slog.Any("error", err))
			}
			c.reloadTLS(ctx, d)
			if c.Config.CatalogueFile == "" && d.certificate == nil && d.authorities == nil {
				c.Log.InfoContext(ctx, "SIGHUP: nothing to read again; none of catalogue_file, tls_certificate and mtls_client_ca is set")
			}
		}
	})
	return func() { close(over); done.Wait() }
}

func (c *Core) reloadTLS(ctx context.Context, d *doors) {
	if own := d.certificate; own != nil {
		if err := own.reload(); err != nil {
			c.Log.ErrorContext(ctx, "the TLS certificate was not read; the one in force stays", slog.Any("error", err))
		} else {
			c.Log.InfoContext(ctx, "TLS certificate read", slog.Time("not_after", own.inForce.Load().Leaf.NotAfter))
		}
	}
	if d.authorities != nil {
		if err := d.authorities.reload(); err != nil {
			c.Log.ErrorContext(ctx, "the client authorities were not read; those in force stay", slog.Any("error", err))
		} else {
			c.Log.InfoContext(ctx, "client authorities read", slog.Int("certificates", len(d.authorities.inForce.Load().Certificates())))
		}
	}
}

func announce(talk io.Writer, core *Core, d *doors) {
	scheme := "http"
	if d.certificate != nil {
		scheme = "https"
	}
	at := scheme + "://" + d.public.Addr().String()
	say(talk, "Claviger listens on %s (console, REST, OAuth, forward-auth).", at)
	if core.Issuer != at {
		say(talk, "Its public name is %s.", core.Issuer)
	}
	if d.gateway != nil {
		say(talk, "The gateway listens on %s://%s.", scheme, d.gateway.Addr())
	}
	if d.mutual != nil {
		say(talk, "Programs with a client certificate are let in on https://%s.", d.mutual.Addr())
	}
	if d.ops != nil {
		say(talk, "Metrics and profiles are on http://%s.", d.ops.Addr())
	}
}

// announceFirstAdmin prints the set-up link of a first start. Each start while
// no admin exists replaces it.
func (c *Core) announceFirstAdmin(ctx context.Context, talk io.Writer) error {
	link, err := c.Login.NewFirstAdminLink(ctx)
	if apicred.IsKind(err, apicred.KindConflict) {
		return nil // an admin exists
	}
	if err != nil {
		return err
	}
	say(talk, "Set up the first admin within 1 hour: %s", c.linkURL(link.Token))
	return nil
}

// applyCatalogueFile applies the configured catalogue file, if any.
func (c *Core) applyCatalogueFile(ctx context.Context) error {
	path := c.Config.CatalogueFile
	if path == "" {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return fault(err, "The catalogue file %s cannot be read: %s. Correct catalogue_file.", path, plainCause(err))
	}
	document, err := lifecycle.DecodeCatalogue(data)
	if err != nil {
		return inFile(path, err)
	}
	_, changed, err := c.Lifecycle.ApplyCatalogue(ctx, apicred.Actor{Type: apicred.ActorSystem, Unlimited: true}, document, -1)
	if err != nil {
		return inFile(path, err)
	}
	c.Log.InfoContext(ctx, "catalogue file applied", slog.String("file", filepath.Base(path)), slog.Bool("changed", changed))
	return nil
}

// inFile names the catalogue file before what is wrong with it.
func inFile(path string, err error) error {
	e := *apicred.AsError(err)
	e.Message = "The catalogue file " + path + " (catalogue_file) was not applied. " + e.Message
	return &e
}

// say writes one line of talk; a terminal that went away is no reason to stop.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
