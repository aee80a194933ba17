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
)

// postgresDirectory names the socket's directory of the PostgreSQL server that .ci/on-postgresql runs.
const postgresDirectory = "TEST_POSTGRESQL"

// installation is a server on a database of its own with n credentials.
type installation struct {
	engine  string // SQLite or PostgreSQL
	n       int
	issuer  string
	token   string // of an admin, for the management API
	people  *population
	process *process
	ready   time.Duration // from its start until it answered
}

// install fills a database and starts the server on it.
func (l *laboratory) install(ctx context.Context, engine string, n int) (*installation, error) {
	binary, err := l.build(ctx, ".", "./cmd/claviger", "now")
	if err != nil {
		return nil, err
	}
	database, err := l.database(ctx, engine, n)
	if err != nil {
		return nil, err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	i := &installation{engine: engine, n: n, issuer: "http://" + address}
	master := newMasterKey()
	environment := append(os.Environ(),
		"CLAVIGER_DATA_DIR="+filepath.Join(l.dir, fmt.Sprint(engine, n)), "CLAVIGER_DATABASE_URL="+database,
		"CLAVIGER_MASTER_KEY="+base64.StdEncoding.EncodeToString(master[:]),
		"CLAVIGER_LISTEN="+address, "CLAVIGER_OPS_LISTEN=127.0.0.1:0", "CLAVIGER_ISSUER="+i.issuer)
	command := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, binary, args...)
		cmd.Env = environment
		return cmd
	}
	for _, args := range [][]string{
		{"user", "create", "--email", "ada@example.com", "--role", "admin"}, {"catalogue", "apply", "--example", "vcc"},
	} {
		if out, err := command(args...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("claviger %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	if i.people, err = populate(ctx, database, master, n); err != nil {
		return nil, err
	}
	if err := analyze(ctx, database); err != nil {
		return nil, err
	}
	token, err := command("token", "--user", "ada@example.com", "--ttl", "24h").Output()
	if err != nil {
		return nil, fmt.Errorf("claviger token: %w", err)
	}
	i.token = strings.TrimSpace(string(token))
	return i, l.serve(ctx, i, command("serve"))
}

// database is the URL of an empty one.
func (l *laboratory) database(ctx context.Context, engine string, n int) (string, error) {
	if engine == "SQLite" {
		dir := filepath.Join(l.dir, fmt.Sprint(engine, n))
		return "sqlite:" + filepath.Join(dir, "claviger.db"), os.Mkdir(dir, 0o700)
	}
	directory := os.Getenv(postgresDirectory)
	if directory == "" {
		return "", errors.New("no PostgreSQL server: run it as .ci/on-postgresql go run ./bench -size N")
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
	file := l.log(fmt.Sprint(i.engine, i.n))
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
			return nil
		}
	}
	return errors.New("claviger serve did not get ready")
}

func (i *installation) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.issuer+"/readyz", nil)
	if err != nil {
		return false
	}
	client := &http.Client{Timeout: time.Second}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// cpu is what the server and its database have spent, another installation's in the same database server included.
func (i *installation) cpu() (time.Duration, error) {
	pids := []int{i.process.cmd.Process.Pid}
	if i.engine != "SQLite" {
		text, err := os.ReadFile(filepath.Join(os.Getenv(postgresDirectory), "data", "postmaster.pid")) //nolint:gosec // the developer's own
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		pid, err := strconv.Atoi(first)
		if err != nil {
			return 0, err
		}
		pids = append(pids, pid)
	}
	return cpuOf(pids...)
}

// memory is what the server holds in RAM, in MiB: of its own, and with the pages of files that it maps or runs, which are the
// page cache's (RssAnon and VmRSS of proc(5)).
func (i *installation) memory() (own, resident float64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.process.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	mebibytes := func(name string) float64 {
		_, rest, _ := strings.Cut(string(status), name+":")
		var kib float64
		if _, scan := fmt.Sscan(rest, &kib); scan != nil {
			err = fmt.Errorf("no %s in /proc/PID/status: %w", name, scan)
		}
		return kib / 1024
	}
	own, resident = mebibytes("RssAnon"), mebibytes("VmRSS")
	return own, resident, err
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
