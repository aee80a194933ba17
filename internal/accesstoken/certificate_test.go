package accesstoken_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/proof"
)

// presented is a certificate that authorities have judged already.
func presented(t testing.TB, commonName string) *proof.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: commonName}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	leaf, err := x509.ParseCertificate(der)
	must(t, err)
	return proof.CertificateOf([]*x509.Certificate{leaf})
}

func (r *rig) certified(subject string, scopes ...string) credential {
	r.t.Helper()
	return r.create(r.admin, lifecycle.NewCredential{Scopes: scopes, Method: apicred.AuthenticationTLSClientAuth, TLSClientSubject: subject})
}

func (r *rig) certify(c credential, p *proof.Certificate) (accesstoken.Client, error) {
	r.t.Helper()
	return r.directory.AuthenticateByCertificate(r.t.Context(), accesstoken.ClientAuth{ClientID: c.id}, p, nil)
}

// Unlike what must work once, it works while the database is away (contract.md
// "Staleness"), and a refusal does not.
func TestCertificate_OfAKnownClientIsTakenWithoutTheDatabase(t *testing.T) {
	r := newRig(t)
	c, own, other := r.certified("CN=worker", "reports"), presented(t, "worker"), presented(t, "other")
	r.store.cut.Store(true)
	r.clock.Advance(10 * time.Second)
	client, err := r.certify(c, own)
	must(t, err)
	if client.ID() != c.id || client.Confirmation().Certificate != own.Thumbprint() {
		t.Errorf("client %s, bound to %+v", client.ID(), client.Confirmation())
	}
	_, err = r.certify(c, other)
	wantKind(t, err, apicred.KindUnavailable, "")
}

func TestCertificate_OfAnotherMethodOrClientIsRefused(t *testing.T) {
	r := newRig(t)
	c, own := r.certified("CN=worker", "reports"), presented(t, "worker")
	_, err := r.certify(c, presented(t, "other"))
	wantKind(t, err, apicred.KindUnauthenticated, "certificate: it names another than the client")
	_, err = r.certify(r.credential("reports"), own)
	wantKind(t, err, apicred.KindUnauthenticated, "the credential authenticates by another method")
	_, err = r.certify(credential{id: r.keyed("reports").id}, own)
	wantKind(t, err, apicred.KindUnauthenticated, "the credential authenticates by another method")
	_, err = r.certify(credential{id: "nobody"}, own)
	wantKind(t, err, apicred.KindUnauthenticated, "unknown client")
	_, err = r.directory.AuthenticateByCertificate(t.Context(), accesstoken.ClientAuth{ClientID: c.id}, nil, proof.ErrCertificateChain)
	wantKind(t, err, apicred.KindUnauthenticated, proof.ErrCertificateChain.Error())
	_, err = r.directory.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: c.id})
	wantKind(t, err, apicred.KindUnauthenticated, "wrong secret")
}

// A token asked for with a certificate that is not the client's any more is not
// issued, on no node; the disabled credential's own is counted as such.
func TestCertificate_EndsWithItsNameAndWithTheCredential(t *testing.T) {
	r := newRig(t)
	c, own := r.certified("CN=worker", "reports"), presented(t, "worker")
	client, err := r.certify(c, own)
	must(t, err)
	_, err = r.directory.Renew(t.Context(), client, r.clock.Now())
	must(t, err)
	_, err = r.life.EditCredential(t.Context(), actorOf(r.admin), c.id, lifecycle.CredentialChange{TLSClientSubject: new("CN=other")})
	must(t, err)
	_, err = r.directory.Renew(t.Context(), client, r.clock.Now())
	wantKind(t, err, apicred.KindUnauthenticated, "certificate: it names another than the client")
	other := presented(t, "other")
	_, err = r.certify(c, other)
	must(t, err)
	_, err = r.life.DisableCredential(t.Context(), actorOf(r.admin), c.id)
	must(t, err)
	_, err = r.certify(c, other)
	wantKind(t, err, apicred.KindUnauthenticated, "disabled")
	must(t, r.directory.Flush(t.Context()))
	if got := r.calls(c); got != 1 {
		t.Errorf("%d calls counted, want the refused one", got)
	}
	if at := r.stored(c).LastUsedAt; !at.Equal(r.clock.Now()) {
		t.Errorf("last used at %v", at)
	}
}

// unasked fails the test when somebody looks at the certificate: a chain costs
// work, and whoever sends one chooses how much.
type unasked struct{ t testing.TB }

func (u unasked) CertificateThumbprint() string {
	u.t.Error("the certificate was looked at")
	return ""
}

func TestVerify_LooksAtACertificateForATokenThatIsBoundToOneAlone(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:write")
	plain := r.token(c, "orders:write")
	_, err := r.present(accesstoken.Presented{Token: plain, Certificate: unasked{t}})
	must(t, err)
	bound := r.bound(c, accesstoken.Confirmation{Certificate: thumbprintA})
	anotherSignature := bound[:strings.LastIndexByte(bound, '.')] + plain[strings.LastIndexByte(plain, '.'):]
	for _, raw := range []string{"junk", plain + "x", anotherSignature} {
		_, err = r.present(accesstoken.Presented{Token: raw, Certificate: unasked{t}})
		wantKind(t, err, apicred.KindUnauthenticated, "")
	}
	_, err = r.present(accesstoken.Presented{Token: bound, Certificate: certifiedBy(thumbprintA)})
	must(t, err)
}
