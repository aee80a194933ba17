package accesstoken_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
)

func TestCatchUp_MakesEveryKindOfChangeLive(t *testing.T) {
	r := newRig(t)
	r.follows = false
	c := r.create(r.second, lifecycle.NewCredential{Scopes: []string{"orders:write", "reports"}})
	must(t, r.directory.CatchUp(t.Context()))
	if _, ok := r.directory.Client(c.id); !ok {
		t.Fatal("the new credential is unknown")
	}
	supervisor, name := apicred.RoleSupervisor, "renamed"
	_, err := r.life.EditUser(t.Context(), operator(), r.account.ID, r.second.ID, lifecycle.UserChange{Role: &supervisor})
	must(t, err)
	_, err = r.life.EditAccount(t.Context(), operator(), r.account.ID, lifecycle.AccountChange{Name: &name})
	must(t, err)
	document := testCatalogue()
	document.Scopes[2].Retired = true
	_, version, err := applied(r, document)
	must(t, err)

	if m, _ := r.directory.User(r.account.ID, r.second.ID); m.Role != apicred.RoleAdmin {
		t.Fatal("this node follows although it was not asked to")
	}
	must(t, r.directory.CatchUp(t.Context()))
	if m, ok := r.directory.User(r.account.ID, r.second.ID); !ok || m.Role != supervisor || !m.Active() {
		t.Errorf("the user is %+v", m)
	}
	if a, ok := r.directory.Account(r.account.ID); !ok || a.Name != name {
		t.Errorf("the account is %+v", a)
	}
	if got := r.directory.Catalogue(); got.Version() != version || got.Scope("reports").Live {
		t.Errorf("the catalogue is version %d", got.Version())
	}
	client, _ := r.directory.Client(c.id)
	if len(client.EffectiveScopes()) != 0 || client.StatusAt(r.clock.Now()) != apicred.StatusSuspended {
		t.Errorf("the credential still has %v and is %s", client.EffectiveScopes(), client.StatusAt(r.clock.Now()))
	}
	must(t, r.life.DeleteCredential(t.Context(), actorOf(r.admin), c.id))
	must(t, r.directory.CatchUp(t.Context()))
	if _, ok := r.directory.Client(c.id); ok {
		t.Error("the deleted credential is known")
	}
}

func applied(r *rig, document apicred.Catalogue) (bool, int64, error) {
	version, changed, err := r.life.ApplyCatalogue(r.t.Context(), operator(), document, -1)
	return changed, version, err
}

func TestCatchUp_SaysWhenTheChangeIsNotLive(t *testing.T) {
	r := newRig(t)
	r.store.cut.Store(true)
	wantKind(t, r.directory.CatchUp(t.Context()), apicred.KindUnavailable, "")
}

func TestFresh_CostsNothingWhenTheViewIsNewer(t *testing.T) {
	r := newRig(t)
	arrival := r.clock.Now()
	r.clock.Advance(time.Millisecond)
	must(t, r.directory.CatchUp(t.Context()))
	before := r.store.heads.Load()
	must(t, r.directory.Fresh(t.Context(), arrival))
	if r.store.heads.Load() != before {
		t.Error("the head row was read although the view was newer than the request")
	}
	must(t, r.directory.Fresh(t.Context(), r.clock.Now()))
	if r.store.heads.Load() != before+1 {
		t.Error("the head row was not read although the view was as old as the request")
	}
}

// A database restored from a backup has another history: nothing of the old
// view may stay.
func TestFollow_ReadsEverythingAnewWhenHistoryChanged(t *testing.T) {
	for name, rewrite := range map[string]func(*accesstoken.Head){
		"another epoch":      func(h *accesstoken.Head) { h.Epoch = "another" },
		"fewer changes":      func(h *accesstoken.Head) { h.Change-- },
		"a shorter chain":    func(h *accesstoken.Head) { h.Sequence-- },
		"another last entry": func(h *accesstoken.Head) { h.Hash = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c := r.credential("reports")
			store := &rewritten{Store: r.store}
			d := accesstoken.NewDirectory(store, noHasher{}, accesstoken.Options{Clock: r.clock.Now, MaxOffline: time.Hour})
			must(t, d.Load(t.Context()))
			if _, ok := d.Client(c.id); !ok || store.loads != 1 {
				t.Fatalf("loaded %d times", store.loads)
			}
			must(t, d.CatchUp(t.Context()))
			if store.loads != 1 {
				t.Fatalf("read everything although nothing changed")
			}
			store.rewrite = rewrite
			must(t, d.CatchUp(t.Context()))
			if store.loads != 2 {
				t.Errorf("read everything %d times, want 2", store.loads)
			}
			if d.Rewrites() != 1 {
				t.Errorf("%d alarms, want 1", d.Rewrites())
			}
		})
	}
}

// A database that was set back may have outgrown what a node saw before the node
// meets it again: then its head alone looks like growth.
func TestFollow_TellsGrowthFromAnotherHistoryThatIsLonger(t *testing.T) {
	r := newRig(t)
	store := &rewritten{Store: r.store}
	d := accesstoken.NewDirectory(store, noHasher{}, accesstoken.Options{Clock: r.clock.Now, MaxOffline: time.Hour})
	must(t, d.Load(t.Context()))
	before := r.headOf()
	r.credential("reports")
	must(t, d.CatchUp(t.Context()))
	if store.loads != 1 || d.Rewrites() != 0 {
		t.Fatalf("growth: read everything %d times, %d alarms", store.loads, d.Rewrites())
	}
	store.forged = true
	r.credential("reports")
	must(t, d.CatchUp(t.Context()))
	if store.loads != 2 || d.Rewrites() != 1 {
		t.Errorf("another history: read everything %d times, %d alarms, want 2 and 1", store.loads, d.Rewrites())
	}
	if flushed, err := d.FlushAll(t.Context()); err != nil || !flushed.Lost.Equal(r.clock.Now()) {
		t.Errorf("uses count as lost up to %v, %v: those in the lost history may be", flushed.Lost, err)
	}
	store.forged = false
	if after := r.headOf(); after.Epoch == before.Epoch {
		t.Error("the history has its name still: cursors in the lost one would be believed")
	}
	r.credential("reports")
	must(t, d.CatchUp(t.Context()))
	if store.loads != 2 {
		t.Errorf("read everything %d times, want 2", store.loads)
	}
}

// A node that was away for long may come back to a log that was pruned beyond what
// it knows: it reads everything, without an alarm, and nobody else begins anew.
func TestFollow_ReadsEverythingAnewWhenItsPlaceWasPruned(t *testing.T) {
	r := newRig(t)
	store := &rewritten{Store: r.store}
	d := accesstoken.NewDirectory(store, noHasher{}, accesstoken.Options{Clock: r.clock.Now, MaxOffline: time.Hour})
	must(t, d.Load(t.Context()))
	before := r.headOf()
	store.pruned = before.Sequence + 1
	r.credential("reports")
	must(t, d.CatchUp(t.Context()))
	if store.loads != 2 || d.Rewrites() != 0 {
		t.Errorf("read everything %d times, %d alarms, want 2 and none", store.loads, d.Rewrites())
	}
	if r.headOf().Epoch != before.Epoch {
		t.Error("the history got another name, and every follower would begin anew")
	}
	store.pruned = 0
	r.credential("reports")
	must(t, d.CatchUp(t.Context()))
	if store.loads != 2 {
		t.Errorf("read everything %d times, want 2", store.loads)
	}
}

// The log may be pruned between the look at a node's place in it and the read of
// what changed since.
func TestFollow_ReadsEverythingAnewWhenTheFeedBeginsTooLate(t *testing.T) {
	r := newRig(t)
	store := &rewritten{Store: r.store}
	d := accesstoken.NewDirectory(store, noHasher{}, accesstoken.Options{Clock: r.clock.Now, MaxOffline: time.Hour, Logger: slog.New(slog.DiscardHandler)})
	must(t, d.Load(t.Context()))
	r.credential("reports")
	r.credential("reports")
	store.skipped = 1
	must(t, d.CatchUp(t.Context()))
	if store.loads != 2 || d.Rewrites() != 0 {
		t.Errorf("read everything %d times, %d alarms, want 2 and none", store.loads, d.Rewrites())
	}
}

func (r *rig) headOf() accesstoken.Head {
	r.t.Helper()
	head, err := r.store.Head(r.t.Context())
	must(r.t, err)
	return head
}

// rewritten is a database whose head row was changed behind our back.
type rewritten struct {
	accesstoken.Store
	rewrite func(*accesstoken.Head)
	forged  bool  // every event is another one
	pruned  int64 // every event up to this one is gone
	skipped int   // so many changes are missing at the beginning
	loads   int
}

func (s *rewritten) ChangesSince(ctx context.Context, after int64, most int) ([]accesstoken.Change, error) {
	changes, err := s.Store.ChangesSince(ctx, after, most)
	return changes[min(s.skipped, len(changes)):], err
}

func (s *rewritten) HashAt(ctx context.Context, sequence int64) (string, error) {
	if s.forged {
		return "another", nil
	}
	if sequence <= s.pruned {
		return "", nil
	}
	return s.Store.HashAt(ctx, sequence)
}

func (s *rewritten) Head(ctx context.Context) (accesstoken.Head, error) {
	h, err := s.Store.Head(ctx)
	if s.rewrite != nil {
		s.rewrite(&h)
	}
	return h, err
}

func (s *rewritten) Load(ctx context.Context, into accesstoken.Loader) (accesstoken.Head, error) {
	s.loads++
	return s.Store.Load(ctx, into)
}

// noHasher knows no pepper.
type noHasher struct{}

func (noHasher) Peppers() int                              { return 1 }
func (noHasher) PepperID() string                          { return "" }
func (noHasher) PepperIndex(string) int                    { return -1 }
func (noHasher) Sum(int, string) (s accesstoken.SecretSum) { return s }

// One row that cannot be read ends that credential, not the node.
func TestFollow_LeavesOutACredentialItCannotRead(t *testing.T) {
	r := newRig(t)
	broken, other := r.credential("reports"), r.credential("reports")
	store := &unreadable{Store: r.store, clientID: broken.id}
	d := accesstoken.NewDirectory(store, keyring.NewMaster([32]byte{1}).Hasher(), accesstoken.Options{Clock: r.clock.Now, MaxOffline: time.Hour})
	must(t, d.Load(t.Context()))
	_, err := d.Authenticate(t.Context(), broken.auth())
	must(t, err)
	name := "renamed"
	for _, c := range []credential{broken, other} {
		must(t, edit(lifecycle.CredentialChange{Name: &name})(r, c))
	}
	must(t, d.CatchUp(t.Context()))
	_, err = d.Authenticate(t.Context(), broken.auth())
	wantKind(t, err, apicred.KindUnauthenticated, "unknown client")
	_, err = d.Authenticate(t.Context(), other.auth())
	must(t, err)
}

// unreadable is a store with one broken row.
type unreadable struct {
	accesstoken.Store
	clientID string
}

func (s *unreadable) CredentialRecords(ctx context.Context, clientIDs []string) (map[string]accesstoken.FoundCredential, error) {
	found, err := s.Store.CredentialRecords(ctx, clientIDs)
	if broken, ok := found[s.clientID]; ok {
		broken.Fault = apicred.Internal(errors.New("the scopes are no JSON"))
		found[s.clientID] = broken
	}
	return found, err
}

func TestStaleness_ServesTheKnownForABoundedTimeAndThenNobody(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:write")
	raw := r.token(c, "")
	r.store.cut.Store(true)
	steps := []struct {
		after    time.Duration
		state    accesstoken.State
		lifetime time.Duration
	}{
		{0, accesstoken.StateNormal, time.Hour},
		{2 * time.Second, accesstoken.StateNormal, time.Hour},
		{3 * time.Second, accesstoken.StateGrace, 300 * time.Second},
		{15 * time.Minute, accesstoken.StateGrace, 300 * time.Second},
		{15*time.Minute + time.Second, accesstoken.StateRefuse, 0},
	}
	began := r.clock.Now()
	for _, step := range steps {
		r.clock.Advance(began.Add(step.after).Sub(r.clock.Now()))
		if got := r.directory.State(); got != step.state {
			t.Errorf("after %v: %s, want %s", step.after, got, step.state)
		}
		if step.state == accesstoken.StateRefuse {
			_, err := r.directory.Authenticate(t.Context(), c.auth())
			wantKind(t, err, apicred.KindUnavailable, "")
			_, err = r.verify(raw, orders)
			wantKind(t, err, apicred.KindUnavailable, "")
			wantKind(t, r.directory.Ready(), apicred.KindUnavailable, "")
			continue
		}
		must(t, r.directory.Ready())
		token, err := r.issue(c, "")
		must(t, err)
		if token.ExpiresIn != step.lifetime {
			t.Errorf("after %v: the token lives %v, want %v", step.after, token.ExpiresIn, step.lifetime)
		}
		_, err = r.verify(raw, orders)
		must(t, err)
	}
	r.store.cut.Store(false)
	must(t, r.directory.CatchUp(t.Context()))
	r.client(c)
}

// A node that was stopped, or polls slowly, must not answer from an old view
// while the database can be asked.
func TestStaleness_AnOldViewIsRenewedBeforeAYes(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:write")
	raw := r.token(c, "")
	r.follows = false
	_, err := r.life.DisableCredential(t.Context(), actorOf(r.admin), c.id)
	must(t, err)
	if _, err := r.verify(raw, orders); err != nil {
		t.Fatalf("the test proves nothing: %v", err)
	}
	r.clock.Advance(30 * time.Second)
	_, err = r.verify(raw, orders)
	wantKind(t, err, apicred.KindUnauthenticated, "token: its generation has ended")
	r.clock.Advance(30 * time.Second)
	_, err = r.directory.Authenticate(t.Context(), c.auth())
	wantKind(t, err, apicred.KindUnauthenticated, "disabled")
}

func TestStaleness_NothingLoadedServesNobody(t *testing.T) {
	r := newRig(t)
	d := accesstoken.NewDirectory(r.store, noHasher{}, accesstoken.Options{MaxOffline: time.Hour})
	r.store.cut.Store(true)
	wantKind(t, d.Load(t.Context()), apicred.KindUnavailable, "")
	_, err := d.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: "x"})
	wantKind(t, err, apicred.KindUnavailable, "")
}

func TestRun_FollowsTheFeedAndWritesUsageAtItsEnd(t *testing.T) {
	r := newRig(t)
	r.follows = false
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = r.directory.Run(ctx) })
	c := r.credential("reports")
	deadline := time.After(10 * time.Second)
	for known := false; !known; _, known = r.directory.Client(c.id) {
		select {
		case <-deadline:
			t.Fatal("the poll loop did not see the credential")
		case <-time.After(10 * time.Millisecond):
		}
	}
	_, err := r.issue(c, "")
	must(t, err)
	stop()
	running.Wait()
	if got := r.calls(c); got != 1 {
		t.Errorf("%d calls were written, want 1", got)
	}
}
