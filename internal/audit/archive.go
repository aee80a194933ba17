package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// An archive is a text: one JSON object a line. The first says where it begins,
// the last is the signed base that it was pruned under; between them stand the
// events, with all that the chain needs.

// archiveVersion is that of the format: a change of it must change the number.
const archiveVersion = 1

type archiveStart struct {
	Version int    `json:"claviger_audit_archive"`
	Base    string `json:"base"` // where the log began before; empty: with event 1
}

// archiveLine is an event, or the end.
type archiveLine struct {
	Base string `json:"base,omitempty"` // the end

	Sequence   int64     `json:"sequence,omitempty"`
	Change     int64     `json:"change,omitempty"`
	EventID    string    `json:"event_id,omitempty"`
	At         time.Time `json:"at,omitzero"`
	AccountID  string    `json:"account_id,omitempty"`
	ActorType  string    `json:"actor_type,omitempty"`
	ActorID    string    `json:"actor_id,omitempty"`
	ActingAs   string    `json:"acting_as,omitempty"`
	Action     string    `json:"action,omitempty"`
	TargetType string    `json:"target_type,omitempty"`
	TargetID   string    `json:"target_id,omitempty"`
	Outcome    string    `json:"outcome,omitempty"`
	Rule       string    `json:"rule,omitempty"`
	Count      int64     `json:"count,omitempty"`
	RequestID  string    `json:"request_id,omitempty"`
	// Before and After are texts: their very bytes are in the hash.
	Before         string `json:"before,omitempty"`
	After          string `json:"after,omitempty"`
	PersonalDigest []byte `json:"personal_digest,omitempty"`
	Salt           []byte `json:"salt,omitempty"`
	Address        string `json:"address,omitempty"`
	Hash           []byte `json:"hash,omitempty"`
}

// archiveWriter writes an archive. The first error stays.
type archiveWriter struct {
	buffer  *bufio.Writer
	encoder *json.Encoder
	err     error
}

func newArchiveWriter(to io.Writer) *archiveWriter {
	buffer := bufio.NewWriter(to)
	return &archiveWriter{buffer: buffer, encoder: json.NewEncoder(buffer)}
}

func (w *archiveWriter) line(v any) error {
	if w.err == nil {
		w.err = w.encoder.Encode(v)
	}
	return w.err
}

func (w *archiveWriter) begin(b *Base) error {
	start := archiveStart{Version: archiveVersion}
	if b != nil {
		start.Base = string(b.Text())
	}
	return w.line(start)
}

func (w *archiveWriter) entry(e *Entry) error {
	line := archiveLine{
		Sequence: e.Event.Sequence, Change: e.Change, EventID: e.Event.EventID, At: e.Event.At.UTC(), AccountID: e.Event.AccountID,
		ActorType: string(e.Event.ActorType), ActorID: e.Event.ActorID, ActingAs: e.Event.ActingAs, Action: e.Event.Action,
		TargetType: string(e.Event.TargetType), TargetID: e.Event.TargetID, Outcome: string(e.Event.Outcome), Rule: e.Event.Rule,
		Count: e.Event.Count, RequestID: e.Event.RequestID, Before: string(e.Event.Before), After: string(e.Event.After),
		PersonalDigest: e.PersonalDigest, Hash: e.Hash,
	}
	if e.Personal != nil {
		line.Salt, line.Address = e.Personal.Salt, e.Personal.Address
	}
	return w.line(line)
}

func (w *archiveWriter) end(b *Base) error {
	if err := w.line(archiveLine{Base: string(b.Text())}); err != nil {
		return err
	}
	w.err = w.buffer.Flush()
	return w.err
}

func (l *archiveLine) entry() Entry {
	e := Entry{
		Event: apicred.AuditEvent{
			Sequence: l.Sequence, EventID: l.EventID, At: l.At, AccountID: l.AccountID, ActorType: apicred.ActorType(l.ActorType),
			ActorID: l.ActorID, ActingAs: l.ActingAs, Action: l.Action, TargetType: apicred.TargetType(l.TargetType), TargetID: l.TargetID,
			Outcome: apicred.Outcome(l.Outcome), Rule: l.Rule, Count: l.Count, RequestID: l.RequestID,
			Before: json.RawMessage(l.Before), After: json.RawMessage(l.After),
		},
		Change: l.Change, PersonalDigest: l.PersonalDigest, Hash: l.Hash,
	}
	if len(l.Salt) > 0 {
		e.Event.Address = l.Address
		e.Personal = &Personal{Salt: l.Salt, Address: l.Address}
	}
	return e
}

// Archive is a Source: the events that were pruned at one time. Open opens it
// from its beginning, each time it is called; Name is what messages call it.
type Archive struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// archiveFault is a Fault within an archive that is looked at by itself: the
// database is not concerned.
type archiveFault struct {
	name  string
	fault *Fault
}

func (f *archiveFault) Error() string {
	return fmt.Sprintf("The archive %s does not hold: event %d %s. Keep it as evidence, and give a copy that was never changed.", f.name, f.fault.Sequence, f.fault.what())
}

func (f *archiveFault) Unwrap() error { return f.fault }

// Start reads where the archive begins: behind an event, 0 for the very first.
// Error: invalid where it is no archive.
func (a Archive) Start() (after int64, err error) {
	found := errors.New("found")
	_, err = a.Chain(context.Background(), func(b *Base) error {
		if b != nil {
			after = b.Sequence
		}
		return found
	}, func(Entry) error { return nil })
	if errors.Is(err, found) {
		err = nil
	}
	return after, err
}

// Chain implements Source. The head is the base at the archive's end, without
// its signature. Errors: invalid for what is no archive, or one that was cut
// short.
func (a Archive) Chain(ctx context.Context, begin func(*Base) error, entry func(Entry) error) (Head, error) {
	end, err := a.read(ctx, begin, entry)
	return Head{Epoch: end.Epoch, Sequence: end.Sequence, Change: end.Change, Hash: end.Hash}, err
}

func (a Archive) read(ctx context.Context, begin func(*Base) error, entry func(Entry) error) (end Base, err error) {
	file, err := a.Open()
	if err != nil {
		return Base{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	lines := json.NewDecoder(bufio.NewReader(file))
	lines.DisallowUnknownFields()
	var start archiveStart
	if err := lines.Decode(&start); err != nil || start.Version != archiveVersion {
		return Base{}, a.noArchive(err)
	}
	var base *Base
	if start.Base != "" {
		b, err := parseBase([]byte(start.Base))
		if err != nil {
			return Base{}, a.noArchive(err)
		}
		base = &b
	}
	if err := begin(base); err != nil {
		return Base{}, err
	}
	for ctx.Err() == nil {
		var line archiveLine
		if err := lines.Decode(&line); err != nil {
			return Base{}, a.noArchive(err)
		}
		if line.Base != "" {
			return a.end(line.Base, lines)
		}
		if err := entry(line.entry()); err != nil {
			return Base{}, err
		}
	}
	return Base{}, ctx.Err()
}

// end reads the base at the end. Nothing may follow, as nothing would prove it.
func (a Archive) end(text string, lines *json.Decoder) (Base, error) {
	b, err := parseBase([]byte(text))
	if err != nil {
		return Base{}, a.noArchive(err)
	}
	if _, err := lines.Token(); !errors.Is(err, io.EOF) {
		return Base{}, a.noArchive(errors.New("something follows its end"))
	}
	return b, nil
}

func (a Archive) noArchive(cause error) error {
	e := &apicred.Error{Kind: apicred.KindInvalid, Message: fmt.Sprintf("%s is no archive of an audit log, or not all of one. Give a file that claviger audit prune wrote, unchanged.", a.Name)}
	return e.Because(cause)
}

// verifyArchive checks an archive by itself: its links, and that both its ends
// are signed by a known key. Errors as Verify's; they name the archive.
func verifyArchive(ctx context.Context, a Archive, keys []ed25519.PublicKey) (report Report, err error) {
	if len(keys) == 0 {
		return Report{}, apicred.Internal(errors.New("no audit key"))
	}
	defer func() {
		var fault *Fault
		if errors.As(err, &fault) {
			err = &archiveFault{a.Name, fault}
		}
	}()
	report, err = Verify(ctx, a, Expected{Keys: keys})
	if err != nil {
		return report, err
	}
	end, err := a.read(ctx, func(*Base) error { return nil }, func(Entry) error { return nil })
	if err == nil && !end.SignedBy(keys) {
		err = &Fault{end.Sequence, ProblemBase}
	}
	return report, err
}

// joined is the chain with its archives before it, in the order of their
// beginnings. They may overlap, as those of an interrupted pruning do.
type joined struct {
	Archives []Archive
	Live     Source
}

// Chain implements Source. Error: conflict when nothing was pruned from Live.
func (j joined) Chain(ctx context.Context, begin func(*Base) error, entry func(Entry) error) (Head, error) {
	return j.Live.Chain(ctx, func(base *Base) error {
		if base == nil {
			return apicred.Conflict("Nothing was pruned from this database: the archives are of another one, or of a later time than this backup.")
		}
		if err := j.archived(ctx, base.Sequence, begin, entry); err != nil {
			return err
		}
		return begin(base)
	}, entry)
}

// archived hands over what the archives hold up to a sequence, each event once.
func (j joined) archived(ctx context.Context, upTo int64, begin func(*Base) error, entry func(Entry) error) error {
	at, first := int64(-1), int64(0)
	var handed [][]byte // the hash of each event from first on
	for _, a := range j.Archives {
		_, err := a.Chain(ctx, func(b *Base) error {
			switch {
			case at < 0 && b == nil:
				at, first = 0, 1
			case at < 0:
				at, first = b.Sequence, b.Sequence+1
			case b == nil || b.Sequence < at:
				return nil // the two overlap
			}
			return begin(b)
		}, func(e Entry) error {
			sequence := e.Event.Sequence
			if before := sequence - first; sequence <= at && before >= 0 && before < int64(len(handed)) && !bytes.Equal(e.Hash, handed[before]) {
				return &archiveFault{a.Name, &Fault{sequence, ProblemJoin}} // of another history, and covered by the rest
			}
			if sequence <= at || sequence > upTo {
				return nil
			}
			at, handed = sequence, append(handed, e.Hash)
			return entry(e)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
