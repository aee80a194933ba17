package e2e

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestDemo_PrintedSequenceWorksWhenPasted runs the lines the demo prints, in a
// shell, exactly as printed.
func TestDemo_PrintedSequenceWorksWhenPasted(t *testing.T) {
	p := start(t, t.TempDir(), "demo", "--listen", "127.0.0.1:0")
	p.stdout.await(t, `The operator's commands reach this demo too`)
	shown := p.stdout.String()
	_, rest, _ := strings.Cut(shown, "line by line:\n")
	script, _, _ := strings.Cut(rest, "API reference:")
	script = regexp.MustCompile(`(?m)^  `).ReplaceAllString(script, "")
	out, err := exec.Command("bash", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	statuses := regexp.MustCompile(`(?m)^HTTP/1\.1 (\d+)`).FindAllStringSubmatch(string(out), -1)
	var got []string
	for _, s := range statuses {
		got = append(got, s[1])
	}
	if want := "200 403 401 200"; strings.Join(got, " ") != want {
		t.Errorf("the four calls answered %v, want %s\n%s", got, want, out)
	}
	if !strings.Contains(string(out), `"client_secret":"clav_`) || !strings.Contains(string(out), "Hello from the sample API") || !strings.Contains(string(out), `scope="stats"`) {
		t.Errorf("the sequence does not show what it promises:\n%s", out)
	}
	for _, role := range []string{"admin", "supervisor", "agent"} {
		if !regexp.MustCompile(`(?m)^  ` + role + ` +\S+@\S+ +http://127\.0\.0\.1:\d+/sign-in/`).MatchString(shown) {
			t.Errorf("no sign-in link for a %s:\n%s", role, shown)
		}
	}
}

func TestDemo_JSONLineHasEveryoneTheContractNames(t *testing.T) {
	d := startDemo(t)
	count := map[string]int{}
	for _, u := range d.Users {
		where := "second "
		if u.AccountID == d.AccountID {
			where = "first "
		}
		count[where+u.Role]++
		if u.UserID == "" || u.Email == "" || u.ManagementToken == "" || !strings.HasPrefix(u.SignInURL, d.Issuer+"/") {
			t.Errorf("incomplete: %+v", u)
		}
	}
	for who, want := range map[string]int{"first admin": 2, "first supervisor": 2, "first agent": 1, "second admin": 1} {
		if count[who] != want {
			t.Errorf("%s: %d, want %d", who, count[who], want)
		}
	}
	for _, url := range []string{d.Issuer + "/healthz", d.Issuer + "/readyz", d.OpsURL + "/metrics", d.ConsoleURL} {
		if a := call(t, "GET", url, ""); a.status != 200 {
			t.Errorf("%s: %d", url, a.status)
		}
	}
	if a := call(t, "GET", d.Issuer+"/metrics", ""); a.status != 404 {
		t.Errorf("metrics on the public listener: %d", a.status)
	}
}
