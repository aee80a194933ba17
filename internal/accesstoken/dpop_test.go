package accesstoken_test

import (
	"errors"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
	"github.com/claviger/claviger/internal/testserver"
)

const tokenURL = issuer + "/oauth2/token"

// proof is one of this moment.
func (r *rig) proof(p *testserver.Prover, method, url, token string) []string {
	return []string{p.Proof(method, url, token, func(_, c testserver.Members) { c["iat"] = r.clock.Now().Unix() })}
}

func (r *rig) prove(c credential, proofs []string) (string, error) {
	r.t.Helper()
	client := r.client(c)
	address, _ := proof.AddressOf(tokenURL)
	return r.directory.ProveKey(r.t.Context(), &client, &accesstoken.ProofRequest{Proofs: proofs, Method: "POST", Address: address})
}

// A token still comes while the database is away; a proof that must count once
// does not (contract.md "Staleness").
func TestProveKey_IsUnavailableWithoutTheDatabase(t *testing.T) {
	r := newRig(t)
	c, p := r.credential("orders:write"), testserver.NewProver(t)
	r.store.cut.Store(true)
	_, err := r.prove(c, r.proof(p, "POST", tokenURL, ""))
	wantKind(t, err, apicred.KindUnavailable, "") // nobody knows yet that it is away
	r.clock.Advance(10 * time.Second)
	_, err = r.prove(c, r.proof(p, "POST", tokenURL, ""))
	wantKind(t, err, apicred.KindUnavailable, "")
	_, err = r.prove(c, []string{"junk"})
	wantKind(t, err, apicred.KindUnavailable, "")
	r.store.cut.Store(false)
	must(t, r.directory.CatchUp(t.Context()))
	got, err := r.prove(c, r.proof(p, "POST", tokenURL, ""))
	must(t, err)
	if got != p.Thumbprint() {
		t.Errorf("%s", got)
	}
}

// S14, S16: replay is shared by all nodes at the token endpoint.
func TestProveKey_CountsAProofOnceOnAllNodes(t *testing.T) {
	r := newRig(t)
	c, p := r.credential("orders:write"), testserver.NewProver(t)
	other := accesstoken.NewDirectory(r.store, r.hasher(), accesstoken.Options{Issuer: issuer, Clock: r.clock.Now})
	must(t, other.Load(t.Context()))
	once := r.proof(p, "POST", tokenURL, "")
	_, err := r.prove(c, once)
	must(t, err)
	r.directory = other
	var refused *accesstoken.ProofError
	if _, err := r.prove(c, once); !errors.As(err, &refused) || err.Error() != "dpop: the proof was used before" {
		t.Errorf("on the other node: %v", err)
	}
	_, err = r.prove(c, r.proof(p, "POST", tokenURL, ""))
	must(t, err)
}

// While the database is away, calls with tokens that are out go on.
func TestVerifyPresented_TakesProofsWithoutTheDatabase(t *testing.T) {
	r := newRig(t)
	p := testserver.NewProver(t)
	raw := r.bound(r.credential("orders:write"), accesstoken.Confirmation{Key: p.Thumbprint()})
	r.store.cut.Store(true)
	r.clock.Advance(10 * time.Second)
	_, err := r.present(r.withProof(p, raw))
	must(t, err)
}

func (r *rig) withProof(p *testserver.Prover, raw string) accesstoken.Presented {
	const call = "https://api.example.com/orders"
	address, _ := proof.AddressOf(call)
	return accesstoken.Presented{Token: raw, DPoP: true, Proofs: r.proof(p, "GET", call, raw), Method: "GET", Address: address}
}

// Fresh before no judges a request twice; its proof counts once for it, and not
// at all for another.
func TestVerifyPresented_CountsAProofOnceForItsRequest(t *testing.T) {
	r := newRig(t)
	p := testserver.NewProver(t)
	raw := r.bound(r.credential("orders:write"), accesstoken.Confirmation{Key: p.Thumbprint()})
	presented := r.withProof(p, raw)
	replayed := presented
	for range 3 {
		_, err := r.verifier.VerifyPresented(t.Context(), &presented, orders)
		must(t, err)
	}
	_, err := r.present(replayed)
	wantKind(t, err, apicred.KindUnauthenticated, "dpop: the proof was used before")
}

// A proof beside a dead token is not used up: memory is for those who get in.
func TestVerifyPresented_UsesNoProofUpForADeadToken(t *testing.T) {
	r := newRig(t)
	p, c := testserver.NewProver(t), r.credential("orders:write")
	raw := r.bound(c, accesstoken.Confirmation{Key: p.Thumbprint()})
	_, err := r.life.DisableCredential(t.Context(), actorOf(r.admin), c.id)
	must(t, err)
	for range 2 {
		_, err := r.present(r.withProof(p, raw))
		wantKind(t, err, apicred.KindUnauthenticated, "token: its generation has ended")
	}
}

func TestProveKey_CountsRefusalsAsTheClientsOwn(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:write")
	if _, err := r.prove(c, []string{"x"}); err == nil {
		t.Fatal("junk is a proof")
	}
	must(t, r.directory.Flush(t.Context()))
	if n := r.calls(c); n != 1 {
		t.Errorf("%d calls counted", n)
	}
}
