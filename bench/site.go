package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/claviger/claviger/bench/load"
	"github.com/claviger/claviger/bench/wire"
)

// siteCredentials are enough for each question to have its own, and few enough to be made quickly.
const siteCredentials = 1000

// mostCallers ask at the same time.
const mostCallers = 32

// site is an installation with a node beside its PostgreSQL and one behind a wire.
type site struct {
	*laboratory
	near, far *installation
	wire      *wire.Wire
	out       io.Writer
	figures   []figure
	length    time.Duration // of a turn
}

// figure is one that docs/scale.md reckons with.
type figure struct {
	name  string
	value float64
	means string
}

func (s *site) note(name string, value float64, means string) {
	s.figures = append(s.figures, figure{name, value, means})
}

// newSite starts both nodes on a database of siteCredentials.
func (l *laboratory) newSite(ctx context.Context, out io.Writer, p plan) (*site, error) {
	near, err := l.installFull(ctx, postgreSQL, p.source())
	if err != nil {
		return nil, err
	}
	s := &site{laboratory: l, near: near, out: out, length: p.length}
	if s.wire, err = wire.New(ctx, os.Getenv(postgresDirectory)); err != nil {
		return nil, err
	}
	l.cleanup = append(l.cleanup, s.wire.Close)
	through, err := url.Parse(near.databaseURL)
	if err != nil {
		return nil, err
	}
	through.RawQuery = url.Values{"host": {s.wire.Directory()}}.Encode()
	if s.far, err = l.node(ctx, near, "http", "CLAVIGER_DATABASE_URL="+through.String()); err != nil {
		return nil, err
	}
	s.far.databaseURL = through.String()
	return s, s.mustKeep(ctx)
}

// installFull starts a server on an engine with siteCredentials, and more of the admin's own, who may edit no one else's.
func (l *laboratory) installFull(ctx context.Context, engine, source string) (*installation, error) {
	i := &installation{engine: engine, n: siteCredentials, source: source, name: "now", caller: &http.Client{Timeout: 10 * time.Second}}
	if err := l.install(ctx, i); err != nil {
		return nil, err
	}
	for range mostCallers {
		c, err := createCredential(ctx, i.issuer, i.token, benchScope)
		if err != nil {
			return nil, err
		}
		i.own = append(i.own, c)
	}
	return i, nil
}

// mustKeep refuses a PostgreSQL that acknowledges what a crash would undo: it would look too fast.
func (s *site) mustKeep(ctx context.Context) error {
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		value, err := s.ask(ctx, "SHOW "+setting)
		if err != nil {
			return err
		}
		if value != "on" {
			return fmt.Errorf("%s is %s: run it as make bench-scale", setting, value)
		}
	}
	return nil
}

// node starts another server of an installation, with settings (NAME=VALUE) of its own. Its issuer is where it listens;
// tokens name the installation's.
func (l *laboratory) node(ctx context.Context, of *installation, scheme string, settings ...string) (*installation, error) {
	addresses, err := freeAddresses(ctx, 2)
	if err != nil {
		return nil, err
	}
	address := addresses[0]
	n := *of
	n.issuer = scheme + "://" + address
	//nolint:gosec // the certificate was made for this run
	n.caller = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	n.environment = append(append([]string(nil), of.environment...),
		"CLAVIGER_DATA_DIR="+filepath.Join(l.dir, "node at "+strings.ReplaceAll(address, ":", " ")), "CLAVIGER_LISTEN="+address, "CLAVIGER_GATEWAY_LISTEN="+addresses[1])
	if scheme == "https" {
		n.environment = append(n.environment, "CLAVIGER_ISSUER="+n.issuer)
	}
	n.environment = append(n.environment, settings...)
	return &n, l.serve(ctx, &n, n.command(ctx, "serve"))
}

// expense is what something cost.
type expense struct {
	node, database time.Duration // on a processor
	wal            int64         // bytes that PostgreSQL wrote ahead
	trips          int64         // through the wire, from and to
}

// during measures what something costs a node and its database.
func (s *site) during(ctx context.Context, node *installation, what func() error) (cost expense, err error) {
	if cost.wal, err = s.written(ctx); err != nil { // first and last, as asking costs something, too
		return expense{}, err
	}
	nodeBefore, databaseBefore, err := spent(node)
	if err != nil {
		return expense{}, err
	}
	trips := s.wire.RoundTrips()
	if err := what(); err != nil {
		return expense{}, err
	}
	cost.trips = s.wire.RoundTrips() - trips
	if cost.node, cost.database, err = spent(node); err != nil {
		return expense{}, err
	}
	cost.node, cost.database = cost.node-nodeBefore, cost.database-databaseBefore
	wal, err := s.written(ctx)
	cost.wal = wal - cost.wal
	return cost, err
}

// spent is what a node, if any, and PostgreSQL have spent on a processor so far.
func spent(node *installation) (ofNode, ofDatabase time.Duration, err error) {
	if node != nil {
		if ofNode, err = cpuOf(node.process.cmd.Process.Pid); err != nil {
			return 0, 0, err
		}
	}
	database, err := postgresProcess()
	if err != nil {
		return 0, 0, err
	}
	ofDatabase, err = cpuOf(database...)
	return ofNode, ofDatabase, err
}

// written is how much PostgreSQL has written ahead so far, in bytes.
func (s *site) written(ctx context.Context) (int64, error) {
	text, err := s.ask(ctx, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// ask runs statements as the superuser and returns what they say, a line a row.
func (s *site) ask(ctx context.Context, statements ...string) (string, error) {
	args := []string{"--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set", "ON_ERROR_STOP=1", "--dbname", s.near.databaseURL}
	for _, statement := range statements {
		args = append(args, "--command", statement)
	}
	out, err := exec.CommandContext(ctx, "psql", args...).Output()
	if err != nil {
		return "", fmt.Errorf("psql: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// crowd keeps callers busy for a time, each of which asks again when it has its answer.
func crowd(ctx context.Context, callers int, length time.Duration, ask func(ctx context.Context, caller, turn int) error) (load.Result, error) {
	var group sync.WaitGroup
	times, faults := make([][]time.Duration, callers), make([]error, callers)
	begin := time.Now()
	for n := range callers {
		group.Go(func() {
			for turn := 0; turn == 0 || time.Since(begin) < length; turn++ {
				asked := time.Now()
				if faults[n] = ask(ctx, n, turn); faults[n] != nil {
					return
				}
				times[n] = append(times[n], time.Since(asked))
			}
		})
	}
	group.Wait()
	elapsed := time.Since(begin)
	return load.Summary(times, elapsed), errors.Join(faults...)
}

// newCaller is an HTTP client for a crowd.
func newCaller() *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext}}
}

// do sends a request and wants one status of its answer, whose body it leaves aside.
func do(caller *http.Client, request *http.Request, want int) error {
	got, err := status(caller, request)
	if err == nil && got != want {
		err = fmt.Errorf("%s %s: %d, want %d", request.Method, request.URL.Path, got, want)
	}
	return err
}

func status(caller *http.Client, request *http.Request) (int, error) {
	response, err := caller.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// table writes one to out: a title, the heads, and rows of cells.
func (s *site) table(title, heads string, rows [][]any, formats ...string) error {
	fmt.Fprintf(s.out, "\n%s\n", title)
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, strings.ReplaceAll(heads, " | ", "\t")+"\t")
	for _, row := range rows {
		for n, cell := range row {
			fmt.Fprintf(table, formats[n]+"\t", cell)
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}
