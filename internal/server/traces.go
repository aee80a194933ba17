package server

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/claviger/claviger/internal/web"
)

// lastSpans bounds how long the end of the server waits for a collector.
const lastSpans = 2 * time.Second

// The standard variables that turn traces on and off (OpenTelemetry
// specification, "Environment Variable Specification" and "OTLP Exporter
// Configuration"). The others, as OTEL_SERVICE_NAME or
// OTEL_EXPORTER_OTLP_HEADERS, are read by the library alone.
const (
	otlpEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	otlpTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	otlpProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	otlpTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	otelExporter       = "OTEL_TRACES_EXPORTER"
	otelDisabled       = "OTEL_SDK_DISABLED"
	otelSampler        = "OTEL_TRACES_SAMPLER"
	otelSamplerArg     = "OTEL_TRACES_SAMPLER_ARG"
)

// Traces exports a span of each request by OTLP over HTTP.
type Traces struct {
	provider   *sdktrace.TracerProvider
	tracer     trace.Tracer
	propagator propagation.TraceContext
}

// OpenTraces returns nil unless the environment names where traces go. Nothing is
// sent yet, and a collector that is away keeps nobody from starting. Errors name
// the variable and the remedy.
func OpenTraces(ctx context.Context, getenv func(string) string, log *slog.Logger) (*Traces, error) {
	wanted, err := tracesWanted(getenv)
	if !wanted || err != nil {
		return nil, err
	}
	takeTraceLog(log)
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fault(err, "Traces cannot be exported: %s. Correct the variables OTEL_….", plainCause(err))
	}
	of, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "claviger"), attribute.String("service.version", builtFrom()[0])),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fault(err, "Traces cannot be exported: %s. Correct OTEL_RESOURCE_ATTRIBUTES.", plainCause(err))
	}
	return newTraces(sdktrace.WithBatcher(exporter), sdktrace.WithResource(of)), nil
}

func newTraces(options ...sdktrace.TracerProviderOption) *Traces {
	provider := sdktrace.NewTracerProvider(options...)
	return &Traces{provider: provider, tracer: provider.Tracer("github.com/claviger/claviger")}
}

// tracesWanted tells whether somebody asked for traces, and in a way that there is.
func tracesWanted(getenv func(string) string) (bool, error) {
	if strings.EqualFold(getenv(otelDisabled), "true") || getenv(otelExporter) == "none" {
		return false, nil
	}
	wanted := false
	for _, name := range []string{otlpEndpoint, otlpTracesEndpoint} {
		text := getenv(name)
		if text == "" {
			continue
		}
		if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			// Not quoted: a URL may hold a password.
			return false, fault(err, "The variable %s is no URL. Give one as http://127.0.0.1:4318.", name)
		}
		wanted = true
	}
	if exporter := getenv(otelExporter); wanted && exporter != "" && exporter != "otlp" {
		return false, fault(nil, "%s is %q. Traces are exported by OTLP alone: set it to otlp, or leave it out.", otelExporter, exporter)
	}
	for _, name := range []string{otlpProtocol, otlpTracesProtocol} {
		if protocol := getenv(name); wanted && protocol != "" && protocol != "http/protobuf" {
			return false, fault(nil, "%s is %q. Traces are sent by http/protobuf alone: set it so, or leave it out, and give the port where the collector takes OTLP over HTTP (4318).", name, protocol)
		}
	}
	if err := samplerFault(getenv); wanted && err != nil {
		return false, err
	}
	return wanted, nil
}

// samplerFault refuses a sampler that the library does not have, and a share that
// is none: it would log that and record every request.
func samplerFault(getenv func(string) string) error {
	switch sampler := strings.ToLower(strings.TrimSpace(getenv(otelSampler))); sampler {
	case "", "always_on", "always_off", "parentbased_always_on", "parentbased_always_off":
	case "traceidratio", "parentbased_traceidratio":
		text := strings.TrimSpace(getenv(otelSamplerArg))
		if share, err := strconv.ParseFloat(text, 64); text != "" && (err != nil || math.IsNaN(share) || share < 0 || share > 1) {
			return fault(err, "%s is %q. Give the share of requests that is recorded, from 0 to 1, as 0.01.", otelSamplerArg, text)
		}
	default:
		return fault(nil, "%s is %q. Give always_on, always_off or traceidratio, or one of them behind parentbased_.", otelSampler, sampler)
	}
	return nil
}

// takeTraceLog makes lines of ours of what the library has to say: a collector
// that is away, mostly. It has one place for that in the whole process.
func takeTraceLog(log *slog.Logger) {
	const most = 200
	otel.SetLogger(logr.Discard()) // its errors come by the handler, too
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		text := err.Error()
		log.Warn("traces could not be exported", slog.String("cause", text[:min(len(text), most)]))
	}))
}

// Close sends what was not sent yet, or gives it up after two seconds. Nil has
// nothing to send.
func (t *Traces) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastSpans)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // who collects is away: nobody else misses it
}

// Begin implements web.Tracer. Whose trace it is, and whether it is recorded, is
// what traceparent says, by the sampler that OTEL_TRACES_SAMPLER names.
func (t *Traces) Begin(header http.Header, at time.Time) web.Span {
	ctx := context.Background()
	// Without tracestate: that is up to 16 KiB of any stranger's text, which every
	// span would carry to whoever collects them. The gateway passes it on as it is.
	if parent := header["Traceparent"]; parent != nil {
		ctx = t.propagator.Extract(ctx, propagation.HeaderCarrier{"Traceparent": parent})
	}
	_, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(at))
	return requestSpan{span}
}

// requestSpan is a span of OpenTelemetry. Its names are those of the semantic
// conventions for HTTP servers; what they do not know begins with claviger.
type requestSpan struct{ trace.Span }

// Parent implements web.Span.
func (s requestSpan) Parent() string {
	of := s.SpanContext()
	return "00-" + of.TraceID().String() + "-" + of.SpanID().String() + "-" + of.TraceFlags().String()
}

// End implements web.Span.
func (s requestSpan) End(at time.Time, told *web.Told) {
	if s.IsRecording() {
		s.SetName(told.Method + " " + told.Route)
		s.SetAttributes(
			attribute.String("http.request.method", told.Method), attribute.String("http.route", told.Route),
			attribute.Int("http.response.status_code", told.Status),
			attribute.String("claviger.request_id", told.RequestID), attribute.String("claviger.listener", told.Listener),
		)
		for name, value := range map[attribute.Key]string{"claviger.actor": told.Actor, "claviger.judged_route": told.Judged, "claviger.rule": told.Rule} {
			if value != "" {
				s.SetAttributes(name.String(value))
			}
		}
		if told.UpstreamStatus != 0 {
			s.SetAttributes(attribute.Int("claviger.upstream_status", told.UpstreamStatus))
		}
		if told.Status >= http.StatusInternalServerError {
			s.SetStatus(codes.Error, told.Rule)
		}
	}
	s.Span.End(trace.WithTimestamp(at))
}
