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

const (
	// pollers poll as often together as a thousand nodes do. They are few, as the kernel counts the time of each of
	// PostgreSQL's processes in hundredths of a second.
	pollers   = 8
	pollEvery = pollers * accesstoken.DefaultPollInterval / 1000
)

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
	return s.table("Polls, as often as those of a thousand nodes", "polls/s | CPU a poll µs | memory a connection MiB",
		[][]any{{float64(asked.Load()) / s.length.Seconds(), each, memory}}, "%.0f", "%.1f", "%.1f")
}

// pollAll polls until ctx ends.
func pollAll(ctx context.Context, stores []*sqlstore.Store, asked *atomic.Int64) error {
	var group sync.WaitGroup
	faults := make([]error, len(stores))
	for n, store := range stores {
		group.Go(func() {
			tick := time.NewTicker(pollEvery)
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

// flushed are counts of so many credentials.
const flushed = 1000

// usage asks what counting costs the database: calls, each five seconds, and last uses, once a minute.
func (s *site) usage(ctx context.Context) error {
	uses, err := s.used(ctx)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, what := range []struct {
		name, figure string
		write        func(context.Context, *sqlstore.Store, []accesstoken.SecretUse) error
		far          []time.Duration
	}{
		{"counts", "count", addCounts, distances()},
		{"last uses", "use", addUses, distances()[:1]},
	} {
		for _, d := range what.far {
			took, cost, err := s.thousand(ctx, d, func(ctx context.Context, store *sqlstore.Store) error { return what.write(ctx, store, uses) })
			if err != nil {
				return err
			}
			rows = append(rows, []any{what.name, milliseconds(d), milliseconds(took), cost.database.Seconds() * 1000, float64(cost.wal) / flushed, cost.trips})
			s.noteAt(int(d.Milliseconds()), 0, what.figure+"_cpu", milliseconds(cost.database), fmt.Sprintf("CPU of PostgreSQL to write %d %s, ms", flushed, what.name))
			s.noteAt(int(d.Milliseconds()), 0, what.figure+"_wal", float64(cost.wal)/flushed, "WAL of one of them, bytes")
			s.noteAt(int(d.Milliseconds()), 80, what.figure+"_far", took.Seconds(), fmt.Sprintf("time to write %d %s, 80 ms away, s", flushed, what.name))
		}
	}
	return s.table(fmt.Sprintf("Usage of %d credentials, in batches of %d", flushed, together),
		"what | round trip ms | ms | database CPU ms | WAL bytes each | round trips", rows, "%s", "%.0f", "%.0f", "%.1f", "%.0f", "%d")
}

// thousand writes so many of something again and again and returns what one time came to.
func (s *site) thousand(ctx context.Context, d time.Duration, write func(context.Context, *sqlstore.Store) error) (took time.Duration, cost expense, err error) {
	s.wire.SetRoundTrip(0)
	store, err := sqlstore.Open(ctx, sqlstore.Options{URL: s.far.databaseURL})
	if err != nil {
		return 0, expense{}, err
	}
	if err := write(ctx, store); err != nil { // the rows are there, the statements prepared
		return 0, expense{}, err
	}
	s.wire.SetRoundTrip(d)
	began, times := time.Now(), 0
	cost, err = s.during(ctx, nil, func() error {
		for ; times == 0 || time.Since(began) < s.length; times++ {
			if err := write(ctx, store); err != nil {
				return err
			}
		}
		return nil
	})
	n := time.Duration(max(times, 1))
	took = time.Since(began) / n
	s.wire.SetRoundTrip(0)
	return took, expense{database: cost.database / n, wal: cost.wal / int64(n), trips: cost.trips / int64(n)}, errors.Join(err, store.Close())
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

// together are what a node writes in one batch.
const together = 250

func addCounts(ctx context.Context, store *sqlstore.Store, uses []accesstoken.SecretUse) error {
	hour := time.Now().UTC().Truncate(time.Hour)
	for part := range slices.Chunk(uses, together) {
		var counts []accesstoken.UsageCount
		for _, use := range part {
			counts = append(counts, accesstoken.UsageCount{
				ClientID: use.ClientID, Hour: hour, Outcome: string(accesstoken.OutcomeIssued), Scope: benchScope, Calls: 1,
			})
		}
		if err := store.AccessToken().AddUsage(ctx, apicred.BatchID{}, accesstoken.UsageBatch{Counts: counts}); err != nil {
			return err
		}
	}
	return nil
}

func addUses(ctx context.Context, store *sqlstore.Store, uses []accesstoken.SecretUse) error {
	for part := range slices.Chunk(uses, together) {
		for i := range part {
			part[i].At = time.Now() // later than before
		}
		if err := store.AccessToken().AddUsage(ctx, apicred.BatchID{}, accesstoken.UsageBatch{Uses: part}); err != nil {
			return err
		}
	}
	return nil
}
