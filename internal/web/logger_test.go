package web

import (
	"bytes"
	"log/slog"
	"testing"
	"time"
)

// A line of either kind is read by the same programs: whoever parses one may not
// find another spelling because nothing in it needed quotes.
func TestRequestLine_IsByteForByteWhatSlogWrites(t *testing.T) {
	zone := time.FixedZone("", -3*3600-1800)
	times := []time.Time{
		time.Unix(1_800_000_000, 0), time.Unix(1_800_000_000, 120_000_000).UTC(), time.Unix(1_800_000_000, 123_456_789).In(zone), time.Unix(1_800_000_000, 999_999_999),
	}
	lines := [][]slog.Attr{
		{slog.String("request_id", "01k0f3"), slog.String("method", "GET"), slog.Int("status", 200), slog.Int64("duration_us", -1)},
		{slog.String("route", "/api/v1/credentials/{client_id}"), slog.String("client", "2001:db8::1"), slog.String("judged", "/orders/**")},
		{slog.String("cause", "")}, {slog.String("cause", "no space")}, {slog.String("cause", "a=b")}, {slog.String("cause", `a"b\c`)},
		{slog.String("cause", "line\nend")}, {slog.String("cause", "\x7f\u0085\u202e")}, {slog.String("cause", "é<&>")}, {slog.String("cause", "\xff")},
		{slog.Bool("flag", true)}, {slog.String("long", string(bytes.Repeat([]byte("x"), 2000)))}, {},
	}
	for _, asJSON := range []bool{false, true} {
		for _, at := range times {
			for _, level := range []slog.Level{slog.LevelInfo, slog.LevelError} {
				for _, attrs := range lines {
					var ours, theirs bytes.Buffer
					w := NewLogWriter(&ours)
					h := NewLogger(w, asJSON, slog.LevelInfo).Handler().(*logHandler)
					requestLine(t.Context(), h, at, level, attrs)
					if err := w.Close(); err != nil {
						t.Fatal(err)
					}
					w = NewLogWriter(&theirs)
					h.lines = w
					slogs := slog.Handler(slog.NewTextHandler(w, nil))
					if asJSON {
						slogs = slog.NewJSONHandler(w, nil)
					}
					requestLine(t.Context(), slogs, at, level, attrs)
					if err := w.Close(); err != nil {
						t.Fatal(err)
					}
					if ours.String() != theirs.String() || theirs.Len() == 0 {
						t.Errorf("ours: %sslog: %s", &ours, &theirs)
					}
				}
			}
		}
	}
}

// What is written most must take the shorter way, without an allocation.
func TestRequestLine_OfAnOrdinaryRequestAllocatesNothing(t *testing.T) {
	w := NewLogWriter(new(bytes.Buffer))
	h := NewLogger(w, false, slog.LevelInfo).Handler()
	at := time.Unix(1_800_000_000, 0)
	allocations := testing.AllocsPerRun(100, func() {
		var room [12]slog.Attr
		requestLine(t.Context(), h, at, slog.LevelInfo, append(room[:0],
			slog.String("request_id", "01k0f3"), slog.String("method", "GET"), slog.String("route", "/forward-auth"), slog.Int("status", 200),
			slog.String("client", "192.0.2.1"), slog.String("judged", "/useradmin/users"), slog.String("actor", "01a203dd-d596-7db0-abc1-7851f331756d")))
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
