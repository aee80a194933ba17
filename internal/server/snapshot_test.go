package server

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/config"
)

func TestSnapshot_WhatAKilledProcessWasWritingIsRemoved(t *testing.T) {
	dir := t.TempDir()
	core := &Core{Config: config.Config{DataDir: dir}, Log: slog.New(slog.DiscardHandler)}
	old := time.Now().Add(-2 * halfKept)
	for name, at := range map[string]time.Time{
		snapshotName: old, stampName: old, ".known.snapshot-123": old, ".known.stamp-4": old, ".known.snapshot-567": time.Now(), ".other-1": old,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	core.dropHalfSnapshots()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	left := make([]string, 0, len(entries))
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{".known.snapshot-567", ".other-1", snapshotName, stampName}; !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
}
