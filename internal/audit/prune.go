package audit

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	// LeastAge is how old an event must be to be pruned: nodes and enforcement
	// points ask for the changes of the longest life of a token, a day.
	LeastAge = 48 * time.Hour
	// pruneBatch is how many events one transaction removes at most. Changes wait
	// for it.
	pruneBatch = 2000
)

// ActionPrune is the audit event of a pruning.
const ActionPrune = "audit.prune"

// Cut is a beginning of the chain that can be pruned: verified, and perhaps
// archived.
type Cut struct {
	Report Report // of the whole chain, before
	// Events are that many, First to Last, made From and To.
	Events      int64
	First, Last int64
	From, To    time.Time
	Base        Base // signed; what the chain begins behind afterwards

	after int64  // the sequence that the chain begins behind now
	steps []Base // one a transaction; the last is Base
}

// LastHash is the hash of the last event that goes, in hex.
func (c *Cut) LastHash() string { return hex.EncodeToString(c.Base.Hash) }

// Cut verifies the whole chain and finds the events before a moment, up to the
// first that is younger. With archive it writes them there. Nothing in the store
// changes. Errors: as Verify's, and conflict where there is nothing to prune;
// invalid for a moment that is less than LeastAge ago.
func (n *Notary) Cut(ctx context.Context, before time.Time, archive io.Writer) (Cut, error) {
	now := n.clock().UTC().Truncate(time.Microsecond)
	if before.After(now.Add(-LeastAge)) {
		return Cut{}, &apicred.Error{Kind: apicred.KindInvalid, Message: "Events of the last 48 hours cannot be pruned: nodes and enforcement points may still ask for them. Name an earlier moment."}
	}
	if archive == nil {
		archive = io.Discard
	}
	kept, err := n.store.Checkpoints(ctx)
	if err != nil {
		return Cut{}, err
	}
	cutter := &cutter{Source: n.store, before: before, writer: newArchiveWriter(archive)}
	report, err := Verify(ctx, cutter, Expected{Kept: kept, Keys: n.signer.CheckpointKeys()})
	if err != nil {
		return Cut{}, err
	}
	c := cutter.cut
	if c.Events == 0 {
		return Cut{}, apicred.Conflict("There is nothing to prune: the first event of the audit log is not older than that.")
	}
	c.Report = report
	for i := range c.steps {
		c.steps[i].Epoch, c.steps[i].At = cutter.epoch, now
		n.sign(&c.steps[i])
	}
	c.Base = c.steps[len(c.steps)-1]
	return c, cutter.writer.end(&c.Base)
}

func (n *Notary) sign(b *Base) {
	b.PublicKey = n.signer.CheckpointKeys()[0]
	b.Signature = n.signer.SignCheckpoint(b.SignedText())
}

// cutter is a chain that is looked at while it is verified.
type cutter struct {
	Source
	before time.Time
	writer *archiveWriter
	epoch  string
	cut    Cut
	change int64 // the change feed's number so far
	past   bool  // an event was met that stays
}

func (c *cutter) Chain(ctx context.Context, begin func(*Base) error, entry func(Entry) error) (Head, error) {
	head, err := c.Source.Chain(ctx, func(b *Base) error {
		if b != nil {
			c.cut.after, c.change = b.Sequence, b.Change
		}
		return errors.Join(begin(b), c.writer.begin(b))
	}, func(e Entry) error {
		if err := entry(e); err != nil {
			return err
		}
		return c.take(&e)
	})
	c.epoch = head.Epoch
	return head, err
}

// take adds a verified event to the cut, unless one before it stays.
func (c *cutter) take(e *Entry) error {
	if c.past = c.past || !e.Event.At.Before(c.before); c.past {
		return nil
	}
	cut := &c.cut
	if cut.Events == 0 {
		cut.First, cut.From = e.Event.Sequence, e.Event.At
	}
	if cut.Events%pruneBatch == 0 {
		cut.steps = append(cut.steps, Base{})
	}
	cut.Events++
	cut.Last, cut.To = e.Event.Sequence, e.Event.At
	step := &cut.steps[len(cut.steps)-1]
	c.change = max(c.change, e.Change)
	step.Sequence, step.Change, step.Hash = e.Event.Sequence, c.change, e.Hash
	return c.writer.entry(e)
}

// Step is what one transaction of a pruning does, or nothing of it.
type Step struct {
	// After is the sequence that the chain must begin behind still.
	After int64
	// Base is the new one. Every event up to it goes, with its personal data, and
	// every checkpoint before it.
	Base  Base
	Event apicred.AuditEvent
}

type pruneRecord struct {
	Events   int64  `json:"events"`
	Sequence int64  `json:"up_to_sequence"`
	Hash     string `json:"hash"`
}

// Prune removes what was cut, a batch at a time, each with its signed base and
// an audit event in one transaction: wherever it stops, the chain holds. It
// returns how many events went. Error: conflict when somebody else has pruned
// meanwhile.
func (n *Notary) Prune(ctx context.Context, cut *Cut) (events int64, err error) {
	request, err := uuid.NewV7()
	if err != nil {
		return 0, apicred.Internal(err)
	}
	after := cut.after
	for i := range cut.steps {
		base := cut.steps[i]
		event, err := n.pruned(&base, base.Sequence-after, request.String())
		if err != nil {
			return events, err
		}
		if err := n.store.Prune(ctx, Step{After: after, Base: base, Event: event}); err != nil {
			return events, stoppedAt(err, after, events)
		}
		events += base.Sequence - after
		after = base.Sequence
	}
	return events, nil
}

func (n *Notary) pruned(base *Base, events int64, requestID string) (apicred.AuditEvent, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return apicred.AuditEvent{}, apicred.Internal(err)
	}
	after, err := json.Marshal(pruneRecord{events, base.Sequence, hex.EncodeToString(base.Hash)})
	return apicred.AuditEvent{
		EventID: id.String(), At: n.clock(), ActorType: apicred.ActorOperator, Action: ActionPrune, Outcome: apicred.OutcomeDone, Count: 1,
		TargetType: apicred.TargetAuditLog, TargetID: string(apicred.TargetAuditLog), RequestID: requestID, After: after,
	}, err
}

// stoppedAt says what stands when the rest was not pruned.
func stoppedAt(err error, after, events int64) error {
	if events == 0 {
		return err
	}
	e := *apicred.AsError(err)
	e.Message = fmt.Sprintf("The log was pruned up to event %d only; it holds, and the archive has those and the rest. The reason: %s", after, e.Message)
	return &e
}
