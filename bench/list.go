package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// listGoal is how long the slowest of twenty pages may take (docs/contract.md's list at 100,000 credentials).
const listGoal = 50 * time.Millisecond

// farBehind is how many rows are before a page that is far behind: on the way there each page is asked for.
const farBehind = 20_000

// listCase is a kind of list page: queries that are asked in turn, and how many pages before the one that is measured.
type listCase struct {
	name    string
	queries []url.Values
	behind  int // rows before the page
}

// listCases are every filter, order and search, alone and together.
func (i *installation) listCases() []listCase {
	one := func(name string, pairs ...string) listCase {
		return listCase{name: name, queries: []url.Values{query(pairs...)}}
	}
	cases := []listCase{one("newest first")}
	for _, sort := range []string{"created_at", "name", "-name", "last_used_at", "-last_used_at"} {
		cases = append(cases, one("sort="+sort, "sort", sort))
	}
	for _, sort := range []string{"-created_at", "name", "-last_used_at"} {
		deep := one("sort="+sort+", a page far behind", "sort", sort)
		deep.behind = min(i.n/2, farBehind)
		cases = append(cases, deep)
	}
	cases = append(cases, one("page_size=200", "page_size", "200"), one("level=account", "level", "account"), one("level=user", "level", "user"))
	for _, status := range []string{"active", "disabled", "expired", "suspended"} {
		cases = append(cases, one("status="+status, "status", status), one("status="+status+", by name", "status", status, "sort", "name"))
	}
	for _, attention := range []string{"expiring", "unused", "unrotated", "suspended"} {
		cases = append(cases, one("attention="+attention, "attention", attention))
	}
	cases = append(cases, one("scope, every second", "scope", "stats"), one("scope, 1 in 1,000", "scope", rareScope), one("scope, nobody", "scope", absentScope))
	owner := listCase{name: "owner"}
	email := listCase{name: "q, e-mail"}
	for _, u := range i.people.some(20) {
		owner.queries = append(owner.queries, query("owner", u.ID))
		email.queries = append(email.queries, query("q", u.Email))
	}
	id := listCase{name: "q, client ID"}
	for _, c := range i.people.clients[:20] {
		id.queries = append(id.queries, query("q", c.ClientID))
	}
	number := listCase{name: "q, a number"}
	for k := range 20 {
		number.queries = append(number.queries, query("q", strconv.Itoa(1000+k*4483)))
	}
	return append(cases, owner, email, id, number,
		one("q, a frequent word", "q", "nightly"), one("q, two words, far in the order", "q", "week rep", "sort", "name"), one("q, a frequent word, far in the order", "q", "weekly", "sort", "name"), one("q, one letter", "q", "e", "sort", "-last_used_at"),
		one("q, one digit", "q", "1"), one("q, nothing found", "q", "zzz"),
		one("four filters and a search", "status", "active", "level", "user", "scope", "stats", "q", "export", "sort", "-last_used_at"),
		one("filters that exclude each other", "level", "account", "status", "disabled", "scope", rareScope))
}

func query(pairs ...string) url.Values {
	v := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		v.Set(pair[0], pair[1])
	}
	return v
}

// listRow is what a case came to on one installation.
type listRow struct {
	name          string
	rows          int
	p50, p95, p99 time.Duration
	cpu           time.Duration // of the server and its database, for one page
}

// measureLists asks for each kind of page, one after the other, as one person does.
func (i *installation) measureLists(ctx context.Context, samples int) ([]listRow, error) {
	var out []listRow
	for _, c := range i.listCases() {
		row, err := i.measureList(ctx, &c, samples)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		out = append(out, row)
	}
	return out, nil
}

func (i *installation) measureList(ctx context.Context, c *listCase, samples int) (listRow, error) {
	row := listRow{name: c.name}
	if err := i.goBehind(ctx, c); err != nil {
		return row, err
	}
	before, err := i.process.cpu()
	if err != nil {
		return row, err
	}
	var took []time.Duration
	for k := range samples + samples/10 {
		begin := time.Now()
		page, err := i.page(ctx, c.queries[k%len(c.queries)])
		if err != nil {
			return row, err
		}
		if k >= samples/10 { // what comes before warms caches
			took = append(took, time.Since(begin))
		}
		row.rows = max(row.rows, len(page.Credentials))
	}
	after, err := i.process.cpu()
	if err != nil {
		return row, err
	}
	row.cpu = (after - before) / time.Duration(samples+samples/10)
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[len(took)*percent/100] }
	row.p50, row.p95, row.p99 = at(50), at(95), at(99)
	return row, nil
}

// goBehind turns pages until the one that is measured.
func (i *installation) goBehind(ctx context.Context, c *listCase) error {
	const most = 200
	for _, q := range c.queries {
		for seen := 0; seen < c.behind; seen += most {
			q.Set("page_size", strconv.Itoa(most))
			page, err := i.page(ctx, q)
			if err != nil {
				return err
			}
			q.Set("page_token", page.NextPageToken)
		}
		if c.behind > 0 {
			q.Del("page_size")
		}
	}
	return nil
}

type listPage struct {
	Credentials   []json.RawMessage `json:"credentials"`
	NextPageToken string            `json:"next_page_token"`
}

func (i *installation) page(ctx context.Context, q url.Values) (page listPage, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.issuer+"/api/v1/credentials?"+q.Encode(), nil)
	if err != nil {
		return page, err
	}
	request.Header.Set("Authorization", "Bearer "+i.token)
	return page, ask(request, http.StatusOK, &page)
}

// printLists writes one table for both engines and says which pages are slower than the goal.
func printLists(w io.Writer, n int, engines []string, rows [][]listRow) error {
	fmt.Fprintf(w, "\nGET /api/v1/credentials at %d credentials, 50 rows a page, one caller, ms; the goal is a p95 below %v.\nCPU: of the server and its database, for one page\n", n, listGoal)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "page\trows\t")
	for _, engine := range engines {
		fmt.Fprintf(table, "%s CPU\tp50\tp95\tp99\t", engine)
	}
	fmt.Fprintln(table)
	slow := 0
	for k := range rows[0] {
		fmt.Fprintf(table, "%s\t%d\t", rows[0][k].name, rows[0][k].rows)
		for _, of := range rows {
			fmt.Fprintf(table, "%.1f\t%.1f\t%.1f\t%.1f\t", milliseconds(of[k].cpu), milliseconds(of[k].p50), milliseconds(of[k].p95), milliseconds(of[k].p99))
			if of[k].p95 >= listGoal {
				slow++
			}
		}
		fmt.Fprintln(table)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d of %d above the goal.\n", slow, len(rows)*len(rows[0]))
	return err
}
