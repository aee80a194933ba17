package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	lockName     = "claviger.lock"
	lockPatience = time.Second
	lockRetry    = 20 * time.Millisecond
)

// lockDirectory makes the data directory if need be and takes its lock, which
// the kernel gives back when the process ends, however it ends. Two servers on
// one SQLite file would each serve what the other has revoked.
func lockDirectory(ctx context.Context, dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault(err, "The data directory %s cannot be made: %s. Give a directory that this user may write to (data_dir).", dir, plainCause(err))
	}
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault(err, "The data directory %s cannot be written to: %s. Give this user the right to, or another directory (data_dir).", dir, plainCause(err))
	}
	if err := takeLock(ctx, file); err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fault(err, "Another claviger is running on the data directory %s. Stop it first, or use another directory (data_dir).", dir)
		}
		return nil, fault(err, "The data directory %s cannot be locked: %s. Use a local file system (data_dir).", dir, plainCause(err))
	}
	return file, nil
}

// takeLock tries for a moment: a local command holds the lock only briefly.
func takeLock(ctx context.Context, file *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	retry := time.NewTicker(lockRetry)
	defer retry.Stop()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return err
		}
	}
}

// fault is an error for the operator: one finished line with the remedy.
func fault(cause error, format string, args ...any) error {
	e := &apicred.Error{Kind: apicred.KindUnavailable, Message: fmt.Sprintf(format, args...)}
	return e.Because(cause)
}

// plainCause says what the system said, without the operation and path that the
// sentence around it names already.
func plainCause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
