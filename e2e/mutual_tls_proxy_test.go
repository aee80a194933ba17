package e2e

import (
	"context"
	"crypto/x509/pkix"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNginx_PassesClientCertificatesOn runs the files of deploy/ before Claviger
// itself and before an API, and takes programs there with the right certificate,
// with others, and with a header that they wrote themselves.
func TestNginx_PassesClientCertificatesOn(t *testing.T) {
	dir, clients := t.TempDir(), newAuthority(t)
	clients.writeTo(dir, "clients.pem")
	authorities := filepath.Join(dir, "clients.pem")
	in := install(t, "--trusted-proxies", "127.0.0.1", "--mtls-client-ca", authorities, "--client-certificate-header", "Client-Cert")
	worker := clients.identity(dir, named(pkix.Name{CommonName: "worker"}))
	other := clients.identity(dir, named(pkix.Name{CommonName: "other"}))
	stranger := newAuthority(t).identity(dir, named(pkix.Name{CommonName: "worker"}))
	made := in.create(t, []string{"orders:read"}, map[string]any{"authentication_method": "tls_client_auth", "tls_client_subject": "CN=worker"})

	at := places{dir: t.TempDir(), listen: freeAddress(t), claviger: strings.TrimPrefix(in.address, "http://"), upstream: startUpstream(t).address}
	at.certificate, at.key = writeCertificate(t, at.dir)
	issuer := at.listen
	runProxy(t, nginx(t, at, derive(t, "nginx/client-certificate.conf", filepath.Join(at.dir, "client-certificate.conf"),
		"127.0.0.1:8420", at.claviger, "listen 443", "listen "+at.listen, "/etc/claviger/client-authorities.pem", authorities,
		"/etc/ssl/certs/credentials.example.com.pem", at.certificate, "/etc/ssl/private/credentials.example.com.key", at.key)), at.listen)
	at.dir, at.listen = t.TempDir(), freeAddress(t)
	runProxy(t, nginx(t, at, derive(t, "nginx/claviger.conf", filepath.Join(at.dir, "claviger.conf"),
		"127.0.0.1:8420", at.claviger, "127.0.0.1:9000", at.upstream, "listen 443", "listen "+at.listen,
		"/etc/ssl/certs/orders.example.com.pem", at.certificate, "/etc/ssl/private/orders.example.com.key", at.key,
		"# ssl_verify_client", "ssl_verify_client", "# ssl_client_certificate /etc/claviger/client-authorities.pem", "ssl_client_certificate "+authorities,
		"        proxy_set_header Client-Cert \"\";", "        proxy_set_header Client-Cert $ssl_client_escaped_cert;")), at.listen)

	curl := (&mutual{dir: dir}).curl
	token := func(with *identity, header string) answer {
		return curl(t, with, "--insecure", "-H", header, "-d", url.Values{"grant_type": {"client_credentials"}, "client_id": {made.id}}.Encode(),
			"https://"+issuer+"/oauth2/token")
	}
	const none = "X-Nothing: x"
	issued := token(&worker, none)
	if bound, _ := payload(t, issued)["cnf"].(map[string]any); bound["x5t#S256"] != worker.thumbprint() {
		t.Errorf("the token is bound to %v", bound)
	}
	if got := token(&worker, "Client-Cert: "+other.structured()); got.status != 200 {
		t.Errorf("what the caller wrote beside its certificate was believed: %d %s", got.status, got.body)
	}
	for name, c := range map[string]struct {
		got  answer
		want int
	}{
		"no certificate":             {token(nil, none), 401},
		"a header of the caller's":   {token(nil, "Client-Cert: "+worker.structured()), 401},
		"the same in nginx's form":   {token(nil, "Client-Cert: "+worker.escaped()), 401},
		"its twin with underscores":  {token(nil, "Client_Cert: "+worker.escaped()), 401},
		"another's":                  {token(&other, none), 401},
		"another's and a header":     {token(&other, "Client-Cert: "+worker.structured()), 401},
		"an authority nobody trusts": {token(&stranger, none), 400}, // nginx's own answer
	} {
		if c.got.status != c.want || strings.Contains(c.got.body, "access_token") {
			t.Errorf("a token with %s: %d %s", name, c.got.status, c.got.body)
		}
	}

	bearer := "Authorization: Bearer " + issued.json(t)["access_token"].(string)
	call := func(with *identity, header string) int {
		return curl(t, with, "--insecure", "-H", bearer, "-H", "Host: "+ordersHost, "-H", header, "https://"+at.listen+"/orders/42").status
	}
	for name, c := range map[string]struct{ got, want int }{
		"its own certificate":      {call(&worker, none), 200},
		"another's":                {call(&other, none), 401},
		"none":                     {call(nil, none), 401},
		"a header of the caller's": {call(nil, "Client-Cert: "+worker.structured()), 401},
		"another's and a header":   {call(&other, "Client-Cert: "+worker.structured()), 401},
	} {
		if c.got != c.want {
			t.Errorf("a call with %s: %d, want %d", name, c.got, c.want)
		}
	}
}

// nginx runs one site, with what Debian's nginx.conf has around conf.d and every
// path in the test's directory.
func nginx(t *testing.T, at places, site string) *exec.Cmd {
	t.Helper()
	config := write(t, filepath.Join(at.dir, "nginx.conf"), `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include `+site+`;
}
`)
	return exec.CommandContext(context.Background(), needed(t, "nginx", "nginx-light"), "-p", at.dir, "-c", config, "-e", "stderr")
}
