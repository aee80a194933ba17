package sqlstore

import (
	"context"
	"database/sql"

	"github.com/claviger/claviger/internal/lifecycle"
)

// idleSince is apicred.Credential.IdleSince in SQL, spelt as in the index
// credentials_idle.
func idleSince(table string) string {
	column := func(name string) string { return table + "." + name }
	return "(CASE WHEN " + column("last_used_at") + " >= " + column("created_at") + " AND " + column("last_used_at") + " >= " + column("enabled_at") +
		" THEN " + column("last_used_at") + " WHEN " + column("enabled_at") + " >= " + column("created_at") +
		" THEN " + column("enabled_at") + " ELSE " + column("created_at") + " END)"
}

// attentionCandidates are the candidates of q's attention, each by its index;
// nil when it asks for none. The lower bounds say nothing but that it is a range:
// of one with a single end PostgreSQL expects a third of all rows, and reads all.
func attentionCandidates(q lifecycle.CredentialQuery) *candidates {
	switch a := q.Attention; a.Kind {
	case lifecycle.AttentionSuspended:
		return credentialsWhere("c.suspension <> ''")
	case lifecycle.AttentionUnused:
		return &candidates{where: func(c *composed) {
			c.attended = true
			c.add("c.disabled_at = 0 AND ", idleSince("c"), " >= ", c.bind(int64(0)), " AND ", idleSince("c"), " <= ", c.bind(micros(a.UnusedSince)))
		}}
	case lifecycle.AttentionUnrotated:
		return &candidates{where: func(c *composed) {
			c.attended = true
			c.add("c.disabled_at = 0 AND c.secret_added_at >= ", c.bind(int64(0)), " AND c.secret_added_at <= ", c.bind(micros(a.RotatedBefore)))
		}}
	case lifecycle.AttentionExpiring:
		return &candidates{ids: func(c *composed) { endingIDs(c, q) }}
	}
	return nil
}

// endingIDs selects what ends soon: the credential, or one of its secrets that
// works, by its own end or by its age.
func endingIDs(c *composed, q lifecycle.CredentialQuery) {
	a, now := q.Attention, micros(q.Now)
	soon, age := micros(a.EndsBefore), a.MaxSecretAge.Microseconds()
	c.attended = true
	c.add("SELECT l.client_id FROM credentials AS l WHERE l.account_id = ", c.bind(q.AccountID),
		" AND l.expires_at <> 0 AND l.expires_at > ", c.bind(now), " AND l.expires_at <= ", c.bind(soon))
	c.add(" UNION ALL SELECT e.client_id FROM secrets AS e WHERE e.account_id = ", c.bind(q.AccountID),
		" AND e.expires_at <> 0 AND e.expires_at > ", c.bind(now), " AND e.expires_at <= ", c.bind(soon))
	if age > 0 && !c.choosing {
		c.add(" AND (e.created_at > ", c.bind(now-age), ") IS TRUE")
	}
	if age > 0 {
		c.add(" UNION ALL SELECT g.client_id FROM secrets AS g WHERE g.account_id = ", c.bind(q.AccountID),
			" AND g.created_at > ", c.bind(now-age), " AND g.created_at <= ", c.bind(soon-age))
	}
	if age > 0 && !c.choosing {
		c.add(" AND (g.expires_at = 0 OR g.expires_at > ", c.bind(now), ") IS TRUE")
	}
}

// attentionUpTo is the greatest key of q's order that what needs its attention
// can have; ok is false where it can have any. Who reads newest first would try
// all that is too new to be unused, or to be unrotated.
func attentionUpTo(q lifecycle.CredentialQuery) (key int64, ok bool) {
	column, _ := orderOf(q.Sort)
	switch {
	case q.Attention.Kind == lifecycle.AttentionUnused && column != "name_folded":
		return micros(q.Attention.UnusedSince), true // idle since it was made and used, or later
	case q.Attention.Kind == lifecycle.AttentionUnrotated && column == "created_at":
		return micros(q.Attention.RotatedBefore), true // secret_added_at is created_at or later
	}
	return 0, false
}

// composeAttention demands q's attention of a row. What is disabled or has
// expired needs none: it is over, or somebody knows.
func composeAttention(c *composed, q lifecycle.CredentialQuery) {
	a := q.Attention
	if a.Kind == "" {
		return
	}
	composeUnexpired(c, q)
	if c.attended {
		return
	}
	switch a.Kind {
	case lifecycle.AttentionSuspended:
		c.add(" AND (c.suspension <> '') IS TRUE")
	case lifecycle.AttentionUnused:
		c.add(" AND (", idleSince("c"), " <= ", c.bind(micros(a.UnusedSince)), ") IS TRUE")
	case lifecycle.AttentionUnrotated:
		c.add(" AND (c.secret_added_at <= ", c.bind(micros(a.RotatedBefore)), ") IS TRUE")
	case lifecycle.AttentionExpiring:
		composeEnding(c, q)
	}
}

// composeEnding demands an end of the credential, or the sooner end (its own, or
// by age) of a secret that still works, before EndsBefore.
func composeEnding(c *composed, q lifecycle.CredentialQuery) {
	a, now := q.Attention, micros(q.Now)
	soon, age := micros(a.EndsBefore), a.MaxSecretAge.Microseconds()
	c.add(" AND ((c.expires_at <> 0 AND c.expires_at <= ", c.bind(soon), ") OR (SELECT COUNT(*) FROM secrets AS s WHERE s.client_id = c.client_id",
		" AND (s.expires_at = 0 OR s.expires_at > ", c.bind(now), ")")
	if age > 0 {
		c.add(" AND s.created_at > ", c.bind(now-age))
	}
	c.add(" AND (s.expires_at <> 0 AND s.expires_at <= ", c.bind(soon))
	if age > 0 {
		c.add(" OR s.created_at <= ", c.bind(soon-age))
	}
	c.add(")) <> 0) IS TRUE")
}

// CredentialsIdle returns the IDs of credentials that are neither disabled nor
// expired and idle since q.Since or before, the longest idle first.
func (r *reader) CredentialsIdle(ctx context.Context, q lifecycle.IdleQuery) ([]string, error) {
	var ids []string
	err := r.query(ctx, composeIdle(q), func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

func composeIdle(q lifecycle.IdleQuery) *composed {
	c := &composed{}
	return c.add("SELECT c.client_id FROM credentials AS c WHERE c.account_id = ", c.bind(q.AccountID), " AND c.disabled_at = 0 AND ",
		idleSince("c"), " <= ", c.bind(micros(q.Since)), " AND (c.expires_at = 0 OR c.expires_at > ", c.bind(micros(q.Now)),
		") IS TRUE ORDER BY ", idleSince("c"), ", c.client_id LIMIT ", c.bind(int64(q.Limit)))
}
