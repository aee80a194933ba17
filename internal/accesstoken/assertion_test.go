package accesstoken_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// UseProof implements accesstoken.Store.
func (s *cuttable) UseProof(ctx context.Context, hash []byte, now, end time.Time) error {
	if s.cut.Load() {
		return apicred.Unavailable(errCut)
	}
	return s.Store.UseProof(ctx, hash, now, end)
}

// keyed is a credential that signs assertions.
type keyed struct {
	id  string
	key *ecdsa.PrivateKey
}

func (r *rig) keyed(scopes ...string) keyed {
	r.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(r.t, err)
	return keyed{r.create(r.admin, lifecycle.NewCredential{
		Scopes: scopes, Method: apicred.AuthenticationPrivateKeyJWT, KeySet: keySetOf(r.t, key),
	}).id, key}
}

func keySetOf(t testing.TB, keys ...*ecdsa.PrivateKey) []byte {
	t.Helper()
	set := jose.JSONWebKeySet{}
	for _, key := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public()})
	}
	raw, err := json.Marshal(set)
	must(t, err)
	return raw
}

// assertion is a good one that lives for a minute.
func (r *rig) assertion(c keyed) string {
	r.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: c.key}, nil)
	must(r.t, err)
	payload, err := json.Marshal(map[string]any{"iss": c.id, "sub": c.id, "aud": issuer, "jti": rand.Text(), "exp": r.clock.Now().Add(time.Minute).Unix()})
	must(r.t, err)
	signed, err := signer.Sign(payload)
	must(r.t, err)
	raw, err := signed.CompactSerialize()
	must(r.t, err)
	return raw
}

func (r *rig) assert(raw string) (accesstoken.Client, error) {
	r.t.Helper()
	return r.directory.AuthenticateByAssertion(r.t.Context(), accesstoken.ClientAuth{}, raw)
}

// A secret still works while the database is away; what must work once does not
// (contract.md "Staleness").
func TestAssertion_IsUnavailableWithoutTheDatabase(t *testing.T) {
	r := newRig(t)
	c := r.keyed("reports")
	r.store.cut.Store(true)
	_, err := r.assert(r.assertion(c))
	wantKind(t, err, apicred.KindUnavailable, "") // nobody knows yet that it is away
	r.clock.Advance(10 * time.Second)
	_, err = r.assert(r.assertion(c))
	wantKind(t, err, apicred.KindUnavailable, "")
	_, err = r.assert("junk")
	wantKind(t, err, apicred.KindUnavailable, "")
	r.store.cut.Store(false)
	must(t, r.directory.CatchUp(t.Context()))
	_, err = r.assert(r.assertion(c))
	must(t, err)
}

// A token asked for with a key that is gone meanwhile is not issued, on no node.
func TestAssertion_OfAKeyRemovedMeanwhileGetsNoToken(t *testing.T) {
	r := newRig(t)
	c, other := r.keyed("reports"), r.keyed("reports")
	client, err := r.assert(r.assertion(c))
	must(t, err)
	_, err = r.life.EditCredential(t.Context(), actorOf(r.admin), c.id, lifecycle.CredentialChange{KeySet: new(keySetOf(t, other.key))})
	must(t, err)
	_, err = r.directory.Renew(t.Context(), client, r.clock.Now())
	wantKind(t, err, apicred.KindUnauthenticated, "the key that signed is no longer the client's")
	_, err = r.assert(r.assertion(c))
	wantKind(t, err, apicred.KindUnauthenticated, "")
}

func TestAssertion_NotesTheLastUseOfTheCredential(t *testing.T) {
	r := newRig(t)
	c := r.keyed("reports")
	r.clock.Advance(time.Hour)
	_, err := r.assert(r.assertion(c))
	must(t, err)
	must(t, r.directory.Flush(t.Context()))
	view, err := r.life.Credential(t.Context(), actorOf(r.admin), c.id)
	must(t, err)
	if !view.LastUsedAt.Equal(r.clock.Now()) {
		t.Errorf("last used at %v, want %v", view.LastUsedAt, r.clock.Now())
	}
}

func TestAssertion_EndsWithItselfAndWithTheCredential(t *testing.T) {
	r := newRig(t)
	c := r.keyed("reports")
	late := r.assertion(c)
	_, err := r.life.EditCredential(t.Context(), actorOf(r.admin), c.id, lifecycle.CredentialChange{ExpiresAt: new(r.clock.Now().Add(2 * time.Minute))})
	must(t, err)
	r.clock.Advance(time.Minute)
	must(t, r.directory.CatchUp(t.Context()))
	_, err = r.assert(late)
	wantKind(t, err, apicred.KindUnauthenticated, "the assertion is expired, too early, or lives too long")
	_, err = r.assert(r.assertion(c))
	must(t, err)
	r.clock.Advance(time.Minute)
	must(t, r.directory.CatchUp(t.Context()))
	_, err = r.assert(r.assertion(c))
	wantKind(t, err, apicred.KindUnauthenticated, "expired")
}
