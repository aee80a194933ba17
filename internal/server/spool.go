package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/claviger/claviger/internal/spool"
)

const (
	spoolName     = "spool"
	spoolLockName = "lock"
	spoolSuffix   = ".sealed"
	// maxSpool bounds what is in the directory, in bytes: a million counters.
	maxSpool     = 64 << 20
	purposeSpool = "spool"
	// spoolForm is what is sealed together with a name.
	spoolForm = "claviger spool 1 "
)

var (
	errSpoolTaken = errors.New("another claviger uses the data directory")
	errSpoolFull  = errors.New("the spool is full")
)

// sealer encrypts and authenticates (internal/keyring).
type sealer interface {
	Seal(purpose string, plaintext, aad []byte) []byte
	Open(purpose string, sealed, aad []byte) ([]byte, error)
}

// shelf keeps what this node counted and the database did not take in a directory
// of its data directory, sealed under the master key: refusals have addresses. It
// is one process's at a time, or two would bring the same as different batches.
type shelf struct {
	dir    string
	sealer sealer
	mu     sync.Mutex
	lock   *os.File // nil: not taken yet
}

var _ spool.Shelf = (*shelf)(nil)

func newShelf(dataDir string, s sealer) *shelf {
	return &shelf{dir: filepath.Join(dataDir, spoolName), sealer: s}
}

// Put implements spool.Shelf.
func (s *shelf) Put(name string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := s.take(); err != nil {
		return err
	}
	sealed := s.sealer.Seal(purposeSpool, value, []byte(spoolForm+name))
	others, err := s.sizeBeside(name)
	if err != nil {
		return err
	}
	if others+len(sealed) > maxSpool {
		return errSpoolFull
	}
	return s.replace(name, sealed)
}

// take takes the directory's lock, which the kernel gives back when the process
// ends, however it ends.
func (s *shelf) take() error {
	if s.lock != nil {
		return nil
	}
	file, err := os.OpenFile(filepath.Join(s.dir, spoolLockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return errSpoolTaken
		}
		return err
	}
	s.lock = file
	return s.dropHalf()
}

// dropHalf removes what was being written when a process was killed.
func (s *shelf) dropHalf() error {
	left, _ := filepath.Glob(filepath.Join(s.dir, halfName("*"))) // the pattern is a good one
	for _, path := range left {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file whole and durably, or leaves the one that is there.
func (s *shelf) replace(name string, sealed []byte) error {
	file, err := os.CreateTemp(s.dir, halfName(name)) // 0600
	if err != nil {
		return err
	}
	_, err = file.Write(sealed)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), s.path(name))
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	return syncDirectory(s.dir)
}

func (s *shelf) path(name string) string { return filepath.Join(s.dir, name+spoolSuffix) }

func (s *shelf) sizeBeside(name string) (int, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return 0, err
	}
	size := 0
	for _, e := range entries {
		if e.Name() == name+spoolSuffix {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		size += int(info.Size())
	}
	return size, nil
}

// Names implements spool.Shelf.
func (s *shelf) Names() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nothing was ever kept
	}
	if err != nil {
		return nil, err
	}
	if err := s.take(); err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), spoolSuffix); ok && e.Type().IsRegular() && !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	return names, nil
}

// Get implements spool.Shelf.
func (s *shelf) Get(name string) ([]byte, error) {
	info, err := os.Stat(s.path(name))
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSpool {
		return nil, errSpoolFull
	}
	sealed, err := os.ReadFile(s.path(name))
	if err != nil {
		return nil, err
	}
	return s.sealer.Open(purposeSpool, sealed, []byte(spoolForm+name))
}

// Remove implements spool.Shelf.
func (s *shelf) Remove(name string) error {
	if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDirectory(s.dir)
}

// Close gives the lock back.
func (s *shelf) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return nil
	}
	return s.lock.Close()
}

// syncDirectory makes a name that was written or removed survive a power cut.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
