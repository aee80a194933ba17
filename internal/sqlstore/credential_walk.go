package sqlstore

import (
	"context"
	"database/sql"

	"github.com/claviger/claviger/internal/lifecycle"
)

// walkedWords is how many words may begin as one does that is searched for, so
// that what each of them finds is read in the order of names.
const walkedWords = 8

// alongWord returns, for a page of a search by one word in the order of names,
// the first rows that each word beginning so finds there; nil when the list has
// another order or the search means too many words. They are as few as the page,
// wherever in the order they stand.
func (r *reader) alongWord(ctx context.Context, q lifecycle.CredentialQuery, after *place) (*candidates, error) {
	column, _ := orderOf(q.Sort)
	search := searchWords(foldSearch(q.Search))
	if column != "name_folded" || len(search) != 1 {
		return nil, nil
	}
	words, err := r.wordsBeginning(ctx, q.AccountID, search[0])
	if err != nil || len(words) > walkedWords {
		return nil, err
	}
	return walkOf(q, search[0], words, after), nil
}

// walkOf is what words, all that begin with search, find behind a place.
func walkOf(q lifecycle.CredentialQuery, search string, words []string, after *place) *candidates {
	return &candidates{ids: func(c *composed) {
		c.searched = true
		for _, word := range words {
			composeWalk(c, q, word, after)
			c.add(" UNION ALL ")
		}
		searchElsewhere(c, q.AccountID, search)
	}}
}

// wordsBeginning returns the words of an account's names that begin with
// prefix, up to walkedWords+1, each found from the one before it in the index.
func (r *reader) wordsBeginning(ctx context.Context, accountID, prefix string) (words []string, err error) {
	err = r.query(ctx, composeWords(accountID, prefix), func(rows *sql.Rows) error {
		var word string
		err := rows.Scan(&word)
		words = append(words, word)
		return err
	})
	return words, err
}

func composeWords(accountID, prefix string) *composed {
	c := &composed{}
	first := func(column, after string) {
		c.add("(SELECT w.word FROM credential_words AS w WHERE w.account_id = ", c.bind(accountID),
			" AND w.word ", column, after, " AND w.word < ", c.bind(prefix+beyondPrefix), " ORDER BY w.word LIMIT 1)")
	}
	c.add("WITH RECURSIVE found (word) AS (SELECT ")
	first(">= ", c.bind(prefix))
	c.add(" UNION ALL SELECT ")
	first("> ", "found.word")
	return c.add(" FROM found WHERE found.word IS NOT NULL) SELECT found.word FROM found WHERE found.word IS NOT NULL LIMIT ", c.bind(int64(walkedWords)+1))
}

// composeWalk selects what one word finds, behind a place in the order of names,
// up to a page. What an older program wrote stands in no order: all of it.
func composeWalk(c *composed, q lifecycle.CredentialQuery, word string, after *place) {
	_, descending := orderOf(q.Sort)
	behind, direction := " > ", ""
	if descending {
		behind, direction = " < ", " DESC"
	}
	begin := func() {
		c.add("SELECT w.client_id FROM credential_words AS w CROSS JOIN credentials AS c WHERE w.account_id = ", c.bind(q.AccountID),
			" AND w.word = ", c.bind(word), " AND c.client_id = w.client_id")
		composeFilters(c, q)
	}
	c.add("SELECT walked.client_id FROM (")
	begin()
	// Behind a place nothing is empty; to ask all the same would have SQLite begin there.
	if after == nil || descending {
		c.add(" AND w.name_folded > ''")
	}
	if after != nil {
		c.add(" AND (w.name_folded, w.client_id)", behind, "(", c.bind(after.key), ", ", c.bind(after.clientID), ")")
	}
	c.add(" ORDER BY w.name_folded", direction, ", w.client_id", direction, " LIMIT ", c.bind(int64(q.Limit)), ") AS walked UNION ALL ")
	begin()
	c.add(" AND w.name_folded = ''")
}
