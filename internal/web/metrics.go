package web

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics counts requests by route pattern and status class: both bounded sets,
// so that nobody can make series by asking for odd things. Other rooms register
// their own collectors in Registry; the operator's listener serves it.
type Metrics struct {
	Registry *prometheus.Registry

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	refusals  *prometheus.CounterVec

	mu     sync.RWMutex
	routes map[routeKey]*routeMetrics
}

type routeKey struct{ listener, route string }

// routeMetrics are the instruments of one route, found once instead of at every
// request.
type routeMetrics struct {
	classes  [6]prometheus.Counter // by first digit of the status; 0 is unused
	duration prometheus.Observer

	vec             *prometheus.CounterVec
	listener, route string
	refusals        sync.Map // rule → prometheus.Counter
}

// NewMetrics makes a registry with the shell's instruments and those of the Go
// runtime and the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "claviger_http_requests_total", Help: "Requests answered, by listener, route pattern and class of status.",
		}, []string{"listener", "route", "class"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "claviger_http_request_duration_seconds", Help: "Time from the request's header to the end of its answer.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"listener", "route"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "claviger_refusals_total", Help: "Requests refused or failed, by listener, route pattern and the rule that claviger explain names.",
		}, []string{"listener", "route", "rule"}),
		routes: map[routeKey]*routeMetrics{},
	}
	m.Registry.MustRegister(m.requests, m.durations, m.refusals, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// route returns the instruments of a route pattern.
func (m *Metrics) route(listener, route string) *routeMetrics {
	key := routeKey{listener, route}
	m.mu.RLock()
	found := m.routes[key]
	m.mu.RUnlock()
	if found != nil {
		return found
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if found = m.routes[key]; found != nil {
		return found
	}
	made := &routeMetrics{duration: m.durations.WithLabelValues(listener, route), vec: m.refusals, listener: listener, route: route}
	for i, class := range []string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"} {
		made.classes[i] = m.requests.WithLabelValues(listener, route, class)
	}
	m.routes[key] = made
	return made
}

func (m *routeMetrics) observe(status int, duration time.Duration) {
	class := status / 100
	if class < 0 || class >= len(m.classes) {
		class = 0
	}
	m.classes[class].Inc()
	m.duration.Observe(duration.Seconds())
}

// refused counts a refusal. rule must be of a bounded set.
func (m *routeMetrics) refused(rule string) {
	counter, ok := m.refusals.Load(rule)
	if !ok {
		counter, _ = m.refusals.LoadOrStore(rule, m.vec.WithLabelValues(m.listener, m.route, rule))
	}
	counter.(prometheus.Counter).Inc()
}
