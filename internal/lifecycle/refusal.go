package lifecycle

import (
	"context"
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
	lost  int64
}

func newRefusalLog(clock func() time.Time) *refusalLog {
	return &refusalLog{clock: clock, open: map[refusalKey]*apicred.AuditEvent{}}
}

// refuse notes that actor was refused action on a target by rule.
func (s *Service) refuse(actor *apicred.Actor, rule string, c recorded) {
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
		open.Count += e.Count
		return
	}
	if len(l.open) >= maxRefusals {
		l.lost++
		return
	}
	l.open[key] = &e
}

// take removes and returns the events of minutes that are over, or all of them.
func (l *refusalLog) take(all bool) []apicred.AuditEvent {
	minute := l.clock().Unix() / 60
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []apicred.AuditEvent
	for key, e := range l.open {
		if all || key.minute < minute || len(l.open) >= maxRefusals {
			out = append(out, *e)
			delete(l.open, key)
		}
	}
	return out
}

func (l *refusalLog) putBack(events []apicred.AuditEvent) {
	for _, e := range events {
		l.add(e)
	}
}

// FlushRefusals writes the coalesced refusals to the audit chain; all of them,
// or only those whose minute is over. On failure they are kept for later.
func (s *Service) FlushRefusals(ctx context.Context, all bool) error {
	events := s.refusals.take(all)
	if len(events) == 0 {
		return nil
	}
	err := s.store.Change(ctx, func(tx Tx) error {
		for _, e := range events {
			if err := tx.Record(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.refusals.putBack(events)
	}
	return err
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
