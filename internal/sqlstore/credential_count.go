package sqlstore

import (
	"context"
	"database/sql"
	"math"
	"slices"

	"github.com/claviger/claviger/internal/lifecycle"
)

// Which rows are counted is all the same as long as they are enough, so a count
// that no filter makes short goes where what it counts stands densest: what a word
// finds stands in the order of names, where what begins alike often is alike, and
// tens of thousands in a row may lack the scope that is asked for besides. The
// first candidates of each way are tried, and those of a word from its end too.

// triedForCount is how many candidates of a way are tried before a count.
const triedForCount = 100

func (r *reader) CountCredentials(ctx context.Context, q lifecycle.CredentialQuery, most int) (int, error) {
	if !searchable(q.Search) {
		return 0, nil
	}
	narrow, err := r.narrowest(ctx, q)
	if err != nil {
		return 0, err
	}
	if some := r.chosen.some; narrow == nil && some != nil {
		n, err := r.count(ctx, composeCount(q, some, most))
		if err != nil || n > most {
			return n, err
		}
	}
	if narrow == nil {
		if narrow, err = r.densest(ctx, q); err != nil {
			return 0, err
		}
	}
	return r.countAmong(ctx, q, narrow, most)
}

// countAmong counts what q finds among candidates, up to most+1.
func (r *reader) countAmong(ctx context.Context, q lifecycle.CredentialQuery, narrow *candidates, most int) (int, error) {
	if narrow == nil || narrow.ids == nil {
		return r.count(ctx, composeCount(q, narrow, most))
	}
	// Candidates may repeat: as many as are counted are mostly enough, and save
	// reading all.
	for limit := most + 1; ; limit *= 4 {
		rows, distinct := 0, 0
		err := r.query(ctx, composeDistinctCount(q, narrow, limit), func(found *sql.Rows) error { return found.Scan(&rows, &distinct) })
		if err != nil || rows < limit || distinct > most {
			return min(distinct, most+1), err
		}
	}
}

// densest returns those candidates of q of whose first ones most pass its other
// filters, the last where none do; nil where it has no filter with an index.
func (r *reader) densest(ctx context.Context, q lifecycle.CredentialQuery) (densest *candidates, err error) {
	ways, best := countWays(q), 0
	for i, way := range ways {
		if i == 0 {
			densest = way
		}
		if len(ways) == 1 || way.costly || best > triedForCount/2 {
			break
		}
		n, err := r.count(ctx, composeTrial(q, way))
		if err != nil {
			return nil, err
		}
		if n > best {
			densest, best = way, n
		}
	}
	return densest, nil
}

// countWays are the candidates that q may be counted by. A search comes first, as
// it finds less than what the others select mostly.
func countWays(q lifecycle.CredentialQuery) []*candidates {
	ways := indexed(q)
	slices.Reverse(ways)
	if words := searchWords(foldSearch(q.Search)); len(words) == 1 {
		ways = slices.Insert(ways, 1, fromTheEnd(q.AccountID, words[0]))
	}
	return ways
}

// fromTheEnd are the candidates of a search by one word, the last name first.
// Without its limit SQLite takes the order of a part of them for nobody's concern.
func fromTheEnd(accountID, word string) *candidates {
	return &candidates{ids: func(c *composed) {
		c.searched = true
		c.add("SELECT e.client_id FROM (SELECT w.client_id FROM credential_words AS w WHERE w.account_id = ", c.bind(accountID))
		composePrefix(c, "w.word", word)
		c.add(" ORDER BY w.word DESC, w.name_folded DESC, w.client_id DESC LIMIT ", c.bind(int64(math.MaxInt64)), ") AS e UNION ALL ")
		searchElsewhere(c, accountID, word)
	}}
}

// composeTrial composes the statement that counts how many of the first
// candidates pass.
func composeTrial(q lifecycle.CredentialQuery, way *candidates) *composed {
	c := &composed{}
	c.add("SELECT COUNT(*) FROM (SELECT x.client_id FROM (")
	way.addIDs(c, q.AccountID)
	c.add(") AS x LIMIT ", c.bind(int64(triedForCount)), ") AS few CROSS JOIN credentials AS c WHERE c.client_id = few.client_id AND c.account_id = ", c.bind(q.AccountID))
	composeFilters(c, q)
	return c
}

// composeCount composes the statement that counts what a query finds, up to
// most+1.
func composeCount(q lifecycle.CredentialQuery, narrow *candidates, most int) *composed {
	c := &composed{}
	c.add("SELECT COUNT(*) FROM (SELECT 1 AS one")
	if narrow == nil {
		c.add(" FROM credentials AS c WHERE c.account_id = ", c.bind(q.AccountID))
		composeFilters(c, q)
	} else {
		composeFrom(c, q, narrow, true)
	}
	return c.add(" LIMIT ", c.bind(int64(most)+1), ") AS found")
}

// composeDistinctCount composes the statement that counts what a query finds by
// the candidates' IDs, up to limit, and how many of these differ.
func composeDistinctCount(q lifecycle.CredentialQuery, narrow *candidates, limit int) *composed {
	c := &composed{}
	c.add("SELECT COUNT(*), COUNT(DISTINCT found.client_id) FROM (SELECT c.client_id")
	composeFrom(c, q, narrow, false)
	return c.add(" LIMIT ", c.bind(int64(limit)), ") AS found")
}
