// Package wire makes a long way to a PostgreSQL server out of a short one: what goes through a Wire arrives as late as if
// the two ends were in different cities. It counts the round trips that were waited for.
//
// Call New, connect to Directory instead of the server's, and SetRoundTrip. It knows nothing of what it carries.
package wire

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// socketName is what PostgreSQL's clients look for in a directory.
const socketName = ".s.PGSQL.5432"

// Wire is a way to a server, as long as it is told to be.
type Wire struct {
	to        string
	directory string
	listener  net.Listener
	roundTrip atomic.Int64 // nanoseconds
	trips     atomic.Int64

	mu   sync.Mutex
	open map[net.Conn]bool
}

// New returns a wire to the server whose socket is in a directory, until Close. At first it is of no length.
func New(ctx context.Context, directory string) (*Wire, error) {
	own, err := os.MkdirTemp("", "wire")
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", filepath.Join(own, socketName))
	if err != nil {
		_ = os.RemoveAll(own)
		return nil, err
	}
	w := &Wire{to: filepath.Join(directory, socketName), directory: own, listener: listener, open: map[net.Conn]bool{}}
	go w.accept(ctx)
	return w, nil
}

// Directory is where to connect to: the host of a database URL.
func (w *Wire) Directory() string { return w.directory }

// SetRoundTrip sets how long it takes there and back, from now on.
func (w *Wire) SetRoundTrip(d time.Duration) { w.roundTrip.Store(int64(d)) }

// RoundTrips is how often something was sent towards the server, over all connections. Who asks and waits for the
// answer before asking again has made as many round trips.
func (w *Wire) RoundTrips() int64 { return w.trips.Load() }

// Close ends every connection.
func (w *Wire) Close() error {
	err := w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		_ = c.Close()
	}
	_ = os.RemoveAll(w.directory)
	return err
}

func (w *Wire) accept(ctx context.Context) {
	for {
		from, err := w.listener.Accept()
		if err != nil {
			return // closed
		}
		to, err := new(net.Dialer).DialContext(ctx, "unix", w.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		w.mu.Lock()
		w.open[from], w.open[to] = true, true
		w.mu.Unlock()
		go w.carry(to, from, &w.trips)
		go w.carry(from, to, nil)
	}
}

// piece is what was read at once, and when it is due at the other end.
type piece struct {
	bytes []byte
	due   time.Time
}

// carry passes one direction on, each piece half a round trip after it came, and ends both when it ends. Pieces on their
// way do not wait for each other: a wire is long, not narrow.
func (w *Wire) carry(to, from net.Conn, count *atomic.Int64) {
	const underWay = 4096
	pieces := make(chan piece, underWay)
	go func() {
		defer close(pieces)
		buffer := make([]byte, 64<<10)
		for {
			n, err := from.Read(buffer)
			if n > 0 {
				if count != nil {
					count.Add(1)
				}
				due := time.Now().Add(time.Duration(w.roundTrip.Load()) / 2)
				pieces <- piece{append([]byte(nil), buffer[:n]...), due}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		if wait := time.Until(p.due); wait > 0 {
			<-time.After(wait)
		}
		if _, err := to.Write(p.bytes); err != nil {
			break
		}
	}
	w.end(to, from)
	for range pieces { //nolint:revive // whoever still reads is let go
	}
}

func (w *Wire) end(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(w.open, c)
	}
}
