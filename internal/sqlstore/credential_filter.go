package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// candidates are the credentials that may pass one filter, by an index of its
// own; nil are all.
type candidates struct {
	// where demands the filter of a credential c, as one stretch of the index.
	where func(*composed)
	// ids selects client IDs, maybe repeatedly: nil where one stretch has them.
	ids func(*composed)
	// costly: selecting them takes about as long as reading them, so that it is
	// done once where they are few.
	costly bool
	// leapt: they are what several words of a search find together.
	leapt bool
	// some of them, where they are many and were found on the way.
	some *candidates
}

// addIDs adds the statement that selects the candidates' client IDs.
func (n *candidates) addIDs(c *composed, accountID string) {
	if n.ids != nil {
		n.ids(c)
		return
	}
	c.add("SELECT c.client_id FROM credentials AS c WHERE c.account_id = ", c.bind(accountID), " AND ")
	n.where(c)
}

// choice is the narrowest filter of a query, whatever page of it and in
// whatever order.
type choice struct {
	of     lifecycle.CredentialQuery
	narrow *candidates
	some   *candidates // what narrow is nil for, many, begins with these; nil where nobody knows
}

// narrowest returns the filter of q that selects fewest credentials, if it
// selects few at all; else nil.
func (r *reader) narrowest(ctx context.Context, q lifecycle.CredentialQuery) (*candidates, error) {
	q.Sort, q.After, q.Limit = "", lifecycle.CredentialPosition{}, 0
	if r.chosen != nil && r.chosen.of == q {
		return r.chosen.narrow, nil
	}
	narrow, some, err := r.choose(ctx, q)
	if err == nil {
		r.chosen = &choice{q, narrow, some}
	}
	return narrow, err
}

func (r *reader) choose(ctx context.Context, q lifecycle.CredentialQuery) (best, some *candidates, err error) {
	fewest := fewCandidates
	for _, filter := range indexed(q) {
		filter, n, err := r.counted(ctx, q, filter, fewest)
		if err != nil {
			return nil, nil, err
		}
		some = filter.some
		if n < fewest {
			best, fewest = filter, n
		}
		if n == 0 {
			break
		}
	}
	return best, some, nil
}

// counted counts a filter's candidates, up to most. If they are costly, it reads
// them, and returns a filter that selects those it read.
func (r *reader) counted(ctx context.Context, q lifecycle.CredentialQuery, filter *candidates, most int) (*candidates, int, error) {
	if filter.leapt {
		together, n, err := r.together(ctx, q, most)
		if err != nil || together != nil && n < most {
			return together, n, err
		}
		if together != nil {
			filter.some = together
			return filter, n, nil
		}
	}
	if !filter.costly || r.elements == "" {
		n, err := r.count(ctx, composeChoice(q, filter, most))
		return filter, n, err
	}
	var ids []string
	err := r.query(ctx, composeCostly(q, filter, most), func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil || len(ids) == 0 || len(ids) >= most {
		return filter, len(ids), err
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, 0, err
	}
	return &candidates{ids: func(c *composed) {
		c.searched = true
		c.add("SELECT l.value AS client_id FROM ", r.elements, "(", c.bind(string(list)), ") AS l")
	}}, len(ids), nil
}

// composeCostly composes the statement that reads candidates, up to most.
func composeCostly(q lifecycle.CredentialQuery, filter *candidates, most int) *composed {
	c := &composed{}
	c.add("SELECT x.client_id FROM (")
	filter.addIDs(c, q.AccountID)
	return c.add(") AS x LIMIT ", c.bind(int64(most)))
}

// composeChoice composes the statement that counts candidates, up to most.
func composeChoice(q lifecycle.CredentialQuery, filter *candidates, most int) *composed {
	c := &composed{choosing: true}
	c.add("SELECT COUNT(*) FROM (SELECT 1 AS one FROM (")
	filter.addIDs(c, q.AccountID)
	return c.add(") AS x LIMIT ", c.bind(int64(most)), ") AS few")
}

// indexed returns those filters of q that have an index of their own.
func indexed(q lifecycle.CredentialQuery) []*candidates {
	var filters []*candidates
	if q.OwnerID != "" {
		filters = append(filters, &candidates{where: func(c *composed) { c.add("c.owner_id = ", c.bind(q.OwnerID)) }})
	}
	if q.Level == apicred.LevelAccount {
		filters = append(filters, credentialsWhere("c.level = 'account'"))
	}
	switch q.Status {
	case apicred.StatusDisabled:
		filters = append(filters, credentialsWhere("c.disabled_at <> 0"))
	case apicred.StatusSuspended:
		filters = append(filters, credentialsWhere("c.suspension <> ''"))
	case apicred.StatusExpired:
		filters = append(filters, &candidates{where: func(c *composed) {
			c.add("c.expires_at <> 0 AND c.expires_at <= ", c.bind(micros(q.Now)))
		}})
	case apicred.StatusActive: // nearly all
	}
	if q.Scope != "" {
		filters = append(filters, &candidates{ids: func(c *composed) {
			c.add("SELECT s.client_id FROM credential_scopes AS s WHERE s.scope = ", c.bind(q.Scope), " AND s.account_id = ", c.bind(q.AccountID))
		}})
	}
	if needy := attentionCandidates(q); needy != nil {
		filters = append(filters, needy)
	}
	if folded := foldSearch(q.Search); folded != "" {
		words := len(searchWords(folded))
		filters = append(filters, &candidates{
			ids:    func(c *composed) { searchCandidates(c, q.AccountID, folded) },
			costly: words > 1 && words <= chosenWords,
			leapt:  words > 1,
		})
	}
	return filters
}

// credentialsWhere selects by a constant condition that a partial index has.
func credentialsWhere(condition string) *candidates {
	return &candidates{where: func(c *composed) { c.add(condition) }}
}

// chosenWords is how many words of a search select the candidates.
const chosenWords = 2

// searchCandidates selects what the longest words together, the client ID or
// the owner's e-mail may mean; composeSearch then demands the rest, if there is
// more.
func searchCandidates(c *composed, accountID, folded string) {
	words := searchWords(folded)
	c.searched = len(words) <= chosenWords
	if len(words) > 0 && len(words) <= maxSearchWords {
		for i, word := range words[:min(chosenWords, len(words))] {
			if i > 0 {
				c.add(" INTERSECT ") // binds closer than UNION, or comes first: the same here
			}
			c.add("SELECT w.client_id FROM credential_words AS w WHERE w.account_id = ", c.bind(accountID))
			composePrefix(c, "w.word", word)
		}
		c.add(" UNION ALL ")
	}
	searchElsewhere(c, accountID, folded)
}

// searchElsewhere selects what the client ID or the owner's e-mail may mean.
func searchElsewhere(c *composed, accountID, folded string) {
	// Of any account, since SQLite would take an index by account for this one.
	c.add("SELECT i.client_id FROM credentials AS i WHERE 1 = 1")
	composePrefix(c, "i.client_id", folded)
	c.add(" UNION ALL SELECT o.client_id FROM persons AS p CROSS JOIN credentials AS o WHERE o.owner_id = p.user_id AND o.account_id = ", c.bind(accountID))
	composePrefix(c, "p.email_folded", folded)
}

// composePrefix demands that a folded column begins with prefix, as a range that
// both engines answer from an index. (LIKE ignores case on SQLite.)
func composePrefix(c *composed, column, prefix string) {
	c.add(" AND ", column, " >= ", c.bind(prefix), " AND ", column, " < ", c.bind(prefix+beyondPrefix))
}

// composeFilters adds what every row must pass. IS TRUE keeps SQLite from any
// index but the order's own, and leaves PostgreSQL its statistics; of a count
// PostgreSQL has none, and takes "<> 0" for likely, as it is here.
func composeFilters(c *composed, q lifecycle.CredentialQuery) {
	if q.Level != "" {
		c.add(" AND (c.level = ", c.bind(string(q.Level)), ") IS TRUE")
	}
	if q.OwnerID != "" {
		c.add(" AND (c.owner_id = ", c.bind(q.OwnerID), ") IS TRUE")
	}
	composeStatus(c, q)
	composeAttention(c, q)
	if q.Scope != "" {
		c.add(" AND (SELECT COUNT(*) FROM credential_scopes AS s WHERE s.client_id = c.client_id AND s.scope = ", c.bind(q.Scope), ") <> 0")
	}
	if folded := foldSearch(q.Search); folded != "" && !c.searched {
		composeSearch(c, folded)
	}
}

// composeStatus follows apicred.Credential.StatusAt: disabled > expired >
// suspended > active.
func composeStatus(c *composed, q lifecycle.CredentialQuery) {
	switch q.Status {
	case apicred.StatusDisabled:
		c.add(" AND (c.disabled_at <> 0) IS TRUE")
	case apicred.StatusExpired:
		c.add(" AND (c.disabled_at = 0) IS TRUE AND (c.expires_at <> 0) IS TRUE AND (c.expires_at <= ", c.bind(micros(q.Now)), ") IS TRUE")
	case apicred.StatusSuspended:
		composeUnexpired(c, q)
		c.add(" AND (c.suspension <> '') IS TRUE")
	case apicred.StatusActive:
		composeUnexpired(c, q)
		c.add(" AND (c.suspension = '') IS TRUE")
	}
}

func composeUnexpired(c *composed, q lifecycle.CredentialQuery) {
	c.add(" AND (c.disabled_at = 0) IS TRUE AND (c.expires_at = 0 OR c.expires_at > ", c.bind(micros(q.Now)), ") IS TRUE")
}

// composeSearch demands that each word begins a word of the name, or that the
// whole text begins the client ID or the owner's e-mail.
func composeSearch(c *composed, folded string) {
	c.add(" AND (c.client_id >= ", c.bind(folded), " AND c.client_id < ", c.bind(folded+beyondPrefix))
	c.add(" OR (SELECT COUNT(*) FROM persons AS p WHERE p.user_id = c.owner_id")
	composePrefix(c, "p.email_folded", folded)
	c.add(") <> 0")
	if words := searchWords(folded); len(words) > 0 && len(words) <= maxSearchWords {
		c.add(" OR (1 = 1")
		for _, word := range words {
			c.add(" AND (SELECT COUNT(*) FROM credential_words AS w WHERE w.client_id = c.client_id")
			composePrefix(c, "w.word", word)
			c.add(") <> 0")
		}
		c.add(")")
	}
	c.add(")")
}
