package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/lifecycle"
)

// update makes the tests of generated files write them.
var update = flag.Bool("update", false, "write docs/reference/metrics.md anew")

// openSeenServer is a server that has everything that is measured: TLS, client
// authorities, and a refusal.
func openSeenServer(t *testing.T) *server {
	t.Helper()
	core := openTestCore(t)
	own, err := openCertificate(certificateFiles(t, 24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	authorities, err := openAuthorities(authorityFile(t, 48*time.Hour, true))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(core, &doors{certificate: own, authorities: authorities})
	if err != nil {
		t.Fatal(err)
	}
	core.Lag.Observe(0.1)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"0192d3c0-0000-7000-8000-000000000009"}, "client_secret": {"x"}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/oauth2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.public.ServeHTTP(httptest.NewRecorder(), r)
	return s
}

// certificateFiles writes a certificate for localhost that ends in left, and its key.
func certificateFiles(t *testing.T, left time.Duration) (chain, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(left),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	chain, key = filepath.Join(t.TempDir(), "chain.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{chain: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return chain, key
}

// exported is a metric as it is exported: what the reference says about it, and
// the values that its labels have.
type exported struct {
	name, kind, help string
	labels           map[string][]string
}

// allExported lists the metrics of Claviger itself, by name.
func allExported(t *testing.T, s *server) map[string]exported {
	t.Helper()
	families, err := s.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]exported{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "claviger_") {
			if !strings.HasPrefix(f.GetName(), "go_") && !strings.HasPrefix(f.GetName(), "process_") {
				t.Errorf("%s is neither Claviger's nor of the Go runtime or the process", f.GetName())
			}
			continue
		}
		m := exported{f.GetName(), strings.ToLower(f.GetType().String()), f.GetHelp(), map[string][]string{}}
		for _, sample := range f.GetMetric() {
			for _, label := range sample.GetLabel() {
				if !slices.Contains(m.labels[label.GetName()], label.GetValue()) {
					m.labels[label.GetName()] = append(m.labels[label.GetName()], label.GetValue())
				}
			}
		}
		out[m.name] = m
	}
	return out
}

// labelValues are all values that a label may have; nil: see labelWords.
func labelValues(metric, label string) []string {
	switch label {
	case "listener":
		return []string{"gateway", "mtls", "public"}
	case "class":
		return []string{"1xx", "2xx", "3xx", "4xx", "5xx", "other"}
	case "rule":
		return lifecycle.RefusalRules()
	case "pool":
		return []string{"follower", "readers", "writer"}
	case "lookup":
		return []string{"hit", "miss"}
	case "status":
		return []string{"active", "next", "retired"}
	case "certificate":
		return []string{"client_ca", "tls"}
	case "outcome":
		var out []string
		for _, o := range accesstoken.Outcomes() {
			out = append(out, string(o))
		}
		return out
	case "state":
		if metric == "claviger_view_state" {
			return []string{"grace", "normal", "refuse"}
		}
		return []string{"idle", "in_use"}
	}
	return nil
}

// labelWords describes labels whose values are bounded and not a short list.
func labelWords(label string) string {
	switch label {
	case "route":
		return "the pattern of a route of Claviger, or at the gateway of the catalogue; `unmatched` for all else"
	case "version", "revision", "goversion":
		return "one value"
	}
	return ""
}

// unit is what a metric's name says it is counted in.
func unit(name string) string {
	for _, u := range []string{"seconds", "bytes", "rows", "calls"} {
		if strings.HasSuffix(strings.TrimSuffix(name, "_total"), "_"+u) {
			return u
		}
	}
	return ""
}

func metricsReference(all map[string]exported) string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(metricsHead)
	for _, name := range names {
		m := all[name]
		labels := make([]string, 0, len(m.labels))
		for label := range m.labels {
			labels = append(labels, "`"+label+"`")
		}
		slices.Sort(labels)
		b.WriteString("| `" + name + "` | " + m.kind + " | " + strings.Join(labels, ", ") + " | " + unit(name) + " | " + m.help + " |\n")
	}
	b.WriteString(metricsLabels)
	for _, row := range labelRows(all) {
		b.WriteString(row)
	}
	b.WriteString(metricsTail)
	return b.String()
}

// labelRows says of each label where it is and what it may be.
func labelRows(all map[string]exported) []string {
	where := map[string][]string{} // "label | values" → metrics
	for name, m := range all {
		for label := range m.labels {
			words := labelWords(label)
			if values := labelValues(name, label); values != nil {
				words = "`" + strings.Join(values, "`, `") + "`"
			}
			key := "`" + label + "` | " + words
			where[key] = append(where[key], "`"+strings.TrimPrefix(name, "claviger_")+"`")
		}
	}
	rows := make([]string, 0, len(where))
	for key, metrics := range where {
		slices.Sort(metrics)
		rows = append(rows, "| "+key+" | "+strings.Join(metrics, ", ")+" |\n")
	}
	slices.Sort(rows)
	return rows
}

func TestMetrics_ReferenceSaysWhatIsExported(t *testing.T) {
	all := allExported(t, openSeenServer(t))
	path := filepath.Join("..", "..", "docs", "reference", "metrics.md")
	want := metricsReference(all)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/reference/metrics.md is not what the server exports; run go test ./internal/server -run Reference -update (-exported +file):\n%s", diff)
	}
}

// A label that anybody could fill at will makes series without end.
func TestMetrics_LabelsHaveBoundedValues(t *testing.T) {
	for name, m := range allExported(t, openSeenServer(t)) {
		for label, values := range m.labels {
			known := labelValues(name, label)
			if known == nil && labelWords(label) == "" {
				t.Errorf("%s: nothing bounds the label %s", name, label)
			}
			for _, v := range values {
				if known != nil && !slices.Contains(known, v) {
					t.Errorf("%s: %s=%q is none of %v", name, label, v, known)
				}
			}
		}
		if m.help == "" || !strings.HasSuffix(m.help, ".") {
			t.Errorf("%s: its help is %q, which is no sentence", name, m.help)
		}
	}
}

const metricsHead = `# Metrics

<!-- Written by: go test ./internal/server -run Reference -update -->

` + "`/metrics` on `ops_listen`" + `, in the text format of Prometheus. [watch.md](../watch.md) says how to scrape them, what to raise an alarm for and what
to do then; ` + "`deploy/prometheus` and `deploy/grafana`" + ` have alert rules and a dashboard. Names and labels here are kept from release to release.
None of them holds a client ID, an address, an e-mail address or anything else of a single program or person.

| metric | type | labels | unit | what it says |
|---|---|---|---|---|
`

const metricsLabels = `
## Labels

Each has a bounded set of values: nobody can make series by asking for odd things.

| label | values | of the metrics |
|---|---|---|
`

const metricsTail = `
The names of ` + "`rule`" + ` are those that ` + "`claviger explain`" + ` gives, but where it has to look at the credential to tell: ` + "`scope_missing`" + ` stands for all its
rules about a scope that a call needs.

Besides, those of the Go runtime (` + "`go_…`" + `: memory, garbage collection, goroutines) and of the process (` + "`process_…`" + `: processor time, memory, open
files), as every Go program with Prometheus's client library has them.
`
