package e2e

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/claviger/claviger/internal/storetest"
)

const (
	historyClients = 6
	// eachOf is how often each client acts in a cell.
	eachOf = 25
	// checkLimit is when the checker gives a cell up, which decides nothing.
	checkLimit = 30 * time.Second
)

// TestHistory_OfTwoNodesIsLinearizable lets clients create, read, list, edit,
// switch, rotate and delete at two nodes at once, each request at either, while
// nodes are killed and stopped, and the database is cut off and killed. What they
// were told must be what one server could have told that does one thing at a
// time, each at some moment between request and answer: porcupine looks for such
// an order. Whom an answer did not reach knows nothing, and nothing is assumed.
//
// Tokens and forward-auth may lag, by two seconds at most: both are asked all the
// while about secrets and tokens that ended or did not. A third node does nothing
// but that, and nothing makes it look at the database but its own clock.
func TestHistory_OfTwoNodesIsLinearizable(t *testing.T) {
	postgres := postgresFor(t)
	databaseURL := postgres.Database(t)
	wire := storetest.NewWire(t, postgres)
	// Without the database no node goes on for longer than the bound, so that the
	// bound holds whatever happens.
	f := newFleet(t, databaseURL, 1, "max_offline: 2s")
	f.lines[1] = "database_url: " + wire.URL(databaseURL)
	f.nodes = append(f.nodes, f.add(t))
	f.nodes[1].ready(t)
	watcher := f.add(t)
	watcher.ready(t)
	h := &historian{nodes: f.nodes, watcher: watcher, token: f.token, began: time.Now()}
	done := h.begin(t)
	faults := map[string]int{}
	limit := atLength(6*time.Second, 5*time.Minute)
	for n := 0; time.Since(h.began) < limit; n++ {
		<-time.After(400*time.Millisecond + rand.N(400*time.Millisecond))
		faults[h.fault(t, n, postgres, wire)]++
	}
	done()
	f.nodes[0].command(t, "audit", "verify")
	t.Logf("faults: %v", faults)
	h.judge(t)
}

// TestHistory_OfOneNodeOnSQLiteIsLinearizable is the same with one server, which
// is killed and stopped.
func TestHistory_OfOneNodeOnSQLiteIsLinearizable(t *testing.T) {
	f := newFleet(t, "", 1)
	h := &historian{nodes: f.nodes, token: f.token, began: time.Now()}
	done := h.begin(t)
	faults := map[string]int{}
	limit := atLength(3*time.Second, time.Minute)
	for n := 0; time.Since(h.began) < limit; n++ {
		<-time.After(400*time.Millisecond + rand.N(400*time.Millisecond))
		faults[h.faultOf(t, n, f.nodes[0])]++
	}
	done()
	f.nodes[0].command(t, "audit", "verify")
	t.Logf("faults: %v", faults)
	h.judge(t)
}

// TestHistory_WithACacheInBetweenIsRefused plants a fault between clients and a
// real server: what was read once is what is read from then on.
func TestHistory_WithACacheInBetweenIsRefused(t *testing.T) {
	f := newFleet(t, "", 1)
	h := &historian{nodes: f.nodes, token: f.token, began: time.Now(), cached: true}
	h.workOn(historyClients, eachOf)
	if verdict := porcupine.CheckOperationsTimeout(registers(), h.cells[0].history, checkLimit); verdict != porcupine.Illegal {
		t.Errorf("the checker says %s of\n%s", verdict, story(h.cells[0].history))
	}
}

// begin lets clients work, and the doors be asked, until the function that it
// returns is called.
func (h *historian) begin(t *testing.T) (end func()) {
	t.Helper()
	stop := make(chan struct{})
	t.Cleanup(func() { h.gone.Store(true) })
	var running sync.WaitGroup
	running.Go(func() {
		for !h.over.Load() && !h.gone.Load() {
			h.workOn(historyClients, eachOf)
		}
	})
	for _, ask := range []func(){h.askForToken, h.askForToken, h.askToPass, h.askToPass, h.watchSecret, h.watchToken} {
		running.Go(func() {
			pause := time.NewTicker(10 * time.Millisecond)
			defer pause.Stop()
			for {
				select {
				case <-stop:
					return
				case <-pause.C:
					ask()
				}
			}
		})
	}
	return func() {
		h.over.Store(true)
		close(stop)
		running.Wait()
	}
}

// fault lets something fail for a while, and returns what.
func (h *historian) fault(t *testing.T, n int, postgres *storetest.PostgresServer, wire *storetest.Wire) string {
	t.Helper()
	switch n % 4 {
	case 0:
		wire.Cut()
		<-time.After(rand.N(time.Second))
		wire.Join()
		return "database cut off"
	case 1:
		postgres.Kill(t)
		postgres.Start(t)
		return "database killed"
	}
	return h.faultOf(t, n, h.nodes[rand.IntN(len(h.nodes))])
}

// faultOf is a fault of a node.
func (h *historian) faultOf(t *testing.T, n int, node *node) string {
	t.Helper()
	if n%2 == 0 {
		node.kill()
		node.start(t)
		node.ready(t)
		return "node killed"
	}
	signal(t, node, syscall.SIGSTOP)
	<-time.After(rand.N(1500 * time.Millisecond))
	signal(t, node, syscall.SIGCONT)
	return "node stopped for a while"
}

// pick is one of those that are not too old; false: there is none.
func (h *historian) pick(from *[]presented) (presented, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(*from) > 0 && h.now()-(*from)[0].issued > int64(recent) {
		*from = (*from)[1:]
	}
	if len(*from) == 0 {
		return presented{}, false
	}
	return (*from)[rand.IntN(len(*from))], true
}

// askForToken presents a secret at a node.
func (h *historian) askForToken() {
	p, ok := h.pick(&h.secrets)
	if !ok {
		return
	}
	s, token := h.present(h.nodes[rand.IntN(len(h.nodes))], p)
	if !s.yes {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens = append(h.tokens, presented{id: p.id, text: token, asked: s.call, issued: s.answer})
}

// askToPass presents a token at a node.
func (h *historian) askToPass() {
	if p, ok := h.pick(&h.tokens); ok {
		h.present(h.nodes[rand.IntN(len(h.nodes))], p)
	}
}

// watchSecret and watchToken present what is new at the watcher, and again until
// it is refused: a refusal makes a node look.
func (h *historian) watchSecret() { h.watch(&h.secrets) }
func (h *historian) watchToken()  { h.watch(&h.tokens) }

func (h *historian) watch(from *[]presented) {
	if h.watcher == nil {
		return
	}
	h.mu.Lock()
	if len(*from) == 0 {
		h.mu.Unlock()
		return
	}
	p := (*from)[len(*from)-1]
	h.mu.Unlock()
	for refused := false; !refused && !h.over.Load() && h.now()-p.issued < int64(recent); {
		<-time.After(10 * time.Millisecond)
		s, _ := h.present(h.watcher, p)
		refused = s.answer != 0 && !s.yes
	}
}

// present asks a door about a secret or a token, and keeps the answer if it is a
// yes or a no. It returns that, and the token if there is one.
func (h *historian) present(n *node, p presented) (s seen, token string) {
	s = seen{id: p.id, label: p.label, call: h.now(), asked: p.asked, issued: p.issued}
	var got answer
	var err error
	if p.label == "" {
		got, err = n.allows("GET", p.text)
	} else {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {p.id}, "client_secret": {p.text}}
		got, err = n.askFor(patience, "POST", "/oauth2/token", form.Encode(), "Content-Type", formType)
	}
	answered := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err != nil, got.header.Get("Retry-After") != "":
		h.none++
		return s, ""
	case got.status == http.StatusOK, got.status == http.StatusUnauthorized:
		s.answer, s.yes = answered, got.status == http.StatusOK
		h.answers = append(h.answers, s)
	default:
		h.stray = append(h.stray, fmt.Sprintf("a door answers %d %s", got.status, got.body))
	}
	token, _, _ = strings.Cut(strings.TrimPrefix(got.body, `{"access_token":"`), `"`)
	return s, token
}

// judge checks everything that was written down and prints the figures.
func (h *historian) judge(t *testing.T) {
	t.Helper()
	fates := map[string]fate{}
	var operations, unknown, undecided int
	var took latencies
	for _, c := range h.cells {
		operations += len(c.history)
		unknown += int(c.unknown.Load())
		for _, o := range c.history {
			if a := o.Input.(action); a.kind != lists {
				fates[c.ids[a.which]] = append(fates[c.ids[a.which]], o)
			}
		}
		began := time.Now()
		verdict, info := porcupine.CheckOperationsVerbose(registers(), c.history, checkLimit)
		took = append(took, time.Since(began))
		switch verdict {
		case porcupine.Unknown:
			undecided++
		case porcupine.Illegal:
			h.tell(t, c, info)
		case porcupine.Ok:
		}
	}
	var yes int
	for _, s := range h.answers {
		if s.yes {
			yes++
		}
	}
	var sum time.Duration
	for _, d := range took {
		sum += d
	}
	figure(t, "S40", "%d operations of %d clients on %d credentials, %d outcomes nobody knows; porcupine took %v for %d cells, the longest %v, %d undecided",
		operations, historyClients, cellSize*len(h.cells), unknown, sum.Round(time.Millisecond), len(h.cells), took.at(1).Round(time.Millisecond), undecided)
	t.Logf("doors: %d yes, %d no, %d neither", yes, len(h.answers)-yes, h.none)
	if undecided == len(h.cells) || yes == 0 || yes == len(h.answers) {
		t.Error("this proves nothing")
	}
	for _, faults := range [][]string{faultsOf(fates, h.answers), h.stray} {
		for i, fault := range faults {
			if i == 5 {
				t.Errorf("and %d more", len(faults)-i)
				break
			}
			t.Error(fault)
		}
	}
}

// tell tells of a history that no order explains, and draws it.
func (h *historian) tell(t *testing.T, c *cellRecord, info porcupine.LinearizationInfo) {
	t.Helper()
	drawing := filepath.Join(t.ArtifactDir(), fmt.Sprintf("cell%d.html", c.number))
	if err := porcupine.VisualizePath(registers(), info, drawing); err != nil {
		t.Error(err)
	}
	var longest []int // the numbers of operations, in an order that explains them
	for _, some := range info.PartialLinearizations()[0] {
		if len(some) > len(longest) {
			longest = some
		}
	}
	var state cell
	rest := slices.Clone(c.history)
	for _, n := range longest {
		_, state = step(state, c.history[n].Input.(action), c.history[n].Output.(outcome))
		rest[n].Call = pending
	}
	rest = slices.DeleteFunc(rest, func(o porcupine.Operation) bool { return o.Call == pending })
	next := slices.MinFunc(rest, func(a, b porcupine.Operation) int { return cmp.Compare(a.Return, b.Return) }).Return
	rest = slices.DeleteFunc(rest, func(o porcupine.Operation) bool { return o.Call > next })
	t.Errorf("Cell %d is not linearizable. %d of its %d operations can be put in an order. After these it would be\n  %v\nand none of those that may come next can have had its outcome:\n%s"+
		"With go test -artifacts it is drawn in %s. All that was asked:\n%s", c.number, len(longest), len(c.history), state, story(rest), drawing, story(c.history))
}
