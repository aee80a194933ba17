package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/sqlstore/statement"
)

// maxAuditText is how much of an identifier an event keeps, in bytes: a refused
// request may name anything.
const maxAuditText = 256

var errEventIncomplete = errors.New("an audit event needs an ID, a time, an action and an outcome")

// headRow is the head row as this transaction sees it.
type headRow struct {
	sequence, change int64
	hash             []byte
}

// lockHead takes the head row's lock by an UPDATE that changes nothing, and
// reads it. It is the first statement of every change.
func (r *reader) lockHead(ctx context.Context) (headRow, error) {
	row, err := r.q.LockHead(ctx)
	return headRow{sequence: row.Sequence, change: row.Change, hash: row.Hash}, r.fault(err)
}

// Record appends an event to the chain.
func (t *tx) Record(ctx context.Context, event apicred.AuditEvent) error {
	if event.EventID == "" || event.At.IsZero() || event.Action == "" || event.Outcome == "" {
		return t.fault(errEventIncomplete)
	}
	normalize(&event)
	event.Sequence = t.head.sequence + 1
	head := headRow{sequence: event.Sequence, change: t.head.change}
	var change sql.NullInt64
	if event.Outcome == apicred.OutcomeDone {
		head.change++
		change = sql.NullInt64{Int64: head.change, Valid: true}
	}
	personal, digest, err := personalOf(&event)
	if err != nil {
		return t.fault(err)
	}
	head.hash = audit.Link(t.head.hash, &event, digest)
	if err := t.q.InsertAuditEvent(ctx, auditEventParams(&event, change, digest, head.hash)); err != nil {
		return t.fault(err)
	}
	if personal != nil {
		if err := t.q.InsertAuditPersonal(ctx, event.Sequence, personal.Salt, personal.Address); err != nil {
			return t.fault(err)
		}
	}
	if err := t.q.SetHead(ctx, head.sequence, head.change, head.hash); err != nil {
		return t.fault(err)
	}
	t.head = head
	return nil
}

// normalize makes the event what reading it back will give, so that its hash can
// be computed again, and storable whatever a request put into it.
func normalize(e *apicred.AuditEvent) {
	for _, s := range []*string{&e.ActorID, &e.ActingAs, &e.TargetID, &e.RequestID, &e.Address} {
		*s = clip(plain(*s), maxAuditText)
	}
	e.Before, e.After = json.RawMessage(plain(string(e.Before))), json.RawMessage(plain(string(e.After)))
	e.Count = max(e.Count, 1)
	e.At = timeOf(micros(e.At))
}

// personalOf takes the personal data out of an event, with fresh salt; nil when
// it has none.
func personalOf(e *apicred.AuditEvent) (*audit.Personal, []byte, error) {
	if e.Address == "" {
		return nil, nil, nil
	}
	p := &audit.Personal{Salt: make([]byte, audit.SaltSize), Address: e.Address}
	if _, err := rand.Read(p.Salt); err != nil {
		return nil, nil, err
	}
	return p, p.Digest(), nil
}

func auditEventParams(e *apicred.AuditEvent, change sql.NullInt64, digest, hash []byte) statement.InsertAuditEventParams {
	return statement.InsertAuditEventParams{
		Sequence: e.Sequence, Change: change, EventID: e.EventID, HappenedAt: micros(e.At), AccountID: e.AccountID,
		ActorType: string(e.ActorType), ActorID: e.ActorID, ActingAs: e.ActingAs, Action: e.Action,
		TargetType: string(e.TargetType), TargetID: e.TargetID, Outcome: string(e.Outcome), Rule: e.Rule,
		Occurrences: e.Count, RequestID: e.RequestID, BeforeState: string(e.Before), AfterState: string(e.After),
		PersonalDigest: digest, Hash: hash,
	}
}

func auditEventOf(row *statement.AuditEvent) apicred.AuditEvent {
	return apicred.AuditEvent{
		EventID: row.EventID, Sequence: row.Sequence, At: timeOf(row.HappenedAt), AccountID: row.AccountID,
		ActorType: apicred.ActorType(row.ActorType), ActorID: row.ActorID, ActingAs: row.ActingAs, Action: row.Action,
		TargetType: apicred.TargetType(row.TargetType), TargetID: row.TargetID, Outcome: apicred.Outcome(row.Outcome),
		Rule: row.Rule, Count: row.Occurrences, RequestID: row.RequestID,
		Before: jsonOf(row.BeforeState), After: jsonOf(row.AfterState),
	}
}

// jsonOf returns nil for an empty text, which no JSON document is.
func jsonOf(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

func (r *reader) feedHead(ctx context.Context) (accesstoken.Head, error) {
	row, err := r.q.GetHead(ctx)
	return accesstoken.Head{
		Epoch: row.Epoch, Sequence: row.Sequence, Change: row.Change, Hash: hex.EncodeToString(row.Hash),
	}, r.fault(err)
}

// hashAt is the hash of one event; empty where it was pruned, not_found where
// there is none.
func (r *reader) hashAt(ctx context.Context, sequence int64) (string, error) {
	hash, err := r.q.GetAuditHash(ctx, sequence)
	if !errors.Is(err, sql.ErrNoRows) {
		return hex.EncodeToString(hash), r.fault(err)
	}
	base, baseErr := r.auditBase(ctx)
	switch {
	case baseErr != nil:
		return "", baseErr
	case base == nil || base.Sequence < sequence:
		return "", r.fault(err)
	case base.Sequence == sequence:
		return hex.EncodeToString(base.Hash), nil
	}
	return "", nil
}

// renameHistory gives the history another name, unless somebody has.
func (s *Store) renameHistory(ctx context.Context, from string) error {
	epoch, err := uuid.NewRandomFromReader(rand.Reader)
	if err != nil {
		return apicred.Internal(err)
	}
	return s.write(ctx, func(r *reader) error { return r.fault(r.q.RenameEpoch(ctx, epoch.String(), from)) })
}

func (r *reader) changesSince(ctx context.Context, after int64, most int) ([]accesstoken.Change, error) {
	rows, err := r.q.ListChangesAfter(ctx, sql.NullInt64{Int64: after, Valid: true}, int64(most))
	changes := make([]accesstoken.Change, 0, len(rows))
	for _, row := range rows {
		changes = append(changes, accesstoken.Change{
			Change: row.Change.Int64, At: timeOf(row.HappenedAt), TargetType: apicred.TargetType(row.TargetType), TargetID: row.TargetID, AccountID: row.AccountID,
		})
	}
	return changes, r.fault(err)
}

// chainPage is how many events are in memory at a time while a chain is read.
const chainPage = 1000

// chain streams the whole audit chain and returns where it ends.
func (r *reader) chain(ctx context.Context, begin func(*audit.Base) error, entry func(audit.Entry) error) (audit.Head, error) {
	base, err := r.auditBase(ctx)
	if err == nil {
		err = begin(base)
	}
	if err != nil {
		return audit.Head{}, err
	}
	after := int64(-1) // a row below 1, or where the log was pruned, is a fault to be found, too
	for {
		rows, err := r.q.ListAuditChainAfter(ctx, after, chainPage)
		if err != nil {
			return audit.Head{}, r.fault(err)
		}
		for i := range rows {
			if err := entry(entryOf(&rows[i])); err != nil {
				return audit.Head{}, err
			}
			after = rows[i].AuditEvent.Sequence
		}
		if len(rows) < chainPage {
			break
		}
	}
	return r.auditHead(ctx)
}

func (r *reader) auditHead(ctx context.Context) (audit.Head, error) {
	row, err := r.q.GetHead(ctx)
	return audit.Head{Epoch: row.Epoch, Sequence: row.Sequence, Change: row.Change, Hash: row.Hash}, r.fault(err)
}

func entryOf(row *statement.ListAuditChainAfterRow) audit.Entry {
	e := audit.Entry{
		Event: auditEventOf(&row.AuditEvent), Change: row.AuditEvent.Change.Int64,
		PersonalDigest: row.AuditEvent.PersonalDigest, Hash: row.AuditEvent.Hash,
	}
	if row.Address.Valid {
		e.Event.Address = row.Address.String
		e.Personal = &audit.Personal{Salt: row.Salt, Address: row.Address.String}
	}
	return e
}

// recentChanges names each thing that changed once, by its last change.
func (r *reader) recentChanges(ctx context.Context, since time.Time, upTo int64) (changes []accesstoken.Change, floor int64, err error) {
	last, err := r.q.LastChangeBefore(ctx, micros(since))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, 0, r.fault(err)
	}
	base, err := r.auditBase(ctx)
	if err != nil {
		return nil, 0, err
	}
	floor = last.Int64
	if base != nil {
		floor = max(floor, base.Change) // what was pruned was before that time
	}
	rows, err := r.q.ListLastingChangesBetween(ctx, sql.NullInt64{Int64: floor, Valid: true}, sql.NullInt64{Int64: upTo, Valid: true})
	for _, row := range rows {
		changes = append(changes, accesstoken.Change{
			Change: row.Change, TargetType: apicred.TargetType(row.TargetType), TargetID: row.TargetID, AccountID: row.AccountID,
		})
	}
	return changes, floor, r.fault(err)
}
