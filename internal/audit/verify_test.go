package audit

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// memory is a chain in memory.
type memory struct {
	entries []Entry
	head    Head
	base    *Base
	err     error
}

func (m *memory) Chain(_ context.Context, begin func(*Base) error, entry func(Entry) error) (Head, error) {
	if err := begin(m.base); err != nil {
		return Head{}, err
	}
	for _, e := range m.entries {
		if err := entry(e); err != nil {
			return Head{}, err
		}
	}
	return m.head, m.err
}

// chainOf makes a chain of n events, every third a refusal.
func chainOf(n int64) *memory {
	m := &memory{head: Head{Hash: Genesis()}}
	for i := range n {
		e := Entry{Event: someEvent(), Personal: &Personal{Salt: []byte("salt"), Address: "192.0.2.1"}}
		e.Event.Sequence, e.Event.At = i+1, time.UnixMicro(i+1)
		if i%3 == 2 {
			e.Event.Outcome = apicred.OutcomeRefused
		} else {
			m.head.Change++
			e.Change = m.head.Change
		}
		e.PersonalDigest = e.Personal.Digest()
		e.Hash = Link(m.head.Hash, &e.Event, e.PersonalDigest)
		m.entries = append(m.entries, e)
		m.head.Sequence, m.head.Hash = e.Event.Sequence, e.Hash
	}
	return m
}

func TestVerify_ReportsWhatHolds(t *testing.T) {
	for _, n := range []int64{0, 1, 5} {
		m := chainOf(n)
		want := Report{Events: n, LastSequence: n, LastHash: hex.EncodeToString(m.head.Hash)}
		if n > 0 {
			want.At = time.UnixMicro(n)
		}
		if got, err := Verify(t.Context(), m, Expected{}); err != nil || got != want {
			t.Errorf("%d events: %+v, %v; want %+v", n, got, err, want)
		}
	}
}

func TestVerify_NamesTheFirstBadSequence(t *testing.T) {
	for name, test := range map[string]struct {
		tamper func(*memory)
		want   Fault
	}{
		"changed":             {func(m *memory) { m.entries[2].Event.Action = "x" }, Fault{3, ProblemChanged}},
		"changed hash":        {func(m *memory) { m.entries[2].Hash = Genesis() }, Fault{3, ProblemChanged}},
		"rehashed":            {func(m *memory) { rehash(m, 2) }, Fault{4, ProblemChanged}},
		"change number":       {func(m *memory) { m.entries[3].Change = 9 }, Fault{4, ProblemChanged}},
		"refusal in the feed": {func(m *memory) { m.entries[2].Change = 3 }, Fault{3, ProblemChanged}},
		"missing first":       {func(m *memory) { m.entries = m.entries[1:] }, Fault{1, ProblemMissing}},
		"missing middle":      {func(m *memory) { m.entries = append(m.entries[:2], m.entries[3:]...) }, Fault{3, ProblemMissing}},
		"missing last":        {func(m *memory) { m.entries = m.entries[:4] }, Fault{5, ProblemMissing}},
		"twice":               {func(m *memory) { m.entries = append(m.entries[:2], m.entries[1:]...) }, Fault{3, ProblemMissing}},
		"before the first":    {func(m *memory) { m.entries[0].Event.Sequence = 0 }, Fault{1, ProblemMissing}},
		"personal":            {func(m *memory) { m.entries[1].Personal.Address = "192.0.2.2" }, Fault{2, ProblemPersonal}},
		"head behind":         {func(m *memory) { m.head.Sequence = 4 }, Fault{4, ProblemHead}},
		"head hash":           {func(m *memory) { m.head.Hash = Genesis() }, Fault{5, ProblemHead}},
		"head change":         {func(m *memory) { m.head.Change++ }, Fault{5, ProblemHead}},
	} {
		m := chainOf(5)
		test.tamper(m)
		report, err := Verify(t.Context(), m, Expected{})
		var fault *Fault
		if !errors.As(err, &fault) || *fault != test.want {
			t.Errorf("%s: got %v, want %+v", name, err, test.want)
			continue
		}
		if test.want.Problem != ProblemHead && report.Events != min(test.want.Sequence-1, 5) {
			t.Errorf("%s: %d events reported as good", name, report.Events)
		}
	}
}

// rehash changes an event and makes its own hash fit again.
func rehash(m *memory, i int) {
	e := &m.entries[i]
	e.Event.Action = "x"
	e.Hash = Link(m.entries[i-1].Hash, &e.Event, e.PersonalDigest)
}

func TestVerify_HoldsWithoutPersonalData(t *testing.T) {
	m := chainOf(4)
	m.entries[1].Personal, m.entries[3].Personal = nil, nil
	if _, err := Verify(t.Context(), m, Expected{}); err != nil {
		t.Error(err)
	}
}

func TestVerify_ReturnsTheSourcesOwnError(t *testing.T) {
	m := chainOf(2)
	m.err = apicred.Unavailable(nil)
	if _, err := Verify(t.Context(), m, Expected{}); !apicred.IsKind(err, apicred.KindUnavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestFault_SaysWhichEventAndWhatToDo(t *testing.T) {
	for _, p := range []Problem{ProblemChanged, ProblemMissing, ProblemHead, ProblemPersonal} {
		text := (&Fault{42, p}).Error()
		if !strings.Contains(text, "event 42") || !strings.Contains(text, "backup") {
			t.Errorf("%s: %q", p, text)
		}
	}
}
