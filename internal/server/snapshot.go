package server

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/sqlstore"
)

const (
	snapshotName = "known.snapshot"
	stampName    = "known.stamp"
	// maxStamp is far above the size of a stamp.
	maxStamp = 4 << 10
	// snapshotLoad bounds how much of the time snapshots are being written: of a
	// set that takes a second to read, one in twenty seconds at most.
	snapshotLoad = 20
	// leastPause is between two snapshots of a small set.
	leastPause = 5 * time.Second
	// stampsInGrace is how many stamps are written in the time that a node may
	// answer without the database: what is lost of it is one of them at most.
	stampsInGrace = 30
	maxStampPause = 10 * time.Second
	// lookAtKnown is how often memory is looked at for what has changed.
	lookAtKnown  = 500 * time.Millisecond
	lastSnapshot = 2 * time.Second
	// halfKept is longer than a snapshot takes that is still being written.
	halfKept = 10 * time.Minute
)

// keeper keeps what this node knows in the data directory, sealed.
type keeper struct {
	core    *Core
	mark    accesstoken.SnapshotMark
	written bool
	next    time.Time // when another snapshot may be written
	broken  bool      // the last one failed, and that was logged
}

// keepSnapshot writes a snapshot whenever what this node knows has changed, and a
// stamp while it has not, until ctx ends. With max_offline 0 there is none.
func (c *Core) keepSnapshot(ctx context.Context) {
	if c.Snapshots == nil {
		return
	}
	if c.Config.MaxOffline == 0 {
		c.dropSnapshot()
		return
	}
	c.dropHalfSnapshots()
	k := &keeper{core: c}
	tick := time.NewTicker(lookAtKnown)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.keep(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSnapshot)
			k.next = time.Time{}
			k.keep(last)
			cancel()
			return
		}
	}
}

// dropSnapshot removes what an earlier setting left.
func (c *Core) dropSnapshot() {
	for _, name := range []string{snapshotName, stampName} {
		if err := os.Remove(filepath.Join(c.Config.DataDir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.Log.Warn("a snapshot is left in the data directory", slog.String("error", err.Error()))
		}
	}
}

// dropHalfSnapshots removes what was being written when a process was killed, or
// its crashes would fill the disk one by one. What is young another node, which
// has the same directory, may be writing.
func (c *Core) dropHalfSnapshots() {
	for _, name := range []string{snapshotName, stampName} {
		left, _ := filepath.Glob(filepath.Join(c.Config.DataDir, halfName(name))) // the pattern is a good one
		for _, path := range left {
			info, err := os.Lstat(path)
			if err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > halfKept {
				err = os.Remove(path)
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				c.Log.Warn("a half-written snapshot is left in the data directory", slog.String("error", err.Error()))
			}
		}
	}
}

// halfName is the pattern of the files in which name is written.
func halfName(name string) string { return "." + name + "-*" }

func (k *keeper) keep(ctx context.Context) {
	if k.core.Directory.State() != accesstoken.StateNormal {
		return
	}
	var err error
	switch {
	case !k.written || !k.core.Snapshots.Current(k.mark):
		if time.Now().After(k.next) {
			err = k.write(ctx)
		}
	case time.Since(k.mark.Taken) > min(k.core.Config.MaxOffline/stampsInGrace, maxStampPause):
		err = k.stamp()
	}
	if sqlstore.Unreachable(err) {
		return // that is not this directory's fault
	}
	if failed := err != nil; failed != k.broken {
		k.broken = failed
		if failed {
			k.core.Log.WarnContext(ctx, "what this node knows cannot be kept in the data directory; it could not start while the database is away",
				slog.Any("error", err))
		}
	}
}

func (k *keeper) write(ctx context.Context) error {
	began := time.Now()
	err := k.replace(snapshotName, func(to *os.File) (err error) {
		buffer := bufio.NewWriter(to)
		if k.mark, err = k.core.Snapshots.Write(ctx, buffer, k.core.Store.Keyring().SigningKeys); err != nil {
			return err
		}
		return buffer.Flush()
	})
	k.written = err == nil
	k.next = time.Now().Add(max(leastPause, snapshotLoad*time.Since(began)))
	return err
}

func (k *keeper) stamp() error {
	mark, sealed, newer := k.core.Snapshots.Stamp(k.mark)
	if !newer {
		return nil
	}
	err := k.replace(stampName, func(to *os.File) error {
		_, err := to.Write(sealed)
		return err
	})
	if err == nil {
		k.mark = mark
	}
	return err
}

// replace writes a file of the data directory whole, or leaves the one that is
// there.
func (k *keeper) replace(name string, write func(to *os.File) error) error {
	dir := k.core.Config.DataDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, halfName(name)) // 0600
	if err != nil {
		return err
	}
	err = errors.Join(write(file), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// recallSnapshot fills the directory with what this node knew, and returns the
// moment as of which it did. Errors are accesstoken.ErrSnapshot's and the file
// system's.
func (c *Core) recallSnapshot(use keysUser) (time.Time, error) {
	file, err := os.Open(filepath.Join(c.Config.DataDir, snapshotName))
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = file.Close() }() // it was read
	stamp, err := readStamp(filepath.Join(c.Config.DataDir, stampName))
	if err != nil {
		return time.Time{}, err
	}
	keys, mark, err := c.Snapshots.Restore(bufio.NewReader(file), stamp)
	if err != nil {
		return time.Time{}, err
	}
	return mark.Taken, use(keys)
}

// readStamp reads a stamp, which may be missing.
func readStamp(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || info.Size() > maxStamp {
		return nil, err
	}
	return os.ReadFile(path)
}
