package restapi

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

// A body is read before its sender is known. Every place that judges a member
// looks through the faults so far, so their number bounds what a stranger's 64
// KiB of mistakes can cost (S27).
func TestReadObject_StopsCountingFaults(t *testing.T) {
	const many = 15_000
	names := make([]string, many)
	for n := range names {
		names[n] = `"a` + strconv.Itoa(n) + `":1`
	}
	for name, body := range map[string]string{
		"ranges that are no text":    `{"allowed_cidrs":[` + strings.Repeat("1,", many) + `1]}`,
		"ranges that are no ranges":  `{"allowed_cidrs":[` + strings.Repeat(`"",`, many) + `""]}`,
		"scopes that are no text":    `{"scopes":[` + strings.Repeat("1,", many) + `1]}`,
		"one member again and again": `{` + strings.Repeat(`"name":1,`, many) + `"name":1}`,
		"unknown members":            `{` + strings.Join(names, ",") + `}`,
	} {
		o, err := readObject([]byte(body))
		if err != nil {
			t.Fatal(name, err)
		}
		var ranges []netip.Prefix
		var scopes []string
		o.ranges("allowed_cidrs", &ranges)
		o.texts("scopes", false, &scopes)
		if n := len(o.rest()); n == 0 || n > maxFaults {
			t.Errorf("%s: %d faults, want 1 to %d", name, n, maxFaults)
		}
	}
}
