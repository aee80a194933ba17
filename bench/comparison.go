package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/claviger/claviger/bench/load"
)

// warmUp comes before the first measured turn, so that pools, caches and branch predictors are as they
// will stay.
const warmUp = time.Second

// comparison asks several servers the like, in turn. The first is what the others are measured against.
type comparison struct {
	title   string
	targets []target
}

type target struct {
	name    string
	process *process
	request load.Request
}

// turn is what one target did in one turn.
type turn struct {
	result load.Result
	cpu    time.Duration // of the server
}

// cost is C: CPU-seconds of the server per 1,000 requests.
func (t turn) cost() float64 { return t.cpu.Seconds() / float64(t.result.Requests) * 1000 }

// row is what one target did at one number of connections: a turn for each pair.
type row struct {
	connections int
	name        string
	turns       []turn
}

// measure gives every target its turns, A B A B: what slows the machine for a while slows both.
func (c comparison) measure(ctx context.Context, p plan) ([]row, error) {
	var rows []row
	for _, connections := range p.at {
		first := len(rows)
		for _, t := range c.targets {
			if _, err := t.turn(ctx, connections, warmUp); err != nil {
				return nil, err
			}
			rows = append(rows, row{connections: connections, name: t.name})
		}
		for range p.pairs {
			for n, t := range c.targets {
				done, err := t.turn(ctx, connections, p.length)
				if err != nil {
					return nil, err
				}
				rows[first+n].turns = append(rows[first+n].turns, done)
			}
		}
	}
	return rows, nil
}

func (t target) turn(ctx context.Context, connections int, length time.Duration) (turn, error) {
	before, err := t.process.cpu()
	if err != nil {
		return turn{}, fmt.Errorf("%s: %w", t.name, err)
	}
	result, err := load.Run(ctx, t.request, connections, length)
	if err != nil {
		return turn{}, fmt.Errorf("%s: %w", t.name, err)
	}
	after, err := t.process.cpu()
	if err != nil {
		return turn{}, fmt.Errorf("%s: %w", t.name, err)
	}
	return turn{result: result, cpu: after - before}, nil
}

// print writes the table: each figure the median of its turns, each ratio with its spread over the pairs.
func (c comparison) print(w io.Writer, rows []row, p plan) error {
	against := c.targets[0].name
	fmt.Fprintf(w, "\n%s\nC: server CPU-seconds per 1,000 requests. Medians of %d turns of %v.\n", c.title, p.pairs, p.length)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "connections\tserver\tC\trequests/s\tp50 ms\tp99 ms\tC ÷ %s: min\tmedian\tmax\t\n", against)
	var base row
	for _, r := range rows {
		if r.name == against {
			base = r
		}
		fmt.Fprintf(table, "%d\t%s\t%.4f\t%.0f\t%.2f\t%.2f\t%s\t\n", r.connections, r.name,
			r.median(turn.cost),
			r.median(func(t turn) float64 { return t.result.Rate() }),
			r.median(func(t turn) float64 { return milliseconds(t.result.P50) }),
			r.median(func(t turn) float64 { return milliseconds(t.result.P99) }),
			strings.Join(spread(base, r), "\t"))
	}
	return table.Flush()
}

func (r row) median(of func(turn) float64) float64 {
	values := make([]float64, 0, len(r.turns))
	for _, t := range r.turns {
		values = append(values, of(t))
	}
	return median(values)
}

// spread is the least, the median and the greatest of the pairs' ratios of cost.
func spread(base, r row) []string {
	if base.name == r.name {
		return []string{"", "", ""}
	}
	ratios := make([]float64, 0, len(r.turns))
	for n := range r.turns {
		ratios = append(ratios, r.turns[n].cost()/base.turns[n].cost())
	}
	var cells []string
	for _, ratio := range []float64{slices.Min(ratios), median(ratios), slices.Max(ratios)} {
		cells = append(cells, fmt.Sprintf("%.2f", ratio))
	}
	return cells
}

// median of an even number of values is the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
