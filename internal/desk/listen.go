package desk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/claviger/claviger/internal/apicred"
)

// SocketName is the name of the socket in the data directory.
const SocketName = "claviger.sock"

// maxSocketPath is the longest path of a socket that every system takes
// (sun_path of unix(7) holds 108 bytes with its NUL on Linux, 104 elsewhere).
const maxSocketPath = 103

// Listen opens the operator's socket at path for this process's user alone
// (mode 0600). A socket that a killed server left behind is replaced; one where
// somebody answers is a conflict. Every error is an *apicred.Error.
func Listen(ctx context.Context, path string) (net.Listener, error) {
	if client, ok := Dial(ctx, path); ok {
		defer client.Close()
		return nil, inUse(ctx, client, path)
	}
	// The socket comes into being in a directory that nobody else can enter, so
	// that it is never open to others, not even between bind and chmod.
	private, err := os.MkdirTemp(filepath.Dir(path), ".sock-")
	if err != nil {
		return nil, socketError(path, err)
	}
	defer os.Remove(private)
	made := filepath.Join(private, "s")
	l, err := new(net.ListenConfig).Listen(ctx, "unix", shortPath(made))
	if err != nil {
		return nil, socketError(path, err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		return nil, errors.Join(socketError(path, err), l.Close(), os.Remove(made))
	}
	return &socket{Listener: l, path: path}, nil
}

// socket removes its file when it is closed.
type socket struct {
	net.Listener
	path string
	once sync.Once
}

func (s *socket) Close() error {
	err := s.Listener.Close()
	s.once.Do(func() {
		if gone := os.Remove(s.path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	})
	return err
}

// inUse names the process where it says who it is; whoever it is, the path is taken.
func inUse(ctx context.Context, client *Client, path string) error {
	who := "Another claviger"
	if status, err := client.Status(ctx); err == nil {
		who = fmt.Sprintf("Another claviger (process %d)", status.ProcessID)
	}
	return apicred.Conflict(who + " is running on the data directory " + filepath.Dir(path) + ". Stop it first, or use another directory (data_dir).")
}

func socketError(path string, cause error) error {
	message := "The socket " + path + " cannot be made. Give this user the right to write in its directory, or use another one (data_dir)."
	if len(shortPath(path))+len("/.sock-0000000000/s") > maxSocketPath {
		message = "The path of the socket " + path + " is too long for the system. Use a directory with a shorter path (data_dir)."
	}
	return (&apicred.Error{Kind: apicred.KindUnavailable, Message: message}).Because(cause)
}

// shortPath is the same file by a relative path where the absolute one is too
// long for a socket.
func shortPath(path string) string {
	if len(path) <= maxSocketPath {
		return path
	}
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(here, path); err == nil && len(relative) < len(path) {
		return relative
	}
	return path
}
