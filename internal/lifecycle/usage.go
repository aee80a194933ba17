package lifecycle

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	day = 24 * time.Hour
	// usageShown is how far back a report goes that names no beginning, today
	// included; it is as long as hours are kept (R13).
	usageShown = 14 * day
	// maxUsageRange is the longest report: as long as days are kept (R13).
	maxUsageRange = 400 * day
)

// UsageRequest asks for a credential's usage from From to before To. A zero To
// is now; a zero From is the start of the 14th UTC day up to To.
type UsageRequest struct{ From, To time.Time }

// UsageCount is how often a credential was used in the UTC day or hour that
// begins At, with one outcome and for one scope.
type UsageCount struct {
	At      time.Time
	Outcome string // issued, allowed, or why it was refused
	Scope   string // granted or required, joined; may be empty
	Calls   int64
}

// Usage is a report of a credential's usage.
type Usage struct {
	ClientID string
	From, To time.Time
	Total    int64        // calls of Days
	Days     []UsageCount // every UTC day that the range touches, counted whole
	Hours    []UsageCount // the same by hour, as far back as hours are kept
}

// Usage reports how a credential was used; whoever may view the credential may
// see it. Errors: not_found, forbidden (token scope), malformed (the range).
func (s *Service) Usage(ctx context.Context, actor apicred.Actor, clientID string, in UsageRequest) (Usage, error) {
	var out Usage
	attempt := recorded{action: "credential.view", target: apicred.TargetCredential, id: clientID}
	err := s.store.View(ctx, func(r Reader) error {
		if _, _, err := s.seen(ctx, r, &actor, attempt); err != nil {
			return err
		}
		if err := s.needScope(&actor, apicred.ScopeCredentialsRead, attempt); err != nil {
			return err
		}
		var err error
		if out, err = s.usageRange(in); err != nil {
			return err
		}
		out.ClientID = clientID
		return report(ctx, r, &out)
	})
	return out, err
}

// usageRange completes and judges the range of a report.
func (s *Service) usageRange(in UsageRequest) (Usage, error) {
	out := Usage{From: in.From, To: in.To}
	if out.To.IsZero() {
		out.To = s.now()
	}
	if out.From.IsZero() {
		out.From = out.To.Add(-time.Nanosecond).Truncate(day).Add(day - usageShown)
	}
	switch {
	case !out.From.Before(out.To):
		return out, malformedQuery("query.from", "from must lie before to, which is now when it is left out.")
	case out.To.Sub(out.From) > maxUsageRange:
		return out, malformedQuery("query.from", "from and to may lie at most 400 days apart. Ask for a shorter time.")
	}
	return out, nil
}

func report(ctx context.Context, r Reader, out *Usage) error {
	var err error
	if out.Days, err = r.UsageDays(ctx, out.ClientID, out.From.Truncate(day), out.To); err != nil {
		return err
	}
	for i := range out.Days {
		out.Total += out.Days[i].Calls
	}
	out.Hours, err = r.UsageHours(ctx, out.ClientID, out.From.Truncate(time.Hour), out.To)
	return err
}
