package server

import (
	"crypto/x509"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/sqlstore"
)

// sight is what the operator's metrics see of a server beside its requests. It
// looks when it is asked: nothing on the way of a request is counted for it that
// is not counted anyway.
type sight struct {
	core      *Core
	doors     *doors
	health    *health
	followers atomic.Int64 // at the feed
}

// metric describes one metric, and collects its samples.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(sample func(value float64, labels ...string))
}

// Describe implements prometheus.Collector.
func (m metric) Describe(out chan<- *prometheus.Desc) { out <- m.desc }

// Collect implements prometheus.Collector.
func (m metric) Collect(out chan<- prometheus.Metric) {
	m.read(func(value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
	})
}

// sampler hands over the samples of a metric, each with its labels' values.
type sampler = func(sample func(value float64, labels ...string))

func gauge(name, help string, read sampler, labels ...string) metric {
	return metric{prometheus.NewDesc("claviger_"+name, help, labels, nil), prometheus.GaugeValue, read}
}

func counter(name, help string, read sampler, labels ...string) metric {
	return metric{prometheus.NewDesc("claviger_"+name+"_total", help, labels, nil), prometheus.CounterValue, read}
}

// one is the sample of a metric without labels.
func one(read func() float64) sampler {
	return func(sample func(float64, ...string)) { sample(read()) }
}

func newLag() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "claviger_change_lag_seconds", Help: "Time from a change, as a revocation, to its being in force on this node, by the clocks of the two nodes.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 30, 300},
	})
}

// register adds everything to a registry.
func (s *sight) register(to *prometheus.Registry) error {
	collectors := []prometheus.Collector{s.core.Lag}
	for _, of := range [][]metric{s.ofNode(), s.ofView(), s.ofUse(), s.ofDatabase(), s.ofKeys()} {
		for _, m := range of {
			collectors = append(collectors, m)
		}
	}
	for _, c := range collectors {
		if err := to.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *sight) ofNode() []metric {
	return []metric{
		gauge("build_info", "1; its labels say what this program was built from.", func(sample func(float64, ...string)) {
			sample(1, builtFrom()...)
		}, "version", "revision", "goversion"),
		gauge("ready", "1 while /readyz says that this node should be sent calls, else 0.", one(func() float64 {
			return oneIf(s.health.ready())
		})),
		gauge("data_dir_free_bytes", "Bytes free for the data directory; with SQLite a full disk refuses every change.", func(sample func(float64, ...string)) {
			if free, ok := freeBytes(s.core.Config.DataDir); ok {
				sample(float64(free))
			}
		}),
		gauge("feed_followers", "Requests that wait at the feed of revocations, 1000 at most.", one(func() float64 {
			return float64(s.followers.Load())
		})),
	}
}

func (s *sight) ofView() []metric {
	view := s.core.Directory
	return []metric{
		gauge("credentials", "API credentials in memory.", one(func() float64 { return float64(view.Size()) })),
		gauge("staleness_seconds", "Age of this node's view: time since the last good poll of the database began.", one(func() float64 {
			return view.Staleness().Seconds()
		})),
		gauge("max_offline_seconds", "Age of the view from which on this node refuses everybody (setting max_offline).", one(s.core.Config.MaxOffline.Seconds)),
		gauge("view_state", "1 for the state that this node answers in, else 0: normal, grace (database away, short tokens), refuse.", func(sample func(float64, ...string)) {
			now := view.State()
			for _, state := range []accesstoken.State{accesstoken.StateNormal, accesstoken.StateGrace, accesstoken.StateRefuse} {
				sample(oneIf(now == state), string(state))
			}
		}, "state"),
		gauge("audit_sequence", "Number of the last audit event that this node has seen.", one(func() float64 { return float64(view.Figures().Head.Sequence) })),
		gauge("change_sequence", "Number of the last change that is in force on this node.", one(func() float64 { return float64(view.Figures().Head.Change) })),
		counter("history_rewritten", "How often the database had another history than the one followed: it was restored, or a failover lost changes.", one(func() float64 {
			return float64(view.Rewrites())
		})),
		counter("audit_dropped_refusals", "Refusals to signed-in actors that are missing from the audit log for good, since 1000 others waited to be written.", one(func() float64 {
			return float64(s.core.Lifecycle.LostRefusals())
		})),
	}
}

func (s *sight) ofUse() []metric {
	figures := s.core.Directory.Figures
	return []metric{
		counter("credential_uses", "Uses of API credentials that were proved to be their own, by what came of them; issued is tokens issued.", func(sample func(float64, ...string)) {
			uses := figures().Uses
			for _, outcome := range accesstoken.Outcomes() {
				sample(float64(uses[outcome]), string(outcome))
				delete(uses, outcome)
			}
			for outcome, n := range uses { // codes of the enforcement's refusals
				sample(float64(n), string(outcome))
			}
		}, "outcome"),
		counter("verified_tokens", "Tokens looked up among those verified before: a hit needs no signature check.", func(sample func(float64, ...string)) {
			hits, misses := s.core.Verifier.Lookups()
			sample(float64(hits), "hit")
			sample(float64(misses), "miss")
		}, "lookup"),
		gauge("usage_waiting_rows", "Rows of usage in memory that wait to be written.", one(func() float64 { return float64(figures().UsageWaiting) })),
		gauge("usage_age_seconds", "Time since everything that was counted before was written; every 5 seconds is usual.", one(func() float64 { return figures().UsageAge.Seconds() })),
		counter("usage_dropped_calls", "Calls that are missing from the usage in the database for good, since too much waited or it was refused.", one(func() float64 {
			return float64(figures().UsageDropped)
		})),
	}
}

func (s *sight) ofDatabase() []metric {
	each := func(read func(p *sqlstore.Pool, sample func(float64, ...string))) sampler {
		return func(sample func(float64, ...string)) {
			pools := s.core.Store.Pools()
			for i := range pools {
				read(&pools[i], sample)
			}
		}
	}
	return []metric{
		gauge("database_connections", "Open connections to the database, by pool and whether one is in use.", each(func(p *sqlstore.Pool, sample func(float64, ...string)) {
			sample(float64(p.Stats.InUse), p.Name, "in_use")
			sample(float64(p.Stats.Idle), p.Name, "idle")
		}), "pool", "state"),
		gauge("database_connections_max", "Most connections that a pool opens.", each(func(p *sqlstore.Pool, sample func(float64, ...string)) {
			sample(float64(p.Stats.MaxOpenConnections), p.Name)
		}), "pool"),
		counter("database_waits", "How often somebody had to wait for a connection of a pool.", each(func(p *sqlstore.Pool, sample func(float64, ...string)) {
			sample(float64(p.Stats.WaitCount), p.Name)
		}), "pool"),
		counter("database_wait_seconds", "Time spent waiting for a connection of a pool, all together.", each(func(p *sqlstore.Pool, sample func(float64, ...string)) {
			sample(p.Stats.WaitDuration.Seconds(), p.Name)
		}), "pool"),
	}
}

func (s *sight) ofKeys() []metric {
	life := s.core.Ring.Life
	return []metric{
		gauge("signing_key_age_seconds", "How long the active signing key has been signing.", one(func() float64 { return time.Since(life().SigningSince).Seconds() })),
		gauge("signing_key_rotation_seconds", "Time until the next signing key takes over by itself; negative when that is overdue, absent without signing_key_rotation.", func(sample func(float64, ...string)) {
			if at := life().Rotation; !at.IsZero() {
				sample(time.Until(at).Seconds())
			}
		}),
		gauge("signing_keys", "Signing keys by status: next, active, retired.", func(sample func(float64, ...string)) {
			keys := life().Keys
			for _, status := range []apicred.SigningKeyStatus{apicred.SigningKeyNext, apicred.SigningKeyActive, apicred.SigningKeyRetired} {
				sample(float64(keys[status]), string(status))
			}
		}, "status"),
		gauge("certificate_expiry_seconds", "Time until a certificate in use ends: tls is the server's, client_ca the client authority that ends first. Absent where there is none.", func(sample func(float64, ...string)) {
			if own := s.doors.certificate; own != nil {
				sample(time.Until(own.inForce.Load().Leaf.NotAfter).Seconds(), "tls")
			}
			if known := s.doors.authorities; known != nil {
				sample(time.Until(firstEnd(known.inForce.Load().Certificates())).Seconds(), "client_ca")
			}
		}, "certificate"),
	}
}

// firstEnd is when the first of the certificates ends, of which there are some.
func firstEnd(certificates []*x509.Certificate) time.Time {
	end := certificates[0].NotAfter
	for _, c := range certificates[1:] {
		if c.NotAfter.Before(end) {
			end = c.NotAfter
		}
	}
	return end
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// builtFrom is version, revision and Go release of this program.
func builtFrom() []string {
	out := []string{"unknown", "unknown", "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	if info.Main.Version != "" {
		out[0] = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			out[1] = s.Value
		}
	}
	out[2] = info.GoVersion
	return out
}

// freeBytes is how much may still be written below a directory; false where that
// cannot be told.
func freeBytes(directory string) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(directory, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true //nolint:gosec,unconvert // G115: sizes are positive; their types differ between systems
}
