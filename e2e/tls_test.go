package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// authority issues certificates for a test.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	self *x509.Certificate
	next int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, next: 1}
	template := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.key, a.self = a.sign(template, nil)
	return a
}

// sign makes a key and a certificate for it, signed by parent or by itself.
func (a *authority) sign(template *x509.Certificate, parent *authority) (*ecdsa.PrivateKey, *x509.Certificate) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.fatal(err)
	template.SerialNumber = big.NewInt(a.next)
	a.next++
	if template.Subject.CommonName == "" {
		template.Subject.CommonName = "test " + template.SerialNumber.String()
	}
	template.NotBefore = time.Now().Add(-48 * time.Hour)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(90 * 24 * time.Hour)
	}
	by, signer := template, key
	if parent != nil {
		by, signer = parent.self, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, signer)
	a.fatal(err)
	certificate, err := x509.ParseCertificate(der)
	a.fatal(err)
	return key, certificate
}

func (a *authority) fatal(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// issue writes server.pem and server.key for 127.0.0.1 into dir.
func (a *authority) issue(dir string, notAfter time.Time) *x509.Certificate {
	a.t.Helper()
	key, certificate := a.sign(&x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: notAfter}, a)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	a.fatal(err)
	a.fatal(os.WriteFile(filepath.Join(dir, "server.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	a.fatal(os.WriteFile(filepath.Join(dir, "server.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}), 0o600))
	return certificate
}

// client trusts the authority alone and speaks what TLS negotiates.
func (a *authority) client(change func(*tls.Config)) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(a.self)
	config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10}
	if change != nil {
		change(config)
	}
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	a.t.Cleanup(client.CloseIdleConnections)
	return client
}

// askedOver is an answer read whole, with what TLS agreed on.
type askedOver struct {
	answer
	major   int // of HTTP
	tls     *tls.ConnectionState
	cookies []*http.Cookie
}

func ask(t *testing.T, client *http.Client, method, url string, body io.Reader, header ...string) askedOver {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return askedOver{answer{res.StatusCode, res.Header, string(text)}, res.ProtoMajor, res.TLS, res.Cookies()}
}

func tlsSettings(t *testing.T, dir, address string) {
	t.Helper()
	text := "listen: " + address + "\nops_listen: 127.0.0.1:0\nissuer: https://" + address + "\ntls_certificate: server.pem\ntls_key: server.key\n"
	if err := os.WriteFile(filepath.Join(dir, "claviger.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTLS_ServesHTTPSWithHTTP2HSTSAndSecureCookies meets the server as a browser
// and a program do.
func TestTLS_ServesHTTPSWithHTTP2HSTSAndSecureCookies(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	ca := newAuthority(t)
	ca.issue(dir, time.Time{})
	tlsSettings(t, dir, address)
	server := start(t, dir, "serve", "--config", "claviger.yaml")
	link := server.stderr.await(t, `Set up the first admin within 1 hour: (https://\S+)`)[1]
	client := ca.client(nil)
	metadata := ask(t, client, "GET", "https://"+address+"/.well-known/oauth-authorization-server", nil)
	if metadata.major != 2 || metadata.tls.Version != tls.VersionTLS13 || !strings.Contains(metadata.body, `"issuer":"https://`+address+`"`) {
		t.Errorf("HTTP/%d, TLS %x, %s", metadata.major, metadata.tls.Version, metadata.body)
	}
	if hsts := metadata.header.Get("Strict-Transport-Security"); !strings.Contains(hsts, "max-age=") {
		t.Errorf("Strict-Transport-Security: %q", hsts)
	}
	form := strings.NewReader("email=ada%40example.com&name=Ada")
	signedIn := ask(t, client, "POST", link, form, "Content-Type", formType, "Origin", "https://"+address)
	if len(signedIn.cookies) == 0 {
		t.Fatalf("%d set no cookie: %s", signedIn.status, signedIn.body)
	}
	for _, c := range signedIn.cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %s: %+v", c.Name, c)
		}
	}
	for name, c := range map[string]*http.Client{
		"TLS 1.1": ca.client(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }),
		"without forward secrecy": ca.client(func(c *tls.Config) {
			c.MaxVersion = tls.VersionTLS12
			c.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
		}),
		"a stranger's trust": {Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}}},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+address+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := c.Do(req); err == nil {
			_ = res.Body.Close()
			t.Errorf("%s was let in: %s", name, res.Status)
		}
	}
}

// TestTLS_TakesANewCertificateOnHangupAndKeepsConnections renews the certificate
// under an open connection, and then breaks it.
func TestTLS_TakesANewCertificateOnHangupAndKeepsConnections(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	ca := newAuthority(t)
	first := ca.issue(dir, time.Time{})
	tlsSettings(t, dir, address)
	server := start(t, dir, "serve", "--config", "claviger.yaml")
	server.stderr.await(t, `listens on https://`)
	serial := func(client *http.Client) string {
		return ask(t, client, "GET", "https://"+address+"/healthz", nil).tls.PeerCertificates[0].SerialNumber.String()
	}
	kept := ca.client(nil)
	if got := serial(kept); got != first.SerialNumber.String() {
		t.Fatalf("serial %s", got)
	}
	second := ca.issue(dir, time.Time{})
	hangUp(t, server)
	server.stderr.await(t, `TLS certificate read`)
	if got := serial(ca.client(nil)); got != second.SerialNumber.String() {
		t.Errorf("a new connection got certificate %s, want %s", got, second.SerialNumber)
	}
	if got := serial(kept); got != first.SerialNumber.String() {
		t.Errorf("the kept connection was dropped: certificate %s", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "server.pem"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangUp(t, server)
	server.stderr.await(t, `the one in force stays`)
	if got := serial(ca.client(nil)); got != second.SerialNumber.String() {
		t.Errorf("after a bad file: certificate %s", got)
	}
}

func hangUp(t *testing.T, p *process) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// TestTLS_FaultsAtStartNameFileAndRemedy tries what goes wrong with certificates.
func TestTLS_FaultsAtStartNameFileAndRemedy(t *testing.T) {
	ca := newAuthority(t)
	for name, c := range map[string]struct {
		spoil func(dir string) error
		want  []string
		find  string // by the doctor; empty: its configuration check
	}{
		"mismatched key": {func(dir string) error {
			key, err := os.ReadFile(filepath.Join(dir, "server.key"))
			ca.issue(dir, time.Time{})
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "server.key"), key, 0o600)
		}, []string{"server.pem", "server.key", "does not match"}, ""},
		"expired": {func(dir string) error {
			ca.issue(dir, time.Now().Add(-time.Hour))
			return nil
		}, []string{"server.pem", "expired", "Put a current one"}, "The certificate cannot be used"},
		"no PEM": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "server.pem"), []byte("x"), 0o600)
		}, []string{"server.pem", "PEM"}, ""},
		"missing key file": {func(dir string) error { return os.Remove(filepath.Join(dir, "server.key")) },
			[]string{"tls_key", "server.key", "Correct the path"}, ""},
		"one of two": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "claviger.yaml"), []byte("issuer: https://127.0.0.1:1\ntls_certificate: server.pem\n"), 0o600)
		}, []string{"tls_key", "Give the file of the certificate's private key"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir, address := t.TempDir(), freeAddress(t)
			ca.issue(dir, time.Time{})
			tlsSettings(t, dir, address)
			if err := c.spoil(dir); err != nil {
				t.Fatal(err)
			}
			out, talk, code := run(t, dir, "serve", "--config", "claviger.yaml")
			if code != 1 || out != "" {
				t.Errorf("exit %d, printed %q", code, out)
			}
			for _, want := range c.want {
				if !strings.Contains(talk, want) {
					t.Errorf("stderr lacks %q:\n%s", want, talk)
				}
			}
			out, _, code = run(t, dir, "doctor", "--config", "claviger.yaml")
			find := c.find
			if find == "" {
				find = "configuration"
			}
			if code != 1 || !strings.Contains(out, find) {
				t.Errorf("the doctor: exit %d\n%s", code, out)
			}
		})
	}
}
