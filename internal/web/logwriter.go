package web

import (
	"bytes"
	"io"
	"sync"
	"time"
)

const (
	// logDelay is how long a line may wait in memory.
	logDelay = 100 * time.Millisecond
	// logBuffer is how many bytes wait before the writer that brings more of
	// them has to write them out itself.
	logBuffer = 64 << 10
)

// LogWriter gathers log lines and writes them in batches, at most 100 ms after
// the first of a batch. Give it to a slog handler, which makes one Write a
// line, and Close it last of all at shutdown: no line is lost then. When the
// output is slow, writers wait; no line is dropped.
//
// It is also the last gate against forged lines (S33): slog's handlers escape
// line ends and quotes, and LogWriter makes the control characters that JSON
// leaves as they are (DEL and U+0080 to U+009F, which some terminals obey)
// harmless.
type LogWriter struct {
	output sync.Mutex // held while writing to out; guards out and spare
	out    io.Writer
	spare  []byte

	mu     sync.Mutex // guards the rest; taken after output, never before
	buf    []byte
	timer  *time.Timer
	armed  bool
	closed bool
}

// NewLogWriter writes to out, which needs no locking of its own.
func NewLogWriter(out io.Writer) *LogWriter {
	return &LogWriter{out: out, buf: make([]byte, 0, logBuffer), spare: make([]byte, 0, logBuffer)}
}

// Write takes one or more whole lines. It never fails: there is nobody to tell.
func (l *LogWriter) Write(line []byte) (int, error) {
	l.take(line, true)
	return len(line), nil
}

// append is Write for lines that hold nothing to be made harmless.
func (l *LogWriter) append(line []byte) { l.take(line, false) }

func (l *LogWriter) take(line []byte, odd bool) {
	l.mu.Lock()
	start := len(l.buf)
	l.buf = append(l.buf, line...)
	if odd {
		defuse(l.buf[start:])
	}
	full := l.closed || len(l.buf) >= logBuffer
	if !full && !l.armed {
		l.arm()
	}
	l.mu.Unlock()
	if full {
		_ = l.Flush()
	}
}

// arm starts the delay of a batch; l.mu is held.
func (l *LogWriter) arm() {
	l.armed = true
	if l.timer == nil {
		l.timer = time.AfterFunc(logDelay, func() { _ = l.Flush() })
		return
	}
	l.timer.Reset(logDelay)
}

// Flush writes out what waits.
func (l *LogWriter) Flush() error {
	l.output.Lock()
	defer l.output.Unlock()
	l.mu.Lock()
	batch := l.buf
	l.buf = l.spare[:0]
	l.armed = false
	l.mu.Unlock()
	l.spare = batch[:0]
	if len(batch) == 0 {
		return nil
	}
	_, err := l.out.Write(batch)
	return err
}

// Close writes out what waits. Lines written later go out at once.
func (l *LogWriter) Close() error {
	l.mu.Lock()
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	return l.Flush()
}

// defuse replaces DEL and the second byte of U+0080 to U+009F in place.
func defuse(line []byte) {
	for rest := line; ; {
		i := bytes.IndexByte(rest, 0x7f)
		if i < 0 {
			break
		}
		rest[i], rest = '?', rest[i+1:]
	}
	for rest := line; ; {
		i := bytes.IndexByte(rest, 0xc2)
		if i < 0 || i+1 >= len(rest) {
			return
		}
		if next := rest[i+1]; next >= 0x80 && next <= 0x9f {
			rest[i], rest[i+1] = '?', '?'
		}
		rest = rest[i+1:]
	}
}
