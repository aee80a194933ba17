package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Entry is one event as stored, with what the chain needs to be verified.
type Entry struct {
	Event apicred.AuditEvent
	// Change is the event's number in the change feed; 0 for refusals.
	Change int64
	// PersonalDigest is what the chain carries for the personal data.
	PersonalDigest []byte
	// Personal is the data itself; nil when there was none or it was erased.
	Personal *Personal
	Hash     []byte
}

// Head is the head row: where the chain ends.
type Head struct {
	Sequence int64
	Change   int64
	Hash     []byte
}

// Source streams a stored chain.
type Source interface {
	// Chain hands every entry to entry in ascending sequence and returns the
	// head row, both from one snapshot. It stops at entry's first error and
	// returns that.
	Chain(ctx context.Context, entry func(Entry) error) (Head, error)
}

// Report says what a verified chain is.
type Report struct {
	Events       int64     // how many were verified
	LastSequence int64     // of the last event; 0 when there is none
	LastHash     string    // hex; keep it elsewhere to compare later
	At           time.Time // of the last event; zero when there is none
}

// Problem says what is wrong with a chain.
type Problem string

// The problems that Verify tells apart.
const (
	ProblemChanged  Problem = "changed row"
	ProblemMissing  Problem = "missing row"
	ProblemHead     Problem = "head row differs"
	ProblemPersonal Problem = "changed personal data"
)

// Fault is the first place where a chain does not hold.
type Fault struct {
	Sequence int64
	Problem  Problem
}

// Error returns a finished sentence that names the sequence and the problem.
func (f *Fault) Error() string {
	var what string
	switch f.Problem {
	case ProblemMissing:
		what = "is missing"
	case ProblemHead:
		what = "is not where the head row says that the chain ends"
	case ProblemPersonal:
		what = "has another address than the one that was recorded"
	default:
		what = "was changed after it was recorded, or the one before it was"
	}
	return fmt.Sprintf("The audit log does not hold: event %d %s. Keep this database as evidence and compare it with a backup.", f.Sequence, what)
}

// Verify streams the chain from sequence 1 and checks every link, every change
// number, the personal data that is still there, and the head row. The error is
// a *Fault for the first place where the chain does not hold, else the source's
// own; the report then covers the events before it.
func Verify(ctx context.Context, source Source) (Report, error) {
	v := verifier{hash: Genesis()}
	head, err := source.Chain(ctx, v.entry)
	if err == nil {
		err = v.head(head)
	}
	v.report.LastHash = hex.EncodeToString(v.hash)
	return v.report, err
}

type verifier struct {
	report Report
	hash   []byte
	change int64
}

func (v *verifier) entry(e Entry) error {
	next := v.report.LastSequence + 1
	if e.Event.Sequence != next {
		return &Fault{next, ProblemMissing}
	}
	hash := Link(v.hash, &e.Event, e.PersonalDigest)
	if !bytes.Equal(hash, e.Hash) {
		return &Fault{next, ProblemChanged}
	}
	// Change numbers follow from the outcomes, so the chain need not carry them.
	change := int64(0)
	if e.Event.Outcome == apicred.OutcomeDone {
		v.change++
		change = v.change
	}
	if e.Change != change {
		return &Fault{next, ProblemChanged}
	}
	if e.Personal != nil && !bytes.Equal(e.Personal.Digest(), e.PersonalDigest) {
		return &Fault{next, ProblemPersonal}
	}
	v.hash = hash
	v.report.Events++
	v.report.LastSequence = next
	v.report.At = e.Event.At
	return nil
}

func (v *verifier) head(h Head) error {
	switch last := v.report.LastSequence; {
	case h.Sequence > last:
		return &Fault{last + 1, ProblemMissing}
	case h.Sequence < last || h.Change != v.change || !bytes.Equal(h.Hash, v.hash):
		return &Fault{h.Sequence, ProblemHead}
	}
	return nil
}
