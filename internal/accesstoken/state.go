package accesstoken

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// State says how well the directory can answer (contract.md "Staleness").
type State string

// The states.
const (
	// StateNormal: the view is at most two seconds old.
	StateNormal State = "normal"
	// StateGrace: the database is away; known credentials are served, tokens
	// are short.
	StateGrace State = "grace"
	// StateRefuse: away for longer than max_offline, or never loaded.
	StateRefuse State = "refuse"
)

// maxViewAge is how old the view may be without asking the database first.
const maxViewAge = 2 * time.Second

// Staleness is the age of the view: the time since the last successful read of
// the head row began. It is at its largest when nothing was ever read.
func (d *Directory) Staleness() time.Duration {
	p := d.position.Load()
	if p == nil {
		return 1<<63 - 1
	}
	return d.options.Clock().Sub(p.asked)
}

// State judges the view's present age. A view from a snapshot is none of the
// database's, however young.
func (d *Directory) State() State {
	return d.stateAt(d.options.Clock())
}

func (d *Directory) stateAt(now time.Time) State {
	p := d.position.Load()
	if p == nil {
		return StateRefuse
	}
	switch age := now.Sub(p.asked); {
	case age <= maxViewAge && !p.stored:
		return StateNormal
	case age <= d.options.MaxOffline:
		return StateGrace
	}
	return StateRefuse
}

// Ready is nil when requests can be served, else unavailable.
func (d *Directory) Ready() error {
	if d.State() == StateRefuse {
		return unavailable(nil)
	}
	return nil
}

// gate comes before every yes. A view that grew old without the database being
// known to be away (a process that was stopped, a slow poll) is renewed first;
// otherwise known credentials are served until max_offline. now is the present,
// for which its callers have just looked at the clock.
func (d *Directory) gate(ctx context.Context, now time.Time) error {
	state := d.stateAt(now)
	if state == StateNormal {
		return nil
	}
	if !d.rounds.struggling() {
		if err := d.rounds.joinBriefly(ctx, d.options.Clock()); err == nil {
			return nil
		} else if ctx.Err() != nil {
			return unavailable(err)
		}
		state = d.State()
	}
	if state == StateRefuse {
		return unavailable(nil)
	}
	return nil
}

// unavailable is the answer where neither yes nor no may be said.
func unavailable(err error) *apicred.Error {
	const retryAfter = 5 * time.Second
	return (&apicred.Error{
		Kind: apicred.KindUnavailable, RetryAfter: retryAfter,
		Message: "The server cannot check this against its database right now. Try again shortly.",
	}).Because(err)
}
