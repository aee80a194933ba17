package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/keyring"
)

// postgresDirectory names the socket's directory of the PostgreSQL server that .ci/on-postgresql runs.
const postgresDirectory = "TEST_POSTGRESQL"

// The engines that an installation may be on.
const (
	sqlite     = "SQLite"
	postgreSQL = "PostgreSQL"
)

// installation is a server on a database of its own, which was filled with n credentials.
type installation struct {
	engine     string // sqlite or postgreSQL
	n          int
	source     string // the directory of its module
	name       string // of that state of the module: "now" or "before"
	issuer     string
	gateway    string // its URL
	token      string // of an admin, for the management API
	supervisor string // the same of a supervisor
	people     *population
	process    *process
	ready      time.Duration // from its start until it answered
	start      memory        // when it answered
	like       *installation // on SQLite, whose rows it gets; nil: its own

	own         []client // credentials of the admin, where they were made
	master      [keyring.MasterKeySize]byte
	binary      string
	databaseURL string
	environment []string     // of the server and of what is run beside it
	caller      *http.Client // nil: one that knows nothing of the server
}

// install fills a database and starts the server on it.
func (l *laboratory) install(ctx context.Context, i *installation) error {
	binary, err := l.build(ctx, i.source, "./cmd/claviger", i.name)
	if err != nil {
		return err
	}
	database, err := l.database(ctx, i)
	if err != nil {
		return err
	}
	addresses, err := freeAddresses(ctx, 2)
	if err != nil {
		return err
	}
	i.issuer, i.gateway = "http://"+addresses[0], "http://"+addresses[1]
	i.master = newMasterKey()
	if i.like != nil {
		i.master = i.like.master
	}
	i.binary, i.databaseURL = binary, database
	i.environment = append(os.Environ(),
		"CLAVIGER_DATA_DIR="+l.data(i), "CLAVIGER_DATABASE_URL="+database,
		"CLAVIGER_MASTER_KEY="+base64.StdEncoding.EncodeToString(i.master[:]),
		"CLAVIGER_LISTEN="+addresses[0], "CLAVIGER_GATEWAY_LISTEN="+addresses[1],
		"CLAVIGER_OPS_LISTEN=127.0.0.1:0", "CLAVIGER_ISSUER="+i.issuer)
	if err := i.fill(ctx); err != nil {
		return err
	}
	for into, email := range map[*string]string{&i.token: "ada@example.com", &i.supervisor: "grace@example.com"} {
		token, err := i.command(ctx, "token", "--user", email, "--ttl", "24h").Output()
		if err != nil {
			return fmt.Errorf("claviger token: %w", err)
		}
		*into = strings.TrimSpace(string(token))
	}
	return l.serve(ctx, i, i.command(ctx, "serve"))
}

// fill makes people, catalogue and credentials, or copies them.
func (i *installation) fill(ctx context.Context) (err error) {
	if i.like != nil {
		if out, err := i.command(ctx, "migrate").CombinedOutput(); err != nil {
			return fmt.Errorf("claviger migrate: %w\n%s", err, out)
		}
		i.people = i.like.people
		return errors.Join(copyRows(ctx, i.like, i.databaseURL), analyze(ctx, i.databaseURL))
	}
	for _, args := range [][]string{
		{"user", "create", "--email", "ada@example.com", "--role", "admin"},
		{"user", "create", "--email", "grace@example.com", "--role", "supervisor"},
		{"catalogue", "apply", "--example", "vcc"},
	} {
		if out, err := i.command(ctx, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("claviger %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	if i.n == 0 {
		return nil
	}
	if i.people, err = populate(ctx, i.databaseURL, i.master, i.n); err != nil {
		return err
	}
	return analyze(ctx, i.databaseURL)
}

// command is one of Claviger's, with the installation's settings.
func (i *installation) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, i.binary, args...)
	cmd.Env = i.environment
	return cmd
}

// data is the directory of an installation's data.
func (l *laboratory) data(i *installation) string {
	return filepath.Join(l.dir, fmt.Sprint(i.name, i.engine, i.n))
}

// database is the URL of an empty one.
func (l *laboratory) database(ctx context.Context, i *installation) (string, error) {
	if i.engine == sqlite {
		return "sqlite:" + filepath.Join(l.data(i), "claviger.db"), os.Mkdir(l.data(i), 0o700)
	}
	directory := os.Getenv(postgresDirectory)
	if directory == "" {
		return "", errors.New("no PostgreSQL server: run it as .ci/on-postgresql go run ./bench")
	}
	name := "bench" + strings.ToLower(rand.Text())
	//nolint:gosec // whoever runs a benchmark may run createdb
	if out, err := exec.CommandContext(ctx, "createdb", "--host", directory, "--username", "postgres", name).CombinedOutput(); err != nil {
		return "", fmt.Errorf("createdb: %w\n%s", err, out)
	}
	return "postgres://postgres@/" + name + "?" + url.Values{"host": {directory}}.Encode(), nil
}

// analyze does at once what PostgreSQL's autovacuum does within a minute: it counts what the tables hold.
func analyze(ctx context.Context, databaseURL string) error {
	if strings.HasPrefix(databaseURL, "sqlite:") {
		return nil
	}
	if out, err := exec.CommandContext(ctx, "vacuumdb", "--analyze", "--quiet", "--dbname", databaseURL).CombinedOutput(); err != nil {
		return fmt.Errorf("vacuumdb: %w\n%s", err, out)
	}
	return nil
}

// serve starts the server and waits until it says that it is ready.
func (l *laboratory) serve(ctx context.Context, i *installation, cmd *exec.Cmd) error {
	file := l.log(fmt.Sprint(i.name, i.engine, i.n, " ", len(l.processes)))
	talk, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { _ = talk.Close() }()
	cmd.Stderr = talk
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	i.process = &process{cmd: cmd, done: make(chan struct{})}
	if i.engine == postgreSQL {
		if i.process.beside, err = postgresProcess(); err != nil {
			return err
		}
	}
	go func() {
		_ = cmd.Wait() // how a server ends that was told to is of no interest here
		close(i.process.done)
	}()
	l.processes = append(l.processes, i.process)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for time.Since(began) < startLimit {
		select {
		case <-i.process.done:
			said, _ := os.ReadFile(file)
			return fmt.Errorf("claviger serve ended\n%s", said)
		case <-tick.C:
		}
		if i.answers(ctx) {
			i.ready = time.Since(began)
			i.start, err = i.memory()
			return err
		}
	}
	return errors.New("claviger serve did not get ready")
}

func (i *installation) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.issuer+"/readyz", nil)
	if err != nil {
		return false
	}
	caller := i.caller
	if caller == nil {
		caller = &http.Client{Timeout: time.Second}
	}
	response, err := caller.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// postgresProcess is the process of the PostgreSQL server that starts all its others.
func postgresProcess() ([]int, error) {
	text, err := os.ReadFile(filepath.Join(os.Getenv(postgresDirectory), "data", "postmaster.pid")) //nolint:gosec // the developer's own
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	return []int{pid}, err
}

// memory is what a process holds in RAM, in MiB: of its own, and with the pages of files that it maps or runs, which are the
// page cache's; and the most that it ever held (RssAnon, VmRSS and VmHWM of proc(5)).
type memory struct{ own, resident, most float64 }

func (i *installation) memory() (memory, error) { return memoryOf(i.process.cmd.Process.Pid) }

func memoryOf(pid int) (m memory, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return m, err
	}
	for name, into := range map[string]*float64{"RssAnon": &m.own, "VmRSS": &m.resident, "VmHWM": &m.most} {
		_, rest, _ := strings.Cut(string(status), name+":")
		if _, scan := fmt.Sscan(rest, into); scan != nil {
			return m, fmt.Errorf("no %s in /proc/PID/status: %w", name, scan)
		}
		*into /= 1024
	}
	return m, nil
}

// freeAddresses are n that nobody listens on.
func freeAddresses(ctx context.Context, n int) ([]string, error) {
	var addresses []string
	for range n {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }() // not before all are found: two would be one
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}
