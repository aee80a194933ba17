package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/sqlstore"
)

// PruneRequest says which events of the audit log go, and where to.
type PruneRequest struct {
	Before time.Time // events from this moment on stay, and all behind the first of them
	// Archive is the file that is made of them; empty: nothing is pruned, and
	// what would be is reported.
	Archive string
}

// PruneReport says what was pruned, or would be.
type PruneReport struct {
	Events        int64     `json:"events"`
	FirstSequence int64     `json:"first_sequence"`
	LastSequence  int64     `json:"last_sequence"`
	From          time.Time `json:"from"`
	To            time.Time `json:"to"`
	LastHash      string    `json:"last_hash"` // hex, of the event with LastSequence
	// Left is how many events stay, the one about the pruning left out.
	Left    int64  `json:"left"`
	Archive string `json:"archive"` // empty: nothing was pruned
}

// PruneAudit removes the beginning of the audit log behind a signed base, after
// it has verified the whole and written what goes to a new file, which is on the
// disk before anything is removed. Servers may run and write. It works with the
// rights of migrate_database_url: the servers' role may have none to remove
// events. Errors are finished lines for the operator.
func PruneAudit(ctx context.Context, cfg config.Config, log *slog.Logger, in PruneRequest) (report PruneReport, err error) {
	if in.Archive != "" {
		if _, err := os.Lstat(in.Archive); err == nil {
			return report, fileExists("archive", in.Archive, nil)
		}
	}
	cfg.DatabaseURL = cfg.MigrateDatabaseURL
	store, notary, err := openAudit(ctx, cfg, log)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if in.Archive == "" {
		cut, err := notary.Cut(ctx, in.Before, nil)
		return pruneReport(&cut), err
	}
	cut, err := writeArchive(ctx, notary, in)
	if err != nil {
		return report, err
	}
	report = pruneReport(&cut)
	report.Archive = in.Archive
	gone, err := notary.Prune(ctx, &cut)
	return report, archiveAfter(gone, err, in.Archive)
}

// archiveAfter removes the archive of a pruning that was refused before its first
// step, and returns the pruning's error. Any other error leaves it in doubt whether
// that step was committed: the archive may be all that is left of its events.
func archiveAfter(gone int64, pruning error, archive string) error {
	switch {
	case pruning == nil || gone > 0:
		return pruning
	case apicred.IsKind(pruning, apicred.KindConflict):
		return errors.Join(pruning, os.Remove(archive))
	}
	e := *apicred.AsError(pruning)
	e.Message += fmt.Sprintf(" Keep the archive %s, as its events may be gone from the log, and run the command again with another file.", archive)
	return &e
}

// openAudit opens the database as it is, with the master key that signs for its
// audit log. It makes neither.
func openAudit(ctx context.Context, cfg config.Config, log *slog.Logger) (*sqlstore.Store, *audit.Notary, error) {
	store, err := openExisting(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	if err := store.CheckSchema(ctx); err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	keys, err := cfg.OpenMasterKeys(nil)
	if err != nil {
		return nil, nil, errors.Join(masterKeyFault(err), store.Close())
	}
	master := keyring.NewMaster(keys.Current(), keys.Old()...)
	if err := keyring.Check(ctx, store.Keyring(), master); err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return store, audit.NewNotary(store.Audit(), master, time.Now, log), nil
}

// writeArchive verifies and writes in one go, and reads back what it wrote. The file appears under its name
// when it is whole and on the disk.
func writeArchive(ctx context.Context, notary *audit.Notary, in PruneRequest) (audit.Cut, error) {
	scratch, err := os.CreateTemp(filepath.Dir(in.Archive), ".claviger-archive-*") // mode 0600
	if err != nil {
		return audit.Cut{}, fault(err, "The archive %s cannot be written: %s. Name a file in a directory that this user may write to.", in.Archive, plainCause(err))
	}
	defer func() { _ = os.Remove(scratch.Name()) }() // published, it has another name
	cut, err := notary.Cut(ctx, in.Before, scratch)
	if err == nil {
		err = scratch.Sync()
	}
	err = errors.Join(err, scratch.Close())
	if err == nil {
		err = notary.ReadBack(ctx, audit.Archive{Name: in.Archive, Open: func() (io.ReadCloser, error) { return os.Open(scratch.Name()) }})
	}
	if err != nil {
		return audit.Cut{}, err
	}
	return cut, publish("archive", scratch.Name(), in.Archive)
}

func pruneReport(c *audit.Cut) PruneReport {
	return PruneReport{
		Events: c.Events, FirstSequence: c.First, LastSequence: c.Last, From: c.From.UTC(), To: c.To.UTC(),
		LastHash: c.LastHash(), Left: c.Report.Events - c.Events,
	}
}

// VerifyArchives checks the audit log with its archives before it, and that it
// contains the checkpoint, which may be nil. A log that does not hold is an
// *audit.Fault.
func VerifyArchives(ctx context.Context, cfg config.Config, log *slog.Logger, files []string, saved *audit.Checkpoint) (report audit.Report, err error) {
	archives, err := openArchives(files)
	if err != nil {
		return report, err
	}
	store, notary, err := openAudit(ctx, cfg, log)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return notary.VerifyWith(ctx, archives, saved)
}

// openArchives puts them in the order of their beginnings.
func openArchives(files []string) ([]audit.Archive, error) {
	type begun struct {
		after   int64
		archive audit.Archive
	}
	var all []begun
	for _, file := range files {
		a := audit.Archive{Name: file, Open: func() (io.ReadCloser, error) {
			f, err := os.Open(file)
			if err != nil {
				return nil, fault(err, "The archive %s cannot be read: %s. Correct the path, or give this user access to it.", file, plainCause(err))
			}
			return f, nil
		}}
		after, err := a.Start()
		if err != nil {
			return nil, err
		}
		all = append(all, begun{after, a})
	}
	slices.SortFunc(all, func(a, b begun) int { return cmp.Compare(a.after, b.after) })
	archives := make([]audit.Archive, 0, len(all))
	for _, b := range all {
		archives = append(archives, b.archive)
	}
	return archives, nil
}
