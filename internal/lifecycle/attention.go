package lifecycle

import (
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// AttentionKind is why somebody should look at a credential.
type AttentionKind string

// The kinds; the empty one filters nothing. Disabled and expired credentials
// need no attention.
const (
	AttentionExpiring  AttentionKind = "expiring"  // it or a secret of it ends within 14 days
	AttentionUnused    AttentionKind = "unused"    // nobody has used it for 90 days, or as the account says
	AttentionUnrotated AttentionKind = "unrotated" // no secret was added for 90 days
	AttentionSuspended AttentionKind = "suspended"
)

const (
	expiringWithin  = 14 * day
	unusedAfter     = 90 * day
	unrotatedBefore = 90 * day
)

// Attention selects credentials that need it, with the moments that decide. The
// zero value selects all.
type Attention struct {
	Kind AttentionKind
	// UnusedSince: idle since then or before is unused.
	UnusedSince time.Time
	// RotatedBefore: without a secret added after it is unrotated.
	RotatedBefore time.Time
	// EndsBefore: an end up to then is soon. MaxSecretAge is the account's.
	EndsBefore   time.Time
	MaxSecretAge time.Duration
}

// attentionAt is what a kind of attention means in an account at a moment.
func attentionAt(kind AttentionKind, account *apicred.Account, now time.Time) Attention {
	unused := unusedAfter
	if account.UnusedWarnAfter > 0 {
		unused = account.UnusedWarnAfter
	}
	return Attention{
		Kind: kind, UnusedSince: now.Add(-unused), RotatedBefore: now.Add(-unrotatedBefore),
		EndsBefore: now.Add(expiringWithin), MaxSecretAge: account.MaxSecretAge,
	}
}
