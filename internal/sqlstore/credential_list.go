package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

// A list is read in one of three ways:
//
//   - along the index of its order, trying the filters on each row: good when
//     the filters let many rows pass, as a page is full soon;
//   - from the rows that one filter selects by an index of its own, sorted
//     afterwards: good when they are few;
//   - along what one word of a search finds, in the order of names.
//
// Neither engine can know which without statistics that are fresh for every
// account, so the candidates are counted first, up to fewCandidates. Where they
// are more, the list is read along its order, stretch by stretch, as long as what
// was found so far says that the page will be full soon: what a search finds may
// all stand at the far end ("weekly", sorted by name), and trying every row before
// them takes seconds. Then the page is read in one of the other ways after all.

// fewCandidates is where reading and sorting all candidates costs about as much
// as finding a page among that share of a million rows.
const fewCandidates = 4000

// stretchPages is how many pages of rows the first stretch has, and triedPages
// how many are tried along an order at most.
const (
	stretchPages = 20
	triedPages   = 200
)

// beyondPrefix ends the range of texts that begin with a prefix: no text has
// this noncharacter.
const beyondPrefix = "\U0010FFFF"

const credentialColumns = `c.client_id, c.account_id, c.name, c.name_folded, c.level, c.owner_id, c.scopes, c.api,
	c.authentication_method, c.allowed_cidrs, c.token_lifetime, c.requests_per_second, c.disabled_at, c.disabled_by,
	c.expires_at, c.suspension, c.generation, c.version, c.created_at, c.created_by, c.updated_at, c.last_used_at, c.last_used_address,
	c.enabled_at, c.secret_added_at, c.key_set, c.tls_client_subject`

func scanCredential(rows *sql.Rows, c *statement.Credential) error {
	return rows.Scan(&c.ClientID, &c.AccountID, &c.Name, &c.NameFolded, &c.Level, &c.OwnerID, &c.Scopes, &c.API,
		&c.AuthenticationMethod, &c.AllowedCidrs, &c.TokenLifetime, &c.RequestsPerSecond, &c.DisabledAt, &c.DisabledBy,
		&c.ExpiresAt, &c.Suspension, &c.Generation, &c.Version, &c.CreatedAt, &c.CreatedBy, &c.UpdatedAt, &c.LastUsedAt, &c.LastUsedAddress,
		&c.EnabledAt, &c.SecretAddedAt, &c.KeySet, &c.TLSClientSubject)
}

func (r *reader) queryCredentials(ctx context.Context, c *composed) ([]apicred.Credential, error) {
	var found []statement.Credential
	err := r.query(ctx, c, func(rows *sql.Rows) error {
		found = append(found, statement.Credential{})
		return scanCredential(rows, &found[len(found)-1])
	})
	if err != nil {
		return nil, err
	}
	return r.credentialsOf(found)
}

func (r *reader) Credentials(ctx context.Context, q lifecycle.CredentialQuery) ([]apicred.Credential, error) {
	if !searchable(q.Search) || q.Limit <= 0 {
		return nil, nil
	}
	position, err := positionOf(q)
	if err != nil {
		return nil, err
	}
	narrow, err := r.narrowest(ctx, q)
	if err != nil {
		return nil, err
	}
	wide := indexed(q)
	if narrow != nil || len(wide) == 0 {
		return r.queryCredentials(ctx, composeList(q, narrow, stretch{after: position}))
	}
	words, err := r.alongWords(ctx, q, position)
	if err != nil {
		return nil, err
	}
	if words != nil {
		return r.queryCredentials(ctx, composeList(q, words, stretch{after: position}))
	}
	page, full, err := r.alongOrder(ctx, q, position)
	if err != nil || full {
		return page, err
	}
	word, err := r.alongWord(ctx, q, position)
	if err != nil {
		return nil, err
	}
	if word != nil {
		return r.queryCredentials(ctx, composeList(q, word, stretch{after: position}))
	}
	return r.queryCredentials(ctx, composeList(q, wide[len(wide)-1], stretch{after: position}))
}

// alongOrder tries the filters along the order while the page promises to be
// full soon. full is false when it gave up: the page is then worth nothing.
func (r *reader) alongOrder(ctx context.Context, q lifecycle.CredentialQuery, after *place) (page []apicred.Credential, full bool, err error) {
	wanted, rest := q.Limit, q
	for tried, next := 0, wanted*stretchPages; ; {
		part := stretch{after: after}
		if part.end, err = r.stretchEnd(ctx, q, after, next); err != nil {
			return nil, false, err
		}
		rest.Limit = wanted - len(page)
		found, err := r.queryCredentials(ctx, composeList(rest, nil, part))
		if err != nil {
			return nil, false, err
		}
		page = append(page, found...)
		if part.end == nil || len(page) == wanted {
			return page, true, nil
		}
		// As many rows again as the missing ones take at the rate so far, and a half more.
		tried += next
		next = tried * (wanted - len(page)) * 3 / 2 / max(len(page), 1)
		if next += wanted; tried+next > wanted*triedPages {
			return nil, false, nil
		}
		after = part.end
	}
}

// stretch is a part of a list's order: behind after, nil for its beginning, up
// to and with end, nil for its end.
type stretch struct{ after, end *place }

// place is a row's in the order of a list.
type place struct {
	key      any
	clientID string
}

// stretchEnd returns the place that is rows behind another in the order; nil
// when the order ends before.
func (r *reader) stretchEnd(ctx context.Context, q lifecycle.CredentialQuery, after *place, rows int) (end *place, err error) {
	err = r.query(ctx, composeStretchEnd(q, after, rows), func(rows *sql.Rows) error {
		end = &place{}
		return rows.Scan(&end.key, &end.clientID)
	})
	return end, err
}

// searchable tells whether the database could hold what is searched for.
func searchable(search string) bool {
	return utf8.ValidString(search) && !strings.ContainsRune(search, 0)
}

// composeList composes the statement of a page. Candidates are sorted by their
// keys alone: whole rows are wide, and most are not on the page.
func composeList(q lifecycle.CredentialQuery, narrow *candidates, part stretch) *composed {
	c := &composed{}
	c.add("SELECT ", credentialColumns)
	if narrow == nil {
		c.add(" FROM credentials AS c WHERE c.account_id = ", c.bind(q.AccountID))
		composeFilters(c, q)
		composeOrder(c, q, part)
		return c.add(" LIMIT ", c.bind(int64(q.Limit)))
	}
	c.add(" FROM (SELECT c.client_id")
	composeFrom(c, q, narrow, true)
	composeSort(c, q, part.after)
	c.add(" LIMIT ", c.bind(int64(q.Limit)), ") AS page CROSS JOIN credentials AS c WHERE c.client_id = page.client_id")
	composeSort(c, q, nil)
	return c
}

// composeStretchEnd composes the statement that finds where a stretch ends. It
// reads nothing but the index of the order. This OFFSET pages nothing: it counts
// entries of the index, and alongOrder bounds how many.
func composeStretchEnd(q lifecycle.CredentialQuery, after *place, rows int) *composed {
	c := &composed{}
	column, _ := orderOf(q.Sort)
	c.add("SELECT c.", column, ", c.client_id FROM credentials AS c WHERE c.account_id = ", c.bind(q.AccountID))
	composeOrder(c, q, stretch{after: after})
	return c.add(" LIMIT 1 OFFSET ", c.bind(int64(rows)-1))
}

// composeOrder adds the part of the order and the order itself.
func composeOrder(c *composed, q lifecycle.CredentialQuery, part stretch) {
	column, descending := orderOf(q.Sort)
	after, upTo, direction := " > ", " <= ", ""
	if descending {
		after, upTo, direction = " < ", " >= ", " DESC"
	}
	// Behind a row of the list, towards less, nothing is greater any more.
	if key, ok := attentionUpTo(q); ok && (!descending || part.after == nil) {
		c.add(" AND c.", column, " <= ", c.bind(key))
	}
	if part.after != nil {
		c.add(" AND (c.", column, ", c.client_id)", after, "(", c.bind(part.after.key), ", ", c.bind(part.after.clientID), ")")
	}
	if part.end != nil {
		c.add(" AND (c.", column, ", c.client_id)", upTo, "(", c.bind(part.end.key), ", ", c.bind(part.end.clientID), ")")
	}
	c.add(" ORDER BY c.", column, direction, ", c.client_id", direction)
}

// composeSort adds the order of candidates, from behind a place. No engine takes the key as it is written here for an index's: along
// that it would try every row.
func composeSort(c *composed, q lifecycle.CredentialQuery, after *place) {
	column, descending := orderOf(q.Sort)
	key, behind, direction := "(c."+column+" + 0)", " > ", ""
	if column == "name_folded" {
		key = "(c.name_folded || '')"
	}
	if descending {
		behind, direction = " < ", " DESC"
	}
	if after != nil {
		c.add(" AND (", key, ", c.client_id)", behind, "(", c.bind(after.key), ", ", c.bind(after.clientID), ")")
	}
	c.add(" ORDER BY ", key, direction, ", c.client_id", direction)
}

// composeFrom adds FROM and WHERE, by candidates. CROSS JOIN makes SQLite begin
// with them; to PostgreSQL it is a plain join.
func composeFrom(c *composed, q lifecycle.CredentialQuery, narrow *candidates, distinct bool) {
	switch {
	case narrow.ids == nil:
		c.add(" FROM credentials AS c WHERE c.account_id = ", c.bind(q.AccountID), " AND ")
		narrow.where(c)
	case distinct:
		c.add(" FROM (SELECT DISTINCT x.client_id FROM (")
		narrow.ids(c)
		c.add(") AS x) AS few CROSS JOIN credentials AS c WHERE c.client_id = few.client_id AND c.account_id = ", c.bind(q.AccountID))
	default:
		c.add(" FROM (")
		narrow.ids(c)
		c.add(") AS few CROSS JOIN credentials AS c WHERE c.client_id = few.client_id AND c.account_id = ", c.bind(q.AccountID))
	}
	composeFilters(c, q)
}

// orderOf returns the column that a list is ordered by.
func orderOf(sort lifecycle.CredentialSort) (column string, descending bool) {
	switch sort {
	case lifecycle.SortNameDesc:
		return "name_folded", true
	case lifecycle.SortCreatedAt:
		return "created_at", false
	case lifecycle.SortCreatedAtDesc:
		return "created_at", true
	case lifecycle.SortLastUsedAt:
		return "last_used_at", false
	case lifecycle.SortLastUsedAtDesc:
		return "last_used_at", true
	default:
		return "name_folded", false
	}
}

// positionOf returns the place behind which the page begins, its key typed as
// its column; nil for the first page.
func positionOf(q lifecycle.CredentialQuery) (*place, error) {
	if q.After == (lifecycle.CredentialPosition{}) {
		return nil, nil
	}
	if column, _ := orderOf(q.Sort); column == "name_folded" {
		return &place{q.After.Key, q.After.ClientID}, nil
	}
	micros, err := strconv.ParseInt(q.After.Key, 10, 64)
	if err != nil {
		return nil, apicred.Malformed("The page token does not belong to this list. Begin again without it.").Because(err)
	}
	return &place{micros, q.After.ClientID}, nil
}

// CredentialsHolding any of the scopes, in every account.
func (r *reader) CredentialsHolding(ctx context.Context, scopes []string) ([]apicred.Credential, error) {
	if len(scopes) == 0 {
		return nil, nil
	}
	c := &composed{}
	c.add("SELECT ", credentialColumns, " FROM credentials AS c WHERE c.client_id IN (",
		"SELECT s.client_id FROM credential_scopes AS s WHERE s.scope IN (", bindAll(c, scopes), ")) ORDER BY c.client_id")
	return r.queryCredentials(ctx, c)
}
