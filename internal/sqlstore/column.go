package sqlstore

import (
	"database/sql"
	"net/netip"
	"strings"
	"time"
)

// micros writes a time as a column does: Unix microseconds, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// timeOf reads what micros wrote.
func timeOf(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

func durationOf(micros int64) time.Duration { return time.Duration(micros) * time.Microsecond }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// orNull writes an empty text as NULL, for columns that reference others.
func orNull(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// plain returns s as both engines can keep it: valid UTF-8 without NUL. It is
// for texts that come from outside unchecked, as a User-Agent.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// clip shortens s to at most n bytes, at a rune's edge: PostgreSQL refuses index
// rows above 2,704 bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

func prefixText(prefixes []netip.Prefix) string {
	texts := make([]string, len(prefixes))
	for i, p := range prefixes {
		texts[i] = p.String()
	}
	return strings.Join(texts, " ")
}

func prefixesOf(text string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, s := range strings.Fields(text) {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, p)
	}
	return prefixes, nil
}
