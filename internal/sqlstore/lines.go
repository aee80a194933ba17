package sqlstore

import (
	"context"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// lines are the network connections of a store. A database that hangs, rather
// than refuses, holds whoever asked it until they give up, and a pool whose
// connections lead to it as long. The poll of the head row has a limit of its
// own: when that is over, all lines are cut, and everybody takes another one, to
// whichever server answers now.
type lines struct {
	mu   sync.Mutex
	open map[*line]bool
}

type line struct {
	net.Conn
	of *lines
}

// through dials as dial does, and remembers the line.
func (l *lines) through(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		dialed := &line{Conn: conn, of: l}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open[dialed] = true
		return dialed, nil
	}
}

// Close implements net.Conn.
func (c *line) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// cut ends every line.
func (l *lines) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		_ = c.Conn.Close() // whoever uses it is told
	}
	clear(l.open)
}

// letGo gives up every connection to a database that does not answer.
func (s *Store) letGo() {
	if s.lines == nil {
		return
	}
	s.lines.cut()
	go func() { // the first change afterwards need not look for the server
		ctx, cancel := context.WithTimeout(context.Background(), postgresConnectTimeout)
		defer cancel()
		_ = s.writer.PingContext(ctx) // whoever comes next is told
	}()
}
