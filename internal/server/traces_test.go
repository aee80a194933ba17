package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/claviger/claviger/internal/web"
)

func TestOpenTraces_IsAskedForByTheStandardVariables(t *testing.T) {
	for name, test := range map[string]struct {
		environment map[string]string
		on          bool
		fault       string
	}{
		"nothing":                {map[string]string{}, false, ""},
		"an endpoint":            {map[string]string{otlpEndpoint: "http://127.0.0.1:4318"}, true, ""},
		"one for traces":         {map[string]string{otlpTracesEndpoint: "https://traces.example.com/v1/traces"}, true, ""},
		"switched off":           {map[string]string{otlpEndpoint: "http://127.0.0.1:4318", otelDisabled: "TRUE"}, false, ""},
		"no exporter":            {map[string]string{otlpEndpoint: "http://127.0.0.1:4318", otelExporter: "none"}, false, ""},
		"another exporter":       {map[string]string{otlpEndpoint: "http://127.0.0.1:4318", otelExporter: "zipkin"}, false, "OTLP alone"},
		"no URL":                 {map[string]string{otlpEndpoint: "collector:4318"}, false, otlpEndpoint},
		"another protocol":       {map[string]string{otlpEndpoint: "http://127.0.0.1:4317", otlpProtocol: "grpc"}, false, "http/protobuf alone"},
		"a share":                {map[string]string{otlpEndpoint: "http://127.0.0.1:4318", otelSampler: "parentbased_traceidratio", otelSamplerArg: "0.01"}, true, ""},
		"no share, so all":       {map[string]string{otlpEndpoint: "http://127.0.0.1:4318", otelSampler: "traceidratio"}, true, ""},
		"a share above all":      {map[string]string{otlpEndpoint: "http://127.0.0.1:4318", otelSampler: "traceidratio", otelSamplerArg: "10"}, false, otelSamplerArg},
		"a share that is none":   {map[string]string{otlpEndpoint: "http://127.0.0.1:4318", otelSampler: "traceidratio", otelSamplerArg: "NaN"}, false, otelSamplerArg},
		"another sampler":        {map[string]string{otlpEndpoint: "http://127.0.0.1:4318", otelSampler: "jaeger_remote"}, false, "always_on"},
		"another sampler, idle":  {map[string]string{otelSampler: "jaeger_remote"}, false, ""},
		"another protocol, idle": {map[string]string{otlpProtocol: "grpc"}, false, ""},
	} {
		wanted, err := tracesWanted(func(key string) string { return test.environment[key] })
		if wanted != test.on || (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("%s: %v, %v", name, wanted, err)
		}
	}
	none, err := OpenTraces(t.Context(), func(string) string { return "" }, slog.New(slog.DiscardHandler))
	if none != nil || err != nil {
		t.Errorf("without variables: %v, %v", none, err)
	}
	none.Close() // nothing to do, and no fault
}

// A trace goes on under the ID that it came with, and who decided not to record
// it is heeded; a header that is none begins another.
func TestTraces_GoOnUnderTheirID(t *testing.T) {
	traces := newTraces(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
	defer traces.Close()
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for header, want := range map[string]string{
		"00-" + trace + "-" + span + "-01": "00-" + trace + "-*-01",
		"00-" + trace + "-" + span + "-00": "00-" + trace + "-*-00",
		"00-" + trace + "-zzz-01":          "00-*-*-01",
		"":                                 "00-*-*-01",
	} {
		parts := strings.Split(traces.Begin(http.Header{"Traceparent": {header}}, time.Now()).Parent(), "-")
		for i, w := range strings.Split(want, "-") {
			if w != "*" && parts[i] != w {
				t.Errorf("%q goes on as %v, want %s", header, parts, want)
			}
		}
		if parts[2] == span || len(parts[2]) != 16 || len(parts[1]) != 32 {
			t.Errorf("%q goes on as %v: the span must be another", header, parts)
		}
	}
}

// spanKeeper keeps what is exported.
type spanKeeper struct{ spans []sdktrace.ReadOnlySpan }

func (k *spanKeeper) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	k.spans = append(k.spans, spans...)
	return nil
}

func (k *spanKeeper) Shutdown(context.Context) error { return nil }

// Nothing that a stranger wrote leaves in a span but the ID of its trace.
func TestTraces_TellNothingThatAStrangerWrote(t *testing.T) {
	var kept spanKeeper
	traces := newTraces(sdktrace.WithSyncer(&kept))
	defer traces.Close()
	span := traces.Begin(http.Header{
		"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		"Tracestate":  {"a=clav_secret"}, "Baggage": {"b=clav_secret"},
	}, time.Now())
	span.End(time.Now(), &web.Told{Method: "GET", Route: "/orders/{id}", Status: 200})
	if len(kept.spans) != 1 {
		t.Fatalf("%d spans", len(kept.spans))
	}
	if told := kept.spans[0]; told.SpanContext().TraceState().Len() != 0 || told.Parent().TraceState().Len() != 0 || strings.Contains(fmt.Sprint(told.Attributes()), "secret") {
		t.Errorf("the span tells %v, %v", told.SpanContext().TraceState(), told.Attributes())
	}
}
