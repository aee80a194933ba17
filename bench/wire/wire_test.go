package wire

import (
	"bufio"
	"context"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// echo answers each line with itself, on the socket of a directory.
func echo(t *testing.T) (directory string) {
	t.Helper()
	directory = t.TempDir()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(directory, socketName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn) }()
		}
	}()
	return directory
}

func connect(t *testing.T) (*Wire, *bufio.ReadWriter) {
	t.Helper()
	w, err := New(context.WithoutCancel(t.Context()), echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	conn, err := new(net.Dialer).DialContext(t.Context(), "unix", filepath.Join(w.Directory(), socketName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return w, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
}

func ask(t *testing.T, through *bufio.ReadWriter, line string) {
	t.Helper()
	_, err := through.WriteString(line)
	if err == nil {
		err = through.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := through.ReadString('\n'); err != nil || got != line {
		t.Fatalf("answered %q, %v, want %q", got, err, line)
	}
}

func TestWire_TakesItsRoundTripAndCountsIt(t *testing.T) {
	w, through := connect(t)
	ask(t, through, "at once\n")
	const roundTrip = 40 * time.Millisecond
	w.SetRoundTrip(roundTrip)
	for range 3 {
		began := time.Now()
		ask(t, through, "from far away\n")
		if took := time.Since(began); took < roundTrip {
			t.Errorf("there and back took %v, want %v or more", took, roundTrip)
		}
	}
	if got := w.RoundTrips(); got != 4 {
		t.Errorf("counted %d round trips, want 4", got)
	}
}

func TestWire_EndsOneSideWithTheOther(t *testing.T) {
	w, through := connect(t)
	ask(t, through, "here\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := through.ReadString('\n'); err == nil {
		t.Errorf("after the end it said %q", got)
	}
}
