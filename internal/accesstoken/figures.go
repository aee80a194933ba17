package accesstoken

import "time"

// Outcomes lists the outcomes that this package counts, in the order of their
// declaration. Enforcement adds the codes of its refusals.
func Outcomes() []Outcome {
	return []Outcome{
		OutcomeIssued, OutcomeAllowed, OutcomeInvalidScope, OutcomeProof, OutcomeScope, OutcomeRateLimited, OutcomeAddress,
		OutcomeDisabled, OutcomeExpired, OutcomeSuspended, OutcomeSecretExpired,
	}
}

// Figures are what the operator's metrics tell of a Directory.
type Figures struct {
	// Head is the position in the feed; zero before the first load.
	Head Head
	// Uses are the uses of credentials by outcome since the start.
	Uses map[Outcome]int64
	// UsageWaiting is how many rows wait in memory to be written, UsageDropped how
	// many calls were not counted in the database and never will be, UsageAge the
	// time since everything counted before was written.
	UsageWaiting int
	UsageDropped int64
	UsageAge     time.Duration
}

// Figures gathers them; what is counted costs its counter nothing more than it
// does for usage.
func (d *Directory) Figures() Figures {
	f := Figures{Uses: map[Outcome]int64{}, UsageDropped: d.usage.refused.Load()}
	if p := d.position.Load(); p != nil {
		f.Head = p.head
	}
	for i := range d.usage.shards {
		d.usage.shards[i].tell(&f)
	}
	f.UsageWaiting += d.unwritten.Waiting()
	f.UsageAge = d.options.Clock().Sub(time.Unix(0, d.usage.written.Load()))
	return f
}

func (s *usageShard) tell(f *Figures) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.UsageWaiting += len(s.counts) + len(s.uses)
	f.UsageDropped += s.dropped
	for outcome, calls := range s.gone {
		f.Uses[outcome] += calls
	}
	for key, calls := range s.counts {
		f.Uses[key.outcome] += calls
	}
}

// Lookups tells how often a presented token was one that had been verified
// before, and how often its signature had to be looked at.
func (v *Verifier) Lookups() (known, unknown uint64) { return v.seen.lookups() }
