// Command bench measures what Claviger costs: CPU-seconds of the server per 1,000 requests, beside servers
// that do the least that can be done. `make bench` runs it; bench/README.md says how to read the table.
// It asserts nothing: figures from a shared machine are for people to judge.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"time"
)

// plan is how much is measured.
type plan struct {
	pairs   int
	length  time.Duration
	self    bool
	only    *regexp.Regexp // the titles of the comparisons that are made
	before  string         // a directory with another state of this repository; empty: none
	at      []int          // numbers of connections
	size    int            // credentials; 0: the usual comparisons
	samples int            // of each kind of list page
	scale   bool           // what docs/scale.md reckons with
	into    string         // the document that its figures are put into; empty: none
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, parse())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse() plan {
	var p plan
	flag.IntVar(&p.pairs, "pairs", 5, "how often each server takes its turn, at each number of connections")
	flag.DurationVar(&p.length, "length", 2*time.Second, "how long each turn lasts")
	p.only = regexp.MustCompile("")
	flag.Func("only", "make those comparisons alone whose titles match a `pattern`, such as '^enforce'", func(text string) (err error) {
		p.only, err = regexp.Compile(text)
		return err
	})
	flag.StringVar(&p.before, "before", "", "a `directory` with another state of this repository (git worktree add), to be measured beside this one")
	p.at = []int{1, 8, 32}
	flag.Func("connections", "one `number` of connections instead of 1, 8 and 32", func(text string) error {
		n, err := strconv.Atoi(text)
		p.at = []int{n}
		return err
	})
	flag.BoolVar(&p.self, "self", false, "measure the floor against itself: what differs then is the machine's noise")
	flag.IntVar(&p.size, "size", 0, "instead: list pages and tokens with so many credentials, on SQLite and PostgreSQL (.ci/on-postgresql)")
	flag.IntVar(&p.samples, "samples", 200, "with -size, how often each kind of list page is asked for")
	flag.BoolVar(&p.scale, "scale", false, "instead: what docs/scale.md reckons with, on SQLite and PostgreSQL, near and far (make bench-scale)")
	flag.StringVar(&p.into, "into", "", "with -scale, a `document` whose measured figures are replaced (then go test ./bench -run Scale -update)")
	flag.Parse()
	return p
}

// run starts every server first, so that all are there for every comparison; an idle one costs nothing.
func run(ctx context.Context, p plan) (err error) {
	dir, err := os.MkdirTemp("", "claviger-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	lab := &laboratory{dir: dir}
	defer lab.close()
	if p.size > 0 {
		return lab.runAtSize(ctx, os.Stdout, p)
	}
	if p.scale {
		return lab.runScale(ctx, os.Stdout, p)
	}
	comparisons, err := lab.comparisons(ctx, p)
	if err != nil {
		return err
	}
	for _, c := range comparisons {
		if !p.only.MatchString(c.title) {
			continue
		}
		rows, err := c.measure(ctx, p)
		if err != nil {
			return err
		}
		if err := c.print(os.Stdout, rows, p); err != nil {
			return err
		}
	}
	return nil
}
