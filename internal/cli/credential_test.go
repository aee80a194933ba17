package cli

import (
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/client"
)

func TestConfirmed_TakesNothingButAYes(t *testing.T) {
	for answer, want := range map[string]bool{
		"y\n": true, "Yes\n": true, " yes ": true,
		"": false, "\n": false, "n\n": false, "yes please\n": false, strings.Repeat(" ", 200) + "y\n": false,
	} {
		a := &app{Stdio: Stdio{In: strings.NewReader(answer), Out: io.Discard, Err: io.Discard}}
		if got := a.confirmed() == nil; got != want {
			t.Errorf("%q: confirmed %v", answer, got)
		}
	}
}

// The output of --output env is for eval: whatever a server says is one word.
func TestShellWord_IsOneWordToAShell(t *testing.T) {
	for _, text := range []string{"0199b2c4-6f1e", "clav_Az09", "http://127.0.0.1:8420/oauth2/token", "", "a b", "$(id)", "`id`", "it's", "'; id; '", "a\nb", `\`, "*"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+shellWord(text)).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q: a shell read %q (%v)", text, out, err)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestPrintIssued_SaysHowToReplaceASecretThatNobodySaw(t *testing.T) {
	for _, form := range []string{outputTable, outputJSON, outputEnv} {
		a := &app{Stdio: Stdio{Out: brokenWriter{}, Err: io.Discard}}
		err := a.printIssued(&choice{word: form}, issued{clientID: "0199b2c4"})
		if err == nil || !strings.Contains(strings.Join(failure(err), "\n"), "claviger credential rotate 0199b2c4") {
			t.Errorf("%s: %v", form, err)
		}
	}
}

func TestFailure_LetsNoServerSteerTheTerminal(t *testing.T) {
	err := advised(&client.Problem{Detail: "a\x1b[2Jb", RequestID: "r\x1b", Errors: []client.ProblemField{{Location: "body.x", Message: "\x07"}, {Location: "y", Message: "z"}}})
	if text := strings.Join(failure(err), "\n"); strings.ContainsAny(text, "\x1b\x07") || !strings.Contains(text, "y: z") {
		t.Errorf("%q", text)
	}
}

func TestUsagePrinted_HasARowForEachDayOrHour(t *testing.T) {
	usage := &client.Usage{
		Days:  []client.UsageDay{{Day: "2026-11-30", Outcome: "issued", Scope: "users:read", Calls: 3}},
		Hours: []client.UsageHour{{Hour: time.Unix(0, 0), Outcome: "allowed", Calls: 2}},
	}
	if diff := cmp.Diff([][]string{{"2026-11-30", "issued", "users:read", "3"}}, usagePrinted(usage, byDay).rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"1970-01-01T00:00:00Z", "allowed", "", "2"}}, usagePrinted(usage, byHour).rows); diff != "" {
		t.Error(diff)
	}
}

func TestScopesAfter_AddsAndRemoves(t *testing.T) {
	got, err := scopesAfter([]string{"b", "c"}, []string{"a", "b"}, []string{"c"})
	if diff := cmp.Diff([]string{"a", "b"}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := scopesAfter([]string{"b"}, []string{"a"}, []string{"a"}); err == nil {
		t.Error("removed what was not there")
	}
}

func TestCompletion_ParsesInBash(t *testing.T) {
	var script, talk strings.Builder
	if code := Main(t.Context(), []string{"completion", "bash"}, Stdio{In: strings.NewReader(""), Out: &script, Err: &talk}); code != exitDone {
		t.Fatalf("exit %d: %s", code, &talk)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-n")
	cmd.Stdin = strings.NewReader(script.String())
	if out, err := cmd.CombinedOutput(); err != nil || script.Len() == 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
