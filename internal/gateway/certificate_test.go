package gateway_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/gateway"
	"github.com/claviger/claviger/internal/proof"
	"github.com/claviger/claviger/internal/web"
)

// clientCertificate is a client's, and its own authority's.
func clientCertificate(t testing.TB) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	leaf, err := x509.ParseCertificate(der)
	must(t, err)
	return leaf
}

// believe serves both doors anew, with the authorities of certificates and the
// header X-Proved-By from 127.0.0.1, and at the gateway the connection.
func (i *installation) believe(t testing.TB, certificates ...*x509.Certificate) {
	t.Helper()
	var text []byte
	for _, c := range certificates {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	authorities, err := proof.ParseAuthorities(text)
	must(t, err)
	in := func() *proof.Authorities { return authorities }
	decider := gateway.NewDecider(i.Directory, i.Verifier, issuerURL)
	proxy := gateway.NewProxy(decider, i.Logger, "X-Proved-By")
	t.Cleanup(proxy.Close)
	public, behind := web.NewRouter(), web.NewRouter()
	public.Add(gateway.Routes(decider)...)
	behind.Add(proxy.Routes()...)
	config := i.ShellConfig()
	config.Proxies = web.NewProxies([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")})
	config.Certificates = &web.ClientCertificates{Authorities: in, Header: "X-Proved-By"}
	i.public = web.NewShell(config, public)
	config.Certificates = &web.ClientCertificates{Authorities: in, Header: "X-Proved-By", Connection: true}
	config.Listener, config.Bare = "gateway", true
	i.gateway = web.NewShell(config, behind)
}

func passedOn(c *x509.Certificate) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-Proved-By", ":"+base64.StdEncoding.EncodeToString(c.Raw)+":") }
}

func connected(c *x509.Certificate) func(*http.Request) {
	return func(r *http.Request) { r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}} }
}

// certified is a token of a program for all its scopes, bound to a certificate.
func (i *installation) certified(t testing.TB, p program, to *x509.Certificate) string {
	t.Helper()
	client, _ := i.Directory.Client(p.id)
	token, err := i.Tokens.Issue(t.Context(), client, accesstoken.IssueRequest{
		Confirmation: accesstoken.Confirmation{Certificate: proof.CertificateOf([]*x509.Certificate{to}).Thumbprint()},
	})
	must(t, err)
	return token.Raw
}

// The certificate of the question's connection is the proxy's, never the call's.
func TestForwardAuth_TakesABoundTokenWithTheCertificateOfTheCallAlone(t *testing.T) {
	i, own, other, stranger := install(t, nowhere), clientCertificate(t), clientCertificate(t), clientCertificate(t)
	i.believe(t, own, other)
	p := i.program(t, nil, "orders:read")
	token := i.certified(t, p, own)
	for name, x := range map[string]struct {
		how    func(*http.Request)
		status int
	}{
		"passed on":                   {passedOn(own), 200},
		"another's":                   {passedOn(other), 401},
		"one that nobody vouches for": {passedOn(stranger), 401},
		"none":                        {func(*http.Request) {}, 401},
		"twice":                       {func(r *http.Request) { passedOn(own)(r); r.Header.Add("X-Proved-By", r.Header.Get("X-Proved-By")) }, 401},
		"that of the proxy":           {connected(own), 401},
		"the usual header, not ours": {func(r *http.Request) {
			passedOn(own)(r)
			r.Header["Client-Cert"] = r.Header["X-Proved-By"]
			r.Header.Del("X-Proved-By")
		}, 401},
		"a stranger's":                  {func(r *http.Request) { passedOn(own)(r); r.RemoteAddr = "198.51.100.9:4711" }, 403},
		"the proxy's own, and the call": {func(r *http.Request) { passedOn(own)(r); connected(other)(r) }, 200},
	} {
		if w := i.ask(t, call{authorization: []string{"Bearer " + token}, change: x.how}); w.Code != x.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	e := i.explained(t, i.ask(t, call{authorization: []string{"Bearer " + token}}), i.admin)
	if e.Rule != "certificate_missing" || e.Credential.ClientID != p.id {
		t.Errorf("explained by %+v", e)
	}
}

func TestGateway_TakesABoundTokenWithItsCertificateAndTellsTheAPINothingOfIt(t *testing.T) {
	api := newUpstream(t, hello)
	i, own, other := install(t, api.URL), clientCertificate(t), clientCertificate(t)
	i.believe(t, own, other)
	token := i.certified(t, i.program(t, nil, "orders:read"), own)
	for name, x := range map[string]struct {
		from   string
		how    func(*http.Request)
		status int
	}{
		"on the connection":               {"198.51.100.9:1", connected(own), 200},
		"another's on the connection":     {"198.51.100.9:1", connected(other), 401},
		"none":                            {"198.51.100.9:1", func(*http.Request) {}, 401},
		"a stranger's header":             {"198.51.100.9:1", passedOn(own), 401},
		"a stranger's, beside its own":    {"198.51.100.9:1", func(r *http.Request) { passedOn(other)(r); connected(own)(r) }, 200},
		"by a proxy":                      {"127.0.0.1:1", passedOn(own), 200},
		"another's by a proxy":            {"127.0.0.1:1", passedOn(other), 401},
		"the proxy's own":                 {"127.0.0.1:1", connected(own), 401},
		"another's, by a proxy's own":     {"127.0.0.1:1", func(r *http.Request) { passedOn(other)(r); connected(own)(r) }, 401},
		"by a proxy that has one as well": {"127.0.0.1:1", func(r *http.Request) { passedOn(own)(r); connected(other)(r) }, 200},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/orders/7", nil)
		r.RemoteAddr = x.from
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header["X_proved_by"] = []string{"forged"} // what CGI reads as the same
		x.how(r)
		w := httptest.NewRecorder()
		i.gateway.ServeHTTP(w, r)
		if w.Code != x.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
			continue
		}
		if x.status != 200 {
			continue
		}
		if got := api.last(t).Header; got["X-Proved-By"] != nil || got["X_proved_by"] != nil {
			t.Errorf("%s: the API was told of a certificate: %v", name, got)
		}
	}
}
