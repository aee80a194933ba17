package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/storetest"
)

// severalHosts is the URL of a database on each of several servers.
func severalHosts(databaseURL string, servers ...*storetest.PostgresServer) string {
	var hosts []string
	for _, s := range servers {
		hosts = append(hosts, s.Directory())
	}
	path, _, _ := strings.Cut(databaseURL, "?")
	return path + "?" + url.Values{"host": {strings.Join(hosts, ",")}, "target_session_attrs": {"read-write"}}.Encode()
}

// TestFailover_WithSynchronousReplicationLosesNothingAcknowledged kills the
// primary under writes on two nodes, or lets it hang, and promotes the standby.
// Every secret that was handed out works, each acknowledged change is in the
// audit chain, which is whole, and known credentials were served throughout
// (S39). The gap, in which changes were refused, is printed.
func TestFailover_WithSynchronousReplicationLosesNothingAcknowledged(t *testing.T) {
	killed := func(primary *storetest.PostgresServer, t testing.TB) { primary.Kill(t) }
	hanging := func(primary *storetest.PostgresServer, t testing.TB) { primary.Pause(t) }
	for range atLength(1, 5) {
		t.Run("killed", func(t *testing.T) { failOver(t, killed, backWithin) })
	}
	if chaos() {
		// A host that takes connections and answers nothing must not hide the other:
		// a poll finds it out, and each connection tries it before the other.
		t.Run("hanging", func(t *testing.T) { failOver(t, hanging, 2*backWithin) })
	}
}

func failOver(t *testing.T, end func(primary *storetest.PostgresServer, t testing.TB), bound time.Duration) {
	t.Helper()
	primary := postgresFor(t, "wal_level=replica", "hot_standby=on", "wal_keep_size=64MB")
	databaseURL := primary.Database(t)
	standby := primary.Standby(t, "standby")
	primary.SQL(t, databaseURL, "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
	primary.SQL(t, databaseURL, "SELECT pg_reload_conf()")
	primary.AwaitSync(t, databaseURL)
	f := newFleet(t, severalHosts(databaseURL, primary, standby), 2)
	known := f.nodes[0].create(t, f.token, "orders:read")
	for _, n := range f.nodes {
		n.issue(t, known)
	}

	w := &writers{fleet: f, stop: make(chan struct{}), done: &acknowledged{secrets: map[string]string{}}}
	w.begin(known)
	soon(t, "enough is written to prove something", func() bool {
		w.done.mu.Lock()
		defer w.done.mu.Unlock()
		return w.done.creates >= atLength(10, 100)
	})
	end(primary, t)
	failed := time.Now()
	standby.Promote(t)
	promoted := time.Now()
	for _, n := range f.nodes {
		soon(t, "changes are made on the new primary", func() bool {
			a, err := n.ask("POST", "/api/v1/credentials", `{"name":"after","scopes":["orders:read"]}`, "Authorization", "Bearer "+f.token, "Content-Type", "application/json")
			if err == nil && a.status == http.StatusCreated {
				w.acknowledge(a.body)
				return true
			}
			return false
		})
	}
	back := time.Now()
	<-time.After(time.Second)
	close(w.stop)
	w.running.Wait()
	figure(t, "S39", "changes refused for %v, %v of it after the promotion (bound %v); %d creates acknowledged, %d refused; known credentials served %d times, failed %d, longest %v",
		back.Sub(failed).Round(time.Millisecond), back.Sub(promoted).Round(time.Millisecond), bound, w.done.creates, w.refused, len(w.took), w.failed, w.took.at(1).Round(time.Millisecond))
	if chaos() && back.Sub(promoted) > bound || w.failed > 0 {
		t.Errorf("too late, or not served")
	}
	lost := 0
	for secret, id := range w.done.secrets {
		for _, n := range f.nodes {
			if a, err := n.tokenFor(credential{id, secret}); err != nil || a.status != http.StatusOK {
				lost++
			}
		}
	}
	if lost > 0 {
		t.Errorf("%d acknowledged secrets do not work", lost)
	}
	f.nodes[0].command(t, "audit", "verify")
	creates, _, rows := auditCounts(t, engine{url: severalHosts(databaseURL, standby)}.open(t, ""))
	// An answer may be lost while its change is not; none the other way.
	if creates != rows || creates < w.done.creates {
		t.Errorf("%d acknowledged, %d audited, %d stored", w.done.creates, creates, rows)
	}
	for i, n := range f.nodes {
		if alarms := n.metric(t, "claviger_history_rewritten_total"); alarms != 0 {
			t.Errorf("node %d: %v alarms of a lost history", i, alarms)
		}
	}
}

// acknowledge remembers what the answer of a create handed out.
func (w *writers) acknowledge(body string) {
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if json.Unmarshal([]byte(body), &made) == nil {
		w.done.add(made.ID, made.Secret, false)
	}
}

// writers create credentials on every node, and use a known one.
type writers struct {
	*fleet
	stop            chan struct{}
	running         sync.WaitGroup
	done            *acknowledged
	mu              sync.Mutex
	took            latencies
	refused, failed int
}

func (w *writers) begin(known credential) {
	for _, n := range w.nodes {
		for range 2 {
			w.repeat(0, func() {
				a, err := n.ask("POST", "/api/v1/credentials", `{"name":"before","scopes":["orders:read"]}`, "Authorization", "Bearer "+w.token, "Content-Type", "application/json")
				if err == nil && a.status == http.StatusCreated {
					w.acknowledge(a.body)
					return
				}
				w.mu.Lock()
				w.refused++
				w.mu.Unlock()
			})
		}
		w.repeat(20*time.Millisecond, func() {
			sent := time.Now()
			a, err := n.tokenFor(known)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.took = append(w.took, time.Since(sent))
			if err != nil || a.status != http.StatusOK {
				w.failed++
			}
		})
	}
}

func (w *writers) repeat(pause time.Duration, ask func()) {
	w.running.Go(func() {
		for {
			select {
			case <-w.stop:
				return
			case <-time.After(max(pause, 5*time.Millisecond)):
				ask()
			}
		}
	})
}
