package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/claviger/claviger/internal/lifecycle"
)

// What several words find together is read as one word's is, in the order of
// names: whatever one of them has next, the others are asked for from there on.
// So a leap passes all that one has and another has not, however much it is.

// leaptWords is how many words of a search are leapt between, and leaptRows how
// many entries are read at most: where words alternate without meeting, selecting
// by each and intersecting costs less.
const (
	leaptWords = 8
	leaptRows  = 30_000
)

// firstBatch and largestBatch are how many entries of a word are read at once.
const (
	firstBatch   = 16
	largestBatch = 512
)

// named is a credential's place in the order of names.
type named struct{ name, clientID string }

// leap reads what every one of its lists has, in the order of names.
type leap struct {
	reader     *reader
	accountID  string
	descending bool
	lists      [][]*wordEntries // by word of the search: the words that begin with it
	at         *named           // the place from which the next is sought; nil: the beginning
	past       bool             // the place itself is sought no more
	ended      bool             // there is nothing more
	read       int              // entries so far
}

// wordEntries are those of one word, some of them read.
type wordEntries struct {
	word  string
	batch []named
	size  int  // of the next batch
	ended bool // behind the batch is nothing
}

// leapOf returns a leap between the words of q's search, from a place on; nil
// where there is one word, or where they mean too many.
func (r *reader) leapOf(ctx context.Context, q lifecycle.CredentialQuery, after *named) (*leap, error) {
	search := searchWords(foldSearch(q.Search))
	if len(search) < 2 || len(search) > leaptWords || r.elements == "" {
		return nil, nil
	}
	_, descending := orderOf(q.Sort)
	l := &leap{reader: r, accountID: q.AccountID, descending: descending, at: after, past: true}
	for _, prefix := range search {
		words, err := r.wordsBeginning(ctx, q.AccountID, prefix)
		if err != nil || len(words) > walkedWords {
			return nil, err
		}
		var list []*wordEntries
		for _, word := range words {
			list = append(list, &wordEntries{word: word, size: firstBatch})
		}
		l.lists = append(l.lists, list)
	}
	return l, nil
}

// next returns the next n credentials that all words find; fewer where it ended,
// or where it gave up, as tired tells.
func (l *leap) next(ctx context.Context, n int) (found []named, err error) {
	for len(found) < n && !l.ended && !l.tired() {
		met, err := l.meet(ctx)
		if err != nil {
			return nil, err
		}
		if met {
			found = append(found, *l.at)
		}
	}
	return found, nil
}

// tired tells that too much was read.
func (l *leap) tired() bool { return l.read >= leaptRows && !l.ended }

// meet asks each list once, from where the one before it stands. All stand at
// one place when met, and the next begins behind it.
func (l *leap) meet(ctx context.Context) (met bool, err error) {
	met = true
	for i, list := range l.lists {
		head, err := l.head(ctx, list)
		if err != nil {
			return false, err
		}
		if head == nil {
			l.ended = true
			return false, nil
		}
		if i > 0 && *head != *l.at {
			met = false
		}
		l.at, l.past = head, false
	}
	l.past = met
	return met, nil
}

// head returns the first entry of a list from where the leap stands; nil where
// it has none.
func (l *leap) head(ctx context.Context, list []*wordEntries) (first *named, err error) {
	for _, entries := range list {
		if err := l.seek(ctx, entries); err != nil {
			return nil, err
		}
		if len(entries.batch) > 0 && (first == nil || l.compare(entries.batch[0], *first) < 0) {
			entry := entries.batch[0]
			first = &entry
		}
	}
	return first, nil
}

// seek leaves behind what a word has before the place where the leap stands.
func (l *leap) seek(ctx context.Context, entries *wordEntries) error {
	passed := 0
	if l.at != nil {
		var same bool
		passed, same = slices.BinarySearchFunc(entries.batch, *l.at, l.compare)
		if same && l.past {
			passed++
		}
	}
	if passed < len(entries.batch) || entries.ended {
		entries.batch = entries.batch[passed:]
		return nil
	}
	// Who went on step by step will go on so; who leapt over a batch will leap again.
	if passed > 1 {
		entries.size = firstBatch
	}
	entries.batch = entries.batch[:0]
	err := l.reader.query(ctx, l.composeEntries(entries), func(rows *sql.Rows) error {
		var n named
		err := rows.Scan(&n.name, &n.clientID)
		entries.batch = append(entries.batch, n)
		return err
	})
	l.read += len(entries.batch)
	entries.ended = len(entries.batch) < entries.size
	entries.size = min(2*entries.size, largestBatch)
	return err
}

// compare orders as the database does: both engines compare these texts by their
// bytes.
func (l *leap) compare(a, b named) int {
	order := cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.clientID, b.clientID))
	if l.descending {
		return -order
	}
	return order
}

// composeEntries composes the statement that reads the next batch of a word.
func (l *leap) composeEntries(entries *wordEntries) *composed {
	behind, direction := " > ", ""
	if l.descending {
		behind, direction = " < ", " DESC"
	}
	if !l.past {
		behind = behind[:2] + "= "
	}
	c := &composed{}
	c.add("SELECT w.name_folded, w.client_id FROM credential_words AS w WHERE w.account_id = ", c.bind(l.accountID),
		" AND w.word = ", c.bind(entries.word))
	// Behind a place nothing is empty; to ask all the same would have SQLite begin there.
	if l.at == nil || l.descending {
		c.add(" AND w.name_folded > ''")
	}
	if l.at != nil {
		c.add(" AND (w.name_folded, w.client_id)", behind, "(", c.bind(l.at.name), ", ", c.bind(l.at.clientID), ")")
	}
	return c.add(" ORDER BY w.name_folded", direction, ", w.client_id", direction, " LIMIT ", c.bind(int64(entries.size)))
}

// leapt are candidates that a leap found. They are all that a search finds if
// all is set, which adds what stands in no order.
func (l *leap) leapt(q lifecycle.CredentialQuery, found []named, all bool) (*candidates, error) {
	ids := make([]string, 0, len(found))
	for _, n := range found {
		ids = append(ids, n.clientID)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	return &candidates{ids: func(c *composed) {
		c.searched = true
		c.add("SELECT l.value AS client_id FROM ", l.reader.elements, "(", c.bind(string(list)), ") AS l")
		if !all {
			return
		}
		folded := foldSearch(q.Search)
		for _, entries := range l.lists[0] {
			composeUnordered(c, q.AccountID, entries.word, folded)
		}
		c.add(" UNION ALL ")
		searchElsewhere(c, q.AccountID, folded)
	}}, nil
}

// composeUnordered adds what an older program wrote, which stands in no order.
func composeUnordered(c *composed, accountID, word, folded string) {
	c.add(" UNION ALL SELECT w.client_id FROM credential_words AS w CROSS JOIN credentials AS c WHERE w.account_id = ", c.bind(accountID),
		" AND w.word = ", c.bind(word), " AND w.name_folded = '' AND c.client_id = w.client_id")
	composeSearch(c, folded)
}

// together returns, for a search by several words, all that they find if it is
// less than most, and how many; else some of it, and most. It returns nil where
// leaping does not find out.
func (r *reader) together(ctx context.Context, q lifecycle.CredentialQuery, most int) (*candidates, int, error) {
	q.Sort = lifecycle.SortName
	l, err := r.leapOf(ctx, q, nil)
	if l == nil || err != nil {
		return nil, 0, err
	}
	found, err := l.next(ctx, most)
	if err != nil || len(found) < most && l.tired() {
		return nil, 0, err
	}
	filter, err := l.leapt(q, found, len(found) < most)
	return filter, len(found), err
}

// alongWords is alongWord for a search by several words: the first of what all
// of them find behind a place, as many as pass the other filters and fill a page.
func (r *reader) alongWords(ctx context.Context, q lifecycle.CredentialQuery, after *place) (*candidates, error) {
	if column, _ := orderOf(q.Sort); column != "name_folded" {
		return nil, nil
	}
	var from *named
	if after != nil {
		from = &named{q.After.Key, q.After.ClientID}
	}
	l, err := r.leapOf(ctx, q, from)
	if l == nil || err != nil {
		return nil, err
	}
	var passing []named
	for n := q.Limit; len(passing) < q.Limit && !l.ended; n *= 2 {
		found, err := l.next(ctx, n)
		if err != nil || l.tired() {
			return nil, err
		}
		if err := l.passing(ctx, q, found, &passing); err != nil {
			return nil, err
		}
	}
	return l.leapt(q, passing, true)
}

// passing appends those of found that pass all filters.
func (l *leap) passing(ctx context.Context, q lifecycle.CredentialQuery, found []named, to *[]named) error {
	filter, err := l.leapt(q, found, false)
	if err != nil {
		return err
	}
	c := &composed{}
	c.add("SELECT c.client_id")
	composeFrom(c, q, filter, false)
	return l.reader.query(ctx, c, func(rows *sql.Rows) error {
		var n named
		err := rows.Scan(&n.clientID)
		*to = append(*to, n)
		return err
	})
}
