package e2e

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// soakLength is how long the load lasts: SOAK, as 30m, or what the length of
// this run has time for.
func soakLength(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SOAK")
	if text == "" {
		return atLength(15*time.Second, 30*time.Minute)
	}
	length, err := time.ParseDuration(text)
	if err != nil || length < 10*time.Second {
		t.Fatalf("SOAK=%s is no duration of 10s or more", text)
	}
	return length
}

// remembered is more than as many tokens as a node remembers that it has seen.
const remembered = 20000

// TestSoak_SteadyLoadGrowsNothingButWhatItStores lets programs, people and
// followers use a server on SQLite and two nodes on PostgreSQL, at a fixed rate,
// side by side. Memory, goroutines and descriptors stay flat, each table grows by
// what was acknowledged and no row more, the files by what the rows hold, and
// when everybody has gone nothing of them is left (S42).
func TestSoak_SteadyLoadGrowsNothingButWhatItStores(t *testing.T) {
	length := soakLength(t)
	for _, e := range []engine{{name: "SQLite"}, {"PostgreSQL", postgresFor(t).Database(t)}} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			soak(t, e, length)
		})
	}
}

func soak(t *testing.T, e engine, length time.Duration) {
	t.Helper()
	s := newSoakSite(t, e)
	if chaos() || os.Getenv("SOAK") != "" {
		s.fill(t, remembered)
	}
	db := e.open(t, s.nodes[0].dir)
	idle := s.settled(t)
	before, sizeBefore := holdings(t, e, db), s.databaseSize(t, db)
	s.begin()
	samples := s.watch(t, db, length)
	s.end()
	settled := s.settled(t)
	for i, n := range s.nodes {
		after := settled[i]
		lines, wrong := judge(samples[i], gauges())
		for _, l := range lines {
			figure(t, "S42", "node %d, %v: %s", i, length, l)
		}
		t.Logf("node %d of %s at %s:\n%s%s\nonce all had gone: %.0f goroutines (%.0f before), %.0f descriptors (%.0f before)", i, e.name, n.address,
			tableOf(samples[i]), strings.Join(lines, "\n"), after.goroutines, idle[i].goroutines, after.descriptors, idle[i].descriptors)
		for _, w := range wrong {
			t.Errorf("node %d: %s", i, w)
		}
		if after.goroutines > idle[i].goroutines+leftOver || after.descriptors > idle[i].descriptors+leftOver+poolDescriptors {
			t.Errorf("node %d: something of those who have gone is left", i)
		}
	}
	grown := s.databaseSize(t, db) - sizeBefore
	for _, n := range s.nodes {
		n.stop(t) // writes what was counted and merged
	}
	s.report(t)
	s.auditGrowth(t, before, holdings(t, e, db), grown, length)
	if out, talk, code := run(t, s.nodes[0].dir, "audit", "verify", "--config", "claviger.yaml"); code != 0 {
		t.Errorf("the audit chain: %s%s", out, talk)
	}
}

const (
	// leftOver is what a node may hold more than before once all have gone: kept
	// connections to the API behind the gateway, with two goroutines each.
	leftOver = 16
	// poolDescriptors are the connections to the database, or its files, that a
	// busy node keeps.
	poolDescriptors = 20
)

// newSoakSite starts a site with its programs and people.
func newSoakSite(t *testing.T, e engine) *soakSite {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("an order")) }))
	t.Cleanup(api.Close)
	nodes := 2
	if e.url == "" {
		nodes = 1
	}
	s := &soakSite{
		fleet:  newFleet(t, e.url, nodes, "gateway_listen: {address}:8430"),
		engine: e, books: newBooks(), took: map[string]latencies{},
	}
	first := s.nodes[0]
	document := first.manage(t, s.fleet.token, "GET", "/catalogue", "")
	document["apis"].([]any)[0].(map[string]any)["upstream"] = api.URL
	first.manage(t, s.fleet.token, "PUT", "/catalogue", jsonText(t, document))
	for range 20 {
		s.programs = append(s.programs, first.create(t, s.fleet.token, "orders:read", "orders:write"))
	}
	for _, c := range s.programs {
		s.tokens = append(s.tokens, first.issue(t, c))
	}
	s.asker = first.create(t, s.fleet.token, "claviger:feed", "claviger:introspect")
	s.signer = first.createSigner(t, s.fleet.token)
	gone := first.create(t, s.fleet.token, "orders:read")
	s.ended = first.issue(t, gone)
	first.manage(t, s.fleet.token, "POST", "/credentials/"+gone.id+"/disable", "")
	first.command(t, "user", "create", "--email", "sam@example.com", "--role", "supervisor")
	s.limited = first.command(t, "token", "--user", "sam@example.com", "--ttl", "24h")
	setPassword(t, s.fleet)
	return s
}

// goodPassword is one that the server takes.
const goodPassword = "ninth kettle under the elm, 47 steps"

// setPassword gives it to Ada.
func setPassword(t *testing.T, f *fleet) {
	t.Helper()
	link := regexp.MustCompile(`/sign-in/link/\S+`).FindString(f.nodes[0].command(t, "user", "set-up-link", "ada@example.com"))
	form := url.Values{"password": {goodPassword}}.Encode()
	if a := f.nodes[0].must(t, "POST", link, form, "Content-Type", formType, "Origin", f.issuer); a.status != http.StatusSeeOther {
		t.Fatalf("setting a password: %d %s", a.status, a.body)
	}
}

// settled returns what each node holds while nobody asks, once it is the same for
// a second.
func (s *soakSite) settled(t *testing.T) []reading {
	t.Helper()
	out := make([]reading, len(s.nodes))
	for i, n := range s.nodes {
		least, since := n.measure(t), time.Now()
		for begun := since; time.Since(since) < time.Second && time.Since(begun) < 20*time.Second; {
			<-time.After(100 * time.Millisecond)
			now := n.measure(t)
			if now.goroutines < least.goroutines || now.descriptors < least.descriptors {
				least, since = now, time.Now()
			}
		}
		out[i] = least
	}
	return out
}

// watch takes samples of each node until the time is over.
func (s *soakSite) watch(t *testing.T, db *sql.DB, length time.Duration) [][]reading {
	t.Helper()
	out := make([][]reading, len(s.nodes))
	every := time.NewTicker(min(10*time.Second, length/20))
	defer every.Stop()
	for began := time.Now(); time.Since(began) < length; <-every.C {
		size := float64(s.databaseSize(t, db))
		for i, n := range s.nodes {
			now := n.measure(t)
			now.at, now.database = time.Since(began), size
			if s.engine.url == "" {
				now.log = float64(fileSize(t, s.nodes[0].dir, "claviger.db-wal"))
			}
			out[i] = append(out[i], now)
		}
	}
	return out
}

func (s *soakSite) databaseSize(t *testing.T, db *sql.DB) int64 {
	t.Helper()
	if s.engine.url == "" {
		return fileSize(t, s.nodes[0].dir, "claviger.db")
	}
	var size int64
	if err := db.QueryRowContext(t.Context(), "SELECT pg_database_size(current_database())").Scan(&size); err != nil {
		t.Fatal(err)
	}
	return size
}

func fileSize(t *testing.T, dir, name string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "claviger-data", name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

var (
	heapAfter = regexp.MustCompile(`(?m)^# HeapAlloc = (\d+)$`)
	ofProcess = regexp.MustCompile(`(?m)^(VmRSS|RssAnon):\s+(\d+) kB$`)
)

// measure asks the node's operator's listener and the kernel.
func (n *node) measure(t *testing.T) reading {
	t.Helper()
	profile, err := n.send("8421", "GET", "/debug/pprof/heap?gc=1&debug=1", "")
	if err != nil {
		t.Fatal(err)
	}
	out := reading{goroutines: n.metric(t, "go_goroutines")}
	if m := heapAfter.FindStringSubmatch(profile.body); m != nil {
		out.heap, _ = strconv.ParseFloat(m[1], 64)
	}
	of := fmt.Sprintf("/proc/%d/", n.cmd.Process.Pid)
	status, err := os.ReadFile(of + "status")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range ofProcess.FindAllStringSubmatch(string(status), -1) {
		kib, _ := strconv.ParseFloat(m[2], 64)
		if m[1] == "VmRSS" {
			out.resident = kib * 1024
		} else {
			out.anonymous = kib * 1024
		}
	}
	open, err := os.ReadDir(of + "fd")
	if err != nil {
		t.Fatal(err)
	}
	if out.descriptors = float64(len(open)); out.heap == 0 || out.anonymous == 0 {
		t.Fatalf("memory was not to be had:\n%s", profile.body)
	}
	return out
}

// tableOf shows a dozen of the samples.
func tableOf(samples []reading) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%8s %9s %9s %9s %11s %12s %10s %8s   (MiB)\n", "at", "RSS", "RssAnon", "heap", "goroutines", "descriptors", "database", "WAL")
	for i := 0; i < len(samples); i += max(1, len(samples)/12) {
		x := samples[i]
		fmt.Fprintf(&b, "%8s %9.1f %9.1f %9.2f %11.0f %12.0f %10.2f %8.2f\n", x.at.Round(time.Second), x.resident/mebibyte,
			x.anonymous/mebibyte, x.heap/mebibyte, x.goroutines, x.descriptors, x.database/mebibyte, x.log/mebibyte)
	}
	return b.String()
}

// mostLater is how many of the 200,000 requests of half an hour may be told to
// come back: a disk that is busy for two seconds does it.
const mostLater = 20

// report says what was asked and how it was answered.
func (s *soakSite) report(t *testing.T) {
	t.Helper()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.took)) {
		fmt.Fprintf(&b, "%-22s %v\n", name, s.took[name])
	}
	t.Logf("%s, what was done:\n%s%d wrong answers; %d times 503 with Retry-After: %v", s.engine.name, b.String(), len(s.wrong), len(s.later), s.later)
	if chaos() && len(s.later) > mostLater { // a busy machine may run into its bounds of time
		t.Errorf("%d were told to come back", len(s.later))
	}
	for _, h := range s.habits() {
		if len(s.took[h.name]) == 0 {
			t.Errorf("%s: never done", h.name)
		}
	}
	for i, w := range s.wrong {
		if i == 10 {
			break
		}
		t.Error(w)
	}
}

// overhead is how many bytes of file a byte of content may take: with its
// indexes, half-filled pages and, in PostgreSQL, rows not yet swept up.
const overhead = 6

// auditGrowth compares the database with the books.
func (s *soakSite) auditGrowth(t *testing.T, before, after held, grown int64, length time.Duration) {
	t.Helper()
	lines, wrong := s.books.audit(before, after, s.books.expected(length, len(s.nodes), len(s.programs)+3, before, after))
	content := after.content - before.content
	figure(t, "S42", "%d changes acknowledged, %d audited; %d faults in %d tables; files grew by %.2f MiB, their rows by %.2f MiB",
		s.books.done, after.done-before.done, len(wrong), len(after.rows), float64(grown)/mebibyte, float64(content)/mebibyte)
	t.Logf("%s, %d changes in %v:\n%s\nthe files grew by %.2f MiB, their rows hold %.2f MiB more (up to %d times that, and 2 MiB)", s.engine.name,
		s.books.done, length, strings.Join(lines, "\n"), float64(grown)/mebibyte, float64(content)/mebibyte, overhead)
	for _, w := range wrong {
		t.Error(w)
	}
	if grown > overhead*content+2*mebibyte {
		t.Errorf("the files grew by %d bytes for %d of content", grown, content)
	}
}

func jsonText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
