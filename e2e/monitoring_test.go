package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// promtool runs Prometheus's own checker, with input on its stdin.
func promtool(t *testing.T, input string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "promtool", args...)
	cmd.Dir = filepath.Join("..", "deploy", "prometheus")
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestMonitoring_PrometheusTakesMetricsAndRules(t *testing.T) {
	server := start(t, t.TempDir(), "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0")
	address := server.stderr.await(t, `listens on (http://127\.0\.0\.1:\d+)`)[1]
	ops := server.stderr.await(t, `profiles are on (http://\S+:\d+)`)[1]
	call(t, "GET", address+"/readyz", "")
	call(t, "POST", address+"/oauth2/token", "grant_type=client_credentials&client_id=nobody&client_secret=x", "Content-Type", formType)
	metrics := call(t, "GET", ops+"/metrics", "")
	for _, line := range []string{
		`claviger_ready 1`, `claviger_http_requests_total{class="2xx",listener="public",route="/readyz"} 1`,
		`claviger_refusals_total{listener="public",route="/oauth2/token",rule="client_unknown"} 1`,
	} {
		if !strings.Contains(metrics.body, "\n"+line+"\n") {
			t.Errorf("no line %s among\n%s", line, metrics.body)
		}
	}
	if out := promtool(t, metrics.body, "check", "metrics"); out != "" {
		t.Errorf("against Prometheus's conventions:\n%s", out)
	}
	promtool(t, "", "check", "config", "prometheus.yml") // and the rules that it names
	promtool(t, "", "test", "rules", "claviger.test.yml")
}
