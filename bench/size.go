package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
)

const (
	// fewCredentials is what a large installation is compared with.
	fewCredentials = 1000
	// askers is how many of them ask for tokens.
	askers = 100
)

// runAtSize measures what an installation with many credentials costs: its list pages, and a token beside what it
// costs with few.
func (l *laboratory) runAtSize(ctx context.Context, w io.Writer, p plan) error {
	engines := []string{sqlite, postgreSQL}
	var lists [][]listRow
	var all []*installation
	for _, engine := range engines {
		few := &installation{engine: engine, n: fewCredentials, source: ".", name: "now"}
		many := &installation{engine: engine, n: p.size, source: ".", name: "now"}
		if len(all) > 0 {
			few.like, many.like = all[0], all[1]
		}
		for _, i := range []*installation{few, many} {
			if err := l.install(ctx, i); err != nil {
				return err
			}
		}
		rows, err := many.measureLists(ctx, p.samples)
		if err != nil {
			return err
		}
		lists, all = append(lists, rows), append(all, few, many)
	}
	if err := printLists(w, p.size, engines, lists); err != nil {
		return err
	}
	for k, engine := range engines {
		few, many := all[2*k], all[2*k+1]
		c := comparison{title: "Token issuance on " + engine + " as credentials grow, those that ask by turns", targets: []target{
			few.issuance(askers), many.issuance(askers), many.issuance(shownClients),
		}}
		rows, err := c.measure(ctx, p)
		if err != nil {
			return err
		}
		if err := c.print(w, rows, p); err != nil {
			return err
		}
	}
	return printSizes(w, all)
}

// issuance is token requests of some clients: who asks for the first time in a minute makes the server write when and
// from where, so that more of them cost more whatever else is in the database.
func (i *installation) issuance(clients int) target {
	var t target
	asking := i.people.clients[:min(clients, len(i.people.clients))]
	for _, c := range asking {
		c.Issuer, c.process = i.issuer, i.process
		next := c.issuance(fmt.Sprintf("%d of %d credentials", len(asking), i.n))
		if t.name == "" {
			t = next
		} else {
			t.request.More = append(t.request.More, next.request.Bytes)
		}
	}
	return t
}

func printSizes(w io.Writer, all []*installation) error {
	fmt.Fprint(w, "\nStart to ready, and memory after the above\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "engine\tcredentials\tready after ms\tmost until ready MiB\town memory MiB\tresident MiB\t")
	for _, i := range all {
		m, err := i.memory()
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t\n", i.engine, i.n, milliseconds(i.ready), i.start.most, m.own, m.resident)
	}
	return table.Flush()
}
