package lifecycle

import (
	"strconv"
	"time"
)

// microText is a time as Unix microseconds in decimal; the zero time is "0".
func microText(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}
