package keyring_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore"
	"github.com/claviger/claviger/internal/testserver"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (cause: %v)", err, errors.Unwrap(err))
	}
}

func open(t testing.TB, store *sqlstore.Store) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(t.Context(), keyring.Options{Store: store.Keyring(), Master: keyring.NewMaster(keyOf(1)), Clock: time.Now})
	must(t, err)
	return r
}

func published(t testing.TB, r *keyring.Ring) jose.JSONWebKeySet {
	t.Helper()
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal(r.JWKSet(), &set))
	return set
}

func TestOpen_MakesOneActiveAndOneNextKeyAtTheFirstStart(t *testing.T) {
	store := testserver.NewStore(t)
	r := open(t, store)
	records, err := store.Keyring().SigningKeys(t.Context())
	must(t, err)
	statuses := map[apicred.SigningKeyStatus]int{}
	for _, record := range records {
		statuses[record.Status]++
	}
	if diff := cmp.Diff(map[apicred.SigningKeyStatus]int{apicred.SigningKeyActive: 1, apicred.SigningKeyNext: 1}, statuses); diff != "" {
		t.Error(diff)
	}
	first := string(r.JWKSet())
	if got := string(open(t, store).JWKSet()); got != first {
		t.Errorf("the second start publishes %s, the first %s", got, first)
	}
}

func TestOpen_IsAudited(t *testing.T) {
	store := testserver.NewStore(t)
	open(t, store)
	var events []apicred.AuditEvent
	must(t, store.Lifecycle().View(t.Context(), func(r lifecycle.Reader) (err error) {
		events, err = r.AuditEvents(t.Context(), lifecycle.AuditQuery{Limit: 10})
		return err
	}))
	if len(events) != 2 {
		t.Fatalf("%d events, want 2", len(events))
	}
	for _, e := range events {
		if e.Action != "signing_key.create" || e.ActorType != apicred.ActorSystem || e.TargetType != apicred.TargetSigningKey ||
			e.Outcome != apicred.OutcomeDone || !strings.Contains(string(e.After), e.TargetID) {
			t.Errorf("the event is %+v", e)
		}
	}
}

func TestOpen_ManyNodesAtOnceAgree(t *testing.T) {
	store := testserver.NewStore(t)
	var nodes sync.WaitGroup
	sets := make([]string, 8)
	for i := range sets {
		nodes.Go(func() {
			r, err := keyring.Open(context.Background(), keyring.Options{Store: store.Keyring(), Master: keyring.NewMaster(keyOf(1)), Clock: time.Now})
			if err != nil {
				t.Error(err)
				return
			}
			sets[i] = string(r.JWKSet())
		})
	}
	nodes.Wait()
	for _, set := range sets {
		if set != sets[0] || set == "" {
			t.Errorf("nodes publish different keys: %s and %s", set, sets[0])
		}
	}
}

func TestOpen_RefusesAWrongMasterKeyWithTheRemedy(t *testing.T) {
	store := testserver.NewStore(t)
	open(t, store)
	_, err := keyring.Open(t.Context(), keyring.Options{Store: store.Keyring(), Master: keyring.NewMaster(keyOf(2)), Clock: time.Now})
	if !errors.Is(err, keyring.ErrMasterKey) || !strings.Contains(err.Error(), "master_keys_old") {
		t.Errorf("got %v", err)
	}
	_, err = keyring.Open(t.Context(), keyring.Options{Store: store.Keyring(), Master: keyring.NewMaster(keyOf(2), keyOf(1))})
	must(t, err)
}

func TestRing_SealsPrivateKeysAtRest(t *testing.T) {
	store := testserver.NewStore(t)
	open(t, store)
	records, err := store.Keyring().SigningKeys(t.Context())
	must(t, err)
	for _, record := range records {
		if strings.Contains(string(record.PublicJWK), `"d"`) {
			t.Error("the public part has the private one")
		}
		scalar, err := keyring.NewMaster(keyOf(1)).Open("signing key", record.Sealed, []byte(record.KID))
		must(t, err)
		if bytes.Contains(record.Sealed, scalar) || strings.Contains(string(record.Sealed), base64.StdEncoding.EncodeToString(scalar)) {
			t.Error("the private key is stored in clear")
		}
		if _, err := keyring.NewMaster(keyOf(1)).Open("signing key", record.Sealed, []byte("another")); err == nil {
			t.Error("a sealed key can be put under another kid")
		}
	}
}

func TestRing_PublishesAJWKSetOthersUnderstand(t *testing.T) {
	r := open(t, testserver.NewStore(t))
	var raw struct {
		Keys []map[string]string `json:"keys"`
	}
	must(t, json.Unmarshal(r.JWKSet(), &raw))
	for _, key := range raw.Keys {
		fixed := map[string]string{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": key["kid"], "x": key["x"], "y": key["y"]}
		if diff := cmp.Diff(fixed, key); diff != "" {
			t.Error(diff)
		}
	}
	set := published(t, r)
	if len(set.Keys) != 2 {
		t.Fatalf("%d keys are published, want 2", len(set.Keys))
	}
	for _, key := range set.Keys {
		thumbprint, err := key.Thumbprint(crypto.SHA256)
		must(t, err)
		if !key.Valid() || !key.IsPublic() || key.KeyID != base64.RawURLEncoding.EncodeToString(thumbprint) {
			t.Errorf("the key %s is not named for its RFC 7638 thumbprint", key.KeyID)
		}
		if _, ok := r.Public(key.KeyID); !ok {
			t.Errorf("%s is published and not accepted", key.KeyID)
		}
	}
	if _, ok := r.Public("unknown"); ok {
		t.Error("an unknown kid is accepted")
	}
}

// turn writes another status or end of a key.
func turn(t testing.TB, store *sqlstore.Store, change func(*apicred.SigningKey)) {
	t.Helper()
	must(t, store.Keyring().ChangeSigningKeys(t.Context(), func(tx keyring.Tx) error {
		records, err := tx.SigningKeys(t.Context())
		if err != nil {
			return err
		}
		for _, record := range records {
			change(&record)
			if err := tx.UpdateSigningKey(t.Context(), record); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestRing_KeepsARetiredKeyUntilItsEnd(t *testing.T) {
	store, now := testserver.NewStore(t), time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	master := keyring.NewMaster(keyOf(1))
	r, err := keyring.Open(t.Context(), keyring.Options{Store: store.Keyring(), Master: master, Clock: clock})
	must(t, err)
	old := kidOf(t, r)
	turn(t, store, func(record *apicred.SigningKey) {
		switch record.Status {
		case apicred.SigningKeyActive:
			record.Status, record.ExpiresAt = apicred.SigningKeyRetired, now.Add(time.Hour)
		case apicred.SigningKeyNext:
			record.Status = apicred.SigningKeyActive
		case apicred.SigningKeyRetired:
		}
	})
	if kidOf(t, r) != old {
		t.Error("the keys changed before they were read")
	}
	must(t, r.Reload(t.Context()))
	if kidOf(t, r) == old {
		t.Error("the retired key still signs")
	}
	has := func() (known, listed bool) {
		_, known = r.Public(old)
		set := published(t, r)
		return known, len(set.Key(old)) == 1
	}
	now = now.Add(time.Hour - time.Second)
	if known, listed := has(); !known || !listed {
		t.Error("the retired key is gone before its end")
	}
	now = now.Add(time.Second)
	if known, listed := has(); known || listed {
		t.Error("the retired key outlives its end")
	}
	reopened, err := keyring.Open(t.Context(), keyring.Options{Store: store.Keyring(), Master: master, Clock: clock})
	must(t, err)
	if n := len(published(t, reopened).Keys); n != 2 {
		t.Errorf("%d keys after the next start, want a new next one: 2", n)
	}
}

// kidOf is that of the key that signs.
func kidOf(t testing.TB, r *keyring.Ring) string {
	t.Helper()
	header, err := base64.RawURLEncoding.DecodeString(r.Current().Header())
	must(t, err)
	var h struct {
		Alg, KID, Typ string
	}
	must(t, json.Unmarshal(header, &h))
	if h.Alg == "" || h.Typ != "at+jwt" {
		t.Errorf("the header is %s", header)
	}
	return h.KID
}

func TestReload_KeepsTheKeysWhenTheStoreFails(t *testing.T) {
	r := open(t, testserver.NewStore(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := string(r.JWKSet())
	if err := r.Reload(ctx); err == nil {
		t.Fatal("no error")
	}
	if string(r.JWKSet()) != before || r.Current() == nil {
		t.Error("the keys are gone")
	}
}

func TestSignature_VerifiesHereAndElsewhere(t *testing.T) {
	r := open(t, testserver.NewStore(t))
	public, _ := r.Public(kidOf(t, r))
	set := published(t, r)
	foreign := set.Key(kidOf(t, r))[0].Key.(*ecdsa.PublicKey)
	for range 100 { // r and s are shorter than 32 bytes now and then
		text, err := r.Current().AppendSignature([]byte("x"), []byte("signed"))
		must(t, err)
		signature, err := base64.RawURLEncoding.Strict().DecodeString(string(text[1:]))
		must(t, err)
		if len(signature) != 64 || !public.Verify([]byte("signed"), signature) || public.Verify([]byte("Signed"), signature) {
			t.Fatalf("the signature %x does not verify, or for another text", signature)
		}
		digest := sha256.Sum256([]byte("signed"))
		if !ecdsa.Verify(foreign, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
			t.Fatal("the published key does not verify it")
		}
		if twin := mirrored(foreign, signature); public.Verify([]byte("signed"), twin) {
			t.Fatal("the mirrored signature is accepted: a token would have two spellings")
		}
		for _, bad := range [][]byte{nil, signature[:63], append([]byte{0}, signature...), make([]byte, 64)} {
			if public.Verify([]byte("signed"), bad) {
				t.Fatalf("%x is accepted", bad)
			}
		}
	}
}

// mirrored is the other signature that everybody can compute: r and n-s.
func mirrored(key *ecdsa.PublicKey, signature []byte) []byte {
	out := append([]byte(nil), signature...)
	new(big.Int).Sub(key.Params().N, new(big.Int).SetBytes(signature[32:])).FillBytes(out[32:])
	return out
}

// verifiesElsewhere has go-jose check a token against the published set.
func verifiesElsewhere(t testing.TB, r *keyring.Ring, token string) {
	t.Helper()
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.RS256})
	must(t, err)
	set := published(t, r)
	if _, err := parsed.Verify(set); err != nil {
		t.Errorf("go-jose refuses %s: %v", token, err)
	}
	for _, key := range set.Keys {
		thumbprint, err := key.Thumbprint(crypto.SHA256)
		must(t, err)
		if key.KeyID != base64.RawURLEncoding.EncodeToString(thumbprint) {
			t.Errorf("%s is not the RFC 7638 thumbprint", key.KeyID)
		}
	}
}
