package web

import (
	"context"
	"log/slog"
	"strconv"
	"time"
)

// requestMessage is the message of the one line of a request.
const requestMessage = "request"

// NewLogger returns a logger that writes lines of text, or of JSON, to lines.
// The lines of requests, which are most of all, are written by hand where
// nothing in them needs quoting, since slog takes longer for one than all else
// that the shell does; their bytes are the same.
func NewLogger(lines *LogWriter, asJSON bool, level slog.Leveler) *slog.Logger {
	h := &logHandler{lines: lines, json: asJSON}
	options := &slog.HandlerOptions{Level: level}
	if h.Handler = slog.NewTextHandler(lines, options); asJSON {
		h.Handler = slog.NewJSONHandler(lines, options)
	}
	return slog.New(h)
}

// logHandler is slog's, and a shorter way beside it.
type logHandler struct {
	slog.Handler
	lines *LogWriter
	json  bool
}

// requestLine writes the line of a request. Without a shorter way, as in a logger
// that somebody else made, slog writes it.
func requestLine(ctx context.Context, h slog.Handler, at time.Time, level slog.Level, attrs []slog.Attr) {
	if own, ok := h.(*logHandler); ok && own.writes(at, level, attrs) {
		return
	}
	line := slog.NewRecord(at, level, requestMessage, 0)
	line.AddAttrs(attrs...)
	_ = h.Handle(ctx, line) // there is nobody to tell
}

// writes writes a line in which nothing needs quoting, and reports false for
// any other.
func (h *logHandler) writes(at time.Time, level slog.Level, attrs []slog.Attr) bool {
	var buffer [512]byte
	b := buffer[:0]
	if h.json {
		b = at.AppendFormat(append(b, `{"time":"`...), time.RFC3339Nano)
		b = append(append(append(b, `","level":"`...), level.String()...), `","msg":"`+requestMessage+`"`...)
	} else {
		b = appendMillis(append(b, "time="...), at)
		b = append(append(append(b, " level="...), level.String()...), " msg="+requestMessage...)
	}
	for i := range attrs {
		a := &attrs[i]
		if h.json {
			b = append(append(append(b, `,"`...), a.Key...), `":`...)
		} else {
			b = append(append(append(b, ' '), a.Key...), '=')
		}
		switch a.Value.Kind() {
		case slog.KindInt64:
			b = strconv.AppendInt(b, a.Value.Int64(), 10)
		case slog.KindString:
			text := a.Value.String()
			switch {
			case !needsNoQuotes(text):
				return false
			case h.json:
				b = append(append(append(b, '"'), text...), '"')
			default:
				b = append(b, text...)
			}
		default:
			return false
		}
	}
	if h.json {
		b = append(b, '}')
	}
	h.lines.append(append(b, '\n'))
	return true
}

// appendMillis writes a time as slog's text does: with three digits after the
// second, always.
func appendMillis(b []byte, at time.Time) []byte {
	const length = len("2006-01-02T15:04:05.000")
	start := len(b)
	b = at.Truncate(time.Millisecond).Add(time.Millisecond/10).AppendFormat(b, time.RFC3339Nano) // a fourth digit keeps the zeros before it
	return append(b[:start+length], b[start+length+1:]...)
}

// needsNoQuotes tells whether a text stands in a line as it is, in either form.
// It knows less than slog does: what it refuses may need none.
func needsNoQuotes(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', 'A' <= c && c <= 'Z', '-' <= c && c <= '/', c == ':', c == '_', c == '{', c == '}', c == '*':
		default:
			return false
		}
	}
	return text != ""
}
