package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/sqlstore"
)

// pollers are nodes that only poll, enough for their cost to stand out.
const pollers = 50

// polls asks what nodes cost the primary that follow and do nothing else.
func (s *site) polls(ctx context.Context) (err error) {
	var stores []*sqlstore.Store
	defer func() {
		for _, store := range stores {
			err = errors.Join(err, store.Close())
		}
	}()
	for range pollers {
		store, err := sqlstore.Open(ctx, sqlstore.Options{URL: s.near.databaseURL})
		if err != nil {
			return err
		}
		stores = append(stores, store)
	}
	memory, err := s.backendMemory()
	if err != nil {
		return err
	}
	idle, err := s.during(ctx, nil, func() error { pause(ctx, s.length); return nil })
	if err != nil {
		return err
	}
	var asked atomic.Int64
	busy, err := s.during(ctx, nil, func() error {
		ctx, cancel := context.WithTimeout(ctx, s.length)
		defer cancel()
		return pollAll(ctx, stores, &asked)
	})
	if err != nil {
		return err
	}
	each := float64(busy.database-idle.database) / float64(asked.Load()) / float64(time.Microsecond)
	s.note("poll_cpu", each, "CPU of PostgreSQL for one poll of the head row, µs")
	s.note("connection_memory", memory, "memory of PostgreSQL for one connection, MiB")
	return s.table(fmt.Sprintf("Polls of %d nodes, each four a second", pollers), "polls/s | CPU a poll µs | memory a connection MiB",
		[][]any{{float64(asked.Load()) / s.length.Seconds(), each, memory}}, "%.0f", "%.1f", "%.1f")
}

// pollAll polls as nodes do until ctx ends.
func pollAll(ctx context.Context, stores []*sqlstore.Store, asked *atomic.Int64) error {
	var group sync.WaitGroup
	faults := make([]error, len(stores))
	for n, store := range stores {
		group.Go(func() {
			tick := time.NewTicker(accesstoken.DefaultPollInterval)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				if _, err := store.AccessToken().Head(context.WithoutCancel(ctx)); err != nil {
					faults[n] = err
					return
				}
				asked.Add(1)
			}
		})
	}
	group.Wait()
	return errors.Join(faults...)
}

// backendMemory is the median of what PostgreSQL's processes have for themselves (RssAnon of proc(5)), in MiB.
func (s *site) backendMemory() (float64, error) {
	first, err := postgresProcess()
	if err != nil {
		return 0, err
	}
	times, err := processTimes()
	if err != nil {
		return 0, err
	}
	var own []float64
	for pid, t := range times {
		if t.parent != first[0] {
			continue
		}
		if one, err := memoryOf(pid); err == nil { // else it has ended
			own = append(own, one.own)
		}
	}
	if len(own) == 0 {
		return 0, errors.New("no process of PostgreSQL's is seen")
	}
	slices.Sort(own)
	return median(own), nil
}

// flushed are counts of so many credentials, each as one that asked for one token since the last time.
const flushed = 1000

// usage asks what counting costs the database.
func (s *site) usage(ctx context.Context) error {
	uses, err := s.used(ctx)
	if err != nil {
		return err
	}
	var rows [][]any
	for k, d := range distances() {
		s.wire.SetRoundTrip(0)
		store, err := sqlstore.Open(ctx, sqlstore.Options{URL: s.far.databaseURL})
		if err != nil {
			return err
		}
		s.wire.SetRoundTrip(d)
		began, times := time.Now(), 0
		cost, err := s.during(ctx, nil, func() error {
			for ; times == 0 || time.Since(began) < s.length; times++ {
				if err := flush(ctx, store, uses, 1000*k+times); err != nil {
					return err
				}
			}
			return nil
		})
		took := time.Since(began)
		s.wire.SetRoundTrip(0)
		if err := errors.Join(err, store.Close()); err != nil {
			return err
		}
		n := float64(times)
		rows = append(rows, []any{milliseconds(d), milliseconds(took) / n, milliseconds(cost.database) / n, float64(cost.wal) / n / flushed, float64(cost.trips) / n})
		s.noteAt(int(d.Milliseconds()), 0, "usage_cpu", milliseconds(cost.database)/n, fmt.Sprintf("CPU of PostgreSQL to count %d active credentials once, ms", flushed))
		s.noteAt(int(d.Milliseconds()), 0, "usage_wal", float64(cost.wal)/n/flushed, "WAL of counting one active credential once, bytes")
		s.noteAt(int(d.Milliseconds()), 80, "usage_far", took.Seconds()/n, fmt.Sprintf("time to write the counts of %d active credentials, 80 ms away, s", flushed))
	}
	return s.table(fmt.Sprintf("Usage of %d active credentials, once: a count and a last use of each", flushed),
		"round trip ms | ms | database CPU ms | WAL bytes a credential | round trips", rows, "%.0f", "%.0f", "%.1f", "%.0f", "%.0f")
}

// used are credentials that were used, each by its secret.
func (s *site) used(ctx context.Context) (uses []accesstoken.SecretUse, err error) {
	lines, err := s.ask(ctx, fmt.Sprintf("SELECT client_id, secret_id FROM secrets ORDER BY client_id LIMIT %d", flushed))
	for line := range strings.Lines(lines) {
		clientID, secretID, _ := strings.Cut(strings.TrimSpace(line), "|")
		uses = append(uses, accesstoken.SecretUse{ClientID: clientID, SecretID: secretID, Address: "192.0.2.10"})
	}
	return uses, err
}

// flush writes as a node does, batch by batch.
func flush(ctx context.Context, store *sqlstore.Store, uses []accesstoken.SecretUse, turn int) error {
	const together = 250 // accesstoken's batch
	now := time.Now().UTC()
	for part := range slices.Chunk(uses, together) {
		var counts []accesstoken.UsageCount
		for i := range part {
			part[i].At = now.Add(time.Duration(turn) * time.Minute)
			counts = append(counts, accesstoken.UsageCount{
				ClientID: part[i].ClientID, Hour: now.Truncate(time.Hour), Outcome: string(accesstoken.OutcomeIssued), Scope: benchScope, Calls: 1,
			})
		}
		if err := store.AccessToken().AddUsage(ctx, apicred.BatchID{}, accesstoken.UsageBatch{Counts: counts}); err != nil {
			return err
		}
		if err := store.AccessToken().AddUsage(ctx, apicred.BatchID{}, accesstoken.UsageBatch{Uses: part}); err != nil {
			return err
		}
	}
	return nil
}
