package oauth_test

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/oauth"
	"github.com/claviger/claviger/internal/proof"
	"github.com/claviger/claviger/internal/testserver"
	"github.com/claviger/claviger/internal/web"
)

// certificate is a client's, and its own authority's: a file of authorities may
// hold a single client's.
func certificate(t testing.TB, commonName string) *x509.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: commonName}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	leaf, err := x509.ParseCertificate(der)
	must(t, err)
	return leaf
}

// believing is an installation where the connection's certificate counts, and
// that of the header Client-Cert from 192.0.2.80.
func believing(t testing.TB, trusted ...*x509.Certificate) *installation {
	t.Helper()
	i := install(t)
	var text []byte
	for _, c := range trusted {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	authorities, err := proof.ParseAuthorities(text)
	must(t, err)
	router := web.NewRouter()
	router.Add(oauth.Routes(oauth.Config{
		IssuerURL: issuerURL, Clients: i.Directory, Issuer: i.Tokens, Keys: i.Ring.JWKSet, Verifier: i.Verifier,
		Certificates: true, CertificateURL: "https://login.example.com:8443",
	})...)
	config := i.ShellConfig()
	config.Proxies = web.NewProxies([]netip.Prefix{netip.MustParsePrefix("192.0.2.80/32")})
	config.Certificates = &web.ClientCertificates{
		Header: "Client-Cert", Connection: true, Authorities: func() *proof.Authorities { return authorities },
	}
	config.URL = "https://login.example.com:8443"
	i.shell = web.NewShell(config, router)
	return i
}

func (i *installation) certified(t testing.TB, subject string, scopes ...string) string {
	t.Helper()
	id, _ := i.credential(t, func(in *lifecycle.NewCredential) {
		in.Method, in.TLSClientSubject = apicred.AuthenticationTLSClientAuth, subject
	}, scopes...)
	return id
}

func over(c *x509.Certificate) func(*http.Request) {
	return func(r *http.Request) { r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}} }
}

func passedOn(c *x509.Certificate) func(*http.Request) {
	return func(r *http.Request) {
		r.RemoteAddr = "192.0.2.80:4711"
		r.Header.Set("Client-Cert", ":"+base64.StdEncoding.EncodeToString(c.Raw)+":")
	}
}

func TestToken_IsIssuedToTheCertificateOfTheClientAndBoundToIt(t *testing.T) {
	own := certificate(t, "worker")
	i := believing(t, own)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {i.certified(t, "CN=worker", "stats")}}.Encode()
	for name, how := range map[string]func(*http.Request){"connection": over(own), "proxy": passedOn(own)} {
		got := i.post(t, "/oauth2/token", form, how)
		var body struct {
			AccessToken string `json:"access_token"`
			TokenType   string `json:"token_type"`
		}
		if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Code != 200 || body.TokenType != "Bearer" {
			t.Fatalf("%s: %d %s", name, got.Code, got.Body)
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(body.AccessToken, ".")[1])
		must(t, err)
		if want := `"cnf":{"x5t#S256":"` + proof.CertificateOf([]*x509.Certificate{own}).Thumbprint() + `"}`; !strings.Contains(string(payload), want) {
			t.Errorf("%s: %s lacks %s", name, payload, want)
		}
	}
	vcc := i.post(t, "/auth/connect/token", form+"&scope=stats", over(own))
	if vcc.Code != 200 {
		t.Errorf("the VCC path: %d %s", vcc.Code, vcc.Body)
	}
}

// S3: nothing in the answer tells the causes apart.
func TestToken_RefusesEveryCertificateFaultAlike(t *testing.T) {
	own, other, stranger := certificate(t, "worker"), certificate(t, "other"), certificate(t, "worker")
	i := believing(t, own, other)
	id := i.certified(t, "CN=worker", "stats")
	withSecret, secret := i.credential(t, nil, "stats")
	post := func(clientID string, change ...func(*http.Request)) (int, string) {
		got := i.post(t, "/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}}.Encode(), change...)
		return got.Code, got.Body.String() + got.Header().Get("WWW-Authenticate")
	}
	status, want := post("0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811")
	if status != 401 {
		t.Fatalf("nobody: %d %s", status, want)
	}
	headers := func(values ...string) func(*http.Request) {
		return func(r *http.Request) { r.RemoteAddr = "192.0.2.80:4711"; r.Header["Client-Cert"] = values }
	}
	one := ":" + base64.StdEncoding.EncodeToString(own.Raw) + ":"
	for name, c := range map[string]struct {
		clientID string
		how      []func(*http.Request)
	}{
		"an unknown ID":              {"0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811", []func(*http.Request){over(own)}},
		"no ID":                      {"", []func(*http.Request){over(own)}},
		"no certificate":             {id, nil},
		"another's":                  {id, []func(*http.Request){over(other)}},
		"one that nobody vouches":    {id, []func(*http.Request){over(stranger)}},
		"a secret's credential":      {withSecret, []func(*http.Request){over(own)}},
		"a stranger's header":        {id, []func(*http.Request){passedOn(own), func(r *http.Request) { r.RemoteAddr = "198.51.100.9:1" }}},
		"two headers":                {id, []func(*http.Request){headers(one, one)}},
		"junk":                       {id, []func(*http.Request){headers("junk")}},
		"an empty header":            {id, []func(*http.Request){headers("")}},
		"the proxy's own":            {id, []func(*http.Request){over(own), headers()}},
		"the header for another's":   {id, []func(*http.Request){over(own), passedOn(other)}},
		"a secret beside":            {id, []func(*http.Request){over(own), basic(id, secret)}},
		"a secret that is another's": {id, []func(*http.Request){over(own), basic(id, "clav_x")}},
	} {
		if status, got := post(c.clientID, c.how...); status != 401 || got != want {
			t.Errorf("%s: %d %s", name, status, got)
		}
	}
	if status, _ := post(withSecret, basic(withSecret, secret), over(own)); status != 200 {
		t.Errorf("a secret over mutual TLS: %d", status)
	}
}

// R20: the cause is told to who may know it, behind the same answer.
func TestToken_RefusedCertificateIsExplained(t *testing.T) {
	own, other, stranger := certificate(t, "worker"), certificate(t, "other"), certificate(t, "worker")
	i := believing(t, own, other)
	id := i.certified(t, "CN=worker", "stats")
	one := ":" + base64.StdEncoding.EncodeToString(own.Raw) + ":"
	headers := func(values ...string) func(*http.Request) {
		return func(r *http.Request) { r.RemoteAddr = "192.0.2.80:4711"; r.Header["Client-Cert"] = values }
	}
	for want, how := range map[string]func(*http.Request){
		"certificate_missing": func(*http.Request) {}, "certificate_subject": over(other), "certificate_authority": over(stranger),
		"certificate": headers(one, one),
	} {
		w := i.post(t, "/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}}.Encode(), how)
		e, err := i.Lifecycle.Explain(t.Context(), i.admin, lifecycle.ExplainRequest{RequestID: w.Header().Get("Claviger-Request-Id")})
		if err != nil || e.Rule != want || e.Credential.ClientID != id || e.Remedy == "" || e.Who == "" {
			t.Errorf("%s is explained by %+v, %v", want, e, err)
		}
	}
}

func TestIntrospectionAndRevocation_TakeTheClientByItsCertificate(t *testing.T) {
	own := certificate(t, "worker")
	i := believing(t, own)
	asker := i.certified(t, "CN=worker", apicred.ScopeIntrospect)
	id, secret := i.credential(t, nil, "stats")
	issued := i.post(t, "/oauth2/token", "grant_type=client_credentials", basic(id, secret))
	var token struct {
		AccessToken string `json:"access_token"`
	}
	must(t, json.Unmarshal(issued.Body.Bytes(), &token))
	form := url.Values{"client_id": {asker}, "token": {token.AccessToken}}.Encode()
	if got := i.post(t, "/oauth2/introspect", form, over(own)); got.Code != 200 || !strings.Contains(got.Body.String(), `"active":true`) {
		t.Errorf("introspection: %d %s", got.Code, got.Body)
	}
	if got := i.post(t, "/oauth2/introspect", form); got.Code != 401 {
		t.Errorf("introspection without: %d %s", got.Code, got.Body)
	}
	if got := i.post(t, "/oauth2/revoke", form, over(own)); got.Code != 400 || !strings.Contains(got.Body.String(), "unauthorized_client") {
		t.Errorf("revocation of another's: %d %s", got.Code, got.Body)
	}
}

// Both at once: the token is bound to key and certificate. The proof names the
// listener's own address, as mtls_endpoint_aliases has it.
func TestToken_IsBoundToKeyAndCertificateWhereBothAreProved(t *testing.T) {
	own, p := certificate(t, "worker"), testserver.NewProver(t)
	i := believing(t, own)
	const there = "https://login.example.com:8443"
	post := func(path, form string, change ...func(*http.Request)) (int, map[string]any) {
		w := i.post(t, path, form, append(change, over(own))...)
		return w.Code, members(t, w)
	}
	id := i.certified(t, "CN=worker", apicred.ScopeIntrospect)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}}.Encode()
	if status, got := post(tokenPath, form, proving(p.Proof("POST", tokenURL, "", nil))); status != 400 || got["error"] != "invalid_dpop_proof" {
		t.Errorf("a proof for the issuer's address: %d %v", status, got)
	}
	status, got := post(tokenPath, form, proving(p.Proof("POST", there+tokenPath, "", nil)))
	if status != 200 || got["token_type"] != "DPoP" {
		t.Fatalf("%d %v", status, got)
	}
	token := got["access_token"].(string)
	want := map[string]any{"jkt": p.Thumbprint(), "x5t#S256": proof.CertificateOf([]*x509.Certificate{own}).Thumbprint()}
	if diff := cmp.Diff(want, decodedClaims(t, token)["cnf"]); diff != "" {
		t.Error(diff)
	}
	ask := func(change ...func(*http.Request)) int {
		return i.post(t, introspectionPath, "token=x", append(change, sending("DPoP", token))...).Code
	}
	at := there + introspectionPath
	if status := ask(over(own), proving(p.Proof("POST", at, token, nil))); status != 200 {
		t.Errorf("with both: %d", status)
	}
	if status := ask(proving(p.Proof("POST", at, token, nil))); status != 401 {
		t.Errorf("without the certificate: %d", status)
	}
	if status := ask(over(own)); status != 401 {
		t.Errorf("without the proof: %d", status)
	}
}

func TestMetadata_NamesMutualTLSOnlyWhereItIsOn(t *testing.T) {
	read := func(i *installation) map[string]any {
		got := i.post(t, "/.well-known/oauth-authorization-server", "", func(r *http.Request) { r.Method = http.MethodGet; r.Body = http.NoBody })
		var out map[string]any
		must(t, json.Unmarshal(got.Body.Bytes(), &out))
		return out
	}
	on, off := read(believing(t, certificate(t, "worker"))), read(install(t))
	aliases, _ := on["mtls_endpoint_aliases"].(map[string]any)
	for name, path := range map[string]string{"token_endpoint": "/oauth2/token", "introspection_endpoint": "/oauth2/introspect", "revocation_endpoint": "/oauth2/revoke"} {
		if aliases[name] != "https://login.example.com:8443"+path {
			t.Errorf("alias of %s: %v", name, aliases[name])
		}
	}
	if on["tls_client_certificate_bound_access_tokens"] != true || off["tls_client_certificate_bound_access_tokens"] != nil || off["mtls_endpoint_aliases"] != nil {
		t.Errorf("on: %v, off: %v", on, off)
	}
	for _, member := range []string{"token_endpoint_auth_methods_supported", "introspection_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported"} {
		if !slices.Contains(on[member].([]any), any("tls_client_auth")) || slices.Contains(off[member].([]any), any("tls_client_auth")) {
			t.Errorf("%s: on %v, off %v", member, on[member], off[member])
		}
	}
}
