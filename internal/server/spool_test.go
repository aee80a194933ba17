package server

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/claviger/claviger/internal/keyring"
)

func openShelf(t *testing.T, dataDir string, key byte) *shelf {
	t.Helper()
	s := newShelf(dataDir, keyring.NewMaster([keyring.MasterKeySize]byte{key}))
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestShelf_KeepsSealedForItsUserAloneAndFindsItAgain(t *testing.T) {
	dir := t.TempDir()
	first := openShelf(t, dir, 1)
	for _, value := range []string{"what was counted", "and a little more"} {
		if err := first.Put("usage-A", []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "spool", "usage-A.sealed")
	content, err := os.ReadFile(path)
	if err != nil || bytes.Contains(content, []byte("little")) {
		t.Errorf("it shows what is inside, or %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "spool", ".usage-A-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := openShelf(t, dir, 1)
	names, err := second.Names()
	if err != nil || !slices.Equal(names, []string{"usage-A"}) {
		t.Errorf("found %q, %v", names, err)
	}
	if got, err := second.Get("usage-A"); err != nil || string(got) != "and a little more" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "spool", ".usage-A-123")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was half written is still there: %v", err)
	}
	// Neither another's name nor another's key opens it.
	if err := os.Rename(path, filepath.Join(dir, "spool", "usage-B.sealed")); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Get("usage-B"); !errors.Is(err, keyring.ErrSealed) {
		t.Errorf("under another name: %v", err)
	}
	if err := second.Remove("usage-B"); err != nil {
		t.Error(err)
	}
	if err := second.Remove("usage-B"); err != nil {
		t.Errorf("what is not there: %v", err)
	}
}

// Two processes that bring the same would bring it as different batches.
func TestShelf_IsOneProcesssAtATime(t *testing.T) {
	dir := t.TempDir()
	first, second := openShelf(t, dir, 1), openShelf(t, dir, 1)
	if names, err := second.Names(); err != nil || len(names) > 0 {
		t.Errorf("of an empty one: %q, %v", names, err)
	}
	if err := first.Put("usage-A", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Names(); !errors.Is(err, errSpoolTaken) {
		t.Errorf("while another has it: %v", err)
	}
	if err := second.Put("usage-B", []byte("x")); !errors.Is(err, errSpoolTaken) {
		t.Errorf("while another has it: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if names, err := second.Names(); err != nil || len(names) != 1 {
		t.Errorf("after its end: %q, %v", names, err)
	}
}

func TestShelf_TakesNoMoreThanItsBound(t *testing.T) {
	s := openShelf(t, t.TempDir(), 1)
	if err := s.Put("usage-A", make([]byte, maxSpool/2)); err != nil {
		t.Fatal(err)
	}
	if err := s.Put("usage-B", make([]byte, maxSpool/2)); !errors.Is(err, errSpoolFull) {
		t.Errorf("beyond the bound: %v", err)
	}
	if err := s.Put("usage-A", make([]byte, maxSpool/2+1)); err != nil {
		t.Errorf("in the place of its own: %v", err)
	}
}
