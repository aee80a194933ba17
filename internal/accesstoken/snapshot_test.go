package accesstoken_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
)

const snapshotForm = "claviger snapshot test"

// snapshot writes what r's directory knows.
func (r *rig) snapshot() (sealed []byte, mark accesstoken.SnapshotMark) {
	r.t.Helper()
	var to bytes.Buffer
	mark, err := r.snapshots(r.directory).Write(r.t.Context(), &to, r.keys.SigningKeys)
	must(r.t, err)
	return to.Bytes(), mark
}

func (r *rig) snapshots(d *accesstoken.Directory) *accesstoken.Snapshots {
	return accesstoken.NewSnapshots(d, keyring.NewMaster([32]byte{1}), snapshotForm)
}

// fresh is the directory of a server that starts now.
func (r *rig) fresh() *accesstoken.Directory {
	return accesstoken.NewDirectory(r.store, keyring.NewMaster([32]byte{1}).Hasher(), accesstoken.Options{
		Issuer: issuer, Clock: r.clock.Now, MaxOffline: 15 * time.Minute,
	})
}

// A node that starts without the database serves what it knew as it would have
// without a stop, and nobody else.
func TestSnapshot_StartsANodeThatServesWhatItKnew(t *testing.T) {
	r := newRig(t)
	good, off := r.credential("orders:write", "reports"), r.credential("reports")
	narrow := r.create(r.second, lifecycle.NewCredential{Scopes: []string{"orders:write"}})
	revoked := r.credential("reports")
	gone := r.token(revoked, "")
	must(t, r.revoke(revoked, gone))
	_, err := r.life.DisableCredential(t.Context(), actorOf(r.admin), off.id)
	must(t, err)
	supervisor := apicred.RoleSupervisor
	_, err = r.life.EditUser(t.Context(), operator(), r.account.ID, r.second.ID, lifecycle.UserChange{Role: &supervisor})
	must(t, err)
	live := r.token(good, "")
	sealed, mark := r.snapshot()

	r.store.cut.Store(true)
	d := r.fresh()
	if _, _, err := r.snapshots(d).Restore(bytes.NewReader(sealed), nil); err != nil || d.State() != accesstoken.StateGrace {
		t.Errorf("from a snapshot of just now: %s, %v", d.State(), err)
	}
	r.clock.Advance(time.Minute)
	d = r.fresh()
	keys, restored, err := r.snapshots(d).Restore(bytes.NewReader(sealed), nil)
	must(t, err)
	if restored != mark || d.Staleness() != time.Minute || d.State() != accesstoken.StateGrace || len(keys) != 2 || d.Size() != r.directory.Size() {
		t.Errorf("restored %+v with %d keys and %d credentials, state %s", restored, len(keys), d.Size(), d.State())
	}
	client, err := d.Authenticate(t.Context(), good.auth())
	must(t, err)
	token, err := accesstoken.NewIssuer(d, r.ring).Issue(t.Context(), client, accesstoken.IssueRequest{})
	must(t, err)
	if token.ExpiresIn != accesstoken.GraceTokenLifetime || token.Scope != "orders:write reports" {
		t.Errorf("a token of %v for %q", token.ExpiresIn, token.Scope)
	}
	verifier := accesstoken.NewVerifier(d, r.ring)
	if _, err := verifier.VerifyAnyAudience(t.Context(), live, time.Time{}); err != nil {
		t.Errorf("a live token: %v", err)
	}
	before, _ := r.directory.Client(narrow.id)
	after, ok := d.Client(narrow.id)
	if !ok || !slices.Equal(before.EffectiveScopes(), after.EffectiveScopes()) {
		t.Errorf("of a demoted owner: %v, it was %v", after.EffectiveScopes(), before.EffectiveScopes())
	}
	// Without the database nobody is told no.
	_, err = d.Authenticate(t.Context(), off.auth())
	wantKind(t, err, apicred.KindUnavailable, "")
	_, err = verifier.VerifyAnyAudience(t.Context(), gone, time.Time{})
	wantKind(t, err, apicred.KindUnavailable, "")

	r.store.cut.Store(false)
	r.credential("reports")
	must(t, d.CatchUp(t.Context()))
	if d.Size() != r.directory.Size() || d.Rewrites() != 0 || d.State() != accesstoken.StateNormal {
		t.Errorf("with the database again: %d credentials, %d alarms, %s", d.Size(), d.Rewrites(), d.State())
	}
	_, err = verifier.VerifyAnyAudience(t.Context(), gone, time.Time{})
	wantKind(t, err, apicred.KindUnauthenticated, "")
}

// What may not be used, or not any more, leaves a directory that knows nothing.
func TestSnapshot_IsRefusedWhenOldOrNotWhole(t *testing.T) {
	r := newRig(t)
	r.credential("reports")
	sealed, mark := r.snapshot()
	other, _ := r.snapshot()
	changed := func(i int) []byte {
		b := bytes.Clone(sealed)
		b[i] ^= 1
		return b
	}
	for name, c := range map[string]struct {
		sealed  []byte
		advance time.Duration
		form    string
	}{
		"too old":            {sealed, 15*time.Minute + time.Second, snapshotForm},
		"from the future":    {sealed, -time.Minute, snapshotForm},
		"of another release": {sealed, 0, "another"},
		"cut off":            {sealed[:len(sealed)-1], 0, snapshotForm},
		"changed":            {changed(len(sealed) / 2), 0, snapshotForm},
		"renamed":            {changed(3), 0, snapshotForm},
		"of two":             {append(bytes.Clone(sealed[:36]), other[36:]...), 0, snapshotForm},
		"empty":              {nil, 0, snapshotForm},
	} {
		t.Run(name, func(t *testing.T) {
			r.clock.Advance(c.advance)
			defer r.clock.Advance(-c.advance)
			d := r.fresh()
			s := accesstoken.NewSnapshots(d, keyring.NewMaster([32]byte{1}), c.form)
			if _, _, err := s.Restore(bytes.NewReader(c.sealed), nil); !errors.Is(err, accesstoken.ErrSnapshot) {
				t.Errorf("got %v", err)
			}
			if d.Size() != 0 || d.State() != accesstoken.StateRefuse {
				t.Errorf("it knows %d credentials and is in state %s", d.Size(), d.State())
			}
		})
	}
	strangers := accesstoken.NewSnapshots(r.fresh(), keyring.NewMaster([32]byte{9}), snapshotForm)
	if _, _, err := strangers.Restore(bytes.NewReader(sealed), nil); !errors.Is(err, accesstoken.ErrSnapshot) {
		t.Errorf("another master key opens it: %v", err)
	}
	if mark.Change == 0 {
		t.Error("the snapshot is of nothing")
	}
}

// A stamp lengthens a snapshot's time while nothing changes, and that of no
// other.
func TestSnapshot_StampSaysThatNothingHasChanged(t *testing.T) {
	r := newRig(t)
	r.credential("reports")
	sealed, mark := r.snapshot()
	r.clock.Advance(10 * time.Minute)
	if _, _, newer := r.snapshots(r.directory).Stamp(mark); newer {
		t.Error("stamped with nothing newer known")
	}
	must(t, r.directory.CatchUp(t.Context()))
	stamped, stamp, newer := r.snapshots(r.directory).Stamp(mark)
	if !newer || !stamped.Taken.Equal(r.clock.Now()) {
		t.Fatalf("stamped %v, %v", stamped.Taken, newer)
	}
	other, _ := r.snapshot()
	r.clock.Advance(10 * time.Minute)
	if _, _, err := r.snapshots(r.fresh()).Restore(bytes.NewReader(sealed), nil); !errors.Is(err, accesstoken.ErrSnapshot) {
		t.Errorf("20 minutes old without its stamp: %v", err)
	}
	if _, restored, err := r.snapshots(r.fresh()).Restore(bytes.NewReader(sealed), stamp); err != nil || !restored.Taken.Equal(stamped.Taken) {
		t.Errorf("with its stamp: %v, %v", restored.Taken, err)
	}
	r.clock.Advance(5*time.Minute + time.Second)
	if _, _, err := r.snapshots(r.fresh()).Restore(bytes.NewReader(other), stamp); !errors.Is(err, accesstoken.ErrSnapshot) {
		t.Errorf("with another's stamp: %v", err)
	}
	r.credential("reports")
	must(t, r.directory.CatchUp(t.Context()))
	if _, _, newer := r.snapshots(r.directory).Stamp(mark); newer || r.snapshots(r.directory).Current(mark) {
		t.Error("stamped after a change")
	}
}

// A database that was set back counts on from there: the same number is another
// change then, and a snapshot from before would revive what that one ended.
func TestSnapshot_OfALostHistoryIsNeitherCurrentNorStamped(t *testing.T) {
	r := newRig(t)
	store := &rewritten{Store: r.store}
	d := accesstoken.NewDirectory(store, noHasher{}, accesstoken.Options{Issuer: issuer, Clock: r.clock.Now, MaxOffline: time.Hour})
	must(t, d.Load(t.Context()))
	s := r.snapshots(d)
	mark, err := s.Write(t.Context(), &bytes.Buffer{}, r.keys.SigningKeys)
	must(t, err)
	if !s.Current(mark) {
		t.Fatal("not current as soon as it is written")
	}
	store.rewrite = func(h *accesstoken.Head) { h.Hash = "another" }
	r.clock.Advance(time.Second)
	must(t, d.CatchUp(t.Context())) // gives the history another name
	store.rewrite = nil
	r.clock.Advance(time.Second)
	must(t, d.CatchUp(t.Context()))
	if d.Rewrites() == 0 || r.headOf().Change != mark.Change {
		t.Fatalf("%d alarms, change %d: nothing was set back to the same number", d.Rewrites(), mark.Change)
	}
	if _, _, newer := s.Stamp(mark); newer || s.Current(mark) {
		t.Error("a snapshot of the lost history passes for the present one")
	}
}

// A key that is removed while a snapshot is being written is not in it, unless the
// snapshot is known to be of before.
func TestSnapshot_KeysAreNoOlderThanItsHead(t *testing.T) {
	r := newRig(t)
	store := &loadedStore{Store: r.store}
	d := accesstoken.NewDirectory(store, noHasher{}, accesstoken.Options{Issuer: issuer, Clock: r.clock.Now, MaxOffline: time.Hour})
	_, err := r.snapshots(d).Write(t.Context(), &bytes.Buffer{}, func(context.Context) ([]apicred.SigningKey, error) {
		if !store.loaded {
			t.Error("keys were read before everything else")
		}
		return nil, nil
	})
	must(t, err)
	broken := errors.New("away")
	_, err = r.snapshots(d).Write(t.Context(), &bytes.Buffer{}, func(context.Context) ([]apicred.SigningKey, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("without keys: %v", err)
	}
}

// loadedStore knows whether everything was read.
type loadedStore struct {
	accesstoken.Store
	loaded bool
}

func (s *loadedStore) Load(ctx context.Context, into accesstoken.Loader) (accesstoken.Head, error) {
	head, err := s.Store.Load(ctx, into)
	s.loaded = true
	return head, err
}

// FuzzSnapshot_NothingForgedIsTaken reads what is no snapshot of ours.
func FuzzSnapshot_NothingForgedIsTaken(f *testing.F) {
	r := newRig(f)
	var whole bytes.Buffer
	_, err := r.snapshots(r.directory).Write(f.Context(), &whole, r.keys.SigningKeys)
	must(f, err)
	f.Add(whole.Bytes()[:len(whole.Bytes())-1])
	f.Add(append(bytes.Clone(whole.Bytes()[:36]), 0xff, 0xff, 0xff, 0xff))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if bytes.HasPrefix(sealed, whole.Bytes()) {
			return // what stands behind is not read
		}
		if _, _, err := r.snapshots(r.fresh()).Restore(bytes.NewReader(sealed), nil); !errors.Is(err, accesstoken.ErrSnapshot) {
			t.Errorf("taken: %v", err)
		}
	})
}
