package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/claviger/claviger/bench/load"
)

// distances are round trips to the database: the same rack, another building, another city, two continents.
func distances() []time.Duration {
	return []time.Duration{0, time.Millisecond, 10 * time.Millisecond, 40 * time.Millisecond, 80 * time.Millisecond}
}

// changes asks how many changes an installation takes: near the database, far from it, and where each commit waits for a
// standby that is far.
func (s *site) changes(ctx context.Context, onSQLite *installation) error {
	const heads = "node and database | callers | changes/s | p50 ms | p99 ms | node CPU ms | database CPU ms | WAL bytes | round trips"
	formats := []string{"%s", "%d", "%.0f", "%.1f", "%.1f", "%.2f", "%.2f", "%.0f", "%.1f"}
	var rows [][]any
	measure := func(label string, node *installation, callers int) (load.Result, expense, error) {
		result, cost, err := s.rename(ctx, node, callers)
		n := float64(max(result.Requests, 1))
		rows = append(rows, []any{
			label, callers, result.Rate(), milliseconds(result.P50), milliseconds(result.P99),
			milliseconds(cost.node) / n, milliseconds(cost.database) / n, float64(cost.wal) / n, float64(cost.trips) / n,
		})
		return result, cost, err
	}
	for _, callers := range []int{1, 8, 32} {
		result, _, err := measure(sqlite, onSQLite, callers)
		if err != nil {
			return err
		}
		s.noteAt(callers, 8, "change_rate_sqlite", result.Rate(), "changes a second, SQLite, 8 callers")
	}
	for _, callers := range []int{1, 8, 32} {
		result, cost, err := measure("PostgreSQL, beside it", s.near, callers)
		if err != nil {
			return err
		}
		n := float64(result.Requests)
		s.noteAt(callers, 8, "change_rate", result.Rate(), "changes a second, PostgreSQL beside the node, 8 callers")
		s.noteAt(callers, 8, "change_cpu", milliseconds(cost.node+cost.database)/n, "CPU of node and database for one change, ms")
		s.noteAt(callers, 8, "change_wal", float64(cost.wal)/n, "WAL of one change, bytes")
	}
	for _, d := range distances()[1:] {
		s.wire.SetRoundTrip(d)
		result, cost, err := measure(fmt.Sprintf("PostgreSQL, %v away", d), s.far, 8)
		if err != nil {
			return err
		}
		s.noteAt(int(d.Milliseconds()), 80, "change_rate_far", result.Rate(), "changes a second of a node 80 ms from the primary, 8 callers")
		s.noteAt(int(d.Milliseconds()), 80, "change_trips", float64(cost.trips)/float64(result.Requests), "round trips of one change, polls included")
	}
	s.wire.SetRoundTrip(0)
	for _, d := range distances()[1:] {
		if err := s.commitsWait(ctx, d); err != nil {
			return err
		}
		result, _, err := measure(fmt.Sprintf("PostgreSQL, commits wait %v", d), s.near, 8)
		if err != nil {
			return err
		}
		s.noteAt(int(d.Milliseconds()), 10, "change_rate_sync", result.Rate(), "changes a second where each commit waits 10 ms for a standby, 8 callers")
	}
	if err := s.commitsWait(ctx, 0); err != nil {
		return err
	}
	return s.table("Changes: PATCH /api/v1/credentials/{client_id}, each caller its own credential; costs are of one change", heads, rows, formats...)
}

// noteAt notes a figure of the one row of a series that the document reckons with.
func (s *site) noteAt(at, wanted int, name string, value float64, means string) {
	if at == wanted {
		s.note(name, value, means)
	}
}

// commitsWait makes each commit wait as one that must reach a standby: PostgreSQL holds it back before it writes.
func (s *site) commitsWait(ctx context.Context, d time.Duration) error {
	_, err := s.ask(ctx, fmt.Sprintf("ALTER SYSTEM SET commit_delay = %d", d.Microseconds()),
		"ALTER SYSTEM SET commit_siblings = 0", "SELECT pg_reload_conf()")
	pause(ctx, 100*time.Millisecond) // each connection is told before its next statement
	return err
}

// rename gives credentials new names as fast as callers can.
func (s *site) rename(ctx context.Context, node *installation, callers int) (result load.Result, cost expense, err error) {
	caller := newCaller()
	defer caller.CloseIdleConnections()
	cost, err = s.during(ctx, node, func() (err error) {
		result, err = crowd(ctx, callers, s.length, func(ctx context.Context, n, turn int) error {
			body := fmt.Sprintf(`{"name":"job %d of caller %d"}`, turn+rand.IntN(1e6), n) //nolint:gosec // G404: a name, no secret
			return do(caller, node.manage(ctx, http.MethodPatch, "/credentials/"+node.own[n].ClientID, body), http.StatusOK)
		})
		return err
	})
	return result, cost, err
}

// manage is a request to the management API.
func (i *installation) manage(ctx context.Context, method, path, body string) *http.Request {
	request, err := http.NewRequestWithContext(ctx, method, i.issuer+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		panic(err) // of constant parts
	}
	request.Header.Set("Authorization", "Bearer "+i.token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return request
}

const (
	seenTrials = 60
	// burst is what somebody does who applies a file of credentials.
	burst = 200
	// burstPatience is how long the last of a burst is waited for.
	burstPatience = time.Minute
)

// seen asks how soon the far node knows of what the near one acknowledged.
func (s *site) seen(ctx context.Context) error {
	var rows [][]any
	for k, d := range distances() {
		s.wire.SetRoundTrip(0)
		var took []time.Duration
		for trial := range seenTrials {
			one, err := s.seenAfter(ctx, s.near.people.clients[100+k*seenTrials+trial], d)
			if err != nil {
				return err
			}
			took = append(took, one)
		}
		slices.Sort(took)
		p50, p99 := took[len(took)/2], took[len(took)*99/100]
		last, err := s.burstAfter(ctx, s.near.people.clients[500:500+burst], d)
		if err != nil {
			return err
		}
		rows = append(rows, []any{milliseconds(d), milliseconds(p50), milliseconds(p99), last.Seconds()})
		s.noteAt(int(d.Milliseconds()), 0, "seen_p99", milliseconds(p99), "one change seen on a node beside the primary, p99, ms")
		s.noteAt(int(d.Milliseconds()), 80, "seen_p99_far", milliseconds(p99), "one change seen 80 ms from the primary, p99, ms")
		s.noteAt(int(d.Milliseconds()), 80, "burst_far", last.Seconds(), fmt.Sprintf("the last of %d changes at once seen there, s", burst))
	}
	s.wire.SetRoundTrip(0)
	return s.table(fmt.Sprintf("From acknowledged to enforced on another node: one change (%d trials), and the last of %d changes made at once (60: not within a minute)", seenTrials, burst),
		"round trip ms | p50 ms | p99 ms | burst s", rows, "%.0f", "%.0f", "%.0f", "%.1f")
}

// seenAfter disables a credential at some moment between two polls and times how long the far node still lets its token pass.
func (s *site) seenAfter(ctx context.Context, c client, d time.Duration) (time.Duration, error) {
	c.Issuer = s.near.issuer
	token, err := c.token(ctx)
	if err != nil {
		return 0, err
	}
	if code, err := s.checked(ctx, token); err != nil || code != http.StatusOK {
		return 0, fmt.Errorf("before the change: %d, %w", code, err)
	}
	s.wire.SetRoundTrip(d)
	pause(ctx, d+time.Duration(rand.Int64N(int64(300*time.Millisecond)))) //nolint:gosec // G404: a moment, no secret
	if err := do(s.near.caller, s.near.manage(ctx, http.MethodPost, "/credentials/"+c.ClientID+"/disable", ""), http.StatusOK); err != nil {
		return 0, err
	}
	return s.untilRefused(ctx, token, time.Now())
}

// burstAfter disables and enables credentials at once and times how long the far node lets the last token pass.
func (s *site) burstAfter(ctx context.Context, clients []client, d time.Duration) (time.Duration, error) {
	s.wire.SetRoundTrip(0)
	var tokens []string
	for _, c := range clients {
		c.Issuer = s.near.issuer
		token, err := c.token(ctx)
		if err != nil {
			return 0, err
		}
		tokens = append(tokens, token)
	}
	s.wire.SetRoundTrip(d)
	const callers = 8
	caller := newCaller()
	defer caller.CloseIdleConnections()
	each := func(path string) error {
		_, err := crowd(ctx, callers, 0, func(ctx context.Context, n, _ int) error {
			for k := n; k < len(clients); k += callers {
				if err := do(caller, s.near.manage(ctx, http.MethodPost, "/credentials/"+clients[k].ClientID+path, ""), http.StatusOK); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	}
	if err := each("/disable"); err != nil {
		return 0, err
	}
	took, err := s.lastRefused(ctx, tokens)
	if err != nil {
		return 0, err
	}
	s.wire.SetRoundTrip(0)
	return took, each("/enable")
}

// lastRefused asks about all tokens side by side, as each refusal waits for a look at the database that all of them share.
func (s *site) lastRefused(ctx context.Context, tokens []string) (time.Duration, error) {
	acknowledged, longest := time.Now(), make([]time.Duration, len(tokens))
	_, err := crowd(ctx, len(tokens), 0, func(ctx context.Context, n, _ int) (err error) {
		longest[n], err = s.untilRefused(ctx, tokens[n], acknowledged)
		return err
	})
	return slices.Max(longest), err
}

// untilRefused asks the far node until it refuses the token, burstPatience at most.
func (s *site) untilRefused(ctx context.Context, token string, since time.Time) (time.Duration, error) {
	for {
		code, err := s.checked(ctx, token)
		took := time.Since(since)
		switch {
		case err != nil:
			return 0, err
		case code == http.StatusUnauthorized:
			return took, nil
		case took > burstPatience:
			return burstPatience, nil
		}
		pause(ctx, 2*time.Millisecond)
	}
}

// checked is the far node's forward-auth answer.
func (s *site) checked(ctx context.Context, token string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.far.issuer+"/forward-auth", nil)
	if err != nil {
		return 0, err
	}
	for _, header := range checkHeaders(token) {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	return status(s.far.caller, request)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
