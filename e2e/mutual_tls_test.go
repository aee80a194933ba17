package e2e

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// proxyAddress is the one trusted proxy of these tests: an address of the
// loopback that programs do not come from.
const proxyAddress = "127.0.0.9"

// mutual is a server with both ways of client certificates on.
type mutual struct {
	*process
	dir     string
	own     *authority // of the server's certificate
	clients *authority // of the clients'
	public  string     // URL
	mtls    string     // URL of the listener that wants certificates
	gateway string     // URL
	token   string     // of an admin
}

func startMutual(t *testing.T) *mutual {
	t.Helper()
	dir, address := t.TempDir(), freeAddress(t)
	m := &mutual{dir: dir, own: newAuthority(t), clients: newAuthority(t), public: "https://" + address}
	m.own.issue(dir, time.Time{})
	m.own.writeTo(dir, "server-ca.pem")
	m.clients.writeTo(dir, "clients.pem")
	const host = "hosts: [" + ordersHost + "]"
	write(t, filepath.Join(dir, "catalogue.yaml"), strings.Replace(ordersCatalogue, host, host+"\n    upstream: http://"+startUpstream(t).address, 1))
	write(t, filepath.Join(dir, "claviger.yaml"), "listen: "+address+"\nops_listen: 127.0.0.1:0\nissuer: "+m.public+
		"\ntls_certificate: server.pem\ntls_key: server.key\nmtls_listen: 127.0.0.1:0\ngateway_listen: 127.0.0.1:0\nmtls_client_ca: clients.pem\n"+
		"client_certificate_header: client-cert\ntrusted_proxies: "+proxyAddress+"\ncatalogue_file: catalogue.yaml\n")
	m.process = start(t, dir, "serve", "--config", "claviger.yaml")
	m.gateway = m.stderr.await(t, `gateway listens on (https://\S+)\.\n`)[1]
	m.mtls = m.stderr.await(t, `client certificate are let in on (https://\S+)\.\n`)[1]
	m.stderr.await(t, `listens on https://`)
	for _, args := range [][]string{
		{"user", "create", "--email", "ada@example.com", "--role", "admin"},
		{"token", "--user", "ada@example.com"},
	} {
		out, talk, code := run(t, dir, args...)
		if code != 0 {
			t.Fatalf("claviger %v: %s%s", args, out, talk)
		}
		m.token = strings.TrimSpace(out)
	}
	return m
}

// create makes a credential and returns its client ID.
func (m *mutual) create(t *testing.T, members map[string]any) string {
	t.Helper()
	body := map[string]any{"name": "worker", "scopes": []string{"orders:read"}}
	for name, value := range members {
		body[name] = value
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	made := m.manage(t, "POST", "/credentials", string(text))
	if made.status != 201 {
		t.Fatalf("creating a credential: %d %s", made.status, made.body)
	}
	return made.json(t)["client_id"].(string)
}

// certified makes a tls_client_auth credential for the name in a certificate.
func (m *mutual) certified(t *testing.T, subject string) string {
	t.Helper()
	return m.create(t, map[string]any{"authentication_method": "tls_client_auth", "tls_client_subject": subject})
}

func (m *mutual) manage(t *testing.T, method, path, body string) answer {
	t.Helper()
	return ask(t, m.own.client(nil), method, m.public+"/api/v1"+path, strings.NewReader(body),
		"Authorization", "Bearer "+m.token, "Content-Type", "application/json").answer
}

// identity is a client certificate with its key, in files.
type identity struct {
	t         *testing.T
	leaf      *x509.Certificate
	cert, key string
}

// identity makes one; template may lack everything but what matters to the test.
func (a *authority) identity(dir string, template *x509.Certificate) identity {
	a.t.Helper()
	if template.ExtKeyUsage == nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	key, leaf := a.sign(template, a)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	a.fatal(err)
	out := identity{t: a.t, leaf: leaf}
	name := filepath.Join(dir, out.thumbprint())
	out.cert = write(a.t, name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})))
	out.key = write(a.t, name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	return out
}

func named(name pkix.Name) *x509.Certificate { return &x509.Certificate{Subject: name} }

// writeTo writes the authority's own certificate.
func (a *authority) writeTo(dir, file string) {
	a.t.Helper()
	write(a.t, filepath.Join(dir, file), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.self.Raw})))
}

// structured is the certificate as RFC 9440 puts it into a header.
func (i identity) structured() string {
	return ":" + base64.StdEncoding.EncodeToString(i.leaf.Raw) + ":"
}

// escaped is the certificate as nginx puts it into a header.
func (i identity) escaped() string {
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.leaf.Raw}))
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// thumbprint is x5t#S256 (RFC 8705 section 3.1).
func (i identity) thumbprint() string {
	sum := sha256.Sum256(i.leaf.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// curl sends a request with the real curl; status is 0 where there was no answer.
func (m *mutual) curl(t *testing.T, with *identity, args ...string) answer {
	t.Helper()
	line := []string{"--silent", "--show-error", "--max-time", "20", "--cacert", filepath.Join(m.dir, "server-ca.pem"), "--write-out", "\n%{http_code}"}
	if with != nil {
		line = append(line, "--cert", with.cert, "--key", with.key)
	}
	cmd := exec.CommandContext(t.Context(), needed(t, "curl", "curl"), append(line, args...)...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	cut := strings.LastIndexByte(out.String(), '\n')
	status, err := strconv.Atoi(out.String()[cut+1:])
	if err != nil {
		t.Fatalf("curl said %q, %s", out.String(), &talk)
	}
	return answer{status: status, body: out.String()[:cut]}
}

// tokenByCurl asks for a token at the listener for certificates.
func (m *mutual) tokenByCurl(t *testing.T, with *identity, clientID string, more ...string) answer {
	t.Helper()
	return m.curl(t, with, append([]string{"-d", "grant_type=client_credentials", "-d", "client_id=" + clientID, m.mtls + "/oauth2/token"}, more...)...)
}

// from is a client that comes from an address of the loopback.
func (m *mutual) from(address string) *http.Client {
	client := m.own.client(nil)
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	client.Transport.(*http.Transport).DialContext = dialer.DialContext
	return client
}

// tokenByProxy asks for a token on the public listener, with the values of the
// header in which a proxy passes certificates.
func (m *mutual) tokenByProxy(t *testing.T, from, clientID string, header ...string) answer {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}}.Encode()
	req, err := http.NewRequestWithContext(t.Context(), "POST", m.public+"/oauth2/token", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", formType)
	req.Header["Client-Cert"] = header
	res, err := m.from(from).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// payload takes an access token's claims, unverified.
func payload(t *testing.T, a answer) map[string]any {
	t.Helper()
	if a.status != 200 {
		t.Fatalf("no token: %d %s", a.status, a.body)
	}
	parts := strings.Split(a.json(t)["access_token"].(string), ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return answer{body: string(text)}.json(t)
}

// TestMutualTLS_CurlGetsATokenThatIsBoundToItsCertificate is tls_client_auth as
// RFC 8705 has it, for each kind of name in a certificate.
func TestMutualTLS_CurlGetsATokenThatIsBoundToItsCertificate(t *testing.T) {
	m := startMutual(t)
	spiffe, err := url.Parse("spiffe://example.com/worker")
	if err != nil {
		t.Fatal(err)
	}
	worker := m.clients.identity(m.dir, &x509.Certificate{
		Subject:  pkix.Name{CommonName: "worker", Organization: []string{"Acme, Ltd."}, Country: []string{"GB"}},
		DNSNames: []string{"other.example.com", "Worker.Example.com"}, URIs: []*url.URL{spiffe},
		IPAddresses: []net.IP{net.ParseIP("2001:db8::7")}, EmailAddresses: []string{"Worker@Example.com"},
	})
	var first string
	for _, subject := range []string{
		`CN=worker,O=Acme\, Ltd.,C=GB`, `cn = worker, o = Acme\2C Ltd. , c=GB`, "dns:worker.example.com", "DNS:WORKER.example.com",
		"uri:spiffe://example.com/worker", "ip:2001:db8:0::7", "email:Worker@example.com",
	} {
		id := m.certified(t, subject)
		got := payload(t, m.tokenByCurl(t, &worker, id))
		if bound, _ := got["cnf"].(map[string]any); got["client_id"] != id || len(bound) != 1 || bound["x5t#S256"] != worker.thumbprint() {
			t.Errorf("%s: the token says %v, want it bound to %s", subject, got, worker.thumbprint())
		}
		if first == "" {
			first = id
		}
	}
	for name, header := range map[string]string{"RFC 9440": worker.structured(), "nginx": worker.escaped()} {
		got := payload(t, m.tokenByProxy(t, proxyAddress, first, header))
		if bound, _ := got["cnf"].(map[string]any); bound["x5t#S256"] != worker.thumbprint() {
			t.Errorf("passed on as by %s: the token says %v", name, got)
		}
	}
	stored := m.manage(t, "GET", "/credentials/"+first, "").json(t)
	if stored["tls_client_subject"] != `CN=worker,O=Acme\, Ltd.,C=GB` || len(stored["secrets"].([]any)) != 0 {
		t.Errorf("the credential: %v", stored)
	}
	metadata := m.curl(t, &worker, m.mtls+"/.well-known/oauth-authorization-server").json(t)
	aliases, _ := metadata["mtls_endpoint_aliases"].(map[string]any)
	if aliases["token_endpoint"] != m.mtls+"/oauth2/token" || metadata["tls_client_certificate_bound_access_tokens"] != true ||
		!strings.Contains(strings.Join(texts(metadata["token_endpoint_auth_methods_supported"]), " "), "tls_client_auth") {
		t.Errorf("metadata: %v", metadata)
	}
}

func texts(list any) []string {
	var out []string
	values, _ := list.([]any)
	for _, v := range values {
		out = append(out, v.(string))
	}
	return out
}

// TestMutualTLS_RefusesEveryOtherCertificateAlike tries what must not pass, by
// curl over mutual TLS and by a proxy's header.
func TestMutualTLS_RefusesEveryOtherCertificateAlike(t *testing.T) {
	m := startMutual(t)
	worker := m.clients.identity(m.dir, named(pkix.Name{CommonName: "worker"}))
	id := m.certified(t, "CN=worker")
	payload(t, m.tokenByCurl(t, &worker, id))
	if got := m.tokenByProxy(t, proxyAddress, id, worker.structured()); got.status != 200 {
		t.Fatalf("the right certificate by the proxy: %d %s", got.status, got.body)
	}
	like := m.tokenByProxy(t, "127.0.0.1", "0199b2c4-6f1e-7c3a-9d52-4be1a7c0e811") // who is not there
	if like.status != 401 || !strings.Contains(like.body, `"invalid_client"`) {
		t.Fatalf("nobody: %d %s", like.status, like.body)
	}
	alike := func(what string, a answer) {
		t.Helper()
		if a.status != like.status || a.body != like.body {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	stranger := newAuthority(t)
	impostors := map[string]identity{
		"another authority": stranger.identity(m.dir, named(pkix.Name{CommonName: "worker"})),
		"expired":           m.clients.identity(m.dir, &x509.Certificate{Subject: pkix.Name{CommonName: "worker"}, NotAfter: time.Now().Add(-time.Hour)}),
		"for servers": m.clients.identity(m.dir, &x509.Certificate{
			Subject: pkix.Name{CommonName: "worker"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}),
	}
	for what, i := range impostors {
		if got := m.tokenByCurl(t, &i, id); got.status != 0 {
			t.Errorf("%s got past the handshake: %d %s", what, got.status, got.body)
		}
		alike(what+" by the proxy", m.tokenByProxy(t, proxyAddress, id, i.structured()))
	}
	if got := m.tokenByCurl(t, nil, id); got.status != 0 {
		t.Errorf("without a certificate: %d %s", got.status, got.body)
	}
	for what, name := range map[string]pkix.Name{
		"another subject": {CommonName: "manager"}, "longer": {CommonName: "worker2"}, "shorter": {CommonName: "work"},
		"more of it": {CommonName: "worker", Organization: []string{"Acme"}}, "another case": {CommonName: "Worker"},
		"within": {CommonName: "a", Organization: []string{"CN=worker"}},
	} {
		i := m.clients.identity(m.dir, named(name))
		alike(what, m.tokenByCurl(t, &i, id))
		alike(what+" by the proxy", m.tokenByProxy(t, proxyAddress, id, i.escaped()))
	}
	elsewhere := m.clients.identity(m.dir, &x509.Certificate{Subject: pkix.Name{CommonName: "a"}, DNSNames: []string{"worker"}})
	alike("the name in another place", m.tokenByCurl(t, &elsewhere, id))

	alike("a secret instead", m.tokenByCurl(t, &worker, id, "-d", "client_secret=clav_x"))
	alike("no client ID", m.curl(t, &worker, "-d", "grant_type=client_credentials", m.mtls+"/oauth2/token"))
	withSecret := m.create(t, nil)
	alike("a credential with a secret", m.tokenByCurl(t, &worker, withSecret))

	alike("a stranger's header", m.tokenByProxy(t, "127.0.0.1", id, worker.structured()))
	alike("two headers", m.tokenByProxy(t, proxyAddress, id, worker.structured(), worker.structured()))
	alike("two joined", m.tokenByProxy(t, proxyAddress, id, worker.structured()+", "+worker.structured()))
	alike("no header", m.tokenByProxy(t, proxyAddress, id))
	alike("an empty one", m.tokenByProxy(t, proxyAddress, id, ""))
	other := m.clients.identity(m.dir, named(pkix.Name{CommonName: "other"}))
	alike("the header on a connection with another certificate", m.tokenByCurl(t, &other, id, "-H", "Client-Cert: "+worker.structured()))

	if got := m.manage(t, "POST", "/credentials/"+id+"/disable", ""); got.status != 200 {
		t.Fatal(got.body)
	}
	alike("a disabled credential", m.tokenByCurl(t, &worker, id))
	alike("a disabled credential by the proxy", m.tokenByProxy(t, proxyAddress, id, worker.structured()))
}

// TestMutualTLS_BoundTokenIsNothingWithoutItsCertificate takes a token to every
// door: with its certificate, without, and with another's.
func TestMutualTLS_BoundTokenIsNothingWithoutItsCertificate(t *testing.T) {
	m := startMutual(t)
	worker := m.clients.identity(m.dir, named(pkix.Name{CommonName: "worker"}))
	other := m.clients.identity(m.dir, named(pkix.Name{CommonName: "other"}))
	manager := m.create(t, map[string]any{
		"authentication_method": "tls_client_auth", "tls_client_subject": "CN=worker",
		"scopes": []string{"claviger:credentials:read", "claviger:introspect", "claviger:feed"},
	})
	caller := m.certified(t, "CN=worker")
	bearer := "Authorization: Bearer " + m.tokenByCurl(t, &worker, manager).json(t)["access_token"].(string)
	for name, c := range map[string]struct {
		with *identity
		url  string
		want int
	}{
		"its own certificate":         {&worker, m.mtls + "/api/v1/credentials", 200},
		"another's":                   {&other, m.mtls + "/api/v1/credentials", 401},
		"none":                        {nil, m.public + "/api/v1/credentials", 401},
		"its own, where none counts":  {&worker, m.public + "/api/v1/credentials", 401},
		"the feed":                    {&worker, m.mtls + "/revocations", 200},
		"the feed without":            {nil, m.public + "/revocations", 401},
		"the feed with another's":     {&other, m.mtls + "/revocations", 401},
		"health":                      {&worker, m.mtls + "/healthz", 200},
		"a page":                      {&worker, m.mtls + "/sign-in", 404},
		"forward-auth is not offered": {&worker, m.mtls + "/forward-auth", 404},
	} {
		if got := m.curl(t, c.with, "-H", bearer, c.url); got.status != c.want {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	called := m.tokenByCurl(t, &worker, caller).json(t)["access_token"].(string)
	asked := func(from string, header ...string) int {
		t.Helper()
		return ask(t, m.from(from), "GET", m.public+"/forward-auth", nil, append(header, "Authorization", "Bearer "+called, "X-Forwarded-Method", "GET",
			"X-Forwarded-Proto", "https", "X-Forwarded-Host", ordersHost, "X-Forwarded-Uri", "/orders/42")...).status
	}
	for name, c := range map[string]struct {
		got, want int
	}{
		"the call's certificate": {asked(proxyAddress, "Client-Cert", worker.escaped()), 200},
		"another's":              {asked(proxyAddress, "Client-Cert", other.escaped()), 401},
		"none":                   {asked(proxyAddress), 401},
		"of a stranger":          {asked("127.0.0.1", "Client-Cert", worker.escaped()), 403},
	} {
		if c.got != c.want {
			t.Errorf("forward-auth, %s: %d, want %d", name, c.got, c.want)
		}
	}
	atGateway := []string{"-H", "Host: " + ordersHost, "-H", "Authorization: Bearer " + called, m.gateway + "/orders/42"}
	for name, c := range map[string]struct {
		with *identity
		want int
	}{"its own": {&worker, 200}, "another's": {&other, 401}, "none": {nil, 401}} {
		if got := m.curl(t, c.with, atGateway...); got.status != c.want {
			t.Errorf("gateway, %s: %d %s", name, got.status, got.body)
		}
	}
	introspected := m.curl(t, &worker, "-H", bearer, "-d", "token="+called, m.mtls+"/oauth2/introspect").json(t)
	if bound, _ := introspected["cnf"].(map[string]any); introspected["active"] != true || bound["x5t#S256"] != worker.thumbprint() {
		t.Errorf("introspection says %v", introspected)
	}
	if got := m.curl(t, &worker, "-d", "client_id="+manager, "-d", "token="+called, m.mtls+"/oauth2/introspect").json(t); got["active"] != true {
		t.Errorf("introspection by certificate says %v", got)
	}
	if got := m.curl(t, &worker, "-d", "client_id="+caller, "-d", "token="+called, m.mtls+"/oauth2/revoke"); got.status != 200 {
		t.Errorf("revocation by certificate: %d %s", got.status, got.body)
	}
	if got := asked(proxyAddress, "Client-Cert", worker.escaped()); got != 401 {
		t.Errorf("the revoked token: %d", got)
	}
}

// TestMutualTLS_TakesOtherAuthoritiesOnHangup exchanges the authority; what it
// vouched for stops, also on connections that are open.
func TestMutualTLS_TakesOtherAuthoritiesOnHangup(t *testing.T) {
	m := startMutual(t)
	worker := m.clients.identity(m.dir, named(pkix.Name{CommonName: "worker"}))
	id := m.certified(t, "CN=worker")
	pair, err := tls.LoadX509KeyPair(worker.cert, worker.key)
	if err != nil {
		t.Fatal(err)
	}
	kept := m.own.client(func(c *tls.Config) {
		c.Certificates, c.ClientSessionCache = []tls.Certificate{pair}, tls.NewLRUClientSessionCache(4)
	})
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}}.Encode()
	onKept := func() int {
		return ask(t, kept, "POST", m.mtls+"/oauth2/token", strings.NewReader(form), "Content-Type", formType).status
	}
	if got := onKept(); got != 200 {
		t.Fatalf("before: %d", got)
	}
	next := newAuthority(t)
	next.writeTo(m.dir, "clients.pem")
	hangUp(t, m.process)
	m.stderr.await(t, `client authorities read`)
	if got := onKept(); got != 401 {
		t.Errorf("on the kept connection: %d", got)
	}
	if got := m.tokenByCurl(t, &worker, id); got.status != 0 {
		t.Errorf("the authority that was taken out: %d %s", got.status, got.body)
	}
	kept.CloseIdleConnections()
	if res, err := kept.Get(m.mtls + "/healthz"); err == nil { //nolint:noctx // refused in the handshake
		_ = res.Body.Close()
		t.Errorf("a session of before was resumed: %s", res.Status)
	}
	renewed := next.identity(m.dir, named(pkix.Name{CommonName: "worker"}))
	payload(t, m.tokenByCurl(t, &renewed, id))

	if err := os.WriteFile(filepath.Join(m.dir, "clients.pem"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangUp(t, m.process)
	m.stderr.await(t, `those in force stay`)
	payload(t, m.tokenByCurl(t, &renewed, id))
}
