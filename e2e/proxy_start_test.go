package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// ordersHost is the name in every configuration of deploy/.
const ordersHost = "orders.example.com"

// upstream is the API behind a proxy: it answers 200 and keeps what it saw.
type upstream struct {
	address string
	mu      sync.Mutex
	calls   []upstreamCall
}

type upstreamCall struct {
	method, uri, host, body string
	header, trailer         http.Header
}

func startUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		u.mu.Lock()
		defer u.mu.Unlock()
		u.calls = append(u.calls, upstreamCall{r.Method, r.RequestURI, r.Host, body.String(), r.Header.Clone(), r.Trailer.Clone()})
		_, _ = w.Write([]byte("the API's answer"))
	}))
	t.Cleanup(server.Close)
	u.address = strings.TrimPrefix(server.URL, "http://")
	return u
}

// seen returns the calls since the last time it was asked.
func (u *upstream) seen() []upstreamCall {
	u.mu.Lock()
	defer u.mu.Unlock()
	calls := u.calls
	u.calls = nil
	return calls
}

// proxyUnderTest is a real proxy with its configuration of deploy/, between a
// real Claviger and an upstream.
type proxyUnderTest struct {
	*installation
	upstream *upstream
	listen   string // host and port
	plain    bool   // no TLS
	// Statuses that proxies give in their own ways.
	tooMany, away int
	// tokensAlone: knows what a token says, or what introspection says of it.
	// It takes no client ID and secret, and sees neither the addresses and rates
	// that a credential allows nor Claviger's request IDs.
	tokensAlone bool
	ownWords    bool // in WWW-Authenticate
	// passesTrailers: HAProxy before 3.2 cannot do otherwise (deploy/README.md).
	passesTrailers bool
}

// places are what the configurations of deploy/ name and a test has elsewhere.
type places struct {
	in                                    *installation
	dir, listen, port, claviger, upstream string
	certificate, key                      string // PEM files
}

// startProxy starts upstream, Claviger and a proxy; begin writes the proxy's
// configuration and says how it is run. flags are further ones of Claviger's.
func startProxy(t *testing.T, begin func(*testing.T, places) *exec.Cmd, flags ...string) *proxyUnderTest {
	t.Helper()
	// The proxy alone is trusted; programs come from other addresses.
	p := &proxyUnderTest{installation: install(t, append(flags, "--trusted-proxies", "127.0.0.1")...), upstream: startUpstream(t)}
	p.listen = freeAddress(t)
	_, port, _ := net.SplitHostPort(p.listen)
	at := places{
		in: p.installation, dir: t.TempDir(), listen: p.listen, port: port,
		claviger: strings.TrimPrefix(p.address, "http://"), upstream: p.upstream.address,
	}
	at.certificate, at.key = writeCertificate(t, at.dir)
	runProxy(t, begin(t, at), p.listen)
	return p
}

// runProxy runs a proxy until the test ends, and returns once it listens.
func runProxy(t *testing.T, cmd *exec.Cmd, listen string) {
	t.Helper()
	var talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &talk, &talk
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, &talk)
		}
	})
	limit, again := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listen)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%v ended at once", cmd.Args)
		case <-limit:
			t.Fatalf("%v does not listen on %s", cmd.Args, listen)
		case <-again.C:
		}
	}
}

// derive writes a configuration of deploy/ with ports and paths replaced, and
// fails when one of them is not there: then the file tested is not the file
// that is kept.
func derive(t *testing.T, from, to string, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "deploy", from))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replace); i += 2 {
		if !bytes.Contains(text, []byte(replace[i])) {
			t.Fatalf("deploy/%s has no %q to replace", from, replace[i])
		}
		text = bytes.ReplaceAll(text, []byte(replace[i]), []byte(replace[i+1]))
	}
	return write(t, to, string(text))
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func beginNginx(t *testing.T, at places) *exec.Cmd {
	site := derive(t, "nginx/claviger.conf", filepath.Join(at.dir, "claviger.conf"),
		"127.0.0.1:8420", at.claviger, "127.0.0.1:9000", at.upstream, "listen 443", "listen "+at.listen,
		"/etc/ssl/certs/orders.example.com.pem", at.certificate, "/etc/ssl/private/orders.example.com.key", at.key)
	return nginx(t, at, site)
}

func beginCaddy(t *testing.T, at places) *exec.Cmd {
	config := derive(t, "caddy/Caddyfile", filepath.Join(at.dir, "Caddyfile"),
		"127.0.0.1:8420", at.claviger, "127.0.0.1:9000", at.upstream,
		// Its own port and certificate, in place of 443 and one from a public authority.
		ordersHost+" {", "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"+
			ordersHost+":"+at.port+" {\n\tbind 127.0.0.1\n\ttls "+at.certificate+" "+at.key)
	cmd := exec.CommandContext(context.Background(), needed(t, "caddy", "caddy"), "run", "--adapter", "caddyfile", "--config", config)
	cmd.Env = append(plainEnvironment(), "HOME="+at.dir, "XDG_CONFIG_HOME="+at.dir, "XDG_DATA_HOME="+at.dir)
	return cmd
}

func beginHAProxy(t *testing.T, at places) *exec.Cmd {
	return beginHAProxyWith(t, at, derive(t, "haproxy/claviger.lua", filepath.Join(at.dir, "claviger.lua")))
}

func beginHAProxyWith(t *testing.T, at places, script string) *exec.Cmd {
	config := derive(t, "haproxy/haproxy.cfg", filepath.Join(at.dir, "haproxy.cfg"),
		"127.0.0.1:8420", at.claviger, "127.0.0.1:9000", at.upstream, "bind :443", "bind "+at.listen,
		"/etc/haproxy/orders.example.com.pem", at.certificate, "/etc/haproxy/claviger.lua", script)
	return exec.CommandContext(context.Background(), needed(t, "haproxy", "haproxy"), "-db", "-f", config)
}

// writeCertificate makes a certificate of its own for ordersHost. The first
// file holds the key too, as HAProxy wants it.
func writeCertificate(t *testing.T, dir string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: ordersHost}, DNSNames: []string{ordersHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	certificatePEM := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return write(t, filepath.Join(dir, "certificate.pem"), certificatePEM+keyPEM), write(t, filepath.Join(dir, "key.pem"), keyPEM)
}

// startGateway starts an upstream, and Claviger with its gateway before it.
func startGateway(t *testing.T) *proxyUnderTest {
	t.Helper()
	p := &proxyUnderTest{upstream: startUpstream(t), listen: freeAddress(t), plain: true}
	p.installation = install(t, "--trusted-proxies", "127.0.0.1", "--gateway-listen", p.listen)
	const host = "hosts: [" + ordersHost + "]"
	if !strings.Contains(ordersCatalogue, host) {
		t.Fatal("the catalogue has another host")
	}
	catalogue := strings.Replace(ordersCatalogue, host, host+"\n    upstream: http://"+p.upstream.address, 1)
	file := write(t, filepath.Join(t.TempDir(), "catalogue.yaml"), catalogue)
	if out, talk, code := run(t, p.cmd.Dir, "catalogue", "apply", file); code != 0 {
		t.Fatal(out, talk)
	}
	return p
}

func (p *proxyUnderTest) scheme() string {
	if p.plain {
		return "http"
	}
	return "https"
}

// dial connects to the proxy from an address of the loopback.
func (p *proxyUnderTest) dial(ctx context.Context, from string, protocol string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	if p.plain {
		return dialer.DialContext(ctx, "tcp", p.listen)
	}
	config := &tls.Config{ServerName: ordersHost, InsecureSkipVerify: true, NextProtos: []string{protocol}}
	return (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext(ctx, "tcp", p.listen)
}
