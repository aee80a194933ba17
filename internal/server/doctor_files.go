package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

const (
	groupAndOthers   = 0o077
	writableByOthers = 0o022

	// leastSpace is what a database needs to go on at all: a full disk refuses
	// every change (S37).
	leastSpace = 64 << 20
	fairSpace  = 1 << 30
	// longWAL is far more than a checkpoint leaves behind.
	longWAL = 256 << 20
)

func (d *doctor) dataDirectory() {
	path, sqlite := d.cfg.SQLitePath()
	info, err := os.Stat(d.cfg.DataDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.found(FindingWarning, "data_dir", "There is no data directory "+d.cfg.DataDir+" yet.", "The first start makes it. If there was one, correct data_dir.")
		return
	case err != nil:
		d.found(FindingFailed, "data_dir", "The data directory "+d.cfg.DataDir+" cannot be read: "+plainCause(err)+".", "Run this as the server's user, or correct data_dir.")
		return
	}
	if message := loose(d.cfg.DataDir, info); message != "" {
		status := FindingWarning
		if info.Mode().Perm()&writableByOthers != 0 {
			status = FindingFailed // whoever may write there may put another database in place
		}
		d.found(status, "data_dir", message, "Run: chmod 700 "+d.cfg.DataDir)
	} else {
		d.ok("data_dir", "The data directory %s is open to its user alone.", d.cfg.DataDir)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		d.found(FindingWarning, "data_dir", fmt.Sprintf("The data directory belongs to user %d, and this is user %d.", owner.Uid, os.Geteuid()), "Run local commands as the server's user.")
	}
	if sqlite {
		d.databaseFile(path)
	}
}

// loose says when others may enter a directory or read a file; empty when not.
func loose(path string, info fs.FileInfo) string {
	if info.Mode().Perm()&groupAndOthers == 0 {
		return ""
	}
	return fmt.Sprintf("Others than its user may open %s (mode %04o).", path, info.Mode().Perm())
}

func (d *doctor) databaseFile(path string) {
	if info, err := os.Stat(path); err == nil {
		if message := loose(path, info); message != "" {
			d.found(FindingWarning, "database_file", message, "Run: chmod 600 "+path)
		}
	}
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > longWAL {
		d.found(FindingWarning, "database_wal", fmt.Sprintf("The write-ahead log %s-wal has grown to %d MiB: something has been reading for long, or the last stop was no clean one.", path, wal.Size()>>20),
			"End backups and programs that have the database open; the next start of the server empties it.")
	}
}

func (d *doctor) diskSpace() {
	_, sqlite := d.cfg.SQLitePath()
	free, ok := freeBytes(d.cfg.DataDir)
	if !ok {
		return // the directory is not there; that is said already
	}
	remedy := "Make room on the disk of the data directory. When it is full, every change is refused."
	if !sqlite {
		remedy = "Make room on the disk of the data directory. When it is full, the node cannot keep what it needs to start without the database."
	}
	switch message := fmt.Sprintf("%d MiB are free for %s.", free>>20, d.cfg.DataDir); {
	case free < leastSpace:
		d.found(FindingFailed, "disk_space", message, remedy)
	case free < fairSpace:
		d.found(FindingWarning, "disk_space", message, remedy)
	default:
		d.ok("disk_space", "%s", message)
	}
}
