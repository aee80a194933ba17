package accesstoken

import "testing"

// A cursor has one spelling.
func FuzzParseCursor(f *testing.F) {
	for _, seed := range []string{"", ".", "epoch.0", "epoch.12", "epoch.012", "epoch.-1", "epoch.+1", "a.b.1", "epoch.9223372036854775807", "epoch.9223372036854775808"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		epoch, change, ok := parseCursor(cursor)
		if !ok {
			return
		}
		p := position{head: Head{Epoch: epoch, Change: change}}
		if change < 0 || p.cursor() != cursor {
			t.Fatalf("%q was read as %q and %d, which is written %q", cursor, epoch, change, p.cursor())
		}
	})
}
