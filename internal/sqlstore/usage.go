package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/spool"
)

const (
	// pruneBatch bounds the rows that one transaction removes, so that a change
	// never waits long for it.
	pruneBatch = 250
	// How long usage is kept (R13).
	usageHoursKept = 14 * 24 * time.Hour
	usageDaysKept  = 400 * 24 * time.Hour
)

// pruning remembers for which moment something was removed last.
type pruning struct {
	mu   sync.Mutex
	last time.Time
}

// due tells once for each moment, behind those before, that it is time again.
func (p *pruning) due(moment time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !moment.After(p.last) {
		return false
	}
	p.last = moment
	return true
}

// addUsage writes a batch beside the head row. Rows go in one order, so that two
// nodes do not wait for each other in a circle.
func (s *Store) addUsage(ctx context.Context, id apicred.BatchID, batch accesstoken.UsageBatch) error {
	counts, uses := slices.Clone(batch.Counts), slices.Clone(batch.Uses)
	slices.SortFunc(counts, compareCounts)
	slices.SortFunc(uses, func(a, b accesstoken.SecretUse) int {
		return cmp.Or(strings.Compare(a.ClientID, b.ClientID), strings.Compare(a.SecretID, b.SecretID), a.At.Compare(b.At))
	})
	err := s.writeUsage(ctx, func(r *reader) error {
		if fresh, err := r.takeBatch(ctx, id); err != nil || !fresh {
			return err
		}
		if err := r.addCounts(ctx, counts); err != nil {
			return err
		}
		return r.addUses(ctx, uses)
	})
	if err != nil {
		return err
	}
	return s.pruneUsage(ctx, counts)
}

// writeUsage writes a batch, and once more when a credential was deleted on
// PostgreSQL between the look for it and the insert: it is not found then.
func (s *Store) writeUsage(ctx context.Context, fn func(*reader) error) error {
	once := func() error { return s.write(ctx, fn) }
	err := s.repeat(ctx, once)
	if apicred.IsKind(err, apicred.KindConflict) {
		return s.repeat(ctx, once)
	}
	return err
}

func compareCounts(a, b accesstoken.UsageCount) int {
	return cmp.Or(strings.Compare(a.ClientID, b.ClientID), a.Hour.Compare(b.Hour),
		strings.Compare(a.Outcome, b.Outcome), strings.Compare(a.Scope, b.Scope))
}

// addCounts adds to hours and days, a statement each: a batch is one wait for a
// database that is far, not one a row.
func (r *reader) addCounts(ctx context.Context, counts []accesstoken.UsageCount) error {
	for _, table := range []struct {
		name, start string
		startOf     func(time.Time) time.Time
	}{
		{"usage_hours", "hour", func(hour time.Time) time.Time { return hour }},
		{"usage_days", "day", dayOf},
	} {
		rows := make([][]any, 0, len(counts))
		for _, c := range counts {
			rows = append(rows, []any{c.ClientID, micros(table.startOf(c.Hour)), plain(c.Outcome), plain(c.Scope), c.Calls})
		}
		c := &composed{}
		// Rows of one key are added up here: PostgreSQL updates none twice. They go
		// in one order, see addUsage.
		c.add("INSERT INTO ", table.name, " (client_id, ", table.start, ", outcome, scope, calls) ",
			"SELECT c.client_id, CAST(l.value ->> 1 AS BIGINT), CAST(l.value ->> 2 AS TEXT), CAST(l.value ->> 3 AS TEXT), ",
			"CAST(SUM(CAST(l.value ->> 4 AS BIGINT)) AS BIGINT) FROM credentials AS c, ")
		if err := r.addRows(c, rows); err != nil {
			return err
		}
		c.add(" WHERE c.client_id = CAST(l.value ->> 0 AS TEXT) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 ",
			"ON CONFLICT (client_id, ", table.start, ", outcome, scope) DO UPDATE SET calls = ", table.name, ".calls + excluded.calls")
		if err := r.exec(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// addUses raises the last use of credentials and of secrets, a statement each.
func (r *reader) addUses(ctx context.Context, uses []accesstoken.SecretUse) error {
	if err := r.raiseCredentials(ctx, uses); err != nil {
		return err
	}
	if err := r.raiseSecrets(ctx, uses); err != nil {
		return err
	}
	return r.rehash(ctx, uses)
}

// rehash replaces hashes under an old pepper, in one statement: after a change of
// the master key every use has one, and to a database that is far each statement
// is a wait. None goes to another master key than the active signing key is under:
// a node that has not been given the new key as its own yet would take secrets back
// to the old one, behind the backs of those that have them in memory.
func (r *reader) rehash(ctx context.Context, uses []accesstoken.SecretUse) error {
	var rows [][]any
	for _, u := range uses {
		if u.SecretID != "" && u.Hash != nil {
			rows = append(rows, []any{u.ClientID, u.SecretID, hex.EncodeToString(u.Hash), u.PepperID})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	c := (&composed{}).add("UPDATE secrets SET hash = u.hash, pepper_id = u.pepper_id FROM (",
		"SELECT CAST(l.value ->> 0 AS TEXT) AS client_id, CAST(l.value ->> 1 AS TEXT) AS secret_id, ",
		r.unhex[0], "CAST(l.value ->> 2 AS TEXT)", r.unhex[1], " AS hash, CAST(l.value ->> 3 AS TEXT) AS pepper_id FROM ")
	if err := r.addRows(c, rows); err != nil {
		return err
	}
	return r.exec(ctx, c.add(") AS u WHERE secrets.client_id = u.client_id AND secrets.secret_id = u.secret_id ",
		"AND NOT EXISTS (SELECT 1 FROM signing_keys AS k WHERE k.status = 'active' AND k.master_key_id <> u.pepper_id)"))
}

func (r *reader) raiseCredentials(ctx context.Context, uses []accesstoken.SecretUse) error {
	rows := lastUses(uses, func(u *accesstoken.SecretUse) (string, string) { return u.ClientID, "" })
	c := (&composed{}).add("UPDATE credentials SET last_used_at = u.used_at, last_used_address = ", addressUnlessErased("credentials.owner_id"), " FROM (",
		"SELECT CAST(l.value ->> 0 AS TEXT) AS client_id, CAST(l.value ->> 2 AS BIGINT) AS used_at, CAST(l.value ->> 3 AS TEXT) AS address FROM ")
	if err := r.addRows(c, rows); err != nil {
		return err
	}
	return r.exec(ctx, c.add(") AS u WHERE credentials.client_id = u.client_id AND credentials.last_used_at < u.used_at"))
}

func (r *reader) raiseSecrets(ctx context.Context, uses []accesstoken.SecretUse) error {
	shown := slices.DeleteFunc(slices.Clone(uses), func(u accesstoken.SecretUse) bool { return u.SecretID == "" })
	if len(shown) == 0 {
		return nil
	}
	rows := lastUses(shown, func(u *accesstoken.SecretUse) (string, string) { return u.ClientID, u.SecretID })
	c := (&composed{}).add("UPDATE secrets SET last_used_at = u.used_at, last_used_address = ",
		addressUnlessErased("(SELECT c.owner_id FROM credentials AS c WHERE c.client_id = secrets.client_id)"), " FROM (",
		"SELECT CAST(l.value ->> 0 AS TEXT) AS client_id, CAST(l.value ->> 1 AS TEXT) AS secret_id, ",
		"CAST(l.value ->> 2 AS BIGINT) AS used_at, CAST(l.value ->> 3 AS TEXT) AS address FROM ")
	if err := r.addRows(c, rows); err != nil {
		return err
	}
	return r.exec(ctx, c.add(") AS u WHERE secrets.client_id = u.client_id AND secrets.secret_id = u.secret_id AND secrets.last_used_at < u.used_at"))
}

// lastUses are the last of each name, as rows, in the order in which the names
// came: an UPDATE would take any one of several.
func lastUses(uses []accesstoken.SecretUse, name func(*accesstoken.SecretUse) (client, secret string)) [][]any {
	type key struct{ client, secret string }
	last := make(map[key]*accesstoken.SecretUse, len(uses))
	var keys []key
	for i := range uses {
		var k key
		k.client, k.secret = name(&uses[i])
		if last[k] == nil {
			keys = append(keys, k)
		}
		if last[k] == nil || uses[i].At.After(last[k].At) {
			last[k] = &uses[i]
		}
	}
	rows := make([][]any, 0, len(keys))
	for _, k := range keys {
		rows = append(rows, []any{k.client, k.secret, micros(last[k].At), plain(last[k].Address)})
	}
	return rows
}

// pruneUsage removes usage past its keeping, and streams that nobody brings a
// batch of any more, once for each new hour, so many rows a transaction. The
// counts' own hours are the clock.
func (s *Store) pruneUsage(ctx context.Context, counts []accesstoken.UsageCount) error {
	var hour time.Time
	for _, c := range counts {
		if c.Hour.After(hour) {
			hour = c.Hour
		}
	}
	if hour.IsZero() || !s.prunedUsage.due(hour) {
		return nil
	}
	for _, remove := range []func(*reader) (int64, error){
		func(r *reader) (int64, error) {
			return r.q.DeleteUsageHoursBefore(ctx, micros(hour.Add(-usageHoursKept)), pruneBatch)
		},
		func(r *reader) (int64, error) {
			return r.q.DeleteUsageDaysBefore(ctx, micros(hour.Add(-usageDaysKept)), pruneBatch)
		},
		func(r *reader) (int64, error) {
			return r.q.DeleteBatchesWrittenBefore(ctx, micros(hour.Add(-spool.Remembered)), pruneBatch)
		},
	} {
		for removed := int64(pruneBatch); removed == pruneBatch; {
			err := s.writeUsage(ctx, func(r *reader) (err error) {
				removed, err = remove(r)
				return r.fault(err)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) UsageDays(ctx context.Context, clientID string, first, until time.Time) ([]lifecycle.UsageCount, error) {
	rows, err := r.q.ListUsageDays(ctx, clientID, micros(first), micros(until))
	found := make([]lifecycle.UsageCount, 0, len(rows))
	for _, row := range rows {
		found = append(found, lifecycle.UsageCount{At: timeOf(row.Day), Outcome: row.Outcome, Scope: row.Scope, Calls: row.Calls})
	}
	return found, r.fault(err)
}

func (r *reader) UsageHours(ctx context.Context, clientID string, first, until time.Time) ([]lifecycle.UsageCount, error) {
	rows, err := r.q.ListUsageHours(ctx, clientID, micros(first), micros(until))
	found := make([]lifecycle.UsageCount, 0, len(rows))
	for _, row := range rows {
		found = append(found, lifecycle.UsageCount{At: timeOf(row.Hour), Outcome: row.Outcome, Scope: row.Scope, Calls: row.Calls})
	}
	return found, r.fault(err)
}

// dayOf is the start of the UTC day.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// shownDays is how many days DailyCalls covers.
const shownDays = 14

// DailyCalls adds up every outcome: a denied call is a call, too.
func (r *reader) DailyCalls(ctx context.Context, clientIDs []string, today time.Time) (map[string][shownDays]int64, error) {
	found := make(map[string][shownDays]int64, len(clientIDs))
	for some := range slices.Chunk(clientIDs, idsAtOnce) {
		if err := r.dailyCalls(ctx, some, dayOf(today), found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (r *reader) dailyCalls(ctx context.Context, clientIDs []string, last time.Time, found map[string][shownDays]int64) error {
	first := last.AddDate(0, 0, 1-shownDays)
	c := &composed{}
	c.add("SELECT u.client_id, u.day, CAST(SUM(u.calls) AS BIGINT) FROM usage_days AS u WHERE u.client_id IN (", bindAll(c, clientIDs),
		") AND u.day >= ", c.bind(micros(first)), " AND u.day <= ", c.bind(micros(last)), " GROUP BY u.client_id, u.day")
	return r.query(ctx, c, func(rows *sql.Rows) error {
		var clientID string
		var day, calls int64
		if err := rows.Scan(&clientID, &day, &calls); err != nil {
			return err
		}
		days := found[clientID]
		days[int(timeOf(day).Sub(first)/(24*time.Hour))] = calls
		found[clientID] = days
		return nil
	})
}
