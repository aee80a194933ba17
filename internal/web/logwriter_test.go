package web

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// safeBuffer is a bytes.Buffer that a test may read while others write.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestLogWriter_WritesWithin100Milliseconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out safeBuffer
		w := NewLogWriter(&out)
		for i := range 3 { // the second and third batch use the timer again
			_, _ = fmt.Fprintf(w, "line %d\n", i)
			if got := strings.Count(out.String(), "\n"); got != i {
				t.Fatalf("batch %d was written at once", i)
			}
			time.Sleep(100 * time.Millisecond) // the bubble's clock
			synctest.Wait()
			if got := strings.Count(out.String(), "\n"); got != i+1 {
				t.Fatalf("after 100 ms %d lines are out, want %d", got, i+1)
			}
		}
	})
}

func TestLogWriter_LosesNoLineUnderLoadAndAtShutdown(t *testing.T) {
	var out safeBuffer
	w := NewLogWriter(&out)
	const writers, lines = 8, 2000
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range lines {
				_, _ = fmt.Fprintf(w, "writer %d line %04d %s\n", i, j, strings.Repeat("x", 60))
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write([]byte("after the close\n"))

	next := map[byte]int{}
	all := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(all) != writers*lines+1 || all[len(all)-1] != "after the close" {
		t.Fatalf("%d lines came out, last %q", len(all), all[len(all)-1])
	}
	for _, line := range all[:len(all)-1] {
		who := line[len("writer ")]
		want := fmt.Sprintf("writer %c line %04d %s", who, next[who], strings.Repeat("x", 60))
		if line != want {
			t.Fatalf("got %q, want %q", line, want)
		}
		next[who]++
	}
}

func TestLog_CannotBeForged(t *testing.T) {
	evil := "a\r\nlevel=ERROR msg=forged\x1b[2J\u009b31m\x7f\u2028\"} {\"msg\":\"forged\"}"
	handlers := map[string]func(w *LogWriter) slog.Handler{
		"text": func(w *LogWriter) slog.Handler { return slog.NewTextHandler(w, nil) },
		"json": func(w *LogWriter) slog.Handler { return slog.NewJSONHandler(w, nil) },
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := NewLogWriter(&out)
			slog.New(handler(w)).Info("request", "cause", evil)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			line := out.String()
			if strings.Count(line, "\n") != 1 || strings.ContainsAny(line, "\r\x1b\x7f\u009b\u2028") {
				t.Errorf("control characters reached the log: %q", line)
			}
			if name == "json" && !strings.Contains(line, `\"} {\"msg\"`) {
				t.Errorf("a quote was not escaped: %q", line)
			}
		})
	}
}

func TestDefuse_LeavesOtherTextAlone(t *testing.T) {
	for in, want := range map[string]string{
		"é Â £ ünï": "é Â £ ünï", "\u0085": "??", "\u00a0": "\u00a0", "end\xc2": "end\xc2", "\xc2": "\xc2", "": "", "\x7f\x7f": "??",
	} {
		line := []byte(in)
		defuse(line)
		if string(line) != want {
			t.Errorf("defuse(%q) = %q, want %q", in, line, want)
		}
	}
}
