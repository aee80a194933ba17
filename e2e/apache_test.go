package e2e

import (
	"crypto/x509/pkix"
	"encoding/pem"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The modules ask Claviger about the token alone: what a token may do stands
// in Apache's configuration, and away is 401 to them, as a bad token is.
func TestApache_WithModOAuth2LetsTheRightCallsThroughAndRefusesTheRest(t *testing.T) {
	t.Parallel()
	testApache(t, beginModOAuth2)
}

func TestApache_WithModAuthOpenIDCLetsTheRightCallsThroughAndRefusesTheRest(t *testing.T) {
	t.Parallel()
	testApache(t, beginModAuthOpenIDC)
}

func testApache(t *testing.T, begin func(*testing.T, places) *exec.Cmd) {
	dir, clients := t.TempDir(), newAuthority(t)
	clients.writeTo(dir, "clients.pem")
	p := startProxy(t, begin, "--mtls-client-ca", filepath.Join(dir, "clients.pem"), "--client-certificate-header", "Client-Cert")
	p.tokensAlone, p.ownWords, p.away = true, true, 401
	p.calls(t)
	t.Run("tokens bound to a certificate are refused", func(t *testing.T) {
		p.certified(t, clients.identity(dir, named(pkix.Name{CommonName: "worker"})))
	})
	t.Run("nobody passes without a token by another method", p.otherMethods)
	t.Run("tokens for another API are refused", p.otherAPI)
	t.Run("what ends a token ends it here at once", p.endings)
	t.Run("nothing passes while Claviger hangs", p.hangingClaviger)
	t.Run("nothing passes without Claviger", p.withoutClaviger) // stops it: the last
}

// certified: introspection calls such a token Bearer, and says in cnf what it
// wants beside it (RFC 8705 section 3.2), which nobody checks here.
func (p *proxyUnderTest) certified(t *testing.T, worker identity) {
	c := p.create(t, []string{"orders:read"}, map[string]any{"authentication_method": "tls_client_auth", "tls_client_subject": "CN=worker"})
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}}.Encode()
	issued := call(t, "POST", p.address+"/oauth2/token", form, "Content-Type", formType, "Client-Cert", worker.structured())
	if payload(t, issued)["cnf"] == nil {
		t.Fatalf("the token is bound to nothing: %d %s", issued.status, issued.body)
	}
	token := issued.json(t)["access_token"].(string)
	a := p.send(t, program, "GET", "/orders/42", "", "Authorization", "Bearer "+token, "Client-Cert", worker.structured())
	p.refused(t, "bound to a certificate", a, 401, 403)
}

// otherMethods: mod_auth_openidc takes OPTIONS without a token for a browser's
// question, and its Require claim lets it pass.
func (p *proxyUnderTest) otherMethods(t *testing.T) {
	bearer := "Authorization: Bearer " + p.issue(t, p.create(t, []string{"orders:read", "orders:write"}, nil))
	for _, method := range []string{"OPTIONS", "TRACE", "DELETE", "PROPFIND", "CONNECT", "XGET", "GETX", "get"} {
		p.refused(t, method+" without a token", p.sendRaw(t, method+" /orders/42 HTTP/1.1"), 400, 401, 403, 405, 501)
		p.refused(t, method, p.sendRaw(t, method+" /orders/42 HTTP/1.1", bearer), 400, 401, 403, 405, 501)
	}
	for _, method := range []string{"GET", "HEAD", "POST"} {
		p.refused(t, method+" without a token", p.sendRaw(t, method+" /orders/42 HTTP/1.1"), 401)
	}
}

// otherAPI: the last token has the right scope for another API, which one of
// its routes names too.
func (p *proxyUnderTest) otherAPI(t *testing.T) {
	people := "Bearer " + p.token
	p.refused(t, "a person's", p.send(t, program, "GET", "/orders/42", "", "Authorization", people), 401, 403)
	both := p.create(t, []string{"orders:read", "stock:read"}, nil)
	p.identity(t, p.passed(t, p.send(t, program, "GET", "/orders/42", "", "Authorization", "Bearer "+p.issue(t, both))), both.id, "orders:read stock:read")

	catalogue := strings.Replace(ordersCatalogue, "scopes: [stock:read]", "scopes: [stock:read, orders:read]", 1)
	if out, talk, code := run(t, p.cmd.Dir, "catalogue", "apply", write(t, filepath.Join(t.TempDir(), "catalogue.yaml"), catalogue)); code != 0 {
		t.Fatal(out, talk)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {both.id}, "client_secret": {both.secret},
		"scope": {"orders:read"}, "resource": {"urn:example:stock"}}.Encode()
	issued := call(t, "POST", p.address+"/oauth2/token", form, "Content-Type", formType)
	if claims := payload(t, issued); claims["aud"] != "urn:example:stock" || claims["scope"] != "orders:read" {
		t.Fatalf("the token says %v", claims)
	}
	stock := "Bearer " + issued.json(t)["access_token"].(string)
	p.refused(t, "another API's", p.send(t, program, "GET", "/orders/42", "", "Authorization", stock), 401, 403)
}

// endings: no answer about a token is kept (expiry=0 and interval -1).
func (p *proxyUnderTest) endings(t *testing.T) {
	manage := func(method, path, body string) {
		t.Helper()
		a := call(t, method, p.address+"/api/v1"+path, body, "Authorization", "Bearer "+p.token, "Content-Type", "application/json")
		if a.status/100 != 2 {
			t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
		}
	}
	for what, end := range map[string]func(c credential, token string){
		"revoked": func(c credential, token string) {
			form := url.Values{"token": {token}, "client_id": {c.id}, "client_secret": {c.secret}}.Encode()
			if a := call(t, "POST", p.address+"/oauth2/revoke", form, "Content-Type", formType); a.status != 200 {
				t.Fatal(a)
			}
		},
		"disabled":          func(c credential, _ string) { manage("POST", "/credentials/"+c.id+"/disable", "") },
		"deleted":           func(c credential, _ string) { manage("DELETE", "/credentials/"+c.id, "") },
		"without the scope": func(c credential, _ string) { manage("PATCH", "/credentials/"+c.id, `{"scopes":["stock:read"]}`) },
	} {
		c := p.create(t, []string{"orders:read", "stock:read"}, nil)
		token := p.issue(t, c)
		for range 3 {
			p.passed(t, p.send(t, program, "GET", "/orders/42", "", "Authorization", "Bearer "+token))
		}
		end(c, token)
		p.refused(t, what, p.send(t, program, "GET", "/orders/42", "", "Authorization", "Bearer "+token), 401, 403)
	}
}

func beginModOAuth2(t *testing.T, at places) *exec.Cmd {
	return beginApache(t, at, "mod_oauth2", "http://127.0.0.1:8420", "http://"+at.claviger)
}

// beginModAuthOpenIDC gives Claviger TLS, since the module asks over https
// alone, by a certificate that the module is told to believe.
func beginModAuthOpenIDC(t *testing.T, at places) *exec.Cmd {
	front := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: at.claviger}))
	t.Cleanup(front.Close)
	authority := filepath.Join(at.dir, "authority.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
	if err := os.WriteFile(authority, text, 0o644); err != nil { // read by Apache's children, as another user
		t.Fatal(err)
	}
	return beginApache(t, at, "mod_auth_openidc", "https://claviger.example.com", front.URL, "/etc/ssl/certs/ca-certificates.crt", authority)
}

// beginApache starts Debian's Apache with one of the configurations of
// deploy/apache; replace are further pairs for it.
func beginApache(t *testing.T, at places, module string, replace ...string) *exec.Cmd {
	t.Helper()
	const modules = "/usr/lib/apache2/modules/"
	if _, err := os.Stat(modules + module + ".so"); err != nil {
		t.Fatalf("%v. On Debian: apt-get install libapache2-%s (make test does it, with .ci/need)", err, strings.ReplaceAll(module, "_", "-"))
	}
	// Not bound to the API, as the files advise: then they themselves refuse another's tokens.
	asker := at.in.create(t, []string{"claviger:introspect"}, map[string]any{"level": "account"})
	script := derive(t, "apache/claviger.lua", filepath.Join(at.dir, "claviger.lua"))
	common := derive(t, "apache/claviger-common.conf", filepath.Join(at.dir, "claviger-common.conf"), "/etc/apache2/claviger.lua", script)
	site := derive(t, "apache/"+module+".conf", filepath.Join(at.dir, "site.conf"), append(replace,
		"127.0.0.1:9000", at.upstream, "*:443", at.listen, "/etc/apache2/claviger-common.conf", common,
		"CLIENT-ID", asker.id, "CLIENT-SECRET", asker.secret,
		"/etc/ssl/certs/orders.example.com.pem", at.certificate, "/etc/ssl/private/orders.example.com.key", at.key)...)
	// Its children run as another user, and read the script.
	for path, mode := range map[string]os.FileMode{filepath.Dir(at.dir): 0o755, at.dir: 0o755, script: 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	// What Debian's apache2.conf has around sites, with every path in the test's directory.
	var load strings.Builder
	for _, name := range []string{"mpm_event", "authn_core", "authz_core", "authz_user", "env", "ssl", "http2", "headers", "rewrite", "lua", "proxy", "proxy_http", strings.TrimPrefix(module, "mod_")} {
		load.WriteString("LoadModule " + name + "_module " + modules + "mod_" + name + ".so\n")
	}
	config := write(t, filepath.Join(at.dir, "apache2.conf"), load.String()+`
ServerRoot `+at.dir+`
DefaultRuntimeDir `+at.dir+`
PidFile apache2.pid
Mutex file:`+at.dir+` default
ErrorLog /dev/stderr
ServerName localhost
User www-data
Group www-data
StartServers 1
Listen `+at.listen+`
Include `+site+`
`)
	return exec.Command(needed(t, "apache2", "apache2-bin"), "-D", "FOREGROUND", "-f", config)
}
