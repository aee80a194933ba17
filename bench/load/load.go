// Package load sends one fixed HTTP/1.1 request again and again, over keep-alive connections, each of which
// waits for the answer before it sends the next (a closed loop). It speaks the protocol by hand, because
// client and server share the machine's cores and net/http's client would cost as much as the server.
//
// Call Run. It knows nothing of what is asked, nor of the process that answers.
package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Request is what is sent and where to.
type Request struct {
	Address string   // host:port
	Bytes   []byte   // the whole request, as it goes over the wire
	More    [][]byte // others that are sent in turn with it
	// Place is where among them all the next one stands: one run goes on where the one before ended. Nil: each begins
	// with Bytes.
	Place *atomic.Int64
}

// Result is what a run came to.
type Result struct {
	Requests int
	Elapsed  time.Duration
	P50, P99 time.Duration // from the first byte sent to the last byte of the answer received
}

// Rate is answers per second.
func (r Result) Rate() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// Run keeps connections busy for the given time and reports what they saw. Any answer other than 200
// is an error: a server that refuses quickly must not look fast.
func Run(ctx context.Context, request Request, connections int, length time.Duration) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, length+time.Minute)
	defer cancel()
	conns, err := dial(ctx, request.Address, connections)
	if err != nil {
		return Result{}, err
	}
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()

	next := request.inTurn()
	var group sync.WaitGroup
	times := make([][]time.Duration, connections)
	faults := make([]error, connections)
	begin := time.Now()
	for n, conn := range conns {
		group.Go(func() {
			times[n], faults[n] = loop(conn, next, begin.Add(length))
		})
	}
	group.Wait()
	elapsed := time.Since(begin)
	if err := errors.Join(faults...); err != nil {
		return Result{}, err
	}
	return Summary(times, elapsed), nil
}

func dial(ctx context.Context, address string, connections int) ([]net.Conn, error) {
	deadline, _ := ctx.Deadline()
	var conns []net.Conn
	for range connections {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			err = conn.SetDeadline(deadline) // a server that stops answering ends the run, not hangs it
		}
		if err != nil {
			for _, c := range conns {
				_ = c.Close()
			}
			return nil, err
		}
		conns = append(conns, conn)
	}
	return conns, nil
}

// inTurn returns what is sent next, whichever connection asks for it.
func (r Request) inTurn() func() []byte {
	if len(r.More) == 0 {
		return func() []byte { return r.Bytes }
	}
	all, place := append([][]byte{r.Bytes}, r.More...), r.Place
	if place == nil {
		place = new(atomic.Int64)
	}
	return func() []byte { return all[(place.Add(1)-1)%int64(len(all))] }
}

func loop(conn net.Conn, request func() []byte, end time.Time) ([]time.Duration, error) {
	times := make([]time.Duration, 0, 1<<16)
	answer := bufio.NewReaderSize(conn, 8<<10)
	for start := time.Now(); len(times) == 0 || start.Before(end); { // once at least, however late it is
		if _, err := conn.Write(request()); err != nil {
			return nil, err
		}
		if err := readAnswer(answer); err != nil {
			return nil, err
		}
		now := time.Now()
		times = append(times, now.Sub(start))
		start = now
	}
	return times, nil
}

// readAnswer reads one answer with a Content-Length and wants it to be 200.
func readAnswer(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("the server answered %q, not 200", bytes.TrimSpace(line))
	}
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return fmt.Errorf("the server sent a Content-Length that is no number: %w", err)
			}
		}
	}
	if length < 0 {
		return errors.New("the server answered without a Content-Length, which this client does not read")
	}
	if _, err := r.Discard(length); err != nil {
		return fmt.Errorf("the answer ended early: %w", noEOF(err))
	}
	return nil
}

// noEOF: the end of the stream inside an answer is a fault, and must not be taken for its end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Summary is what the answers of several callers, that took so long each, came to.
func Summary(each [][]time.Duration, elapsed time.Duration) Result {
	times := slices.Concat(each...)
	if len(times) == 0 {
		return Result{Elapsed: elapsed}
	}
	slices.Sort(times)
	return Result{
		Requests: len(times),
		Elapsed:  elapsed,
		P50:      times[len(times)*50/100],
		P99:      times[len(times)*99/100],
	}
}
