package server

import (
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/claviger/claviger/internal/web"
)

// opsHandler serves metrics and profiles. They tell how an installation is used,
// so they have a listener of their own and are never on the public one.
func opsHandler(core *Core, m *web.Metrics) (http.Handler, error) {
	for _, c := range []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "claviger_credentials", Help: "API credentials in memory.",
		}, func() float64 { return float64(core.Directory.Size()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "claviger_staleness_seconds", Help: "Age of this node's view: time since the last good poll of the database began.",
		}, func() float64 { return core.Directory.Staleness().Seconds() }),
	} {
		if err := m.Registry.Register(c); err != nil {
			return nil, err
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	// Without cmdline: a flag may have held a secret.
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux, nil
}
