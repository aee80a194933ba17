package keyring_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore"
	"github.com/claviger/claviger/internal/testserver"
)

const month = 30 * 24 * time.Hour

// wall is a clock that stands still unless it is moved.
type wall struct{ at atomic.Int64 }

func newWall() *wall {
	w := &wall{}
	w.at.Store(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC).UnixMicro())
	return w
}

func (w *wall) Now() time.Time          { return time.UnixMicro(w.at.Load()) }
func (w *wall) Advance(d time.Duration) { w.at.Add(d.Microseconds()) }

func openAt(t testing.TB, store *sqlstore.Store, w *wall, change ...func(*keyring.Options)) *keyring.Ring {
	t.Helper()
	o := keyring.Options{Store: store.Keyring(), Master: keyring.NewMaster(keyOf(1)), Clock: w.Now, Rotation: month}
	for _, f := range change {
		f(&o)
	}
	r, err := keyring.Open(t.Context(), o)
	must(t, err)
	return r
}

func signedIn(algorithm apicred.SigningAlgorithm) func(*keyring.Options) {
	return func(o *keyring.Options) { o.Algorithm = algorithm }
}

// statuses counts the stored keys.
func statuses(t testing.TB, store *sqlstore.Store) map[apicred.SigningKeyStatus]int {
	t.Helper()
	keys, err := store.Keyring().SigningKeys(t.Context())
	must(t, err)
	out := map[apicred.SigningKeyStatus]int{}
	for _, k := range keys {
		out[k.Status]++
	}
	return out
}

// actions counts the audited steps since the keys were made first.
func actions(t testing.TB, store *sqlstore.Store) map[string]int {
	t.Helper()
	out := map[string]int{}
	must(t, store.Lifecycle().View(t.Context(), func(r lifecycle.Reader) error {
		events, err := r.AuditEvents(t.Context(), lifecycle.AuditQuery{Limit: 200})
		for _, e := range events {
			out[e.Action]++
		}
		return err
	}))
	return out
}

func TestMaintain_RotatesWhenTheTimeHasComeAndClearsWhatEnded(t *testing.T) {
	store, w := testserver.NewStore(t), newWall()
	r := openAt(t, store, w)
	first := kidOf(t, r)
	signature, err := r.Current().AppendSignature(nil, []byte("x"))
	must(t, err)

	w.Advance(month - time.Second)
	must(t, r.Maintain(t.Context()))
	if kidOf(t, r) != first {
		t.Fatal("the key was rotated before its time")
	}
	w.Advance(time.Second)
	must(t, r.Maintain(t.Context()))
	second := kidOf(t, r)
	if second == first || len(published(t, r).Keys) != 3 {
		t.Fatal("the key was not rotated, or not three keys are published")
	}
	must(t, r.Maintain(t.Context()))
	if kidOf(t, r) != second {
		t.Fatal("rotated twice")
	}

	w.Advance(24*time.Hour + 10*time.Minute) // the last token of a node that was offline ends
	must(t, r.Maintain(t.Context()))
	old, known := r.Public(first)
	raw, err := base64.RawURLEncoding.DecodeString(string(signature))
	must(t, err)
	if !known || !old.Verify([]byte("x"), raw) {
		t.Fatal("the retired key does not verify what it signed")
	}
	w.Advance(10 * time.Minute)
	if _, known := r.Public(first); known {
		t.Error("the retired key verifies after its end")
	}
	must(t, r.Maintain(t.Context()))
	want := map[apicred.SigningKeyStatus]int{apicred.SigningKeyActive: 1, apicred.SigningKeyNext: 1}
	if diff := cmp.Diff(want, statuses(t, store)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"signing_key.create": 3, "signing_key.rotate": 1, "signing_key.expire": 1}, actions(t, store)); diff != "" {
		t.Error(diff)
	}
}

func TestMaintain_NeverRotatesByItselfWhereTheSettingIsZero(t *testing.T) {
	store, w := testserver.NewStore(t), newWall()
	r := openAt(t, store, w, func(o *keyring.Options) { o.Rotation = 0 })
	first := kidOf(t, r)
	w.Advance(10 * 365 * 24 * time.Hour)
	must(t, r.Maintain(t.Context()))
	if kidOf(t, r) != first {
		t.Error("the key was rotated")
	}
}

// Many nodes find the rotation due at once, some of them after having slept
// through it: it happens once, and all agree.
func TestMaintain_OfManyNodesOneRotates(t *testing.T) {
	store := testserver.NewStore(t)
	w := newWall()
	var nodes []*keyring.Ring
	for range 6 {
		nodes = append(nodes, openAt(t, store, w))
	}
	sleeper := openAt(t, store, w)
	first := kidOf(t, sleeper)
	w.Advance(month)
	var running sync.WaitGroup
	for _, r := range nodes {
		running.Go(func() {
			if err := r.Maintain(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	w.Advance(time.Hour)
	if kidOf(t, sleeper) != first {
		t.Fatal("the sleeper has read the keys already")
	}
	must(t, sleeper.Maintain(t.Context())) // by what it remembers, a rotation is due
	for _, r := range append(nodes, sleeper) {
		must(t, r.Reload(t.Context())) // as the feed makes it
		if kidOf(t, r) != kidOf(t, nodes[0]) || string(r.JWKSet()) != string(nodes[0].JWKSet()) {
			t.Error("nodes disagree on the keys")
		}
	}
	if got := actions(t, store)["signing_key.rotate"]; got != 1 {
		t.Errorf("%d rotations, want 1", got)
	}
	want := map[apicred.SigningKeyStatus]int{apicred.SigningKeyActive: 1, apicred.SigningKeyNext: 1, apicred.SigningKeyRetired: 1}
	if diff := cmp.Diff(want, statuses(t, store)); diff != "" {
		t.Error(diff)
	}
}

func TestRun_RotatesByTheClockUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := testserver.NewStore(t)
		r, err := keyring.Open(t.Context(), keyring.Options{Store: store.Keyring(), Master: keyring.NewMaster(keyOf(1)), Rotation: 48 * time.Hour})
		must(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx); close(done) }()
		seen := map[string]bool{}
		for range 4 {
			seen[kidOf(t, r)] = true
			time.Sleep(48*time.Hour + 2*time.Minute) //nolint:forbidigo // the bubble's clock
			if n := len(published(t, r).Keys); n != 3 {
				t.Errorf("%d keys are published, want active, next and one retired", n)
			}
		}
		if len(seen) != 4 {
			t.Errorf("%d keys have signed in 8 days, want 4", len(seen))
		}
		stop()
		<-done
	})
}

// rotateNow rotates as a person does.
func rotateNow(t testing.TB, store *sqlstore.Store, r *keyring.Ring, force bool) error {
	t.Helper()
	fresh, err := r.NewKey()
	must(t, err)
	return store.Lifecycle().Change(t.Context(), func(tx lifecycle.Tx) error {
		return r.RotateKeys(t.Context(), silent{tx}, fresh, force)
	})
}

// silent leaves the audit to those who test it.
type silent struct{ lifecycle.Tx }

func (silent) RecordKey(context.Context, lifecycle.KeyEvent) error { return nil }

func TestRotateKeys_WaitsUntilEverybodyCanKnowTheNextKey(t *testing.T) {
	store, w := testserver.NewStore(t), newWall()
	r := openAt(t, store, w)
	must(t, rotateNow(t, store, r, false)) // the first two were published together
	err := rotateNow(t, store, r, false)
	if !apicred.IsKind(err, apicred.KindConflict) || !strings.Contains(err.Error(), "2026-11-22T10:06:00Z") {
		t.Errorf("got %v, want a conflict that names the moment", err)
	}
	w.Advance(6*time.Minute - time.Second)
	if err := rotateNow(t, store, r, false); !apicred.IsKind(err, apicred.KindConflict) {
		t.Errorf("a second too early: %v", err)
	}
	must(t, rotateNow(t, store, r, true))
	w.Advance(6 * time.Minute)
	must(t, rotateNow(t, store, r, false))
}

func TestOpen_ANewAlgorithmTakesOverByRotation(t *testing.T) {
	store, w := testserver.NewStore(t), newWall()
	openAt(t, store, w)
	for _, algorithm := range []apicred.SigningAlgorithm{apicred.AlgorithmEdDSA, apicred.AlgorithmRS256, apicred.AlgorithmES256} {
		r := openAt(t, store, w, signedIn(algorithm))
		before, _ := r.Public(kidOf(t, r))
		if before.Algorithm() == string(algorithm) {
			t.Errorf("%s signs before the rotation", algorithm)
		}
		if err := rotateNow(t, store, r, false); !apicred.IsKind(err, apicred.KindConflict) {
			t.Errorf("%s: a key nobody knows yet may sign: %v", algorithm, err)
		}
		w.Advance(time.Hour)
		must(t, rotateNow(t, store, r, false))
		must(t, r.Reload(t.Context()))
		after, _ := r.Public(kidOf(t, r))
		if after.Algorithm() != string(algorithm) {
			t.Errorf("%s signs after the rotation to %s", after.Algorithm(), algorithm)
		}
		again := openAt(t, store, w, signedIn(algorithm))
		if string(again.JWKSet()) != string(r.JWKSet()) {
			t.Errorf("%s: another start changed the keys", algorithm)
		}
	}
}

// The old master key can leave the configuration after one start with both.
func TestOpen_SealsAnewWhatAnOldMasterKeySealed(t *testing.T) {
	store := testserver.NewStore(t)
	w := newWall()
	before := openAt(t, store, w)
	openAt(t, store, w, func(o *keyring.Options) { o.Master = keyring.NewMaster(keyOf(2), keyOf(1)) })
	after := openAt(t, store, w, func(o *keyring.Options) { o.Master = keyring.NewMaster(keyOf(2)) })
	if string(before.JWKSet()) != string(after.JWKSet()) || kidOf(t, before) != kidOf(t, after) {
		t.Error("sealing anew changed the keys")
	}
	if got := actions(t, store); got["signing_key.reseal"] != 2 || got["signing_key.create"] != 2 {
		t.Errorf("audited: %v", got)
	}
}

func TestOpen_ChangesNothingUnderAWrongMasterKey(t *testing.T) {
	store, w := testserver.NewStore(t), newWall()
	openAt(t, store, w)
	before, err := store.Keyring().SigningKeys(t.Context())
	must(t, err)
	_, err = keyring.Open(t.Context(), keyring.Options{
		Store: store.Keyring(), Master: keyring.NewMaster(keyOf(9)), Clock: w.Now, Algorithm: apicred.AlgorithmEdDSA,
	})
	if err == nil {
		t.Fatal("a wrong master key opens the keys")
	}
	after, err := store.Keyring().SigningKeys(t.Context())
	must(t, err)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}

// A rotation must not make every node verify every token anew: what was verified
// is remembered with the key itself.
func TestReload_KeepsTheVerifiersOfKeysThatStay(t *testing.T) {
	store, w := testserver.NewStore(t), newWall()
	r := openAt(t, store, w)
	kid := kidOf(t, r)
	before, _ := r.Public(kid)
	must(t, rotateNow(t, store, r, false))
	must(t, r.Reload(t.Context()))
	if after, _ := r.Public(kid); after != before {
		t.Error("the verifier is another one")
	}
}

func TestSignatures_OfEveryAlgorithmVerifyHereAndElsewhere(t *testing.T) {
	for _, algorithm := range apicred.SigningAlgorithms() {
		r := openAt(t, testserver.NewStore(t), newWall(), signedIn(algorithm))
		text, err := base64.RawURLEncoding.DecodeString(r.Current().Header())
		must(t, err)
		var header struct{ Alg, KID string }
		must(t, json.Unmarshal(text, &header))
		key, found := r.Public(header.KID)
		if !found || header.Alg != string(algorithm) || key.Algorithm() != header.Alg {
			t.Fatalf("%s: the header is %s", algorithm, text)
		}
		token, err := r.Current().AppendSignature([]byte(r.Current().Header()+".e30."), []byte(r.Current().Header()+".e30"))
		must(t, err)
		verifiesElsewhere(t, r, string(token))
		signature, err := base64.RawURLEncoding.Strict().DecodeString(string(token[bytes.LastIndexByte(token, '.')+1:]))
		must(t, err)
		signed := []byte(r.Current().Header() + ".e30")
		if !key.Verify(signed, signature) {
			t.Errorf("%s: the signature does not verify", algorithm)
		}
		for at := range signature {
			spoiled := append([]byte(nil), signature...)
			spoiled[at] ^= 1
			if key.Verify(signed, spoiled) {
				t.Errorf("%s: verifies with byte %d changed", algorithm, at)
			}
		}
		for _, bad := range [][]byte{nil, {}, signature[1:], append([]byte{0}, signature...), append(signature[:len(signature):len(signature)], 0), make([]byte, len(signature))} {
			if key.Verify(signed, bad) {
				t.Errorf("%s: %x is accepted", algorithm, bad)
			}
		}
	}
}
