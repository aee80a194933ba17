package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestProtectAnAPI_WorksAsPrinted runs the shell blocks of
// docs/protect-an-api.md as they stand there, with nginx at the door. Only
// ports differ.
func TestProtectAnAPI_WorksAsPrinted(t *testing.T) {
	t.Parallel()
	p := startProxy(t, beginNginx)
	_, port, _ := net.SplitHostPort(p.listen)
	out := p.followPage(t, strings.NewReplacer("orders.example.com:443", "orders.example.com:"+port, "https://orders.example.com", "https://orders.example.com:"+port))
	if calls := p.upstream.seen(); len(calls) != 1 || calls[0].method != "GET" {
		t.Errorf("the API saw %+v\n%s", calls, out)
	}
}

// TestProtectAnAPI_ServiceInGoWorksAsPrinted does the same with
// examples/service in the place of proxy and API.
func TestProtectAnAPI_ServiceInGoWorksAsPrinted(t *testing.T) {
	t.Parallel()
	p := &proxyUnderTest{installation: install(t), listen: freeAddress(t)}
	service := filepath.Join(t.TempDir(), "service")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", service, "github.com/claviger/claviger/examples/service")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	follower := p.create(t, []string{"claviger:feed"}, nil)
	cmd := exec.Command(service)
	cmd.Env = append(plainEnvironment(), "ISSUER="+p.address, "LISTEN="+p.listen, "CLIENT_ID="+follower.id, "CLIENT_SECRET="+follower.secret)
	runProxy(t, cmd, p.listen)
	p.followPage(t, strings.NewReplacer("https://orders.example.com", "http://"+p.listen))
}

// followPage runs the page's shell blocks and looks at the three answers.
func (p *proxyUnderTest) followPage(t *testing.T, elsewhere *strings.Replacer) string {
	t.Helper()
	page, err := os.ReadFile("../docs/protect-an-api.md")
	if err != nil {
		t.Fatal(err)
	}
	script := "set -e\nexport CLAVIGER_SERVER=" + p.address + "\n"
	blocks := shellBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 3 {
		t.Fatalf("the page has %d shell blocks", len(blocks))
	}
	for _, b := range blocks {
		script += elsewhere.Replace(b[1])
	}
	if err := os.Symlink(claviger, filepath.Join(p.cmd.Dir, "claviger")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir, cmd.Env = p.cmd.Dir, plainEnvironment()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var answers []string
	for _, m := range regexp.MustCompile(`(?m)^HTTP/[0-9.]+ (\d+)|^(?i:www-authenticate): (.*?)\r?$`).FindAllStringSubmatch(string(out), -1) {
		answers = append(answers, m[1]+m[2])
	}
	want := []string{"401", "Bearer", "200", "403", `Bearer error="insufficient_scope", scope="orders:write"`}
	if !slices.Equal(answers, want) {
		t.Errorf("answered %q, want %q\n%s", answers, want, out)
	}
	return string(out)
}
