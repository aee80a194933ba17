package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
)

// penOf signs with a key made of one byte.
type penOf byte

func (p penOf) private() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(p)}, ed25519.SeedSize))
}

func (p penOf) public() ed25519.PublicKey { return p.private().Public().(ed25519.PublicKey) }

func (p penOf) SignCheckpoint(text []byte) []byte { return ed25519.Sign(p.private(), text) }

func (p penOf) CheckpointKeys() []ed25519.PublicKey { return []ed25519.PublicKey{p.public()} }

// shelf is a chain in memory with its checkpoints.
type shelf struct {
	mu sync.Mutex
	*memory
	kept []Checkpoint
}

func (s *shelf) Head(context.Context) (Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head, s.err
}

func (s *shelf) Checkpoints(context.Context) ([]Checkpoint, error) { return s.kept, s.err }

func (s *shelf) LastCheckpoint(context.Context) (Checkpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) == 0 {
		return Checkpoint{}, apicred.NotFound()
	}
	return s.kept[len(s.kept)-1], nil
}

func (s *shelf) InsertCheckpoint(_ context.Context, c Checkpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, c)
	return nil
}

func (s *shelf) Prune(_ context.Context, step Step) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := step.Base.Sequence - step.After
	if gone > int64(len(s.entries)) || s.entries[0].Event.Sequence != step.After+1 {
		return apicred.Conflict("not so")
	}
	s.entries, s.base = s.entries[gone:], &step.Base
	e := step.Event
	e.Sequence = s.head.Sequence + 1
	s.head.Change++
	hash := Link(s.head.Hash, &e, nil)
	s.entries = append(s.entries, Entry{Event: e, Change: s.head.Change, Hash: hash})
	s.head.Sequence, s.head.Hash = e.Sequence, hash
	return nil
}

func notaryOf(s *shelf) *Notary {
	return NewNotary(s, penOf(1), time.Now, slog.New(slog.DiscardHandler))
}

func checkpoint(t testing.TB, s *shelf) Checkpoint {
	t.Helper()
	c, err := notaryOf(s).Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCheckpoint_ReadsAsWrittenAndInNoOtherSpelling(t *testing.T) {
	c := checkpoint(t, &shelf{memory: chainOf(3)})
	text := string(c.Text())
	got, err := ParseCheckpoint([]byte(text))
	if diff := cmp.Diff(c, got); err != nil || diff != "" || !got.Signed() {
		t.Fatalf("%v\n%s", err, diff)
	}
	for name, bad := range map[string]string{
		"empty": "", "no end": strings.TrimSuffix(text, "\n"), "CRLF": strings.ReplaceAll(text, "\n", "\r\n"),
		"more behind": text + "x\n", "upper-case hash": strings.Replace(text, "hash ", "hash A", 1),
		"sequence 0": strings.Replace(text, "sequence 3", "sequence 0", 1), "a sign": strings.Replace(text, "sequence 3", "sequence +3", 1),
		"another tag": strings.Replace(text, "checkpoint 1", "checkpoint 2", 1), "large": text + strings.Repeat("x", MaxCheckpointSize),
	} {
		if _, err := ParseCheckpoint([]byte(bad)); !apicred.IsKind(err, apicred.KindInvalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	for _, changed := range []string{
		strings.Replace(text, "sequence 3", "sequence 2", 1), strings.Replace(text, "epoch ", "epoch x", 1),
		strings.Replace(text, "at 20", "at 19", 1),
	} {
		c, err := ParseCheckpoint([]byte(changed))
		if err != nil || c.Signed() {
			t.Errorf("changed after it was signed: %v, signed %v\n%s", err, c.Signed(), changed)
		}
	}
}

func TestNotary_WritesOneACheckpointOfAChainThatGrew(t *testing.T) {
	empty := &shelf{memory: chainOf(0)}
	if _, err := notaryOf(empty).Checkpoint(t.Context()); !apicred.IsKind(err, apicred.KindConflict) {
		t.Errorf("of an empty chain: %v", err)
	}
	s := &shelf{memory: chainOf(3)}
	first := checkpoint(t, s)
	if again := checkpoint(t, s); len(s.kept) != 1 || !again.At.Equal(first.At) {
		t.Errorf("the chain did not grow and has %d checkpoints", len(s.kept))
	}
	s.memory = chainOf(5)
	if c := checkpoint(t, s); len(s.kept) != 2 || c.Sequence != 5 {
		t.Errorf("%d checkpoints, the last of %d", len(s.kept), c.Sequence)
	}
	report, err := notaryOf(s).Verify(t.Context(), &first)
	if err != nil || report.Checkpoints != 3 || report.UnknownKeys != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestRun_KeepsACheckpointEveryTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{memory: chainOf(1)}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { notaryOf(s).Run(ctx); close(done) }()
		for want := range 4 {
			synctest.Wait()
			s.mu.Lock()
			if len(s.kept) != want {
				t.Errorf("%d checkpoints after %d0 minutes", len(s.kept), want)
			}
			s.memory = chainOf(int64(want) + 1)
			s.mu.Unlock()
			time.Sleep(10*time.Minute + time.Second) //nolint:forbidigo // the bubble's clock
		}
		stop()
		<-done
	})
}

// The owner of the database rewrites the chain and every hash in it: alone it
// holds, against a checkpoint it does not.
func TestVerify_ACheckpointShowsWhatTheOwnerOfTheDatabaseDid(t *testing.T) {
	rewritten := func(n int64) *memory {
		m := chainOf(n)
		m.entries[1].Event.ActorID = "somebody else"
		for i := 1; i < len(m.entries); i++ {
			rehash(m, i)
		}
		m.head.Hash = m.entries[n-1].Hash
		return m
	}
	honest := &shelf{memory: chainOf(5)}
	c := checkpoint(t, honest)
	if report, err := Verify(t.Context(), rewritten(7), Expected{}); err != nil || report.Events != 7 {
		t.Fatalf("the rewritten chain does not hold by itself: %v", err)
	}
	forged := c
	forged.PublicKey = penOf(9).public()
	forged.Signature = penOf(9).SignCheckpoint(forged.SignedText())
	spoiled := c
	spoiled.Signature = bytes.Clone(c.Signature)
	spoiled.Signature[0] ^= 1
	for name, test := range map[string]struct {
		chain *memory
		kept  []Checkpoint
		saved *Checkpoint
		want  Problem
	}{
		"honest":                        {chainOf(7), []Checkpoint{c}, &c, ""},
		"rewritten, saved":              {rewritten(7), nil, &c, ProblemRewritten},
		"rewritten, kept":               {rewritten(7), []Checkpoint{c}, nil, ProblemRewritten},
		"rewritten, kept by his key":    {rewritten(7), []Checkpoint{forged}, nil, ""},
		"cut off":                       {chainOf(4), nil, &c, ProblemTruncated},
		"cut off, kept":                 {chainOf(4), []Checkpoint{c}, nil, ProblemTruncated},
		"another's signature on a file": {chainOf(7), nil, &forged, ProblemUnknownKey},
		"a spoiled signature on a file": {chainOf(7), nil, &spoiled, ProblemSignature},
		"a spoiled signature kept":      {chainOf(7), []Checkpoint{spoiled}, nil, ProblemSignature},
	} {
		_, err := notaryOf(&shelf{memory: test.chain, kept: test.kept}).Verify(t.Context(), test.saved)
		var fault *Fault
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (!errors.As(err, &fault) || fault.Problem != test.want || fault.Sequence != 5):
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	c := Checkpoint{Epoch: "e", Sequence: 7, Hash: make([]byte, HashSize), At: time.UnixMicro(1).UTC(), PublicKey: penOf(1).public()}
	c.Signature = penOf(1).SignCheckpoint(c.SignedText())
	f.Add(string(c.Text()))
	f.Add("")
	f.Add(checkpointTag + "\n\n\n\n\n\n\n")
	f.Add(strings.Replace(string(c.Text()), "sequence 7", "sequence 9223372036854775808", 1))
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCheckpoint([]byte(text))
		if err != nil {
			return
		}
		if string(c.Text()) != text {
			t.Errorf("%q is read as %q", text, c.Text())
		}
		if c.Signed() && !c.PublicKey.Equal(penOf(1).public()) && len(c.PublicKey) != ed25519.PublicKeySize {
			t.Errorf("%q is signed by no key", text)
		}
	})
}
