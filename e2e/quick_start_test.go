package e2e

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestQuickStart_WorksAsPrinted follows docs/quick-start.md: the first start,
// the set-up link, then every shell block as it stands. Only the port differs,
// since the usual one may be taken on the machine that runs the test.
func TestQuickStart_WorksAsPrinted(t *testing.T) {
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) { quickStart(t, e) })
	}
}

func quickStart(t *testing.T, e engine) {
	t.Helper()
	text, err := os.ReadFile("../docs/quick-start.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 5 || strings.TrimSpace(blocks[0][1]) != "./claviger serve" {
		t.Fatalf("the page has %d shell blocks and begins with %q", len(blocks), blocks[0][1])
	}
	dir := t.TempDir()
	if err := os.Symlink(claviger, filepath.Join(dir, "claviger")); err != nil {
		t.Fatal(err)
	}
	// As settings of all commands: without a data directory in common they must agree on the issuer.
	environment := append(plainEnvironment(), e.environment()...)
	environment = append(environment, "CLAVIGER_LISTEN="+freeAddress(t), "CLAVIGER_OPS_LISTEN=127.0.0.1:0")
	server := startIn(t, environment, dir, "serve")
	address := server.stderr.await(t, `listens on (http://127\.0\.0\.1:\d+)`)[1]
	link := server.stderr.await(t, `Set up the first admin within 1 hour: (\S+)`)[1]
	setUpFirstAdmin(t, address, link)

	script := "set -e\n"
	for _, b := range blocks[1:] {
		script += strings.ReplaceAll(b[1], "http://127.0.0.1:8420", address)
	}
	script += `
echo "--- without a token"
curl -s -o /dev/null -w '%{http_code}\n' ` + address + `/forward-auth -H 'X-Forwarded-Method: GET' -H 'X-Forwarded-Proto: https' -H 'X-Forwarded-Host: orders.example.com' -H 'X-Forwarded-Uri: /orders/42'
./claviger audit verify`
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir, cmd.Env = dir, environment
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"HTTP/1.1 200 OK", "Claviger-Client-Id: ", "Claviger-Scope: orders:read", "--- without a token\n401"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// setUpFirstAdmin opens the set-up link and posts its form as a browser does.
func setUpFirstAdmin(t *testing.T, address, link string) {
	t.Helper()
	page := call(t, "GET", link, "")
	if page.status != 200 || !strings.Contains(page.body, `name="email"`) {
		t.Fatalf("the set-up page: %d\n%s", page.status, page.body)
	}
	again := call(t, "GET", link, "") // a link scanner must not burn it
	if again.status != 200 {
		t.Fatalf("a second look at the link: %d", again.status)
	}
	form := url.Values{"email": {"ada@example.com"}, "name": {"Ada Lovelace"}}.Encode()
	headers := []string{"Content-Type", formType, "Origin", address, "Sec-Fetch-Site", "same-origin"}
	done := call(t, "POST", link, form, headers...)
	if done.status != 303 || !strings.Contains(done.header.Get("Set-Cookie"), "HttpOnly") {
		t.Fatalf("posting the set-up form: %d %v\n%s", done.status, done.header, done.body)
	}
	if used := call(t, "POST", link, form, headers...); used.status == 303 {
		t.Error("the set-up link worked twice")
	}
	cookie, _, _ := strings.Cut(done.header.Get("Set-Cookie"), ";")
	me := call(t, "GET", address+"/api/v1/me", "", "Cookie", cookie)
	if me.status != 200 || me.json(t)["role"] != "admin" {
		t.Errorf("the new admin: %s", fmt.Sprint(me.status, me.body))
	}
}
