package server

import (
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/web"
)

// stateGauge is 1 while the node is in a state, else 0.
func stateGauge(core *Core, state accesstoken.State) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "claviger_view_state", Help: "1 for the state that this node answers in: normal, grace (database away, short tokens), refuse.",
		ConstLabels: prometheus.Labels{"state": string(state)},
	}, func() float64 {
		if core.Directory.State() == state {
			return 1
		}
		return 0
	})
}

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
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "claviger_max_offline_seconds", Help: "Age of the view from which on this node refuses everybody (setting max_offline).",
		}, core.Config.MaxOffline.Seconds),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "claviger_history_rewritten_total", Help: "How often the database had another history than the one followed: it was restored, or a failover lost changes.",
		}, func() float64 { return float64(core.Directory.Rewrites()) }),
		stateGauge(core, accesstoken.StateNormal), stateGauge(core, accesstoken.StateGrace), stateGauge(core, accesstoken.StateRefuse),
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
