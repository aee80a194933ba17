package accesstoken_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
)

// calls is how many calls of today are in the database.
func (r *rig) calls(c credential) int64 {
	r.t.Helper()
	page, err := r.life.ListCredentials(r.t.Context(), actorOf(r.admin), lifecycle.ListRequest{})
	must(r.t, err)
	for _, row := range page.Credentials {
		if row.ClientID == c.id {
			return row.DailyCalls[13]
		}
	}
	r.t.Fatal("the credential is not listed")
	return 0
}

func (r *rig) stored(c credential) lifecycle.CredentialView {
	r.t.Helper()
	view, err := r.life.Credential(r.t.Context(), actorOf(r.admin), c.id)
	must(r.t, err)
	return view
}

func TestUsage_IsCountedInMemoryAndWrittenInBatches(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	for range 3 {
		_, err := r.issue(c, "")
		must(t, err)
	}
	client := r.client(c)
	r.directory.Count(&client, accesstoken.OutcomeAllowed, "reports", netip.Addr{})
	r.directory.Count(&client, accesstoken.OutcomeRateLimited, "orders:write", netip.Addr{})
	if got := r.calls(c); got != 0 {
		t.Errorf("%d calls were written at once", got)
	}
	must(t, r.directory.Flush(t.Context()))
	must(t, r.directory.Flush(t.Context())) // nothing is left to write twice
	if got := r.calls(c); got != 5 {
		t.Errorf("%d calls were written, want 5", got)
	}
	view := r.stored(c)
	if !view.LastUsedAt.Equal(r.clock.Now()) || view.LastUsedAddress != "192.0.2.7" || !view.Secrets[0].LastUsedAt.Equal(r.clock.Now()) {
		t.Errorf("last used at %v from %q, its secret at %v", view.LastUsedAt, view.LastUsedAddress, view.Secrets[0].LastUsedAt)
	}
}

func TestUsage_NotesALastUseOnceAMinute(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	v, err := r.verify(r.token(c, ""), `urn:example:reports"\`)
	must(t, err)
	must(t, r.directory.Flush(t.Context()))
	first := r.clock.Now()
	for _, step := range []struct {
		after time.Duration
		want  time.Time
	}{{59 * time.Second, first}, {time.Second, first.Add(time.Minute)}} {
		r.clock.Advance(step.after)
		must(t, r.directory.CatchUp(t.Context()))
		r.client(c)
		must(t, r.directory.Flush(t.Context()))
		if got := r.stored(c).Secrets[0].LastUsedAt; !got.Equal(step.want) {
			t.Errorf("the secret was last used at %v, want %v", got, step.want)
		}
	}
	r.clock.Advance(time.Minute)
	r.directory.Count(&v.Client, accesstoken.OutcomeAllowed, "reports", netip.MustParseAddr("198.51.100.1"))
	must(t, r.directory.Flush(t.Context()))
	view := r.stored(c)
	if !view.LastUsedAt.Equal(r.clock.Now()) || view.LastUsedAddress != "198.51.100.1" || view.Secrets[0].LastUsedAt.Equal(r.clock.Now()) {
		t.Errorf("after a use of the token: credential %v from %s, secret %v", view.LastUsedAt, view.LastUsedAddress, view.Secrets[0].LastUsedAt)
	}
}

func TestUsage_SurvivesAnAbsenceOfTheDatabase(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	_, err := r.issue(c, "")
	must(t, err)
	r.store.cut.Store(true)
	wantKind(t, r.directory.Flush(t.Context()), apicred.KindUnavailable, "")
	_, err = r.issue(c, "")
	must(t, err)
	r.store.cut.Store(false)
	must(t, r.directory.Flush(t.Context()))
	if got := r.calls(c); got != 2 {
		t.Errorf("%d calls were written, want 2", got)
	}
	if view := r.stored(c); view.Secrets[0].LastUsedAt.IsZero() {
		t.Error("the last use was lost")
	}
}

// Who closes what nobody uses must know up to when that is known.
func TestFlushAll_SaysUpToWhenUsesAreWrittenAndWhichAreLost(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	store := &refusing{Store: r.store, fine: true}
	d := accesstoken.NewDirectory(store, noHasher{}, accesstoken.Options{Clock: r.clock.Now, MaxOffline: time.Hour})
	must(t, d.Load(t.Context()))
	client, ok := d.Client(c.id)
	if !ok {
		t.Fatal("not loaded")
	}
	use := func() {
		r.clock.Advance(2 * time.Minute)
		d.Count(&client, accesstoken.OutcomeAllowed, "reports", netip.Addr{})
	}
	use()
	flushed, err := d.FlushAll(t.Context())
	if err != nil || !flushed.Through.Equal(r.clock.Now()) || !flushed.Lost.IsZero() {
		t.Errorf("written: %+v, %v", flushed, err)
	}
	use()
	r.store.cut.Store(true)
	if _, err := d.FlushAll(t.Context()); !apicred.IsKind(err, apicred.KindUnavailable) {
		t.Errorf("away: %v", err)
	}
	r.store.cut.Store(false)
	must(t, d.Flush(t.Context()))
	use()
	lost := r.clock.Now()
	store.fine = false
	must(t, d.Flush(t.Context()))
	store.fine = true
	r.clock.Advance(time.Minute)
	flushed, err = d.FlushAll(t.Context())
	if err != nil || !flushed.Through.Equal(r.clock.Now()) || !flushed.Lost.Equal(lost) {
		t.Errorf("refused by the store: lost up to %v, want %v; %v", flushed.Lost, lost, err)
	}
}

// What can never be written must not keep everything else from being written.
func TestUsage_DropsWhatTheStoreRefuses(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	store := &refusing{Store: r.store}
	d := accesstoken.NewDirectory(store, noHasher{}, accesstoken.Options{Clock: r.clock.Now, MaxOffline: time.Hour})
	must(t, d.Load(t.Context()))
	client, ok := d.Client(c.id)
	if !ok {
		t.Fatal("not loaded")
	}
	d.Count(&client, accesstoken.OutcomeAllowed, "reports", netip.Addr{})
	must(t, d.Flush(t.Context()))
	store.fine = true
	must(t, d.Flush(t.Context()))
	if got := r.calls(c); got != 0 {
		t.Errorf("%d calls were written, want none", got)
	}
}

// refusing is a store that cannot write usage.
type refusing struct {
	accesstoken.Store
	fine bool
}

func (s *refusing) AddUsage(ctx context.Context, id apicred.BatchID, batch accesstoken.UsageBatch) error {
	if !s.fine {
		return apicred.Internal(errors.New("constraint failed"))
	}
	return s.Store.AddUsage(ctx, id, batch)
}

// A node that is killed while the database is away leaves what it counted to the
// next process (R24), and no hash of a secret on the disk.
func TestUsage_OfAKilledProcessIsWrittenByTheNext(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	disk := shelf{}
	first, second := [32]byte{1}, [32]byte{2}
	process := func() *accesstoken.Directory {
		d := accesstoken.NewDirectory(r.store, keyring.NewMaster(second, first).Hasher(), accesstoken.Options{
			Issuer: issuer, Clock: r.clock.Now, MaxOffline: time.Hour, Shelf: disk,
		})
		must(t, d.Load(t.Context()))
		return d
	}
	killed := process()
	auth := accesstoken.ClientAuth{ClientID: c.id, Secret: c.secret, Arrival: r.clock.Now(), Address: netip.MustParseAddr("192.0.2.7")}
	client, err := killed.Authenticate(t.Context(), auth)
	must(t, err)
	killed.Count(&client, accesstoken.OutcomeAllowed, "reports", auth.Address)
	r.store.cut.Store(true)
	wantKind(t, killed.Flush(t.Context()), apicred.KindUnavailable, "")
	killed.Count(&client, accesstoken.OutcomeAllowed, "reports", auth.Address)
	wantKind(t, killed.Flush(t.Context()), apicred.KindUnavailable, "")

	hash, _ := keyring.NewMaster(second).Hasher().HashSecret(c.secret)
	for name, value := range disk {
		if bytes.Contains(value, hash) || bytes.Contains(value, []byte(c.secret)) {
			t.Errorf("%s has a secret or its hash", name)
		}
	}
	r.store.cut.Store(false)
	next := process()
	must(t, next.Flush(t.Context()))
	must(t, next.Flush(t.Context()))
	if got := r.calls(c); got != 2 {
		t.Errorf("%d calls were written, want 2", got)
	}
	if view := r.stored(c); view.Secrets[0].LastUsedAddress != "192.0.2.7" {
		t.Errorf("last used from %q", view.Secrets[0].LastUsedAddress)
	}
	if len(disk) != 0 {
		t.Errorf("%d files are left", len(disk))
	}
}

// shelf is a disk in memory.
type shelf map[string][]byte

func (s shelf) Put(name string, value []byte) error {
	s[name] = bytes.Clone(value)
	return nil
}

func (s shelf) Names() ([]string, error)        { return slices.Sorted(maps.Keys(s)), nil }
func (s shelf) Get(name string) ([]byte, error) { return s[name], nil }
func (s shelf) Remove(name string) error        { delete(s, name); return nil }
