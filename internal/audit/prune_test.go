package audit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
)

// noon is long after every event of chainOf.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func prunerOf(s *shelf) *Notary { return NewNotary(s, penOf(1), noon, slog.New(slog.DiscardHandler)) }

// pruned prunes the events of a shelf made before a moment, in microseconds, and
// returns their archive.
func pruned(t testing.TB, s *shelf, before int64) (Cut, Archive) {
	t.Helper()
	var file bytes.Buffer
	cut, err := prunerOf(s).Cut(t.Context(), time.UnixMicro(before), &file)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := prunerOf(s).Prune(t.Context(), &cut); err != nil || n != cut.Events {
		t.Fatalf("%d of %d events pruned: %v", n, cut.Events, err)
	}
	return cut, archiveOf(file.String())
}

func archiveOf(text string) Archive {
	return Archive{Name: "old.archive", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

func textOf(t testing.TB, a Archive) string {
	t.Helper()
	file, err := a.Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func wantFault(t *testing.T, what string, err error, want Fault) {
	t.Helper()
	var fault *Fault
	if !errors.As(err, &fault) || *fault != want {
		t.Errorf("%s: got %v, want %+v", what, err, want)
	}
}

func TestPrune_LeavesALogThatIsProven(t *testing.T) {
	s := &shelf{memory: chainOf(9)}
	cut, _ := pruned(t, s, 5)
	if cut.Events != 4 || cut.First != 1 || cut.Last != 4 || !cut.To.Equal(time.UnixMicro(4)) || cut.Report.Events != 9 {
		t.Errorf("cut %+v, want the first four of nine", cut)
	}
	report, err := prunerOf(s).Verify(t.Context(), nil)
	if err != nil || report.Events != 6 || report.LastSequence != 10 || report.Base == nil || report.Base.Sequence != 4 {
		t.Errorf("%+v, %v; want events 5 to 10, the last about the pruning", report, err)
	}
	e := s.entries[len(s.entries)-1].Event
	if want := `{"events":4,"up_to_sequence":4,"hash":"` + hex.EncodeToString(cut.Base.Hash) + `"}`; e.Action != ActionPrune || string(e.After) != want {
		t.Errorf("recorded %s %s, want %s", e.Action, e.After, want)
	}
}

func TestPrune_TakesManyStepsAndTheLogHoldsAfterEach(t *testing.T) {
	s := &shelf{memory: chainOf(2*pruneBatch + 5)}
	var file bytes.Buffer
	cut, err := prunerOf(s).Cut(t.Context(), time.UnixMicro(2*pruneBatch+3), &file)
	if err != nil {
		t.Fatal(err)
	}
	all := cut.steps
	if len(all) != 3 {
		t.Fatalf("%d steps, want 3", len(all))
	}
	after := int64(0)
	for _, step := range all {
		cut.steps, cut.after = []Base{step}, after
		if _, err := prunerOf(s).Prune(t.Context(), &cut); err != nil {
			t.Fatal(err)
		}
		after = step.Sequence
		if report, err := prunerOf(s).Verify(t.Context(), nil); err != nil || report.Base.Sequence != after {
			t.Errorf("after event %d: %+v, %v", after, report, err)
		}
		// The archive has more than was pruned until the last step: they overlap.
		if report, err := prunerOf(s).VerifyWith(t.Context(), []Archive{archiveOf(file.String())}, nil); err != nil || report.Events != report.LastSequence {
			t.Errorf("after event %d, with the archive: %+v, %v", after, report, err)
		}
	}
}

func TestPrune_StopsWhereSomebodyElsePruned(t *testing.T) {
	s := &shelf{memory: chainOf(9)}
	cut, err := prunerOf(s).Cut(t.Context(), time.UnixMicro(5), nil)
	if err != nil {
		t.Fatal(err)
	}
	pruned(t, s, 4)
	if n, err := prunerOf(s).Prune(t.Context(), &cut); n != 0 || !apicred.IsKind(err, apicred.KindConflict) {
		t.Errorf("%d pruned, %v; want a conflict", n, err)
	}
}

func TestCut_NeverPassesAnEventThatIsYounger(t *testing.T) {
	s := &shelf{memory: chainOf(9)}
	moved := chainOf(0) // event 3 by a clock that is ahead
	for i := range s.entries {
		e := s.entries[i]
		if i == 2 {
			e.Event.At = time.UnixMicro(100)
		}
		e.Hash = Link(moved.head.Hash, &e.Event, e.PersonalDigest)
		moved.entries, moved.head = append(moved.entries, e), Head{Sequence: e.Event.Sequence, Change: s.head.Change, Hash: e.Hash}
	}
	cut, err := prunerOf(&shelf{memory: moved}).Cut(t.Context(), time.UnixMicro(50), nil)
	if err != nil || cut.Last != 2 {
		t.Errorf("cut up to event %d, %v; want 2", cut.Last, err)
	}
}

func TestCut_RefusesWhatMustNotBePruned(t *testing.T) {
	broken := chainOf(5)
	broken.entries[4].Event.Action = "x" // behind what is to go
	for name, test := range map[string]struct {
		chain  *memory
		before time.Time
		want   apicred.Kind
	}{
		"a young event":         {chainOf(5), noon().Add(-LeastAge + time.Second), apicred.KindInvalid},
		"nothing":               {chainOf(5), time.UnixMicro(1), apicred.KindConflict},
		"an empty log":          {chainOf(0), time.UnixMicro(9), apicred.KindConflict},
		"a log that is broken":  {broken, time.UnixMicro(3), apicred.KindInternal},
		"an unreachable source": {&memory{err: apicred.Unavailable(nil)}, time.UnixMicro(3), apicred.KindUnavailable},
	} {
		if _, err := prunerOf(&shelf{memory: test.chain}).Cut(t.Context(), test.before, nil); apicred.AsError(err).Kind != test.want {
			t.Errorf("%s: %v, want kind %s", name, err, test.want)
		}
	}
}

func TestVerify_FindsABeginningThatWasCutOff(t *testing.T) {
	forged := func(b *Base, pen penOf) {
		b.PublicKey = pen.public()
		b.Signature = pen.SignCheckpoint(b.SignedText())
	}
	for name, test := range map[string]struct {
		tamper func(*shelf)
		want   Fault
	}{
		"without a base":           {func(s *shelf) { s.base = nil }, Fault{1, ProblemMissing}},
		"base moved up":            {func(s *shelf) { s.base.Sequence, s.base.Hash = 6, s.entries[1].Hash; s.entries = s.entries[2:] }, Fault{6, ProblemBase}},
		"base with another hash":   {func(s *shelf) { s.base.Hash = Genesis() }, Fault{4, ProblemBase}},
		"base with another change": {func(s *shelf) { s.base.Change++ }, Fault{4, ProblemBase}},
		"base signed by another": {func(s *shelf) {
			s.base.Sequence, s.base.Hash, s.entries = 5, s.entries[0].Hash, s.entries[1:]
			forged(s.base, 2)
		}, Fault{5, ProblemBase}},
		// A checkpoint is genuine, and no leave to cut.
		"base made of a checkpoint": {func(s *shelf) {
			c := s.kept[0]
			s.base = &Base{Sequence: c.Sequence, Change: s.base.Change, Hash: c.Hash, At: c.At, PublicKey: c.PublicKey, Signature: c.Signature}
			s.entries = s.entries[c.Sequence-4:]
		}, Fault{9, ProblemBase}},
		"events behind the base": {func(s *shelf) { s.entries = s.entries[1:] }, Fault{5, ProblemMissing}},
		"all events":             {func(s *shelf) { s.entries = nil }, Fault{5, ProblemMissing}},
		"first event changed":    {func(s *shelf) { s.entries[0].Event.Action = "x" }, Fault{5, ProblemChanged}},
		"a row before the base":  {func(s *shelf) { s.entries = append(chainOf(1).entries, s.entries...) }, Fault{1, ProblemPutIn}},
		"a rewritten log after it": {func(s *shelf) {
			s.base = &Base{Sequence: 4, Change: 3, Hash: Genesis(), At: noon()}
			forged(s.base, 2)
		}, Fault{4, ProblemBase}},
	} {
		s := &shelf{memory: chainOf(9)}
		checkpoint(t, s)
		pruned(t, s, 5)
		test.tamper(s)
		_, err := prunerOf(s).Verify(t.Context(), nil)
		wantFault(t, name, err, test.want)
	}
}

func TestVerifyWith_ProvesArchivesAndThatTheyJoin(t *testing.T) {
	s := &shelf{memory: chainOf(12)}
	early := checkpoint(t, s) // of event 12
	_, first := pruned(t, s, 5)
	_, second := pruned(t, s, 9)
	third := s.entries[0].Event.Sequence
	report, err := prunerOf(s).VerifyWith(t.Context(), []Archive{first, second}, &early)
	if err != nil || report.Base != nil || report.Events != s.head.Sequence || third != 9 {
		t.Errorf("%+v, %v; want every event since the first", report, err)
	}
	if after, err := second.Start(); err != nil || after != 4 {
		t.Errorf("the second begins behind %d, %v; want 4", after, err)
	}
	report, err = prunerOf(s).VerifyWith(t.Context(), []Archive{second}, nil)
	if err != nil || report.Base == nil || report.Base.Sequence != 4 {
		t.Errorf("the second alone: %+v, %v; want it to begin behind event 4", report, err)
	}
	_, err = prunerOf(s).VerifyWith(t.Context(), []Archive{first}, nil)
	if !apicred.IsKind(err, apicred.KindConflict) || !strings.Contains(err.Error(), "the events 5 to 8. Give that one, too (--archive)") {
		t.Errorf("the second left out: %v, want the remedy", err)
	}
	if _, err := prunerOf(&shelf{memory: chainOf(12)}).VerifyWith(t.Context(), []Archive{first}, nil); !apicred.IsKind(err, apicred.KindConflict) {
		t.Errorf("nothing was pruned: %v, want a conflict", err)
	}
}

func TestVerifyWith_FindsAnArchiveThatWasEdited(t *testing.T) {
	s := &shelf{memory: chainOf(9)}
	_, archive := pruned(t, s, 5)
	whole := textOf(t, archive)
	lines := strings.SplitAfter(whole, "\n")
	other := &shelf{memory: chainOf(9)}
	other.entries, other.head = nil, Head{Hash: Genesis()}
	for name, test := range map[string]struct {
		text string
		want Problem
	}{
		"an event":         {strings.Replace(whole, `"action":"`, `"action":"x`, 1), ProblemChanged},
		"an address":       {strings.Replace(whole, `"address":"192.0.2.1"`, `"address":"192.0.2.9"`, 1), ProblemPersonal},
		"a missing event":  {strings.Join(append(lines[:2:2], lines[3:]...), ""), ProblemMissing},
		"the last missing": {strings.Join(append(lines[:4:4], lines[5:]...), ""), ProblemMissing},
		"the end's base":   {strings.Replace(whole, `\nsequence 4\n`, `\nsequence 5\n`, 1), ProblemMissing},
		"the end's moment": {strings.Replace(whole, `\nat 2026`, `\nat 2025`, 1), ProblemBase},
	} {
		_, err := prunerOf(s).VerifyWith(t.Context(), []Archive{archiveOf(test.text)}, nil)
		var fault *Fault
		if !errors.As(err, &fault) || fault.Problem != test.want || !strings.Contains(err.Error(), "old.archive") {
			t.Errorf("%s: %v, want %s of the archive by its name", name, err, test.want)
		}
	}
	for name, text := range map[string]string{"nothing": "", "cut short": strings.Join(lines[:4], ""), "something else": "{}\n", "a list": "[]",
		"an event behind its end": whole + lines[1], "words behind its end": whole + "and so on"} {
		if _, err := prunerOf(s).VerifyWith(t.Context(), []Archive{archiveOf(text)}, nil); !apicred.IsKind(err, apicred.KindInvalid) || !strings.Contains(err.Error(), "old.archive is no archive") {
			t.Errorf("%s: %v, want invalid, and the archive by its name", name, err)
		}
	}
}

func TestVerifyWith_FindsAnArchiveOfAnotherHistory(t *testing.T) {
	other := chainOf(9)
	rehash(other, 1)
	for i := 2; i < len(other.entries); i++ {
		e := &other.entries[i]
		e.Hash = Link(other.entries[i-1].Hash, &e.Event, e.PersonalDigest)
	}
	other.head.Hash = other.entries[8].Hash
	_, archive := pruned(t, &shelf{memory: other}, 5) // by the same key
	s := &shelf{memory: chainOf(9)}
	pruned(t, s, 5)
	_, err := prunerOf(s).VerifyWith(t.Context(), []Archive{archive}, nil)
	wantFault(t, "another history", err, Fault{4, ProblemJoin})
	_, right := pruned(t, &shelf{memory: chainOf(9)}, 5)
	_, err = prunerOf(s).VerifyWith(t.Context(), []Archive{right, archive}, nil)
	wantFault(t, "another history beside the right archive", err, Fault{2, ProblemJoin})
	if _, err = prunerOf(s).VerifyWith(t.Context(), []Archive{right, right}, nil); err != nil {
		t.Errorf("the same archive twice: %v", err)
	}
}

func TestVerify_NeedsTheArchiveForACheckpointOfWhatWasPruned(t *testing.T) {
	s := &shelf{memory: chainOf(3)}
	saved := checkpoint(t, s)
	s.kept = nil
	longer := chainOf(9)
	s.memory = longer
	_, archive := pruned(t, s, 6)
	if _, err := prunerOf(s).Verify(t.Context(), &saved); !apicred.IsKind(err, apicred.KindConflict) || !strings.Contains(err.Error(), "--archive") {
		t.Errorf("without it: %v, want the remedy", err)
	}
	if report, err := prunerOf(s).VerifyWith(t.Context(), []Archive{archive}, &saved); err != nil || report.Checkpoints != 1 {
		t.Errorf("with it: %+v, %v", report, err)
	}
	saved.Hash = Genesis()
	saved.Signature = penOf(1).SignCheckpoint(saved.SignedText())
	_, err := prunerOf(s).VerifyWith(t.Context(), []Archive{archive}, &saved)
	wantFault(t, "another history in the checkpoint", err, Fault{3, ProblemRewritten})
}

func TestArchive_KeepsEveryByteThatIsHashed(t *testing.T) {
	m := chainOf(0)
	e := Entry{Event: someEvent(), Change: 1}
	e.Event.Sequence, e.Event.At = 1, time.UnixMicro(1)
	e.Event.Before, e.Event.After = []byte("{ \"a\" : \"<&>\u2028é\" }"), []byte(`{"b":1.0}`)
	e.Hash = Link(Genesis(), &e.Event, nil)
	m.entries, m.head = []Entry{e}, Head{Sequence: 1, Change: 1, Hash: e.Hash}
	_, archive := pruned(t, &shelf{memory: m}, 5)
	_, err := archive.Chain(t.Context(), func(*Base) error { return nil }, func(got Entry) error {
		e.Event.Address = ""
		e.Event.ActorEmail = ""
		e.Event.At = e.Event.At.UTC()
		if d := cmp.Diff(e, got); d != "" {
			t.Error(d)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func FuzzParseBase(f *testing.F) {
	b := Base{Epoch: "e", Sequence: 4, Change: 3, Hash: Genesis(), At: noon(), PublicKey: penOf(1).public()}
	b.Signature = penOf(1).SignCheckpoint(b.SignedText())
	f.Add(string(b.Text()))
	f.Add(strings.Replace(string(b.Text()), "4", "04", 1))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := parseBase([]byte(text)); err == nil && string(b.Text()) != text {
			t.Errorf("%q is read as %q", text, b.Text())
		}
	})
}

func FuzzArchive(f *testing.F) {
	_, archive := pruned(f, &shelf{memory: chainOf(9)}, 5)
	f.Add(textOf(f, archive))
	f.Add(`{"claviger_audit_archive":1,"base":""}` + "\n{}\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		report, err := verifyArchive(t.Context(), archiveOf(text), penOf(1).CheckpointKeys())
		if err == nil && (report.Events != 4 || report.LastSequence != 4) {
			t.Errorf("proved what was never signed: %+v\n%s", report, text)
		}
	})
}

// Whoever owns the database can name it as no base may: the log holds, and its
// archive would prove nothing once the events are gone.
func TestReadBack_RefusesAnArchiveThatProvesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		epoch string
		good  bool
	}{"a usual name": {"e", true}, "a long name": {strings.Repeat("e", maxEpoch+1), false}, "a name of two lines": {"e\nsequence 9", false}} {
		s := &shelf{memory: chainOf(9)}
		s.head.Epoch = c.epoch
		var file bytes.Buffer
		if _, err := prunerOf(s).Cut(t.Context(), time.UnixMicro(5), &file); err != nil {
			t.Fatal(err)
		}
		if err := prunerOf(s).ReadBack(t.Context(), archiveOf(file.String())); (err == nil) != c.good {
			t.Errorf("%s: %v, want it good: %t", name, err, c.good)
		}
	}
}
