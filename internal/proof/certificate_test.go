package proof_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/proof"
)

// certifier issues certificates for a test.
type certifier struct {
	key  *ecdsa.PrivateKey
	self *x509.Certificate
}

// judgedAt is when the certificates of these tests are judged.
func judgedAt() time.Time { return time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC) }

func newCertifier(t testing.TB) *certifier {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: judgedAt().Add(-time.Hour), NotAfter: judgedAt().Add(time.Hour),
	}
	return &certifier{key, sign(t, template, template, key.Public(), key)}
}

func sign(t testing.TB, template, by *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, by, public, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// issue issues a client certificate; template says what matters to the test.
func (c *certifier) issue(t testing.TB, template *x509.Certificate) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return c.issueFor(t, template, key.Public())
}

func (c *certifier) issueFor(t testing.TB, template *x509.Certificate, public crypto.PublicKey) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(2)
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = judgedAt().Add(-time.Hour), judgedAt().Add(time.Hour)
	}
	if template.ExtKeyUsage == nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	return sign(t, template, c.self, public, c.key)
}

func (c *certifier) authorities(t testing.TB) *proof.Authorities {
	t.Helper()
	a, err := proof.ParseAuthorities(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.self.Raw}))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func structured(c *x509.Certificate) string {
	return ":" + base64.StdEncoding.EncodeToString(c.Raw) + ":"
}

func escaped(c *x509.Certificate) string {
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

func TestParseCertificateHeader_TakesBothFormsAsTheSameCertificate(t *testing.T) {
	leaf := newCertifier(t).issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "worker"}})
	sum := sha256.Sum256(leaf.Raw)
	want := base64.RawURLEncoding.EncodeToString(sum[:])
	for name, value := range map[string]string{
		"RFC 9440": structured(leaf), "nginx": escaped(leaf),
		"nginx, in lower case":      strings.NewReplacer("%2B", "%2b", "%2F", "%2f", "%3D", "%3d").Replace(escaped(leaf)),
		"without the last line end": strings.TrimSuffix(escaped(leaf), "%0A"),
	} {
		got, err := proof.ParseCertificateHeader([]string{value})
		if err != nil || got.Thumbprint() != want || !got.Is("CN=worker") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, values := range [][]string{nil, {}, {""}, {"::"}} {
		if got, err := proof.ParseCertificateHeader(values); got != nil || err != nil {
			t.Errorf("%q is taken for %v, %v", values, got, err)
		}
	}
}

func TestParseCertificateHeader_RefusesEverythingElse(t *testing.T) {
	certifier := newCertifier(t)
	leaf := certifier.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "worker"}})
	for !strings.ContainsAny(base64.StdEncoding.EncodeToString(leaf.Raw), "+/") { // else both alphabets spell it alike
		leaf = certifier.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "worker"}})
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: leaf.Raw}))
	good, nginx := structured(leaf), escaped(leaf)
	inside := strings.Trim(good, ":")
	for name, values := range map[string][]string{
		"twice":                   {good, good},
		"twice, the second empty": {good, ""},
		"joined":                  {good + ", " + good},
		"joined, nginx":           {nginx + ", " + nginx},
		"with a parameter":        {good + ";a=1"},
		"without its end":         {good[:len(good)-1]},
		"bare":                    {inside},
		"base64url":               {":" + base64.RawURLEncoding.EncodeToString(leaf.Raw) + ":"},
		"with a line end":         {":" + inside[:8] + "\n" + inside[8:] + ":"},
		"with more behind":        {":" + base64.StdEncoding.EncodeToString(append(bytes.Clone(leaf.Raw), 0)) + ":"},
		"cut":                     {":" + base64.StdEncoding.EncodeToString(leaf.Raw[:len(leaf.Raw)-1]) + ":"},
		"two blocks":              {nginx + nginx},
		"something before":        {"%0A" + nginx},
		"something behind":        {nginx + "%0Ax"},
		"another block":           {url.PathEscape(key)},
		"encoded twice":           {strings.ReplaceAll(nginx, "%", "%25")},
		"bad encoding":            {nginx[:len(nginx)-1]},
		"Envoy":                   {"Hash=00;Cert=\"" + nginx + "\""},
		"a name":                  {"CN=worker"},
		"empty block":             {"-----BEGIN%20CERTIFICATE-----%0A%0A-----END%20CERTIFICATE-----"},
		"huge":                    {":" + strings.Repeat("A", 16<<10) + ":"},
	} {
		if got, err := proof.ParseCertificateHeader(values); got != nil || err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := proof.ParseCertificateHeader([]string{good, good}); !errors.Is(err, proof.ErrCertificateRepeated) {
		t.Errorf("twice: %v", err)
	}
}

func TestAuthorities_VouchForTheirOwnCertificatesForClientsAlone(t *testing.T) {
	ours, others := newCertifier(t), newCertifier(t)
	authorities := ours.authorities(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // to be refused
	if err != nil {
		t.Fatal(err)
	}
	small, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	middleKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	middle := &certifier{middleKey, sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "middle"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: judgedAt().Add(-time.Hour), NotAfter: judgedAt().Add(time.Hour),
	}, ours.self, middleKey.Public(), ours.key)}
	indirect := middle.issue(t, &x509.Certificate{})
	for name, test := range map[string]struct {
		chain []*x509.Certificate
		want  error
	}{
		"its own":                       {[]*x509.Certificate{ours.issue(t, &x509.Certificate{})}, nil},
		"by one that it vouches for":    {[]*x509.Certificate{indirect, middle.self}, nil},
		"by one that did not come":      {[]*x509.Certificate{indirect}, proof.ErrCertificateChain},
		"another's":                     {[]*x509.Certificate{others.issue(t, &x509.Certificate{})}, proof.ErrCertificateChain},
		"another's, with its authority": {[]*x509.Certificate{others.issue(t, &x509.Certificate{}), others.self}, proof.ErrCertificateChain},
		"by a client": {[]*x509.Certificate{
			(&certifier{middleKey, ours.issueFor(t, &x509.Certificate{}, middleKey.Public())}).issue(t, &x509.Certificate{}),
			ours.issueFor(t, &x509.Certificate{}, middleKey.Public()),
		}, proof.ErrCertificateChain},
		"for servers": {[]*x509.Certificate{ours.issue(t, &x509.Certificate{
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		})}, proof.ErrCertificateChain},
		"ended": {[]*x509.Certificate{ours.issue(t, &x509.Certificate{
			NotBefore: judgedAt().Add(-time.Hour), NotAfter: judgedAt().Add(-time.Second),
		})}, proof.ErrCertificateTime},
		"not begun": {[]*x509.Certificate{ours.issue(t, &x509.Certificate{
			NotBefore: judgedAt().Add(time.Second), NotAfter: judgedAt().Add(time.Hour),
		})}, proof.ErrCertificateTime},
		"weak RSA":    {[]*x509.Certificate{ours.issueFor(t, &x509.Certificate{}, weak.Public())}, proof.ErrCertificateKey},
		"small curve": {[]*x509.Certificate{ours.issueFor(t, &x509.Certificate{}, small.Public())}, proof.ErrCertificateKey},
	} {
		if err := authorities.Judge(proof.CertificateOf(test.chain), judgedAt()); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if proof.CertificateOf(nil) != nil {
		t.Error("no certificates make one")
	}
}

func TestParseAuthorities_TakesCertificatesAlone(t *testing.T) {
	own := newCertifier(t)
	block := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.self.Raw}))
	if a, err := proof.ParseAuthorities([]byte("two of them\n" + block + block)); err != nil || len(a.Certificates()) != 2 {
		t.Errorf("two certificates: %v", err)
	}
	for name, text := range map[string]string{
		"nothing": "", "junk": "junk",
		"a key":        block + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}})),
		"a broken one": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.self.Raw[1:]})),
	} {
		if a, err := proof.ParseAuthorities([]byte(text)); a != nil || err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// Whatever a proxy passes on, what is taken is one whole certificate, and its
// thumbprint is that of its bytes.
func FuzzParseCertificateHeader(f *testing.F) {
	leaf := newCertifier(f).issue(f, &x509.Certificate{Subject: pkix.Name{CommonName: "worker"}, DNSNames: []string{"worker.example.com"}})
	f.Add(structured(leaf))
	f.Add(escaped(leaf))
	f.Add("::")
	f.Add(":AA==:")
	f.Add("-----BEGIN%20CERTIFICATE-----%0AAA==%0A-----END%20CERTIFICATE-----%0A")
	authorities := newCertifier(f).authorities(f)
	f.Fuzz(func(t *testing.T, value string) {
		got, err := proof.ParseCertificateHeader([]string{value})
		if got == nil {
			if err == nil && value != "" && value != "::" {
				t.Fatalf("%q is taken for no certificate", value)
			}
			return
		}
		if err != nil || len(got.Thumbprint()) != 43 || len(value) > 12<<10 {
			t.Fatalf("took %q: %v", value, err)
		}
		if err := authorities.Judge(got, judgedAt()); err == nil {
			t.Fatalf("%q was issued by an authority of this run", value)
		}
		if got.Is("") || got.Is("*") {
			t.Fatalf("%q is of nobody", value)
		}
	})
}
