package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

const (
	// endingWaves times five kinds of ending are the trials.
	endingWaves = 40
	// endingBound is how long after its acknowledgement a change counts at every door (R11).
	endingBound = 2 * time.Second
	// endingGoal is what 99 of 100 should take at most. It is printed and not asserted: a busy machine would fail it.
	endingGoal = 500 * time.Millisecond
	// endingLimit is when a door that goes on to say yes is given up.
	endingLimit = 30 * time.Second
)

// ending is a way for a token that is out to lose what it opened.
type ending struct {
	name    string
	refused int // the status from then on
	end     func(*testing.T, *endingSite, victim)
}

// victim is a token that every door lets through, and what it came from.
type victim struct {
	credential
	secretID, token string
}

func endings() []ending {
	return []ending{
		{"token revoked", http.StatusUnauthorized, func(t *testing.T, s *endingSite, v victim) {
			form := url.Values{"token": {v.token}, "client_id": {v.id}, "client_secret": {v.secret}}.Encode()
			s.want(t, 200, call(t, "POST", s.changes.address+"/oauth2/revoke", form, "Content-Type", formType))
		}},
		{"credential disabled", http.StatusUnauthorized, func(t *testing.T, s *endingSite, v victim) {
			s.manage(t, 200, "POST", "/credentials/"+v.id+"/disable", "")
		}},
		{"secret compromised", http.StatusUnauthorized, func(t *testing.T, s *endingSite, v victim) {
			s.manage(t, 204, "DELETE", "/credentials/"+v.id+"/secrets/"+v.secretID+"?compromised=true", "")
		}},
		{"scope removed", http.StatusForbidden, func(t *testing.T, s *endingSite, v victim) {
			s.manage(t, 200, "PATCH", "/credentials/"+v.id, `{"scopes":["orders:read"]}`)
		}},
		{"owner demoted", http.StatusForbidden, func(t *testing.T, s *endingSite, _ victim) {
			s.manage(t, 200, "PATCH", "/users/"+s.owner, `{"role":"supervisor"}`)
		}},
	}
}

// TestEnding_ReachesEveryDoorWithinTwoSecondsOfItsAcknowledgement ends tokens that are out in five ways, 200 times, and asks
// the gateway, forward-auth and a service in a process of its own without pause until each says no. None may let a call
// through that begins two seconds after the change was acknowledged (R11, S13). With SQLite all is one node; with
// PostgreSQL the change is made on another one than that of the doors. How long it took is printed; with PostgreSQL
// the waves fall into step with the poll of the head row, just behind it, so the figures are near its longest.
func TestEnding_ReachesEveryDoorWithinTwoSecondsOfItsAcknowledgement(t *testing.T) {
	s := newEndingSite(t)
	kinds := endings()
	took := map[string][]time.Duration{} // by kind and door
	for wave := range endingWaves {
		s.wave(t, slices.Concat(kinds[wave%len(kinds):], kinds[:wave%len(kinds)]), took)
		if t.Failed() {
			break
		}
	}
	t.Log("\n" + endingTable(s, kinds, took))
}

// wave is one trial of each kind. Their changes follow each other as fast as they are acknowledged.
func (s *endingSite) wave(t *testing.T, kinds []ending, took map[string][]time.Duration) {
	t.Helper()
	victims := make([]victim, len(kinds))
	for n, kind := range kinds {
		victims[n] = s.victim(t, kind)
		for _, d := range s.doors {
			soon(t, d.name+" lets the token through", func() bool {
				status, err := d.ask(t.Context(), victims[n].token)
				must(t, err)
				return status == http.StatusOK
			})
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), endingLimit)
	defer cancel()
	watched := make([][]<-chan sighting, len(kinds))
	for n, kind := range kinds {
		for _, d := range s.doors {
			watched[n] = append(watched[n], d.watch(ctx, victims[n].token, kind.refused))
		}
	}
	acknowledged := make([]time.Time, len(kinds))
	for n, kind := range kinds {
		kind.end(t, s, victims[n])
		acknowledged[n] = time.Now()
	}
	for n, kind := range kinds {
		for k, d := range s.doors {
			saw := <-watched[n][k]
			if saw.err != nil {
				t.Errorf("%s, %s: %v", kind.name, d.name, saw.err)
				continue
			}
			if late := saw.lastYes.Sub(acknowledged[n]); late > endingBound {
				t.Errorf("%s: %s let a call through that began %v after the change was acknowledged", kind.name, d.name, late)
			}
			key := kind.name + d.name
			took[key] = append(took[key], max(0, saw.firstNo.Sub(acknowledged[n])))
			if status, err := d.ask(t.Context(), victims[n].token); err != nil || status == http.StatusOK {
				t.Errorf("%s: %s refused, and then answered %d %v", kind.name, d.name, status, err)
			}
		}
	}
}

// sighting is what came of asking a door until it said no.
type sighting struct {
	lastYes time.Time // when the last call that was let through began
	firstNo time.Time // when the first refusal had arrived
	err     error
}

// asking is a door as a program finds it; ask returns its status.
type asking struct {
	name string
	ask  func(ctx context.Context, token string) (int, error)
}

// watch asks until the status is refused. Another that is no yes is no answer yet.
func (d asking) watch(ctx context.Context, token string, refused int) <-chan sighting {
	out := make(chan sighting, 1)
	go func() {
		var saw sighting
		pause := time.NewTicker(2 * time.Millisecond) // a core is left to the servers
		defer pause.Stop()
		for {
			begun := time.Now()
			status, err := d.ask(ctx, token)
			switch {
			case err != nil:
				saw.err = fmt.Errorf("never answered %d: %w", refused, err)
			case status == refused:
				saw.firstNo = time.Now()
			case status == http.StatusOK:
				saw.lastYes = begun
			}
			if saw.err != nil || !saw.firstNo.IsZero() {
				out <- saw
				return
			}
			<-pause.C
		}
	}()
	return out
}

// newAsking makes a door of one kept connection for each question under way; header is pairs of name and value.
func newAsking(t *testing.T, name, method, address string, header ...string) asking {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 20 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	return asking{name, func(ctx context.Context, token string) (int, error) {
		req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
		if err != nil {
			return 0, err
		}
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		defer func() { _ = res.Body.Close() }()
		_, err = io.Copy(io.Discard, res.Body)
		return res.StatusCode, err
	}}
}

// endingTable is a row for each kind, and one for all of them: p50, p99 and the longest at each door, in milliseconds.
func endingTable(s *endingSite, kinds []ending, took map[string][]time.Duration) string {
	out, all := new(bytes.Buffer), map[string][]time.Duration{}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(out, "%s: milliseconds from the acknowledgement to the first refusal, p50, p99, longest\n", s.name)
	_, _ = io.WriteString(w, "ending\ttrials\t")
	for _, d := range s.doors {
		_, _ = io.WriteString(w, d.name+"\t")
	}
	row := func(name string, of func(door string) []time.Duration) {
		_, _ = fmt.Fprintf(w, "\n%s\t%d\t", name, len(of(s.doors[0].name)))
		for _, d := range s.doors {
			_, _ = io.WriteString(w, threeFigures(of(d.name))+"\t")
		}
	}
	for _, kind := range kinds {
		row(kind.name, func(door string) []time.Duration { return took[kind.name+door] })
		for _, d := range s.doors {
			all[d.name] = append(all[d.name], took[kind.name+d.name]...)
		}
	}
	row("all", func(door string) []time.Duration { return all[door] })
	_, _ = io.WriteString(w, "\n")
	_ = w.Flush()
	for _, d := range s.doors {
		p99 := percentile(all[d.name], 99)
		_, _ = fmt.Fprintf(out, "%s: p99 %v, %s the goal of %v\n", d.name, p99.Round(time.Millisecond/10), map[bool]string{true: "within", false: "OVER"}[p99 < endingGoal], endingGoal)
	}
	return out.String()
}

func threeFigures(took []time.Duration) string {
	var cells []string
	for _, p := range []int{50, 99, 100} {
		cells = append(cells, fmt.Sprintf("%5.1f", float64(percentile(took, p))/float64(time.Millisecond)))
	}
	return strings.Join(cells, " ")
}

// percentile is the least value that p of 100 do not exceed (nearest rank).
func percentile(values []time.Duration, p int) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)*p+99)/100-1]
}

func TestPercentile_IsTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for n := range hundred {
		hundred[n] = time.Duration(100 - n)
	}
	for p, want := range map[int]time.Duration{1: 1, 50: 50, 99: 99, 100: 100} {
		if got := percentile(hundred, p); got != want {
			t.Errorf("p%d of 1 to 100 is %d", p, got)
		}
	}
	if got := percentile([]time.Duration{7}, 50); got != 7 {
		t.Errorf("p50 of one value is %d", got)
	}
}
