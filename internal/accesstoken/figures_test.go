package accesstoken_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/accesstoken"
)

// A counter that falls reads as a restart: writing usage, and failing to, must
// leave the totals as they are.
func TestFigures_UsesNeverFallWhenTheyAreWritten(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	client := r.client(c)
	want := map[accesstoken.Outcome]int64{}
	told := func(when string, waiting bool) {
		t.Helper()
		f := r.directory.Figures()
		if diff := cmp.Diff(want, f.Uses); diff != "" || f.UsageDropped != 0 || (f.UsageWaiting > 0) != waiting {
			t.Errorf("%s: %d wait, %d dropped (-want +got)\n%s", when, f.UsageWaiting, f.UsageDropped, diff)
		}
	}
	for _, step := range []struct {
		when string
		cut  bool
	}{{"written", false}, {"the database is away", true}, {"it is back", false}} {
		r.directory.Count(&client, accesstoken.OutcomeAllowed, "reports", netip.Addr{})
		want[accesstoken.OutcomeAllowed]++
		told("counted", true)
		r.store.cut.Store(step.cut)
		if err := r.directory.Flush(t.Context()); (err != nil) != step.cut {
			t.Fatal(err)
		}
		told(step.when, step.cut)
	}
}

func TestFigures_TellWhatIsNotInTheDatabaseForGood(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	d := accesstoken.NewDirectory(&refusing{Store: r.store}, noHasher{}, accesstoken.Options{Clock: r.clock.Now, MaxOffline: time.Hour})
	must(t, d.Load(t.Context()))
	client, _ := d.Client(c.id)
	r.clock.Advance(time.Minute)
	if age := d.Figures().UsageAge; age != time.Minute {
		t.Errorf("a minute after the start, nothing was written for %v", age)
	}
	for range 3 {
		d.Count(&client, accesstoken.OutcomeAllowed, "reports", netip.Addr{})
	}
	must(t, d.Flush(t.Context()))
	f := d.Figures()
	if f.UsageDropped != 3 || f.Uses[accesstoken.OutcomeAllowed] != 3 || f.UsageAge != 0 || f.Head.Sequence == 0 {
		t.Errorf("%+v", f)
	}
}

func TestLookups_TellHowOftenATokenWasKnown(t *testing.T) {
	r := newRig(t)
	token := r.token(r.credential("reports"), "")
	for range 3 {
		_, err := r.verify(token, `urn:example:reports"\`)
		must(t, err)
	}
	if known, unknown := r.verifier.Lookups(); known != 2 || unknown != 1 {
		t.Errorf("%d known, %d not; want 2 and 1", known, unknown)
	}
}

// The lag of a change is what a revocation needs to get here.
func TestFollow_TellsWhenEachChangeWasMade(t *testing.T) {
	r := newRig(t)
	var made []time.Time
	d := accesstoken.NewDirectory(r.store, noHasher{}, accesstoken.Options{
		Clock: r.clock.Now, MaxOffline: time.Hour, OnFollowed: func(at time.Time) { made = append(made, at) },
	})
	must(t, d.Load(t.Context()))
	if len(made) != 0 {
		t.Errorf("what was there before was told of: %v", made)
	}
	at := r.clock.Now()
	r.credential("reports")
	r.clock.Advance(time.Second)
	must(t, d.CatchUp(t.Context()))
	if len(made) == 0 {
		t.Fatal("nothing was told")
	}
	for _, m := range made {
		if !m.Equal(at) {
			t.Errorf("a change of %v was told of as of %v", at, m)
		}
	}
}
