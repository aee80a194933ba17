package e2e

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// collector takes spans by OTLP over HTTP.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*spans.Span
	texts strings.Builder // everything that came, as JSON
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var request v1.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &request)
		}
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s (%s): %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), err)
		}
		c.take(&request)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) take(request *v1.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts.WriteString(protojson.Format(request))
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
}

// attributesOf is what a span says: its attributes as text, its name and whose it is.
func attributesOf(s *spans.Span) map[string]string {
	out := map[string]string{
		"name": s.GetName(), "trace": hex.EncodeToString(s.GetTraceId()), "parent": hex.EncodeToString(s.GetParentSpanId()), "kind": s.GetKind().String(),
	}
	for _, a := range s.GetAttributes() {
		if out[a.GetKey()] = a.GetValue().GetStringValue(); out[a.GetKey()] == "" {
			out[a.GetKey()] = strconv.FormatInt(a.GetValue().GetIntValue(), 10)
		}
	}
	return out
}

// find returns the one span with a trace ID.
func (c *collector) find(t *testing.T, trace string) map[string]string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var found map[string]string
	for _, s := range c.spans {
		if hex.EncodeToString(s.GetTraceId()) == trace {
			if found != nil {
				t.Errorf("trace %s has several spans", trace)
			}
			found = attributesOf(s)
		}
	}
	if found == nil {
		t.Fatalf("no span of trace %s among %d", trace, len(c.spans))
	}
	return found
}

// traced is the environment of a server whose spans go to the collector.
func (c *collector) traced(more ...string) []string {
	return append(append(plainEnvironment(), "OTEL_EXPORTER_OTLP_ENDPOINT="+c.URL), more...)
}

func TestTraces_TellOfEachRequestAndFollowTheCallers(t *testing.T) {
	c := newCollector(t)
	d := &demo{process: startIn(t, c.traced("OTEL_SERVICE_NAME=keys"), t.TempDir(), "demo", "--listen", "127.0.0.1:0", "--json")}
	if err := json.Unmarshal([]byte(d.stdout.await(t, `(?m)^(\{.*\})\n`)[1]), d); err != nil {
		t.Fatal(err)
	}
	bearer := []string{"Authorization", "Bearer " + d.Users[0].ManagementToken, "Content-Type", "application/json"}
	made := call(t, "POST", d.Issuer+"/api/v1/credentials", `{"name":"traced","scopes":["users:read"]}`, bearer...).json(t)
	id, secret := made["client_id"].(string), made["client_secret"].(string)

	traces := map[string]string{}
	follow := func(what, digit string) []string {
		traces[what] = strings.Repeat(digit, 32)
		return []string{"Traceparent", "00-" + traces[what] + "-00f067aa0ba902b7-01"}
	}
	form := []string{"Content-Type", formType}
	body := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	token := call(t, "POST", d.Issuer+"/oauth2/token", body.Encode(), append(form, follow("token", "1")...)...).json(t)["access_token"].(string)
	body.Set("client_secret", secret[:20])
	call(t, "POST", d.Issuer+"/oauth2/token", body.Encode(), append(form, follow("refused", "2")...)...)
	call(t, "GET", d.GatewayURL+"/useradmin/users", "", append([]string{"Authorization", "Bearer " + token}, follow("gateway", "3")...)...)
	call(t, "GET", d.Issuer+"/forward-auth", "", append([]string{
		"Authorization", "Bearer " + token, "X-Forwarded-Method", "PATCH", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "h", "X-Forwarded-Uri", "/useradmin/users/7",
	}, follow("forward-auth", "4")...)...)
	d.stop(t) // what waits is sent then

	for what, want := range map[string]map[string]string{
		"token":        {"name": "POST /oauth2/token", "http.response.status_code": "200", "claviger.actor": id},
		"refused":      {"name": "POST /oauth2/token", "http.response.status_code": "401", "claviger.rule": "secret_wrong"},
		"gateway":      {"name": "GET /useradmin/users/**", "claviger.listener": "gateway", "claviger.upstream_status": "200", "claviger.actor": id},
		"forward-auth": {"name": "GET /forward-auth", "claviger.judged_route": "/useradmin/users/{userId}", "claviger.rule": "scope_missing"},
	} {
		got := c.find(t, traces[what])
		want["parent"], want["kind"] = "00f067aa0ba902b7", "SPAN_KIND_SERVER"
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s: %s is %q, want %q", what, key, got[key], value)
			}
		}
		if len(got["claviger.request_id"]) != 26 {
			t.Errorf("%s: the request's ID is %q", what, got["claviger.request_id"])
		}
	}
	if !strings.Contains(c.texts.String(), `"keys"`) {
		t.Error("OTEL_SERVICE_NAME was not heeded")
	}
}

func TestTraces_AreNotMadeUnlessSomebodyAsks(t *testing.T) {
	c := newCollector(t)
	for _, off := range []string{"OTEL_SDK_DISABLED=true", "OTEL_TRACES_EXPORTER=none", "OTEL_TRACES_SAMPLER=always_off"} {
		server := startIn(t, c.traced(off), t.TempDir(), "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0")
		call(t, "GET", server.stderr.await(t, `listens on (http://127\.0\.0\.1:\d+)`)[1]+"/readyz", "")
		server.stop(t)
	}
	if len(c.spans) != 0 {
		t.Errorf("%d spans came", len(c.spans))
	}
}
