package server

import (
	"log"
	"log/slog"
	"strings"
)

// libraryLog turns what libraries print with the standard logger into lines of
// ours. net/http, for one, prints the beginning of an answer that an upstream
// sends unasked, with whatever secret it echoes: that part is left out (S18).
type libraryLog struct{ log *slog.Logger }

// takeLibraryLog makes the standard logger, which only libraries use, write to l.
func takeLibraryLog(l *slog.Logger) {
	log.SetFlags(0)
	log.SetOutput(libraryLog{l})
}

// Write takes one message.
func (l libraryLog) Write(message []byte) (int, error) {
	const most = 200
	text, _, _ := strings.Cut(string(message), " starting with ")
	text = strings.TrimSpace(text)
	l.log.Warn("a library reports", slog.String("message", text[:min(len(text), most)]))
	return len(message), nil
}
