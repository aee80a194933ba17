package accesstoken

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// journal remembers what changed for tokens that are out, as long as any such
// token may live, so that those who check tokens elsewhere can follow
// (contract.md "Feed"). It keeps names alone: what became of them is looked up
// when somebody reads.
type journal struct {
	mu    sync.Mutex
	notes []note // by change
	floor int64  // changes up to it are not told one by one any more
	crowd int    // how many notes there may be before they are thinned out
	news  chan struct{}
}

// note says that something changed with the given number of the change feed.
type note struct {
	change  int64
	at      int64 // Unix seconds
	kind    noteKind
	client  uid    // of a credential or of a token's
	text    string // jti or kid
	account string
	expires int64 // of a token, Unix seconds
}

type noteKind uint8

const (
	noteCredential noteKind = iota
	noteToken
	noteKey
)

// journalSpan is how long a note may be needed: the longest life of a token.
const journalSpan = MaxPersonTokenLifetime + time.Minute

// leastCrowd is how many notes are not worth thinning out.
const leastCrowd = 4096

func newJournal() *journal { return &journal{news: make(chan struct{}), crowd: leastCrowd} }

// add appends notes, forgets those that no token can need any more, and wakes
// who waits.
func (j *journal) add(now time.Time, notes ...note) {
	if len(notes) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	oldest := now.Add(-journalSpan).Unix()
	stale := 0
	for stale < len(j.notes) && j.notes[stale].at < oldest {
		j.floor = max(j.floor, j.notes[stale].change)
		stale++
	}
	j.notes = append(slices.Delete(j.notes, 0, stale), notes...)
	j.thin()
	j.wake()
}

// thin forgets notes of credentials that were noted again since: whoever would be
// told of the earlier is told of the later, and both tell the present state. So
// somebody who switches a credential off and on all day fills no memory (S34). It
// needs the lock, and costs little: the crowd doubles in between.
func (j *journal) thin() {
	if len(j.notes) <= j.crowd {
		return
	}
	again := map[uid]bool{}
	kept := make([]note, 0, len(j.notes)/2)
	for _, n := range slices.Backward(j.notes) {
		if n.kind == noteCredential {
			if again[n.client] {
				continue
			}
			again[n.client] = true
		}
		kept = append(kept, n)
	}
	slices.Reverse(kept)
	j.notes, j.crowd = kept, max(leastCrowd, 2*len(kept))
}

// restart begins anew with what is known of the time before.
func (j *journal) restart(notes []note, floor int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes, j.floor, j.crowd = notes, floor, max(leastCrowd, 2*len(notes))
	j.wake()
}

// wake needs the lock.
func (j *journal) wake() {
	close(j.news)
	j.news = make(chan struct{})
}

// since returns the notes behind a change, and a channel that is closed when
// there are more. It reports false when they are not all there any more.
func (j *journal) since(change int64) (notes []note, news <-chan struct{}, whole bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if change < j.floor {
		return nil, j.news, false
	}
	first, _ := slices.BinarySearchFunc(j.notes, change+1, func(n note, c int64) int { return int(n.change - c) })
	return slices.Clone(j.notes[first:]), j.news, true
}

// all returns every note.
func (j *journal) all() (notes []note, news <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.notes), j.news
}

// noteOf is a note about a credential, or about its end when there is none any
// more.
func (t *table) noteOf(e held, change int64, now time.Time) note {
	n := note{change: change, at: now.Unix(), client: e.id}
	if account := t.accountOf(e); account != nil {
		n.account = account.ID
	}
	return n
}

func noteOfToken(jti string, r deniedToken, change int64, now time.Time) note {
	return note{change: change, at: now.Unix(), kind: noteToken, client: r.client, text: jti, account: r.account, expires: r.expires}
}

// noteEntries notes every credential that tell tells of.
func (d *Directory) noteEntries(change int64, tell func(held) bool) {
	t, now := d.current.Load(), d.options.Clock()
	var notes []note
	for e := range t.all() {
		if tell(e) {
			notes = append(notes, t.noteOf(e, change, now))
		}
	}
	d.journal.add(now, notes...)
}

// noteChange notes a credential whose tokens mean something else than before.
// That it was used, renamed or given another secret is no news to a verifier,
// and of a new one there are no tokens yet.
func (d *Directory) noteChange(change int64, before, after held) {
	if !before.known() {
		return
	}
	if after.known() && before.generation == after.generation && before.class == after.class && before.flags == after.flags &&
		before.expires == after.expires {
		return
	}
	now := d.options.Clock()
	d.journal.add(now, d.current.Load().noteOf(before, change, now))
}

// noteCatalogue notes the credentials whose effective scopes another catalogue
// changes.
func (d *Directory) noteCatalogue(change int64, before, after *landscape) {
	t := d.current.Load()
	d.noteEntries(change, func(e held) bool {
		class := t.classes.at(e.class)
		account := class.account.now.Load()
		if account == nil {
			return false
		}
		role := roleOf(e, t.ownerOf(e))
		return !slices.Equal(before.scopesOf(class, account, role), after.scopesOf(class, account, role))
	})
}

// recall fills the journal with what the database still tells of the time that
// matters, after everything was read. Of a catalogue that changed in that time
// the scopes before are gone: whoever followed until then must read everything.
func (d *Directory) recall(ctx context.Context, t *table, head Head) error {
	now := d.options.Clock()
	changes, floor, err := d.store.RecentChanges(ctx, now.Add(-journalSpan), head.Change)
	if err != nil {
		return err
	}
	type membership struct{ account, user string }
	credentials, users, catalogue := map[uid]int64{}, map[membership]int64{}, int64(0)
	var notes []note
	for _, c := range changes {
		switch c.TargetType {
		case apicred.TargetCredential:
			if id, ok := parseUID(c.TargetID); ok {
				if !t.find(id).known() {
					notes = append(notes, note{change: c.Change, at: now.Unix(), client: id, account: c.AccountID})
				}
				credentials[id] = c.Change
			}
		case apicred.TargetUser:
			users[membership{c.AccountID, c.TargetID}] = c.Change
		case apicred.TargetCatalogue:
			catalogue = c.Change
		case apicred.TargetToken:
			if r, ok := t.revoked.find(c.TargetID); ok {
				notes = append(notes, noteOfToken(c.TargetID, r, c.Change, now))
			}
		case apicred.TargetSigningKey:
			notes = append(notes, note{change: c.Change, at: now.Unix(), kind: noteKey, text: c.TargetID})
		case apicred.TargetAccount, apicred.TargetSession, apicred.TargetAuditLog: // nothing in a token depends on them
		}
	}
	for e := range t.all() {
		change := credentials[e.id]
		if len(users) > 0 {
			if m := t.ownerOf(e); m != nil {
				change = max(change, users[membership{m.AccountID, m.UserID}])
			}
		}
		if catalogue > 0 && len(t.scopesOf(e)) != len(t.client(e, "").plan.effective) {
			change = max(change, catalogue)
		}
		if change > 0 {
			notes = append(notes, t.noteOf(e, change, now))
		}
	}
	slices.SortStableFunc(notes, func(a, b note) int { return int(a.change - b.change) })
	d.journal.restart(notes, max(floor, catalogue))
	return nil
}
