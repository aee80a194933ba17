package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/sqlstore"
)

const (
	// longOffline is from when on the worst case of a revocation that a node
	// cannot learn of deserves a second thought.
	longOffline = time.Hour
	// maxMetrics is far more than /metrics answers.
	maxMetrics = 4 << 20
)

// offline looks at how long nodes answer without the database.
func (d *doctor) offline() {
	if d.cfg.MaxOffline > longOffline {
		d.found(FindingWarning, "max_offline", fmt.Sprintf("Without the database, a node goes on for %s: for as long, and 5 minutes more, it takes what was revoked meanwhile.", d.cfg.MaxOffline),
			"Set max_offline to what may pass between a revocation and its taking effect at the worst.")
		return
	}
	d.ok("max_offline", "Without the database, a node goes on for %s.", d.cfg.MaxOffline)
}

// runningView asks the operator's listener how old the running server's view of
// the database is.
func (d *doctor) runningView(ctx context.Context) {
	body, err := d.get(ctx, "http://"+d.cfg.OpsListen+"/metrics")
	if err != nil {
		return // none runs, or its listener is elsewhere: that is said of the server
	}
	defer func() { _ = body.Close() }()
	age, refuses, seen := viewOf(body)
	const remedy = "See the server's log for why it does not reach the database."
	switch message := fmt.Sprintf("The running server's view of the database is %s old", age.Round(time.Millisecond)); {
	case !seen:
		return // something else listens there
	case refuses:
		d.found(FindingFailed, "staleness", message+": it refuses everybody.", remedy)
	case age > skewSeen:
		d.found(FindingWarning, "staleness", fmt.Sprintf("%s, and the bound is %s: it serves what it knew.", message, skewSeen), remedy)
	default:
		d.ok("staleness", "%s.", message)
	}
}

// viewOf reads age and state of a view from metrics.
func viewOf(metrics io.Reader) (age time.Duration, refuses, seen bool) {
	lines := bufio.NewScanner(io.LimitReader(metrics, maxMetrics))
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue
		}
		switch name {
		case "claviger_staleness_seconds":
			age, seen = time.Duration(value*float64(time.Second)), true
		case `claviger_view_state{state="refuse"}`:
			refuses = value == 1
		}
	}
	return age, refuses, seen
}

// issuerClock compares this clock with the Date of whatever answers under the
// issuer's name: the proxy in front, or another node.
func (d *doctor) issuerClock(ctx context.Context) {
	if d.cfg.Issuer == "" {
		return // it follows a port that nobody knows
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.cfg.Issuer+"/healthz", nil)
	if err != nil {
		return // not met: the setting was checked
	}
	began := time.Now()
	response, err := d.client(false).Do(request)
	if err != nil {
		if d.issuerElsewhere() {
			d.found(FindingWarning, "issuer", "Nothing answers under the issuer's name from this machine: "+plainCause(err)+".", "Start the server and what stands before it. If this machine may not reach its own public name, look from another.")
		}
		return
	}
	_ = response.Body.Close()
	at, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return // a proxy that tells no time
	}
	// A Date is cut to the second: up to one is no difference.
	skew := at.Add(500 * time.Millisecond).Sub(began.Add(time.Since(began) / 2)).Abs()
	switch message := fmt.Sprintf("This machine's clock differs by about %s from that of what answers under %s.", skew.Round(time.Second), d.cfg.Issuer); {
	case skew > skewHarmful:
		d.found(FindingFailed, "clock", message, clockRemedy)
	case skew > skewSeen:
		d.found(FindingWarning, "clock", message, clockRemedy)
	default:
		d.ok("clock", "What answers under %s has the same time.", d.cfg.Issuer)
	}
}

// get reads an address of this machine; anything but 200 is an error.
func (d *doctor) get(ctx context.Context, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := d.client(false)
	client.Timeout = probeTime
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("%s", response.Status)
	}
	return response.Body, nil
}

// client asks once, and believes any certificate where anyName: nothing is told
// to the other side then.
func (d *doctor) client(anyName bool) *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: anyName}}, //nolint:gosec // G402: see above
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// replication looks at whether a failover of the database can lose what was
// acknowledged.
func (d *doctor) replication(f *sqlstore.Examination) {
	switch {
	case f.Version == "" || f.Servers < 2:
	case f.Synchronous:
		d.ok("replication", "%d database servers hold the data, and a commit waits for more than one.", f.Servers)
	default:
		d.found(FindingWarning, "replication", fmt.Sprintf("%d database servers hold the data, and a commit waits for one alone: a failover can lose changes, revocations among them.", f.Servers),
			"Set synchronous_standby_names and synchronous_commit = on in the database server, as docs/many-nodes.md has it.")
	}
}

// rights looks at what whoever takes over the server's role could do.
func (d *doctor) rights(f *sqlstore.Examination) {
	switch {
	case f.Version == "":
	case f.MayRewriteAudit:
		d.found(FindingWarning, "database_rights", "The role of database_url may change audit events that are written or their addresses, or where the log begins.", "Give the servers a role of their own, as docs/many-nodes.md has it (\"Rights in the database\").")
	default:
		d.ok("database_rights", "The role of database_url may not change audit events.")
	}
}
