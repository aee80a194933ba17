package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/sqlstore"
)

// BackupReport says what a backup holds.
type BackupReport struct {
	File    string    `json:"file"`
	Bytes   int64     `json:"bytes"`
	TakenAt time.Time `json:"taken_at"`
	// LastSequence and LastHash are where the audit log in it ends.
	LastSequence int64  `json:"last_sequence"`
	LastHash     string `json:"last_hash"`
}

// Backup writes everything that the configured database holds at this moment to
// a new file at path, while a server may go on writing. The file has mode 0600,
// appears under its name only when it is whole and on the disk, and never
// replaces another. Neither the master key nor anything in clear that it guards
// is in it. Errors are finished lines for the operator.
func Backup(ctx context.Context, cfg config.Config, path, release string) (BackupReport, error) {
	if _, err := os.Lstat(path); err == nil {
		return BackupReport{}, fileExists("backup", path, nil)
	}
	store, err := openExisting(ctx, cfg)
	if err != nil {
		return BackupReport{}, err
	}
	report, err := writeBackup(ctx, store, path, release)
	return report, errors.Join(err, store.Close())
}

// openExisting opens the database as it is: nothing is made and no migration
// applied, so that a new release can back up before it upgrades.
func openExisting(ctx context.Context, cfg config.Config) (*sqlstore.Store, error) {
	if path, sqlite := cfg.SQLitePath(); sqlite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fault(err, "There is no database at %s. Name the server's data directory with --data-dir or --config.", path)
		}
	}
	return sqlstore.Open(ctx, sqlstore.Options{URL: cfg.DatabaseURL.Reveal()})
}

func writeBackup(ctx context.Context, store *sqlstore.Store, path, release string) (BackupReport, error) {
	scratch, err := os.CreateTemp(filepath.Dir(path), ".claviger-backup-*") // mode 0600
	if err != nil {
		return BackupReport{}, fault(err, "The backup %s cannot be written: %s. Name a file in a directory that this user may write to.", path, plainCause(err))
	}
	defer func() {
		for _, end := range []string{"", "-journal", "-wal", "-shm"} {
			_ = os.Remove(scratch.Name() + end) // mostly not there
		}
	}()
	if err := scratch.Close(); err != nil {
		return BackupReport{}, err
	}
	report := BackupReport{File: path, TakenAt: time.Now().UTC().Truncate(time.Microsecond)}
	name, err := filepath.Abs(scratch.Name())
	if err != nil {
		return BackupReport{}, err
	}
	if err := store.WriteBackup(ctx, name, sqlstore.BackupNote{TakenAt: report.TakenAt, Release: release}); err != nil {
		return BackupReport{}, err
	}
	if err := report.read(ctx, name); err != nil {
		return BackupReport{}, err
	}
	return report, publish("backup", name, path)
}

// read fills in what the finished file says of itself.
func (r *BackupReport) read(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	r.Bytes = info.Size()
	file, err := sqlstore.Open(ctx, sqlstore.Options{URL: "sqlite:" + path, ReadOnly: true})
	if err != nil {
		return err
	}
	head, err := file.AccessToken().Head(ctx)
	r.LastSequence, r.LastHash = head.Sequence, head.Hash
	return errors.Join(err, file.Close())
}

// publish gives a finished file its name, if the name is still free, and makes
// the name survive a power cut.
func publish(what, scratch, path string) error {
	err := os.Link(scratch, path)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) { // no hard links here
		err = reserveAndRename(scratch, path)
	}
	if errors.Is(err, fs.ErrExist) {
		return fileExists(what, path, err)
	}
	if err != nil {
		return fault(err, "The %s %s cannot be written: %s. Name a file in another directory.", what, path, plainCause(err))
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// reserveAndRename replaces a file that it has just made itself.
func reserveAndRename(scratch, path string) error {
	own, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(own.Close(), os.Rename(scratch, path))
}

func fileExists(what, path string, cause error) error {
	return fault(cause, "There is a file %s already, which is never replaced. Name another file for the %s.", path, what)
}
