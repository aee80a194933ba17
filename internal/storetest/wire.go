package storetest

import (
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

const socketName = ".s.PGSQL.5432"

// Wire is a connection to a PostgreSQL server that can be cut.
type Wire struct {
	to        string
	directory string

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
}

// NewWire returns a wire to s that lives as long as t.
func NewWire(t testing.TB, s *PostgresServer) *Wire {
	t.Helper()
	w := &Wire{to: filepath.Join(s.directory, socketName), directory: serverDirectory(t), open: map[net.Conn]bool{}}
	w.Join()
	t.Cleanup(w.Cut)
	return w
}

// URL is that of a database at the wire's other end.
func (w *Wire) URL(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		panic(err) // it is one of Database's
	}
	u.RawQuery = url.Values{"host": {w.directory}}.Encode()
	return u.String()
}

// Cut ends every connection and takes no more.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.listener.Close() // it removes the socket
	for c := range w.open {
		_ = c.Close()
	}
	clear(w.open)
}

// Join takes connections again.
func (w *Wire) Join() {
	listener, err := net.Listen("unix", filepath.Join(w.directory, socketName)) //nolint:noctx // ends with the test
	if err == nil {
		err = os.Chmod(filepath.Join(w.directory, socketName), 0o777) //nolint:gosec // the directory is closed
	}
	if err != nil {
		panic(err) // the directory is our own
	}
	w.mu.Lock()
	w.listener = listener
	w.mu.Unlock()
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return // cut
			}
			go w.pass(from)
		}
	}()
}

func (w *Wire) pass(from net.Conn) {
	to, err := net.Dial("unix", w.to) //nolint:noctx // ends with the wire
	if err != nil {
		_ = from.Close()
		return
	}
	w.mu.Lock()
	w.open[from], w.open[to] = true, true
	w.mu.Unlock()
	go func() { w.copy(to, from) }()
	w.copy(from, to)
}

// copy passes one direction on, and ends both when it ends.
func (w *Wire) copy(to, from net.Conn) {
	_, _ = io.Copy(to, from) // however it ends, it has ended
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range []net.Conn{to, from} {
		_ = c.Close()
		delete(w.open, c)
	}
}
