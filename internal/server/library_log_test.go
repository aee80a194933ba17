package server

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestLibraryLog_LeavesOutWhatAPeerSent(t *testing.T) {
	var out bytes.Buffer
	l := libraryLog{slog.New(slog.NewTextHandler(&out, nil))}
	message := "Unsolicited response received on idle HTTP channel starting with \"HTTP/1.1 200 OK\\r\\n\\r\\nAuthorization: Bearer secret\"; err=<nil>\n"
	if n, err := l.Write([]byte(message)); n != len(message) || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	line := out.String()
	if strings.Contains(line, "secret") || !strings.Contains(line, "level=WARN") || !strings.Contains(line, "Unsolicited response received on idle HTTP channel") {
		t.Error(line)
	}
}
