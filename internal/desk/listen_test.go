package desk_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/desk"
)

func TestListen_OpensTheSocketForItsUserAlone(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, desk.SocketName)
	l, err := desk.Listen(t.Context(), path)
	check(t, err)
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("mode = %v, want a socket with 0600", info.Mode())
	}
	onlyEntry(t, directory, desk.SocketName)
	check(t, l.Close())
	onlyEntry(t, directory)
}

// onlyEntry wants nothing else in a directory.
func onlyEntry(t *testing.T, directory string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	check(t, err)
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	if strings.Join(found, " ") != strings.Join(names, " ") {
		t.Errorf("the directory holds %q, want %q", found, names)
	}
}

func TestListen_ReplacesASocketThatAKilledServerLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), desk.SocketName)
	dead, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	check(t, err)
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	check(t, dead.Close())
	if _, ok := desk.Dial(t.Context(), path); ok {
		t.Fatal("Dial took a dead socket for a server")
	}
	l, err := desk.Listen(t.Context(), path)
	check(t, err)
	check(t, l.Close())
}

func TestListen_RefusesWhereSomebodyAnswers(t *testing.T) {
	b := newBench(t)
	path := filepath.Join(t.TempDir(), desk.SocketName)
	l, err := desk.Listen(t.Context(), path)
	check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- b.Serve(ctx, l) }()
	_, err = desk.Listen(t.Context(), path)
	if !apicred.IsKind(err, apicred.KindConflict) || !strings.Contains(err.Error(), filepath.Dir(path)) {
		t.Errorf("error = %v, want a conflict that names the directory", err)
	}
	stop()
	check(t, <-served)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there after Serve (%v)", err)
	}
}

func TestListen_WorksInADirectoryWithALongPath(t *testing.T) {
	deep := t.TempDir()
	t.Chdir(deep)
	deep = filepath.Join(deep, strings.Repeat("d", 40), strings.Repeat("e", 100))
	check(t, os.MkdirAll(deep, 0o700))
	t.Chdir(deep)
	path := filepath.Join(deep, desk.SocketName)
	l, err := desk.Listen(t.Context(), path)
	check(t, err)
	defer l.Close()
	if client, ok := desk.Dial(t.Context(), path); !ok {
		t.Error("nobody answers")
	} else {
		client.Close()
	}
}

func TestListen_SaysWhenThePathIsTooLong(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("e", 150))
	check(t, os.MkdirAll(deep, 0o700))
	_, err := desk.Listen(t.Context(), filepath.Join(deep, desk.SocketName))
	if err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("error = %v, want it to say that the path is too long", err)
	}
	onlyEntry(t, deep)
}

func TestListen_SaysWhenItMayNotWrite(t *testing.T) {
	_, err := desk.Listen(t.Context(), filepath.Join(t.TempDir(), "absent", desk.SocketName))
	if !apicred.IsKind(err, apicred.KindUnavailable) || !strings.Contains(err.Error(), "data_dir") {
		t.Errorf("error = %v, want one line with the remedy", err)
	}
}
