package storetest

import (
	"bytes"
	"crypto/ed25519"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/lifecycle"
)

func pruneTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"Prune_LeavesAChainThatIsProvenAndAnArchiveThatJoins": pruneProven,
		"Prune_TakesPersonalDataAndEarlierCheckpointsAlong":   pruneAlong,
		"Prune_ChangesNothingWhereItDoesNotFit":               pruneMisfit,
		"Prune_TellsFollowersThatTheirPlaceIsGone":            pruneFollowers,
		"Prune_IsReadByTheAccountThatSeesTheInstallation":     pruneListed,
	}
}

// pen signs as a master key does.
type pen struct{}

func (pen) private() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

func (p pen) SignCheckpoint(text []byte) []byte { return ed25519.Sign(p.private(), text) }

func (p pen) CheckpointKeys() []ed25519.PublicKey {
	return []ed25519.PublicKey{p.private().Public().(ed25519.PublicKey)}
}

// longAfter is when what happened in the tests may be pruned.
func longAfter() time.Time { return start().AddDate(1, 0, 0) }

func (f *fixture) notary() *audit.Notary {
	return audit.NewNotary(f.store.Audit(), pen{}, longAfter, slog.New(slog.DiscardHandler))
}

// recordMinutes records done events a minute from each other.
func (f *fixture) recordMinutes(n int) {
	f.Helper()
	for i := range n {
		e := f.event("credential.edit")
		e.At = start().Add(time.Duration(i) * time.Minute)
		f.recordEvents(e)
	}
}

// prune prunes what happened in the first minutes.
func (f *fixture) prune(minutes int) (audit.Cut, audit.Archive) {
	f.Helper()
	var file bytes.Buffer
	cut, err := f.notary().Cut(f.Context(), start().Add(time.Duration(minutes)*time.Minute), &file)
	f.must(err)
	_, err = f.notary().Prune(f.Context(), &cut)
	f.must(err)
	return cut, audit.Archive{Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(file.String())), nil }}
}

func pruneProven(f *fixture) {
	f.recordMinutes(7)
	_, first := f.prune(3)
	cut, second := f.prune(5)
	f.equal([]int64{cut.First, cut.Last}, []int64{4, 5})
	report, err := f.notary().Verify(f.Context(), nil)
	f.must(err)
	f.equal([]int64{report.Events, report.LastSequence, report.Base.Sequence}, []int64{4, 9, 5})
	f.equal(report.LastHash, f.head().Hash)
	if d := cmp.Diff(&cut.Base, report.Base); d != "" {
		f.Error(d)
	}
	report, err = f.notary().VerifyWith(f.Context(), []audit.Archive{first, second}, nil)
	f.must(err)
	f.equal(report.Events, int64(9))
}

func pruneAlong(f *fixture) {
	f.recordMinutes(2)
	old, err := f.notary().Checkpoint(f.Context())
	f.must(err)
	f.recordMinutes(1)
	at, err := f.notary().Checkpoint(f.Context())
	f.must(err)
	e := f.event("credential.edit")
	e.At, e.Address = start().Add(time.Hour), "192.0.2.77"
	f.recordEvents(e)
	cut, _ := f.prune(59)
	f.equal([]int64{old.Sequence, at.Sequence, cut.Last}, []int64{2, 3, 3})
	kept, err := f.store.Audit().Checkpoints(f.Context())
	f.must(err)
	f.equal(kept, []audit.Checkpoint{at})
	left := f.auditList(lifecycle.AuditQuery{Limit: 10})
	f.equal(len(left), 2)
	f.equal(left[1].Address, "192.0.2.77")
}

func pruneMisfit(f *fixture) {
	f.recordMinutes(5)
	cut, err := f.notary().Cut(f.Context(), start().Add(3*time.Minute), nil)
	f.must(err)
	head := f.head()
	for name, spoil := range map[string]func(*audit.Step){
		"another beginning":          func(s *audit.Step) { s.After = 1 },
		"another hash":               func(s *audit.Step) { s.Base.Hash = audit.Genesis() },
		"an event that is not there": func(s *audit.Step) { s.Base.Sequence = 9 },
		"an event without an ID":     func(s *audit.Step) { s.Event.EventID = "" },
	} {
		step := audit.Step{Base: cut.Base, Event: f.event("audit.prune")}
		spoil(&step)
		if err := f.store.Audit().Prune(f.Context(), step); err == nil {
			f.Errorf("%s: it was pruned", name)
		}
		f.equal(f.head(), head)
		f.wantChain(5)
	}
}

func pruneFollowers(f *fixture) {
	f.recordMinutes(6)
	store := f.store.AccessToken()
	before, err := store.HashAt(f.Context(), 4)
	f.must(err)
	f.prune(4)
	at, err := store.HashAt(f.Context(), 4)
	f.must(err)
	f.equal(at, before) // the last that was pruned is known still
	gone, err := store.HashAt(f.Context(), 3)
	f.must(err)
	f.equal(gone, "")
	_, err = store.HashAt(f.Context(), 99)
	f.wantKind(err, apicred.KindNotFound)
	// Who asks for what was pruned learns that it is not all there.
	changes, err := store.ChangesSince(f.Context(), 1, 1000)
	f.must(err)
	f.equal(changes[0].Change, int64(5))
	_, floor, err := store.RecentChanges(f.Context(), start().Add(time.Second), 6)
	f.must(err)
	f.equal(floor, int64(4))
	f.equal(changes[len(changes)-1].TargetType, apicred.TargetAuditLog)
	f.equal(changes[len(changes)-1].Change, f.head().Change)
}

func pruneListed(f *fixture) {
	f.recordMinutes(3)
	f.prune(2)
	events := f.auditList(lifecycle.AuditQuery{AccountID: "acc", Installation: true, Limit: 10})
	f.equal([]int64{events[0].Sequence, events[1].Sequence}, []int64{4, 3})
	f.equal(events[0].Action, audit.ActionPrune)
	f.equal(len(f.auditList(lifecycle.AuditQuery{AccountID: "acc", Limit: 10})), 1)
	f.equal(len(f.auditList(lifecycle.AuditQuery{Limit: 10, Before: 2})), 0) // a page behind the beginning
}
