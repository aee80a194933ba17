package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
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
	Epoch    string // names the database
	Sequence int64
	Change   int64
	Hash     []byte
}

// Source streams a stored chain.
type Source interface {
	// Chain hands the base to begin (nil: nothing was pruned), then every entry
	// to entry in ascending sequence, and returns the head row, all from one
	// snapshot. It stops at the first error of either and returns that.
	Chain(ctx context.Context, begin func(*Base) error, entry func(Entry) error) (Head, error)
}

// Report says what a verified chain is.
type Report struct {
	Events       int64     // how many were verified
	LastSequence int64     // of the last event; 0 when there is none
	LastHash     string    // hex; keep it elsewhere to compare later
	At           time.Time // of the last event; zero when there is none
	Checkpoints  int       // how many were found in the chain, signed by a known key
	// UnknownKeys is how many checkpoints are signed by a key that is not
	// configured: of an old master key, or somebody else's. They prove nothing.
	UnknownKeys int
	// Base is where what was verified begins; nil: with the first event.
	Base *Base
}

// Problem says what is wrong with a chain.
type Problem string

// The problems that Verify tells apart.
const (
	ProblemChanged  Problem = "changed row"
	ProblemMissing  Problem = "missing row"
	ProblemHead     Problem = "head row differs"
	ProblemPersonal Problem = "changed personal data"
	// ProblemRewritten: a checkpoint has another hash for the sequence.
	ProblemRewritten Problem = "history differs from a checkpoint"
	// ProblemTruncated: the chain ends before a checkpoint.
	ProblemTruncated Problem = "history ends before a checkpoint"
	ProblemSignature Problem = "checkpoint with a wrong signature"
	// ProblemUnknownKey: the saved checkpoint is signed by a key that is not
	// configured.
	ProblemUnknownKey Problem = "checkpoint of an unknown key"
	// ProblemBase: the log begins behind an event, and what says so is not
	// signed by a known key.
	ProblemBase Problem = "cut without a signature"
	// ProblemPutIn: a row stands where the log was pruned.
	ProblemPutIn Problem = "row before the beginning"
	// ProblemJoin: an archive and what follows it do not belong together.
	ProblemJoin Problem = "archive that does not join"
)

// Fault is the first place where a chain does not hold.
type Fault struct {
	Sequence int64
	Problem  Problem
}

// Error returns a finished sentence that names the sequence and the problem.
func (f *Fault) Error() string {
	return fmt.Sprintf("The audit log does not hold: event %d %s. Keep this database as evidence and compare it with a backup.", f.Sequence, f.what())
}

// what says what is wrong with the event.
func (f *Fault) what() string {
	switch f.Problem {
	case ProblemMissing:
		return "is missing"
	case ProblemHead:
		return "is not where the head row says that the chain ends"
	case ProblemPersonal:
		return "has another address than the one that was recorded"
	case ProblemRewritten:
		return "is not the one that a signed checkpoint names: history up to it was rewritten after the checkpoint"
	case ProblemTruncated:
		return "is named by a signed checkpoint and is missing: the end of history was cut off, or an earlier backup restored"
	case ProblemSignature:
		return "has a checkpoint whose signature is wrong"
	case ProblemUnknownKey:
		return "has a checkpoint in the file that is signed by a key unknown here. If it is of an earlier master key, add that to master_keys_old"
	case ProblemBase:
		return "is said to be the last that was pruned, and no known key has signed that: the beginning was cut off. If it was pruned under an earlier master key, add that to master_keys_old"
	case ProblemPutIn:
		return "was pruned and is there: it was put in afterwards"
	case ProblemJoin:
		return "of an archive does not belong to the rest of the log"
	default:
		return "was changed after it was recorded, or the one before it was"
	}
}

// Expected are checkpoints that a chain must contain.
type Expected struct {
	Kept  []Checkpoint // beside the chain
	Saved *Checkpoint  // elsewhere; nil: none
	// Keys are the audit keys that count. Without any, the links alone are
	// checked, and a base is taken for what it says.
	Keys []ed25519.PublicKey
}

// Verify streams the chain from its beginning and checks that the base is
// signed, every link, every change number, the personal data that is still
// there, the head row, and that the expected checkpoints are genuine and
// contained. Of the kept checkpoints, those before the base count no more. The
// error is a *Fault for the first place where the chain does not hold, a conflict
// when an archive is needed that was not given (for the saved checkpoint, or
// between others), else the source's own; the report then covers the events
// before it.
func Verify(ctx context.Context, source Source, expected Expected) (Report, error) {
	v := verifier{hash: Genesis(), keys: expected.Keys, saved: expected.Saved, expected: map[int64][]Checkpoint{}}
	if err := v.expect(expected); err != nil {
		return v.report, err
	}
	head, err := source.Chain(ctx, v.begin, v.entry)
	if err == nil {
		err = v.head(head)
	}
	if err == nil {
		err = v.missed()
	}
	v.report.LastHash = hex.EncodeToString(v.hash)
	return v.report, err
}

type verifier struct {
	report Report
	hash   []byte
	change int64
	keys   []ed25519.PublicKey
	saved  *Checkpoint
	begun  bool
	// expected are the checkpoints not come to yet, by sequence.
	expected map[int64][]Checkpoint
}

// expect judges the signatures. Whoever can write to the database can put
// checkpoints of a key of their own beside the chain: these count for nothing.
func (v *verifier) expect(in Expected) error {
	known := func(c *Checkpoint) bool {
		return slices.ContainsFunc(in.Keys, func(k ed25519.PublicKey) bool { return k.Equal(c.PublicKey) })
	}
	all := in.Kept
	if in.Saved != nil {
		if in.Saved.Signed() && !known(in.Saved) {
			return &Fault{in.Saved.Sequence, ProblemUnknownKey}
		}
		all = append(slices.Clone(all), *in.Saved)
	}
	for _, c := range all {
		switch {
		case !c.Signed():
			return &Fault{c.Sequence, ProblemSignature}
		case !known(&c):
			v.report.UnknownKeys++
		default:
			v.expected[c.Sequence] = append(v.expected[c.Sequence], c)
		}
	}
	return nil
}

// meet compares the event just verified with the checkpoints of its sequence.
func (v *verifier) meet(sequence int64) error {
	for _, c := range v.expected[sequence] {
		if !bytes.Equal(c.Hash, v.hash) {
			return &Fault{sequence, ProblemRewritten}
		}
		v.report.Checkpoints++
	}
	delete(v.expected, sequence)
	return nil
}

// missed finds a checkpoint behind the chain's end.
func (v *verifier) missed() error {
	if len(v.expected) == 0 {
		return nil
	}
	return &Fault{slices.Min(slices.Collect(maps.Keys(v.expected))), ProblemTruncated}
}

// begin starts behind a base. One that comes later joins an archive to what
// follows it, and must be where the archive ends.
func (v *verifier) begin(b *Base) error {
	if b == nil {
		v.begun = true
		return nil
	}
	if !b.Signed() || len(v.keys) > 0 && !b.SignedBy(v.keys) {
		return &Fault{b.Sequence, ProblemBase}
	}
	if v.begun {
		switch last := v.report.LastSequence; {
		case b.Sequence > last:
			return apicred.Conflict(fmt.Sprintf("No archive that was given has the events %d to %d. Give that one, too (--archive).", last+1, b.Sequence))
		case b.Sequence < last || b.Change != v.change || !bytes.Equal(b.Hash, v.hash):
			return &Fault{last, ProblemJoin}
		}
		return nil
	}
	if v.saved != nil && v.saved.Sequence < b.Sequence {
		return apicred.Conflict(fmt.Sprintf("The checkpoint is of event %d, and the log was pruned up to event %d. Give the archives, too (--archive).", v.saved.Sequence, b.Sequence))
	}
	maps.DeleteFunc(v.expected, func(sequence int64, _ []Checkpoint) bool { return sequence < b.Sequence })
	v.begun, v.hash, v.change = true, b.Hash, b.Change
	v.report.Base, v.report.LastSequence = b, b.Sequence
	return v.meet(b.Sequence)
}

func (v *verifier) entry(e Entry) error {
	next := v.report.LastSequence + 1
	if v.report.Base != nil && e.Event.Sequence <= v.report.Base.Sequence {
		return &Fault{e.Event.Sequence, ProblemPutIn}
	}
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
	return v.meet(next)
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
