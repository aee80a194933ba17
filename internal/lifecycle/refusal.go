package lifecycle

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Refusals to signed-in actors are audit events too, but an actor in a loop must
// neither fill the disk nor hold up others (S34): they are coalesced by actor,
// rule and minute in a bounded table and written in batches.
const (
	maxRefusals        = 1000
	refusalFlushPeriod = 5 * time.Second
	// refusalBatch is how many are written in one transaction, which holds up
	// changes.
	refusalBatch = 100
)

type refusalKey struct {
	accountID string
	actorType apicred.ActorType
	actorID   string
	rule      string
	minute    int64
}

type refusalLog struct {
	clock func() time.Time
	mu    sync.Mutex
	open  map[refusalKey]*apicred.AuditEvent
	lost  int64 // refusals for which there was no place
}

// LostRefusals is how many refusals to signed-in actors are missing from the
// audit log for good, since 1000 others waited to be written.
func (s *Service) LostRefusals() int64 {
	s.refusals.mu.Lock()
	defer s.refusals.mu.Unlock()
	return s.refusals.lost
}

func newRefusalLog(clock func() time.Time) *refusalLog {
	return &refusalLog{clock: clock, open: map[refusalKey]*apicred.AuditEvent{}}
}

// refuse notes that actor was refused action on a target by rule.
func (s *Service) refuse(actor *apicred.Actor, rule string, c recorded) {
	if strings.Contains(c.id, "@") { // typed in place of an ID; the chain keeps no e-mail address (R14)
		c.id = ""
	}
	e, err := s.event(actor, c.action, c.target, c.id)
	if err != nil {
		return
	}
	e.Outcome, e.Rule = apicred.OutcomeRefused, rule
	s.refusals.add(e)
}

// Refused notes a refusal that another use case decided (login, about a person's
// own affairs), as those of this room are noted.
func (s *Service) Refused(actor apicred.Actor, refusal apicred.RefusedAct) {
	s.refuse(&actor, refusal.Rule, recorded{action: refusal.Action, target: refusal.TargetType, id: refusal.TargetID})
}

func (l *refusalLog) add(e apicred.AuditEvent) {
	key := refusalKey{e.AccountID, e.ActorType, e.ActorID, e.Rule, e.At.Unix() / 60}
	l.mu.Lock()
	defer l.mu.Unlock()
	if open := l.open[key]; open != nil {
		e.Count += open.Count
		if open.At.Before(e.At) {
			open.Count = e.Count
		} else {
			*open = e // it came back, and was first
		}
		return
	}
	if len(l.open) >= maxRefusals {
		l.lost += e.Count
		return
	}
	l.open[key] = &e
}

// take removes and returns the events, first those of minutes that are over.
func (l *refusalLog) take(all bool) (over, open []apicred.AuditEvent) {
	minute := l.clock().Unix() / 60
	l.mu.Lock()
	defer l.mu.Unlock()
	all = all || len(l.open) >= maxRefusals
	for key, e := range l.open {
		if all || key.minute < minute {
			over = append(over, *e)
		} else {
			open = append(open, *e)
		}
	}
	clear(l.open)
	for _, events := range [][]apicred.AuditEvent{over, open} {
		slices.SortFunc(events, func(a, b apicred.AuditEvent) int { return a.At.Compare(b.At) })
	}
	return over, open
}

// refusalSource is the refusals as a source of batches: to be written when their
// minute is over, or all at once.
type refusalSource struct {
	log *refusalLog
	all bool
}

func (s refusalSource) Take(last bool) (now, later [][]apicred.AuditEvent) {
	over, open := s.log.take(last || s.all)
	return slices.Collect(slices.Chunk(over, refusalBatch)), slices.Collect(slices.Chunk(open, refusalBatch))
}

func (s refusalSource) TakeBack(batches [][]apicred.AuditEvent) {
	for _, e := range slices.Concat(batches...) {
		s.log.add(e)
	}
}

// FlushRefusals writes the coalesced refusals to the audit chain; all of them,
// or only those whose minute is over. On failure they are kept for later.
func (s *Service) FlushRefusals(ctx context.Context, all bool) error {
	from := refusalSource{s.refusals, all}
	if all {
		return s.unwritten.Last(ctx, from)
	}
	return s.unwritten.Flush(ctx, from)
}

// Run writes coalesced refusals until ctx ends, then writes the rest.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(refusalFlushPeriod)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = s.FlushRefusals(ctx, false) // kept and tried again at the next tick
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), refusalFlushPeriod)
			defer cancel()
			_ = s.FlushRefusals(last, true)
			return
		}
	}
}
