package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

func (r *reader) AuditEvents(ctx context.Context, q lifecycle.AuditQuery) ([]apicred.AuditEvent, error) {
	if !searchable(q.Actor) || !searchable(q.Action) || !searchable(q.Target) || q.Limit <= 0 {
		return nil, nil
	}
	events, err := r.auditEvents(ctx, q)
	if err != nil || q.AccountID == "" || !q.Installation {
		return events, err
	}
	// Two reads, each along its index, instead of one that would sort all there is.
	q.AccountID = ""
	ofNone, err := r.auditEvents(ctx, q)
	events = append(events, ofNone...)
	slices.SortFunc(events, func(a, b apicred.AuditEvent) int { return cmp.Compare(b.Sequence, a.Sequence) })
	return events[:min(len(events), q.Limit)], err
}

func (r *reader) auditEvents(ctx context.Context, q lifecycle.AuditQuery) ([]apicred.AuditEvent, error) {
	events := []apicred.AuditEvent{}
	err := r.query(ctx, composeAuditList(q), func(rows *sql.Rows) error {
		var e statement.AuditEvent
		var address, email sql.NullString
		err := rows.Scan(&e.Sequence, &e.EventID, &e.HappenedAt, &e.AccountID, &e.ActorType, &e.ActorID, &e.ActingAs, &e.Action,
			&e.TargetType, &e.TargetID, &e.Outcome, &e.Rule, &e.Occurrences, &e.RequestID, &e.BeforeState, &e.AfterState,
			&address, &email)
		event := auditEventOf(&e)
		event.Address, event.ActorEmail = address.String, email.String
		events = append(events, event)
		return err
	})
	return events, err
}

// composeAuditList composes the statement of a page, newest first. Without an
// account, Installation asks for the events of its things that are of none.
func composeAuditList(q lifecycle.AuditQuery) *composed {
	c := &composed{}
	c.add("SELECT e.sequence, e.event_id, e.happened_at, e.account_id, e.actor_type, e.actor_id, e.acting_as, e.action,",
		" e.target_type, e.target_id, e.outcome, e.rule, e.occurrences, e.request_id, e.before_state, e.after_state, x.address, p.email",
		" FROM audit_events AS e LEFT JOIN audit_personal AS x ON x.sequence = e.sequence",
		" LEFT JOIN persons AS p ON p.user_id = e.actor_id WHERE 1 = 1")
	for _, filter := range []struct{ column, value string }{
		{"e.account_id", q.AccountID}, {"e.actor_id", q.Actor}, {"e.action", q.Action}, {"e.target_id", q.Target},
	} {
		if filter.value != "" {
			c.add(" AND ", filter.column, " = ", c.bind(filter.value))
		}
	}
	if q.AccountID == "" && q.Installation {
		c.add(" AND e.account_id = '' AND e.target_type IN ('", string(apicred.TargetSigningKey), "', '", string(apicred.TargetCatalogue), "', '", string(apicred.TargetAuditLog), "')")
	}
	if q.ActorType != "" { // one without an ID; said, so that the index by actor serves
		c.add(" AND e.actor_id = '' AND e.actor_type = ", c.bind(string(q.ActorType)))
	}
	if !q.From.IsZero() {
		c.add(" AND e.happened_at >= ", c.bind(micros(q.From)))
	}
	if !q.To.IsZero() {
		c.add(" AND e.happened_at < ", c.bind(micros(q.To)))
	}
	if q.Before > 0 {
		c.add(" AND e.sequence < ", c.bind(q.Before))
	}
	return c.add(" ORDER BY e.sequence DESC LIMIT ", c.bind(int64(q.Limit)))
}
