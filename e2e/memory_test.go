package e2e

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A server's small heap gets room to grow, unless the operator says how memory is to be used.
func TestMemory_TheOperatorsWordStands(t *testing.T) {
	setting := regexp.MustCompile(`(?m)^go_gc_gogc_percent (\d+)$`)
	for given, plausible := range map[string]func(percent int) bool{
		"":                  func(percent int) bool { return percent > 100 },
		"GOGC=150":          func(percent int) bool { return percent == 150 },
		"GOMEMLIMIT=512MiB": func(percent int) bool { return percent == 100 },
	} {
		environment := slices.DeleteFunc(plainEnvironment(), func(v string) bool {
			return strings.HasPrefix(v, "GOGC=") || strings.HasPrefix(v, "GOMEMLIMIT=")
		})
		if given != "" {
			environment = append(environment, given)
		}
		p := startIn(t, environment, t.TempDir(), "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--data-dir", "data")
		ops := p.stderr.await(t, `Metrics and profiles are on (http://\S+)\.\n`)[1]
		// What a start needs for a moment may be more than a small heap; collected, it counts no longer.
		soon(t, "a heap that grows as it should with "+strconv.Quote(given), func() bool {
			call(t, "GET", ops+"/debug/pprof/heap?gc=1", "")
			found := setting.FindStringSubmatch(call(t, "GET", ops+"/metrics", "").body)
			if found == nil {
				t.Fatal("the metrics do not tell the collector's percentage")
			}
			percent, err := strconv.Atoi(found[1])
			return err == nil && plausible(percent)
		})
	}
}
