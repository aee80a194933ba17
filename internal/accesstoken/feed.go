package accesstoken

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// FeedEntryType says what a FeedEntry is about.
type FeedEntryType string

// The types of entries (contract.md "Feed").
const (
	FeedCredential FeedEntryType = "credential"
	FeedToken      FeedEntryType = "token"
	FeedKey        FeedEntryType = "key"
)

// GoneGeneration stands for the generation of a credential that was deleted: no
// token has it.
const GoneGeneration = 1<<53 - 1 // the greatest integer that JSON readers agree on

// FeedEntry tells what has become of something, for those who check tokens
// elsewhere. A later entry about the same thing replaces an earlier one.
type FeedEntry struct {
	Type FeedEntryType
	// Of a credential: tokens below Generation are dead, the others have of
	// their scopes what is in Scopes.
	ClientID   string
	Generation int64
	Scopes     []string
	// Since says of scopes that came back from when on, in Unix seconds: tokens
	// issued before do not have them. Mostly nil.
	Since map[string]int64
	// Of a revoked token.
	JTI       string
	ExpiresAt time.Time
	// Of a signing key that must not be believed any more.
	KID string
}

// FeedPage is what changed, and where to go on.
type FeedPage struct {
	Cursor  string
	Entries []FeedEntry
	// News is closed when there may be more.
	News <-chan struct{}
}

// ErrFeedCursor refuses a cursor of another history, or one so old that what
// followed is not told any more: begin with a snapshot.
var ErrFeedCursor = errors.New("the cursor is of another history or too old")

// Feed tells what changed behind a cursor for the tokens that the asker may
// learn of, or with an empty cursor everything that tokens still out must be
// compared with. Errors: ErrFeedCursor; unavailable when the view is older than
// it may be, since a follower would take silence for good news.
func (v *Verifier) Feed(ctx context.Context, asker Introspector, cursor string, arrival time.Time) (FeedPage, error) {
	d := v.directory
	if d.State() != StateNormal {
		if err := d.Fresh(ctx, arrival); err != nil {
			return FeedPage{}, err
		}
	}
	at := d.position.Load()
	if cursor == "" {
		notes, news := d.journal.all()
		return FeedPage{at.cursor(), v.entries(notes, &asker), news}, nil
	}
	epoch, change, ok := parseCursor(cursor)
	if !ok {
		return FeedPage{}, ErrFeedCursor
	}
	if change > at.head.Change { // of a node that is ahead of this one
		if err := d.Fresh(ctx, arrival); err != nil {
			return FeedPage{}, err
		}
		at = d.position.Load()
	}
	notes, news, whole := d.journal.since(change)
	if epoch != at.head.Epoch || change > at.head.Change || !whole {
		return FeedPage{}, ErrFeedCursor
	}
	return FeedPage{at.cursor(), v.entries(notes, &asker), news}, nil
}

// cursor names a place in one history of the database.
func (p *position) cursor() string {
	return p.head.Epoch + "." + strconv.FormatInt(p.head.Change, 10)
}

// parseCursor takes the one spelling of a cursor.
func parseCursor(cursor string) (epoch string, change int64, ok bool) {
	epoch, number, found := strings.Cut(cursor, ".")
	change, err := strconv.ParseInt(number, 10, 64)
	if !found || err != nil || change < 0 || strconv.FormatInt(change, 10) != number {
		return "", 0, false
	}
	return epoch, change, true
}

// entries looks up what became of what was noted, each thing once.
func (v *Verifier) entries(notes []note, asker *Introspector) []FeedEntry {
	t, now := v.directory.current.Load(), v.directory.options.Clock()
	audience := ""
	if api := t.land.Load().catalogue.API(asker.API); asker.OperatorAccount && api != nil {
		audience = api.Audience
	}
	told := map[uid]bool{}
	var entries []FeedEntry
	for _, n := range slices.Backward(notes) {
		if n.kind == noteKey {
			if _, believed := v.signer.Public(n.text); !believed {
				entries = append(entries, FeedEntry{Type: FeedKey, KID: n.text})
			}
			continue
		}
		e := t.find(n.client)
		if n.account != asker.AccountID && (audience == "" || !t.opens(e, audience)) {
			continue
		}
		switch {
		case n.kind == noteToken && now.Unix() < n.expires:
			entries = append(entries, FeedEntry{Type: FeedToken, JTI: n.text, ExpiresAt: time.Unix(n.expires, 0)})
		case n.kind == noteCredential && !told[n.client]:
			told[n.client] = true
			entries = append(entries, t.entryFor(n.client, e, now))
		}
	}
	slices.Reverse(entries)
	return entries
}

// opens tells whether a credential may have had tokens for an audience. Of one
// that is gone nobody knows any more.
func (t *table) opens(e held, audience string) bool {
	return !e.known() || slices.Contains(t.land.Load().catalogue.Audiences(t.scopesOf(e)), audience)
}

func (t *table) entryFor(id uid, e held, now time.Time) FeedEntry {
	out := FeedEntry{Type: FeedCredential, ClientID: id.String(), Generation: GoneGeneration}
	if !e.known() {
		return out
	}
	out.Generation = e.generation
	if client := t.client(e, out.ClientID); client.account != nil && client.StatusAt(now) == apicred.StatusActive {
		out.Scopes = client.EffectiveScopes()
		out.Since = client.plan.since(out.Scopes)
	}
	return out
}
