package lifecycle

import (
	"context"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	// minQuiet and maxQuiet bound for how long nobody must have used a secret that
	// is closed for it (R8).
	minQuiet = time.Hour
	maxQuiet = 90 * day
	// quietSlack is how much longer than asked a secret must have been quiet: last
	// uses are exact to a minute, and the clocks of nodes differ a little.
	quietSlack = 5 * time.Minute
	// markGap is the longest time between two marks of a process that writes them:
	// a process whose last one is older cannot write, or is gone.
	markGap = 3 * time.Minute
	// quietBatch bounds what one pass closes. Each is a change of its own.
	quietBatch = 200
)

// Flushed is how far a process has written the uses that it counts.
type Flushed struct {
	Through time.Time // whatever was counted before then is in the database
	Lost    time.Time // the last moment of which a use may be lost; zero: none
}

// QuietOptions are what a QuietCloser works with; all of it is required but
// Offline.
type QuietOptions struct {
	Process string        // a new random name
	Offline time.Duration // how long this process goes on without the database
	// Flush writes every use that this process has counted.
	Flush func(context.Context) (Flushed, error)
}

// QuietCloser closes, for one process, the secrets that nobody has used for as long
// as their people asked for (R8). Every process has one, and all may close at once:
// each secret is judged again in the transaction that closes it.
//
// A use that another process has in its memory, or on its disk, must not be
// missed. So each process marks in the database up to when its uses are written,
// and no secret is closed on account of a time of which some process has not said
// that. It is not safe for concurrent use.
type QuietCloser struct {
	service *Service
	o       QuietOptions
	// marked is the last mark, steady since when none was missing: since then the
	// database took what a process that reached it had to write.
	marked, steady time.Time
	// ran is when the last round was made, and idle tells that the one before was
	// long ago: this process stood still, or was not there.
	ran  time.Time
	idle bool
	// resumed is the last moment until which perhaps no process answered anybody;
	// zero: there was always one.
	resumed time.Time
	seen    map[string]time.Time // the last marks of others
}

// QuietCloser returns one for this process.
func (s *Service) QuietCloser(o QuietOptions) *QuietCloser { return &QuietCloser{service: s, o: o} }

// Pass makes one round and reports how many secrets it closed. Call it at the start,
// so that others know of this process, and then each minute. Where no secret is to
// be closed, it writes nothing after the first time. Its error is the store's, or
// Flush's.
func (q *QuietCloser) Pass(ctx context.Context) (int, error) {
	// By the wall clock, here and below: a machine that slept did nothing meanwhile.
	now := q.service.now().Round(0)
	q.idle = q.idle || now.Sub(q.ran) > markGap
	q.ran = now
	asked := false
	err := q.service.store.View(ctx, func(r Reader) (err error) {
		asked, err = r.ClosingAsked(ctx, q.service.now())
		return err
	})
	if err != nil || !asked && !q.marked.IsZero() {
		return 0, err
	}
	if err := q.mark(ctx); err != nil || !asked {
		return 0, err
	}
	return q.service.closeQuiet(ctx, q.steady)
}

// mark writes what was counted, and then how far that went.
func (q *QuietCloser) mark(ctx context.Context) error {
	flushed, err := q.o.Flush(ctx)
	if err != nil {
		return err
	}
	var marks []UsageMark
	err = q.service.store.View(ctx, func(r Reader) (err error) {
		marks, err = r.UsageMarks(ctx)
		return err
	})
	if err != nil {
		return err
	}
	through := flushed.Through.Round(0)
	if through.Sub(q.marked) > markGap {
		q.steady = through
	}
	q.heed(marks, through)
	err = q.service.store.PutUsageMark(ctx, UsageMark{
		Process: q.o.Process, Through: flushed.Through, Lost: later(flushed.Lost, q.resumed), Offline: q.o.Offline,
	})
	if err != nil {
		return err
	}
	q.marked, q.idle = through, false
	return nil
}

// heed draws from the marks of the others what they do not say by themselves.
//
// While no process ran, nobody could use a secret: that is not quiet. So it is
// counted anew after a time of which no process has a mark, as when all were stopped,
// a machine slept, or its clock leapt.
//
// An old mark that moves is of a process that reaches the database, and whose clock
// is far behind this one. Each time it counts as one that has just begun to be missed.
func (q *QuietCloser) heed(marks []UsageMark, now time.Time) {
	seen, answered := map[string]time.Time{}, false
	for i := range marks {
		m := &marks[i]
		if m.Process == q.o.Process {
			continue
		}
		old := now.Sub(m.Through) > markGap
		answered = answered || !old
		if before, known := q.seen[m.Process]; old && known && !m.Through.Equal(before) {
			q.steady = now
		}
		seen[m.Process] = m.Through
	}
	if q.idle && !answered {
		q.resumed = now
	}
	q.seen = seen
}

// Leave says that this process counts no more. Whoever ends without it is waited
// for.
func (q *QuietCloser) Leave(ctx context.Context) error {
	flushed, err := q.o.Flush(ctx)
	if err != nil {
		return err
	}
	return q.service.store.PutUsageMark(ctx, UsageMark{
		Process: q.o.Process, Through: flushed.Through, Lost: later(flushed.Lost, q.resumed), Ended: true,
	})
}

// knownUses says of which time every use is in the database: after from and up to
// through. steady is the closer's.
//
// A process whose mark is old counts as one that used every secret as late as it
// can have. It reached the database last at its mark, or, as nobody could write
// before then, at steady; a process that had reached it later would have marked
// within markGap. It went on without the database for Offline. One whose mark is of
// a time to come has another clock: nothing is known of it until then.
func knownUses(marks []UsageMark, now, steady time.Time) (from, through time.Time) {
	through = now
	for i := range marks {
		m := &marks[i]
		from = later(from, m.Lost)
		if m.Ended {
			continue
		}
		if ahead := m.Through.Sub(now); ahead > quietSlack {
			from = later(from, m.Through)
		}
		if now.Sub(m.Through) > markGap {
			from = later(from, later(m.Through, steady).Add(markGap+m.Offline))
		} else if m.Through.Before(through) {
			through = m.Through
		}
	}
	return from, through
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// closeQuiet closes the secrets that are known to have been quiet for long enough,
// some at a time.
func (s *Service) closeQuiet(ctx context.Context, steady time.Time) (closed int, err error) {
	q := QuietQuery{Now: s.now(), Limit: quietBatch}
	for closed < quietBatch {
		var due []QuietSecret
		err := s.store.View(ctx, func(r Reader) (err error) {
			// To try what cannot be closed yet would hold up changes, each minute.
			marks, err := r.UsageMarks(ctx)
			if err != nil {
				return err
			}
			q.From, q.Through = knownUses(marks, s.now(), steady)
			q.Through = q.Through.Add(-quietSlack)
			due, err = r.QuietSecrets(ctx, q)
			return err
		})
		if err != nil {
			return closed, err
		}
		for i := range due {
			done, err := s.closeQuietSecret(ctx, due[i], steady)
			if err != nil {
				return closed, err
			}
			if done {
				closed++
			}
			q.After = due[i]
		}
		if len(due) < q.Limit {
			break
		}
	}
	return closed, nil
}

// closeQuietSecret closes one, unless it was used, or what depends on it changed,
// by now.
func (s *Service) closeQuietSecret(ctx context.Context, due QuietSecret, steady time.Time) (closed bool, err error) {
	err = s.change(ctx, func(tx Tx) error {
		closed = false
		account, err := tx.Account(ctx, due.AccountID)
		if err != nil {
			return err
		}
		c, err := tx.Credential(ctx, due.AccountID, due.ClientID)
		if apicred.IsKind(err, apicred.KindNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		marks, err := tx.UsageMarks(ctx)
		if err != nil {
			return err
		}
		before, err := tx.Secrets(ctx, due.ClientID)
		if err != nil {
			return err
		}
		from, through := knownUses(marks, s.now(), steady)
		shown, _ := secretIn(counted(slices.Clone(before), &c, account.MaxSecretAge, s.now()), due.SecretID)
		if shown.ClosesAt().IsZero() || through.Before(later(shown.QuietSince(), from).Add(shown.CloseWhenQuiet+quietSlack)) {
			return nil
		}
		closing, err := secretIn(before, due.SecretID)
		if err != nil {
			return err
		}
		closing.ExpiresAt, closing.CloseWhenQuiet, closing.CloseCountedFrom = s.now(), 0, time.Time{}
		if err := tx.UpdateSecret(ctx, closing); err != nil {
			return err
		}
		closed = true
		system := systemActor(due.AccountID, &apicred.Actor{})
		return s.recordSecretChange(ctx, tx, &system, &c, "secret.close", recordSecrets(before))
	})
	return closed && err == nil, err
}

// counted completes all secrets of a credential with what follows from the rest:
// where the account's greatest age ends them, and from when their quiet is counted.
// That is only while the credential works, unchanged, and another secret works: a
// program must have been able to use the one and to move to the other. The last
// secret that works is never closed.
func counted(secrets []apicred.Secret, c *apicred.Credential, maxAge time.Duration, now time.Time) []apicred.Secret {
	for i := range secrets {
		secrets[i].ExpiresAt = secrets[i].EndUnder(maxAge)
	}
	for i := range secrets {
		s := &secrets[i]
		switch {
		case s.Expired(now):
			s.CloseWhenQuiet, s.CloseCountedFrom = 0, time.Time{}
		case s.CloseWhenQuiet > 0:
			s.CloseCountedFrom = countedFrom(secrets, s, c, now)
		}
	}
	return secrets
}

func countedFrom(secrets []apicred.Secret, s *apicred.Secret, c *apicred.Credential, now time.Time) time.Time {
	var other time.Time // since when there is another one
	for i := range secrets {
		if o := &secrets[i]; o.ID != s.ID && !o.Expired(now) && (other.IsZero() || o.CreatedAt.Before(other)) {
			other = o.CreatedAt
		}
	}
	if other.IsZero() || c.StatusAt(now) != apicred.StatusActive {
		return time.Time{}
	}
	return later(later(s.CloseCountedFrom, c.UpdatedAt), other)
}
