package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	// patience is how long a client waits for an answer before it gives up, not
	// knowing what became of its request.
	patience = 2 * time.Second
	// mostUnknown ends a cell: each outcome that nobody knows doubles what the
	// checker may have to try.
	mostUnknown = 8
	// recent is how long secrets and tokens are presented after they were made: well
	// beyond the bound, so that most of what is presented has ended.
	recent = 3 * seenBound
)

// historian lets clients work on credentials at every node and writes down what
// they asked and when, and what they were told and when.
type historian struct {
	nodes   []*node
	watcher *node // that only the doors are asked of; nil: there is none
	token   string
	began   time.Time
	// cached makes clients believe the first answer to a read for good: a planted
	// fault, which the checker must find.
	cached bool

	over  atomic.Bool // the clients may rest
	gone  atomic.Bool // so are the servers: nobody need be asked again
	cells []*cellRecord

	mu      sync.Mutex
	secrets []presented
	tokens  []presented
	answers []seen
	stray   []string // answers that nobody should get
	none    int      // how often a door gave neither yes nor no
}

// presented is a secret or a token that a door is asked about.
type presented struct {
	id, label, text string
	asked, issued   int64
}

// cellRecord is the history of one cell.
type cellRecord struct {
	number  int
	unknown atomic.Int64

	mu      sync.Mutex
	ids     [cellSize]string
	named   map[string]string // labels of secrets to their IDs, by number of the credential
	history []porcupine.Operation
	first   [cellSize]*outcome // read, for cached
}

func (h *historian) now() int64 { return int64(time.Since(h.began)) }

// workOn runs clients on a new cell: each of the first makes a credential, then
// all do what comes to their minds, and at the end all is read once more.
func (h *historian) workOn(clients, each int) {
	c := &cellRecord{number: len(h.cells), named: map[string]string{}}
	h.cells = append(h.cells, c)
	var running sync.WaitGroup
	for id := range clients {
		running.Go(func() {
			w := &worker{historian: h, cellRecord: c, id: id}
			if id < cellSize {
				w.make(id)
			}
			for n := 0; n < each && c.unknown.Load() < mostUnknown; n++ {
				w.act(n)
			}
		})
	}
	running.Wait()
	for which := range cellSize {
		w := &worker{historian: h, cellRecord: c, id: which, stubborn: true}
		w.do(action{kind: reads, which: which})
	}
	w := &worker{historian: h, cellRecord: c, stubborn: true}
	w.do(action{kind: lists})
}

// worker is one client.
type worker struct {
	*historian
	*cellRecord
	id       int
	versions [cellSize]int64 // that it saw last
	stubborn bool            // asks again until it is answered: for reads alone
}

// mark begins the names of the cell's credentials, which a list searches for.
func (c *cellRecord) mark() string { return fmt.Sprintf("cell%d", c.number) }

func (c *cellRecord) newName(which int) string { return fmt.Sprintf("%s new%d", c.mark(), which) }

// act does something on one of the cell's credentials.
func (w *worker) act(n int) {
	a := action{which: rand.IntN(cellSize)}
	unique := fmt.Sprintf("%d.%d", w.id, n)
	switch p := rand.IntN(100); {
	case p < 25:
		a.kind = reads
	case p < 35:
		a.kind = lists
	case p < 55:
		a.kind, a.name, a.ifMatch = edits, w.mark()+" "+unique, w.versions[a.which]
	case p < 62:
		a.kind, a.name = edits, w.mark()+" "+unique
	case p < 70:
		a.kind = disables
	case p < 80:
		a.kind = enables
	case p < 90:
		a.kind, a.label = rotates, "s"+unique
	case p < 98:
		a.kind, a.label, a.compromised = drops, w.anySecret(a.which), rand.IntN(2) == 0
	default:
		a.kind = deletes
	}
	w.do(a)
}

// anySecret is the label of a secret that somebody was told of.
func (c *cellRecord) anySecret(which int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	prefix := fmt.Sprint(which, " ")
	for key := range c.named { // in no order
		if label, ok := strings.CutPrefix(key, prefix); ok {
			return label
		}
	}
	return firstSecret
}

func (c *cellRecord) secretID(which int, label string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.named[fmt.Sprint(which, " ", label)]
}

func (c *cellRecord) clientID(which int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ids[which]
}

// make makes a credential, and asks again until it knows that it did: the
// Idempotency-Key makes that one act.
func (w *worker) make(which int) {
	a := action{kind: makes, which: which, name: w.newName(which)}
	key := fmt.Sprintf("%s-%d-%d", w.mark(), which, w.began.UnixNano())
	call := w.now()
	for !w.gone.Load() {
		body := fmt.Sprintf(`{"name":%q,"scopes":["orders:read"]}`, a.name)
		o, read := w.send(a, "POST", "", body, "Idempotency-Key", key)
		if o.status == http.StatusConflict {
			o.status, o.shown = http.StatusCreated, false // by an attempt before
		}
		if o.status != 0 {
			w.cellRecord.mu.Lock()
			w.ids[which] = read.ClientID
			w.cellRecord.mu.Unlock()
			w.record(a, o, call)
			if read.Secret != "" {
				w.remember(read.ClientID, firstSecret, read.Secret)
			}
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

// do asks for an action and records it.
func (w *worker) do(a action) {
	id := w.clientID(a.which)
	if id == "" && a.kind != lists || a.kind == drops && w.secretID(a.which, a.label) == "" {
		return // nobody was told of it yet
	}
	if a.kind == reads && w.cached {
		if o := w.recall(a.which); o != nil {
			w.record(a, *o, w.now())
			return
		}
	}
	call := w.now()
	o, read := w.sendTo(a, id)
	for o.status == 0 && w.stubborn && !w.gone.Load() {
		<-time.After(20 * time.Millisecond)
		o, read = w.sendTo(a, id)
	}
	if o.status == 0 {
		if a.kind == reads || a.kind == lists {
			return // it changed nothing, and said nothing
		}
		w.unknown.Add(1)
	}
	w.record(a, o, call)
	if o.shown {
		w.versions[a.which] = o.one.version
	}
	if a.kind == rotates && o.status == http.StatusCreated {
		w.remember(id, a.label, read.Secret)
	}
}

func (w *worker) sendTo(a action, id string) (outcome, credentialAnswer) {
	path := "/" + id
	switch a.kind {
	case lists:
		return w.send(a, "GET", "?page_size=200&q="+w.mark(), "")
	case edits:
		body := fmt.Sprintf(`{"name":%q}`, a.name)
		if a.ifMatch == 0 {
			return w.send(a, "PATCH", path, body)
		}
		return w.send(a, "PATCH", path, body, "If-Match", fmt.Sprintf(`"%d"`, a.ifMatch))
	case disables, enables:
		return w.send(a, "POST", path+"/"+string(a.kind), "")
	case rotates:
		return w.send(a, "POST", path+"/secrets", fmt.Sprintf(`{"label":%q,"retire_others_after_seconds":86400}`, a.label))
	case drops:
		path += "/secrets/" + w.secretID(a.which, a.label)
		if a.compromised {
			path += "?compromised=true"
		}
		return w.send(a, "DELETE", path, "")
	case deletes:
		return w.send(a, "DELETE", path, "")
	}
	return w.send(a, "GET", path, "")
}

// recall is the first answer that anybody got to a read.
func (c *cellRecord) recall(which int) *outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first[which]
}

func (w *worker) record(a action, o outcome, call int64) {
	answered := int64(pending)
	if o.status != 0 {
		answered = w.now()
	}
	c := w.cellRecord
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history = append(c.history, porcupine.Operation{ClientId: w.id, Input: a, Call: call, Output: o, Return: answered})
	if a.kind == reads && o.status == http.StatusOK && c.first[a.which] == nil {
		c.first[a.which] = &o
	}
}

// remember lets the doors be asked about a secret.
func (h *historian) remember(id, label, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets = append(h.secrets, presented{id: id, label: label, text: text, issued: h.now()})
}

// credentialAnswer is what is read of an answer, whichever it is.
type credentialAnswer struct {
	ClientID string             `json:"client_id"`
	Secret   string             `json:"client_secret"`
	Label    string             `json:"label"`
	SecretID string             `json:"secret_id"`
	Name     string             `json:"name"`
	Status   string             `json:"status"`
	Version  int64              `json:"version"`
	All      []credentialAnswer `json:"credentials"`
	Secrets  []struct {
		ID    string     `json:"secret_id"`
		Label *string    `json:"label"`
		End   *time.Time `json:"expires_at"`
	} `json:"secrets"`
}

// send asks one of the nodes.
func (w *worker) send(a action, method, path, body string, header ...string) (outcome, credentialAnswer) {
	n := w.nodes[rand.IntN(len(w.nodes))]
	header = append(header, "Authorization", "Bearer "+w.token, "Content-Type", "application/json")
	got, err := n.askFor(patience, method, "/api/v1/credentials"+path, body, header...)
	var read credentialAnswer
	if err == nil && got.status/100 == 2 && got.body != "" {
		err = json.Unmarshal([]byte(got.body), &read)
	}
	switch {
	case err != nil || got.status == http.StatusServiceUnavailable:
		return outcome{}, read
	case got.status >= 500, got.status == http.StatusUnauthorized, got.status == http.StatusForbidden, got.status == http.StatusTooManyRequests:
		w.strayed("%v: %d %s", a, got.status, got.body)
		return outcome{}, read
	case a.kind == makes && got.status == http.StatusConflict:
		_ = json.Unmarshal([]byte(got.body), &read) // the client ID, or none, which the next action shows
	}
	o := outcome{status: got.status}
	if got.status/100 != 2 {
		return o, read
	}
	switch a.kind {
	case lists:
		for i := range read.All {
			which := w.whose(read.All[i].ClientID, read.All[i].Name)
			if which < 0 {
				w.strayed("%v: a credential that nobody made: %+v", a, read.All[i])
				continue
			}
			o.all[which] = w.learn(which, &read.All[i])
		}
	case rotates:
		w.learnSecret(a.which, read.Label, read.SecretID)
	case makes, reads, edits, disables, enables:
		o.shown, o.one = true, w.learn(a.which, &read)
	case drops, deletes:
	}
	return o, read
}

func (h *historian) strayed(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stray = append(h.stray, fmt.Sprintf(format, args...))
}

// whose is the number of a listed credential. One whose maker has no answer yet
// has the name that it was made with, since nobody else knows its ID; -1: it is
// none of the cell's.
func (c *cellRecord) whose(id, name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if which := slices.Index(c.ids[:], id); which >= 0 {
		return which
	}
	for which := range c.ids {
		if c.ids[which] == "" && name == c.newName(which) {
			return which
		}
	}
	return -1
}

// learn is the register that an answer shows.
func (c *cellRecord) learn(which int, read *credentialAnswer) register {
	var labels []string
	for _, s := range read.Secrets {
		label := firstSecret
		if s.Label != nil {
			label = *s.Label
		}
		c.learnSecret(which, label, s.ID)
		if s.End != nil {
			label += endingMark
		}
		labels = append(labels, label)
	}
	return register{there, read.Version, read.Name, read.Status == "disabled", joinLabels(labels)}
}

func (c *cellRecord) learnSecret(which int, label, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.named[fmt.Sprint(which, " ", label)] = id
}

// askFor is ask with a limit of its own.
func (n *node) askFor(limit time.Duration, method, path, body string, header ...string) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+n.address+":8420"+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := n.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	read, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(read)}, err
}
