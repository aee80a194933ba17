package e2e

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/storetest"
)

// metric reads a number off a node's metrics; labels as they are written there.
func (n *node) metric(t *testing.T, name string) float64 {
	t.Helper()
	a := call(t, "GET", "http://"+n.address+":8421/metrics", "")
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("no %s among the metrics", name)
	}
	value, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestRewind_ADatabaseSetBackUnderLiveNodesIsReadAnewWithAnAlarm puts the
// database back to an earlier state while two nodes run, as a restored backup or
// a failover to a standby that lagged does. What was made since is unknown again
// at both, what was ended since is as it was then, and both say so (S40). A
// follower of the feed is told to begin anew.
func TestRewind_ADatabaseSetBackUnderLiveNodesIsReadAnewWithAnAlarm(t *testing.T) {
	postgres := postgresFor(t)
	f := newFleet(t, postgres.Database(t), 2)
	first := f.nodes[0]
	kept := first.create(t, f.token, "orders:read")
	follower := first.create(t, f.token, "claviger:feed")
	rewind := remember(t, postgres, f.url)

	lost := first.create(t, f.token, "orders:read")
	first.manage(t, f.token, "POST", "/credentials/"+kept.id+"/disable", "")
	cursor := first.cursor(t, follower)
	for _, n := range f.nodes {
		n.issue(t, lost)
		if n.metric(t, "claviger_history_rewritten_total") != 0 {
			t.Error("an alarm before anything happened")
		}
	}
	rewind()
	// More happens than what was lost, so that no number is smaller than before:
	// the head row alone does not show it.
	made := ""
	for range 4 {
		made = first.create(t, f.token, "orders:read").id
	}
	for i, n := range f.nodes {
		soon(t, "the alarm of node "+strconv.Itoa(i), func() bool { return n.metric(t, "claviger_history_rewritten_total") == 1 })
		n.stderr.await(t, "history is not the one followed so far")
		if a, err := n.tokenFor(lost); err != nil || a.status != http.StatusUnauthorized {
			t.Errorf("node %d: a credential that was lost: %d %v", i, a.status, err)
		}
		n.issue(t, kept)
		if a := n.manage(t, f.token, "GET", "/credentials/"+made, ""); a["status"] != "active" {
			t.Errorf("node %d: a credential made since: %v", i, a)
		}
		basic := []string{"Authorization", "Bearer " + n.issue(t, follower)}
		if a := n.must(t, "GET", "/revocations?wait=0&after="+cursor, "", basic...); a.status != http.StatusGone {
			t.Errorf("node %d: a cursor in the lost history: %d %s, want 410", i, a.status, a.body)
		}
	}
	<-time.After(time.Second)
	for i, n := range f.nodes {
		if alarms := n.metric(t, "claviger_history_rewritten_total"); alarms != 1 {
			t.Errorf("node %d: %v alarms, want 1", i, alarms)
		}
	}
	if out := first.command(t, "audit", "verify"); !strings.Contains(out, "last sequence") {
		t.Error(out)
	}
}

// cursor is where the feed ends.
func (n *node) cursor(t *testing.T, follower credential) string {
	t.Helper()
	a := n.must(t, "GET", "/revocations", "", "Authorization", "Bearer "+n.issue(t, follower))
	if a.status != http.StatusOK {
		t.Fatalf("the feed: %d %s", a.status, a.body)
	}
	return a.json(t)["cursor"].(string)
}

// remember keeps the database's state of now and returns what brings it back
// under whoever is connected.
func remember(t *testing.T, postgres *storetest.PostgresServer, databaseURL string) (rewind func()) {
	t.Helper()
	name := regexp.MustCompile(`@/([a-z0-9]+)`).FindStringSubmatch(databaseURL)[1]
	maintenance := strings.Replace(databaseURL, "/"+name, "/postgres", 1)
	swap := func(commands ...string) {
		cut := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "' AND pid <> pg_backend_pid()"
		postgres.SQL(t, maintenance, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
		postgres.SQL(t, maintenance, cut)
		for _, c := range commands {
			postgres.SQL(t, maintenance, c)
		}
	}
	swap("CREATE DATABASE "+name+"_then TEMPLATE "+name, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true")
	return func() {
		swap("ALTER DATABASE "+name+" RENAME TO "+name+"_lost", "ALTER DATABASE "+name+"_then RENAME TO "+name)
	}
}
