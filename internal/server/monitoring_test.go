package server

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// alertRules is deploy/prometheus/claviger.rules.yml.
type alertRules struct {
	Groups []struct {
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

func readRules(t *testing.T) alertRules {
	t.Helper()
	var rules alertRules
	if err := yaml.Unmarshal(readDeployed(t, "prometheus", "claviger.rules.yml"), &rules); err != nil {
		t.Fatal(err)
	}
	if len(rules.Groups) != 1 || len(rules.Groups[0].Rules) < 10 {
		t.Fatalf("the rules were not read: %+v", rules)
	}
	return rules
}

func readDeployed(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "deploy"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// dashboardQueries are the queries of deploy/grafana/claviger.json, by panel or
// variable.
func dashboardQueries(t *testing.T) map[string]string {
	t.Helper()
	var board struct {
		Panels []struct {
			Title   string `json:"title"`
			Type    string `json:"type"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
		Templating struct {
			List []struct {
				Name       string `json:"name"`
				Definition string `json:"definition"`
			} `json:"list"`
		} `json:"templating"`
	}
	if err := json.Unmarshal(readDeployed(t, "grafana", "claviger.json"), &board); err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, p := range board.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("the panel %q asks nothing", p.Title)
		}
		for i, target := range p.Targets {
			queries[p.Title+" "+string(rune('A'+i))] = target.Expr
		}
	}
	for _, v := range board.Templating.List {
		queries["variable "+v.Name] = v.Definition
	}
	return queries
}

// In an expression: a metric with its matchers, which are of that metric; the
// matchers; and what groups, which must be a label of one of its metrics.
var (
	selection = regexp.MustCompile(`\b((?:claviger|go|process)_[a-z0-9_]+)(?:\{([^}]*)\})?`)
	matcher   = regexp.MustCompile(`([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	grouping  = regexp.MustCompile(`\b(?:by|on|ignoring|without)\s*\(([^)]*)\)`)
	queried   = regexp.MustCompile(`label_values\([^,]+,\s*([a-z_]+)\)`)
)

// expressionFaults says what an expression names that is not exported.
func expressionFaults(expr string, all map[string]exported, names []string) []string {
	var faults []string
	labels := []string{"job", "instance", "le"} // Prometheus's own
	found := selection.FindAllStringSubmatch(expr, -1)
	for _, s := range found {
		name := s[1]
		if !strings.HasPrefix(name, "claviger_") {
			if !slices.Contains(names, name) {
				faults = append(faults, "no metric "+name)
			}
			continue
		}
		m, ok := all[name]
		for _, part := range []string{"_bucket", "_count", "_sum"} {
			if base, cut := strings.CutSuffix(name, part); cut && !ok {
				m, ok = all[base]
				ok = ok && m.kind == "histogram"
			}
		}
		if !ok {
			faults = append(faults, "no metric "+name)
			continue
		}
		own := []string{"job", "instance", "le"}
		for label := range m.labels {
			own = append(own, label)
		}
		labels = append(labels, own...)
		faults = append(faults, matcherFaults(&m, own, s[2])...)
	}
	for _, pattern := range []*regexp.Regexp{grouping, queried} {
		for _, g := range pattern.FindAllStringSubmatch(expr, -1) {
			for label := range strings.SplitSeq(g[1], ",") {
				if label = strings.TrimSpace(label); label != "" && !slices.Contains(labels, label) {
					faults = append(faults, "no label "+label)
				}
			}
		}
	}
	return faults
}

// matcherFaults looks at {label="value", …} of one metric.
func matcherFaults(m *exported, own []string, text string) (faults []string) {
	for _, match := range matcher.FindAllStringSubmatch(text, -1) {
		label, value := match[1], match[3]
		if !slices.Contains(own, label) {
			faults = append(faults, m.name+" has no label "+label)
			continue
		}
		values := labelValues(m.name, label)
		if values == nil || strings.HasPrefix(value, "$") {
			continue
		}
		for v := range strings.SplitSeq(value, "|") {
			if !slices.Contains(values, v) {
				faults = append(faults, m.name+": "+label+" is never "+v)
			}
		}
	}
	return faults
}

func TestMonitoring_AsksForNothingThatIsNotExported(t *testing.T) {
	s := openSeenServer(t)
	all := allExported(t, s)
	families, err := s.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	asked := 0
	for _, rule := range readRules(t).Groups[0].Rules {
		asked += len(selection.FindAllString(rule.Expr, -1))
		for _, fault := range expressionFaults(rule.Expr, all, names) {
			t.Errorf("alert %s: %s", rule.Alert, fault)
		}
	}
	for panel, query := range dashboardQueries(t) {
		asked += len(selection.FindAllString(query, -1))
		for _, fault := range expressionFaults(query, all, names) {
			t.Errorf("dashboard, %s: %s", panel, fault)
		}
	}
	if asked < 40 {
		t.Fatalf("%d metrics were found in rules and dashboard: the test does not read them", asked)
	}
	for expr, want := range map[string]string{
		`claviger_gone > 1`:                                        "no metric claviger_gone",
		`claviger_credentials_bucket`:                              "no metric claviger_credentials_bucket",
		`claviger_ready{state="x"}`:                                "claviger_ready has no label state",
		`claviger_view_state{state="away"}`:                        "claviger_view_state: state is never away",
		`sum by (client) (claviger_refusals_total)`:                "no label client",
		`claviger_refusals_total{rule=~"secret_wrong|secret_bad"}`: "claviger_refusals_total: rule is never secret_bad",
		`go_unheard_of`:                                            "no metric go_unheard_of",
	} {
		if faults := expressionFaults(expr, all, names); !slices.Equal(faults, []string{want}) {
			t.Errorf("%s: %q, want %q", expr, faults, want)
		}
	}
}

func TestMonitoring_EachAlertNamesItsRemedyAndIsTested(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "watch.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := string(readDeployed(t, "prometheus", "claviger.test.yml"))
	for _, r := range readRules(t).Groups[0].Rules {
		want := "https://github.com/claviger/claviger/blob/main/docs/watch.md#" + strings.ToLower(r.Alert)
		if r.Annotations["runbook_url"] != want {
			t.Errorf("%s: the remedy is at %q, want %q", r.Alert, r.Annotations["runbook_url"], want)
		}
		if !strings.Contains(string(guide), "\n### "+r.Alert+"\n") {
			t.Errorf("docs/watch.md has no heading %s", r.Alert)
		}
		if !strings.Contains(tests, `ALERTS{alertname="`+r.Alert+`"`) {
			t.Errorf("%s: no test in claviger.test.yml", r.Alert)
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" || !slices.Contains([]string{"warning", "critical"}, r.Labels["severity"]) {
			t.Errorf("%s: %v %v", r.Alert, r.Labels, r.Annotations)
		}
	}
}
