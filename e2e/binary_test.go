package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// claviger is the path of the binary under test, built once.
var claviger string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "claviger-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	claviger = filepath.Join(dir, "claviger")
	build := exec.Command("go", "build", "-o", claviger, "github.com/claviger/claviger/cmd/claviger")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	if chaos() {
		figures.print()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// process is a running claviger with everything it has printed.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr *transcript
	stopped        sync.Once
}

// transcript keeps what a process prints and lets a test wait for a line.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newTranscript(r io.Reader) *transcript {
	t := &transcript{more: make(chan struct{}, 1)}
	go func() {
		lines := bufio.NewReader(r)
		for {
			line, err := lines.ReadString('\n')
			t.mu.Lock()
			t.text.WriteString(line)
			t.mu.Unlock()
			select {
			case t.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return t
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// await returns the first match of pattern, or fails after 30 seconds.
func (t *transcript) await(tb testing.TB, pattern string) []string {
	tb.Helper()
	limit, re := time.After(30*time.Second), regexp.MustCompile(pattern)
	for {
		if m := re.FindStringSubmatch(t.String()); m != nil {
			return m
		}
		select {
		case <-t.more:
		case <-limit:
			tb.Fatalf("never printed %q; printed:\n%s", pattern, t)
		}
	}
}

// start runs claviger with args in dir until the test ends.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	return startIn(t, plainEnvironment(), dir, args...)
}

func startIn(t *testing.T, environment []string, dir string, args ...string) *process {
	t.Helper()
	return startProgram(t, claviger, environment, dir, args...)
}

// startProgram is startIn for another build of claviger.
func startProgram(t *testing.T, program string, environment []string, dir string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...)}
	p.cmd.Dir, p.cmd.Env = dir, environment
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.stdout, p.stderr = newTranscript(stdout), newTranscript(stderr)
	t.Cleanup(func() { p.stop(t) })
	return p
}

// stop sends SIGTERM and demands a clean end within 10 seconds (S38).
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.stopped.Do(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		done := make(chan error, 1)
		go func() { done <- p.cmd.Wait() }()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("claviger %v ended with %v; stderr:\n%s", p.cmd.Args[1:], err, p.stderr)
			}
		case <-time.After(10 * time.Second):
			_ = p.cmd.Process.Kill()
			t.Errorf("claviger %v did not stop within 10 s of SIGTERM", p.cmd.Args[1:])
		}
	})
}

// plainEnvironment is the environment without settings of Claviger's own.
func plainEnvironment() []string {
	var out []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CLAVIGER_") {
			out = append(out, v)
		}
	}
	return out
}

// run runs a command line of claviger to its end.
func run(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runProgram(t, claviger, dir, args...)
}

// runProgram is run for another build of claviger.
func runProgram(t *testing.T, program, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, talk bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, plainEnvironment(), &out, &talk
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), talk.String(), cmd.ProcessState.ExitCode()
}

// demo is the line of claviger demo --json (contract.md "Binary").
type demo struct {
	*process
	Issuer     string `json:"issuer"`
	GatewayURL string `json:"gateway_url"`
	OpsURL     string `json:"ops_url"`
	ConsoleURL string `json:"console_url"`
	AccountID  string `json:"account_id"`
	Users      []struct {
		Email           string `json:"email"`
		Role            string `json:"role"`
		UserID          string `json:"user_id"`
		AccountID       string `json:"account_id"`
		SignInURL       string `json:"sign_in_url"`
		ManagementToken string `json:"management_token"`
	} `json:"users"`
}

func startDemo(t *testing.T) *demo {
	t.Helper()
	d := &demo{process: start(t, t.TempDir(), "demo", "--listen", "127.0.0.1:0", "--json")}
	line := d.stdout.await(t, `(?m)^(\{.*\})\n`)[1]
	if err := json.Unmarshal([]byte(line), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// answer is an HTTP answer read whole.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return out
}

// call sends a request; header is pairs of name and value.
func call(t *testing.T, method, url, body string, header ...string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	read, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(read)}
}
