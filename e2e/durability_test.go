package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const oneCredential = `{"name":"durable","scopes":["users:read"]}`

// TestDurability_TheDiskHasTheChangeBeforeItsMakerHasTheAnswer watches the
// system calls of a create: after the request was read and before the 201 was
// written, the write-ahead log was synced (S37).
func TestDurability_TheDiskHasTheChangeBeforeItsMakerHasTheAnswer(t *testing.T) {
	server, address, token := durable(t, t.TempDir())
	tracer := trace(t, server, "-s", "64", "-e", "trace=fsync,fdatasync,read,write")
	if status := create(t, address, token); status != http.StatusCreated {
		t.Fatal(status)
	}
	lines := tracer.stop(t)
	asked, synced, answered := -1, -1, -1
	for i, line := range lines {
		switch {
		case asked < 0 && strings.Contains(line, `"POST /api/v1/credentials`):
			asked = i
		case answered < 0 && strings.Contains(line, `"HTTP/1.1 201 Created`):
			answered = i
		case answered < 0 && asked >= 0 && strings.Contains(line, "sync") && strings.Contains(line, "= 0"):
			synced = i
		}
	}
	if asked < 0 || answered < 0 || synced < asked || synced > answered {
		t.Errorf("asked at line %d, synced at %d, answered at %d of\n%s", asked, synced, answered, strings.Join(lines, "\n"))
	}
}

// TestDurability_AFailingSyncIsAnsweredUnavailableAndPasses injects EIO into
// every sync for a while: changes answer 503, nothing of them is there
// afterwards, known credentials get tokens throughout, and when the disk is
// well again so are changes, without help (S37).
func TestDurability_AFailingSyncIsAnsweredUnavailableAndPasses(t *testing.T) {
	dir := t.TempDir()
	server, address, token := durable(t, dir)
	id, secret, ok := post("http://"+address+"/api/v1/credentials", token, oneCredential)
	if !ok {
		t.Fatal("not created")
	}
	tracer := trace(t, server, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO")
	for range 3 {
		if status := create(t, address, token); status != http.StatusServiceUnavailable {
			t.Errorf("with a failing disk: %d, want 503", status)
		}
		if status := tokenStatus(t, address, id, secret); status != http.StatusOK {
			t.Errorf("a known credential with a failing disk: %d", status)
		}
	}
	if lines := strings.Join(tracer.stop(t), "\n"); !strings.Contains(lines, "INJECTED") {
		t.Fatalf("nothing was injected:\n%s", lines)
	}
	recovers(t, dir, server, address, token, 2)
}

// TestDurability_AFullDiskIsAnsweredUnavailableAndPasses fills the file system
// that the data directory is on.
func TestDurability_AFullDiskIsAnsweredUnavailableAndPasses(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "claviger-data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", data, "tmpfs", 0, "size=8m"); err != nil {
		t.Fatalf("a small file system cannot be mounted (%v): run this test as root", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(data, syscall.MNT_DETACH) })
	server, address, token := durable(t, dir)
	id, secret, ok := post("http://"+address+"/api/v1/credentials", token, oneCredential)
	if !ok {
		t.Fatal("not created")
	}
	ballast := filepath.Join(data, "ballast")
	fill(t, ballast)
	created, refused := 1, 0
	for range 400 { // until what SQLite has reserved is used up
		switch status := create(t, address, token); status {
		case http.StatusCreated:
			created++
		case http.StatusServiceUnavailable:
			refused++
		default:
			t.Fatalf("with a full disk: %d", status)
		}
		if refused == 3 {
			break
		}
	}
	if refused < 3 {
		t.Fatalf("the disk never was full: %d created", created)
	}
	if status := tokenStatus(t, address, id, secret); status != http.StatusOK {
		t.Errorf("a known credential with a full disk: %d", status)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	recovers(t, dir, server, address, token, created+1)
}

// durable starts an installation and returns a management token for it.
func durable(t *testing.T, dir string) (server *process, address, token string) {
	t.Helper()
	address = freeAddress(t)
	token = prepare(t, dir, address)
	server, _ = startReady(t, dir, address)
	return server, address, token
}

func create(t *testing.T, address, token string) int {
	t.Helper()
	return call(t, "POST", "http://"+address+"/api/v1/credentials", oneCredential, "Authorization", "Bearer "+token, "Content-Type", "application/json").status
}

func tokenStatus(t *testing.T, address, id, secret string) int {
	t.Helper()
	return call(t, "POST", "http://"+address+"/oauth2/token", "grant_type=client_credentials&client_id="+id+"&client_secret="+secret, "Content-Type", formType).status
}

// recovers demands that changes work again, that there are just so many
// credentials as were acknowledged, and that the audit chain is whole.
func recovers(t *testing.T, dir string, server *process, address, token string, want int) {
	t.Helper()
	if status := create(t, address, token); status != http.StatusCreated {
		t.Errorf("when the disk is well again: %d", status)
	}
	server.stop(t)
	if out, talk, code := run(t, dir, "audit", "verify"); code != 0 {
		t.Errorf("the audit chain: %s%s", out, talk)
	}
	if creates, _, rows := auditCounts(t, engine{}.open(t, dir)); creates != want || rows != want {
		t.Errorf("%d acknowledged, %d audited, %d stored", want, creates, rows)
	}
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path) //nolint:gosec // our own temporary directory
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for chunk := make([]byte, 4096); err == nil; {
		_, err = file.Write(chunk)
	}
}

// tracing is strace attached to a process.
type tracing struct {
	cmd  *exec.Cmd
	path string
}

func trace(t *testing.T, p *process, options ...string) *tracing {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("strace is missing. Install it: apt-get install strace")
	}
	path := filepath.Join(t.TempDir(), "trace")
	args := append([]string{"-f", "-p", strconv.Itoa(p.cmd.Process.Pid), "-o", path}, options...)
	tr := &tracing{exec.Command("strace", args...), path} //nolint:gosec // our own arguments
	talk, err := tr.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	newTranscript(talk).await(t, `attached`)
	return tr
}

// stop detaches and returns what was seen.
func (tr *tracing) stop(t *testing.T) []string {
	t.Helper()
	_ = tr.cmd.Process.Signal(syscall.SIGINT)
	_ = tr.cmd.Wait() // strace ends with the signal's status
	text, err := os.ReadFile(tr.path)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`\n+`).Split(strings.TrimSpace(string(text)), -1)
}
