package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/config"
)

// authorityFile writes a certificate that ends in left.
func authorityFile(t *testing.T, left time.Duration, authority bool) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Acme"}, IsCA: authority, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(left),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "clients.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDoctor_NamesWhatIsWrongWithClientCertificates(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for name, test := range map[string]struct {
		file    string
		proxies string
		spoil   func(file string) error
		check   string
		status  FindingStatus
		want    string
	}{
		"nothing":          {authorityFile(t, year, true), "192.0.2.80", nil, "mtls_client_ca", FindingOK, "are taken"},
		"an ended one":     {authorityFile(t, -time.Hour, true), "192.0.2.80", nil, "mtls_client_ca", FindingWarning, "counts for nothing"},
		"one that ends":    {authorityFile(t, time.Hour, true), "192.0.2.80", nil, "mtls_client_ca", FindingWarning, "and so does"},
		"no authority":     {authorityFile(t, year, false), "192.0.2.80", nil, "mtls_client_ca", FindingWarning, "no authority's"},
		"many claimants":   {authorityFile(t, year, true), "loopback", nil, "client_certificate_header", FindingWarning, "can claim any"},
		"writable":         {authorityFile(t, year, true), "192.0.2.80", func(file string) error { return os.Chmod(file, 0o666) }, "mtls_client_ca", FindingFailed, "let in whom they like"},
		"broken meanwhile": {authorityFile(t, year, true), "192.0.2.80", func(file string) error { return os.WriteFile(file, nil, 0o600) }, "mtls_client_ca", FindingFailed, "cannot be used"},
		"gone meanwhile":   {authorityFile(t, year, true), "192.0.2.80", os.Remove, "mtls_client_ca", FindingFailed, "cannot be read"},
	} {
		cfg, err := config.Load(config.Source{Flags: map[string]string{
			"data_dir": t.TempDir(), "mtls_client_ca": test.file, "client_certificate_header": "Client-Cert", "trusted_proxies": test.proxies,
		}})
		if err != nil {
			t.Fatal(err)
		}
		if test.spoil != nil {
			if err := test.spoil(test.file); err != nil {
				t.Fatal(err)
			}
		}
		d := &doctor{cfg: cfg}
		d.clientCertificates()
		if len(d.findings) != 1 {
			t.Errorf("%s: found %+v", name, d.findings)
			continue
		}
		f := d.findings[0]
		if f.Check != test.check || f.Status != test.status || !strings.Contains(f.Message, test.want) || (f.Remedy == "") != (f.Status == FindingOK) {
			t.Errorf("%s: found %+v", name, f)
		}
	}
	d := &doctor{}
	if d.clientCertificates(); len(d.findings) != 0 {
		t.Errorf("without mutual TLS: found %+v", d.findings)
	}
}

func TestAliasURL_IsTheIssuersHostAndTheListenersPort(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://login.example.com": "https://login.example.com:PORT", "https://login.example.com:9443": "https://login.example.com:PORT",
		"https://[::1]:9443": "https://[::1]:PORT",
	} {
		l, err := listen(t.Context(), "mtls_listen", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := strings.Cut(l.Addr().String(), ":")
		if got := aliasURL(issuer, l); got != strings.Replace(want, "PORT", port, 1) {
			t.Errorf("%s: %s", issuer, got)
		}
		_ = l.Close()
	}
	if got := aliasURL("https://login.example.com", nil); got != "" {
		t.Errorf("without a listener: %s", got)
	}
}
