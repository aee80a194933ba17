package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// HAProxy with Claviger's keys asks nobody, and says in its file what it does
// not see for that.
func TestHAProxyKeys_LetsTheRightCallsThroughAndRefusesTheRest(t *testing.T) {
	t.Parallel()
	p := startProxy(t, beginHAProxyKeys)
	p.tokensAlone, p.passesTrailers = true, true
	p.calls(t)
	t.Run("nobody passes without a token by another method", p.otherMethods)
	t.Run("tokens for another API are refused", p.otherAPI)
	t.Run("tokens are judged without Claviger", func(t *testing.T) {
		c := p.create(t, []string{"orders:read"}, nil)
		token := p.issue(t, c)
		p.stop(t)
		p.identity(t, p.passed(t, p.send(t, program, "GET", "/orders/42", "", "Authorization", "Bearer "+token)), c.id, "orders:read")
	})
}

// TestHAProxyKeys_FollowsRotations: one rotation breaks nothing before
// claviger-keys has run. It writes the key before, the one that signs and the
// next.
func TestHAProxyKeys_FollowsRotations(t *testing.T) {
	t.Parallel()
	var haproxy *exec.Cmd
	var directory string
	p := startProxy(t, func(t *testing.T, at places) *exec.Cmd {
		haproxy, directory = beginHAProxyKeys(t, at), filepath.Join(at.dir, "claviger")
		haproxy.Args = append(haproxy.Args, "-W") // takes SIGUSR2 for a reload, as under systemd
		return haproxy
	})
	c := p.create(t, []string{"orders:read"}, nil)
	get := func(token string) answer {
		t.Helper()
		return p.send(t, program, "GET", "/orders/42", "", "Authorization", "Bearer "+token)
	}
	rotate := func() {
		t.Helper()
		if out, talk, code := run(t, p.cmd.Dir, "key", "rotate", "--force"); code != 0 {
			t.Fatal(out, talk)
		}
	}
	passes := func(what, token string) {
		t.Helper()
		if a := get(token); a.status != 200 {
			t.Errorf("%s: answered %d", what, a.status)
		}
	}
	reload := []string{"kill", "-USR2", strconv.Itoa(haproxy.Process.Pid)}

	first := p.issue(t, c)
	passes("before any rotation", first)
	rotate()
	second := p.issue(t, c)
	passes("of the key before, with the files from before", first)
	passes("of the key that signs, with the files from before", second)

	rotate()
	third := p.issue(t, c)
	if a := get(third); a.status != 401 {
		t.Errorf("of a key that is in no file: answered %d", a.status)
	}
	writeKeys(t, p.cmd.Dir, directory, reload...)
	soon(t, "HAProxy reads its files anew", func() bool { return get(third).status == 200 })
	passes("of the key before, with the files from after", second)
	if a := get(first); a.status != 401 {
		t.Errorf("of a key two forced rotations ago: answered %d", a.status)
	}
	rotate()
	passes("of the next key", p.issue(t, c))

	if out := writeKeys(t, p.cmd.Dir, directory, "echo", "changed"); out != "changed\n" {
		t.Errorf("after a rotation claviger-keys printed %q", out)
	}
	if out := writeKeys(t, p.cmd.Dir, directory, "echo", "changed"); out != "" {
		t.Errorf("without a change claviger-keys ran its command: %q", out)
	}
}

// TestHAProxyKeys_RefusesWhatIsNoTokenForThisAPI signs as Claviger would, with
// a key that HAProxy is given in the place of Claviger's.
func TestHAProxyKeys_RefusesWhatIsNoTokenForThisAPI(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := startProxy(t, func(t *testing.T, at places) *exec.Cmd {
		cmd := beginHAProxyKeys(t, at)
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"active", "next", "retired"} {
			write(t, filepath.Join(at.dir, "claviger", name+".pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
		}
		return cmd
	})
	type parts = map[string]any
	ask := func(change func(header, claims parts)) answer {
		t.Helper()
		header := parts{"alg": "ES256", "kid": "k", "typ": "at+jwt"}
		claims := parts{"iss": p.address, "aud": "urn:example:orders", "sub": "c", "client_id": "c", "account": "a", "scope": "orders:read", "exp": time.Now().Unix() + 600}
		change(header, claims)
		return p.send(t, program, "GET", "/orders/42", "", "Authorization", "Bearer "+signES256(t, key, header, claims))
	}
	for what, change := range map[string]func(header, claims parts){
		"as it should be":           func(_, _ parts) {},
		"one of several audiences":  func(_, c parts) { c["aud"] = []string{"urn:a", "urn:b", "urn:c", "urn:example:orders"} },
		"several scopes":            func(_, c parts) { c["scope"] = "a orders:read b" },
		"claims of a later release": func(_, c parts) { c["later"] = parts{"x": 1} },
	} {
		if a := ask(change); a.status != 200 {
			t.Errorf("%s: answered %d", what, a.status)
		}
	}
	p.upstream.seen()
	for what, change := range map[string]func(header, claims parts){
		"an ID token":             func(h, _ parts) { h["typ"] = "JWT" },
		"without a type":          func(h, _ parts) { delete(h, "typ") },
		"said to be unsigned":     func(h, _ parts) { h["alg"] = "none" },
		"said to be of HMAC":      func(h, _ parts) { h["alg"] = "HS256" },
		"another issuer's":        func(_, c parts) { c["iss"] = "https://elsewhere.example" },
		"of no issuer":            func(_, c parts) { delete(c, "iss") },
		"of a list of issuers":    func(_, c parts) { c["iss"] = []any{c["iss"]} },
		"another API's":           func(_, c parts) { c["aud"] = "urn:example:stock" },
		"an audience longer":      func(_, c parts) { c["aud"] = "urn:example:orders2" },
		"an audience within one":  func(_, c parts) { c["aud"] = "x urn:example:orders" },
		"for nobody":              func(_, c parts) { delete(c, "aud") },
		"for an empty list":       func(_, c parts) { c["aud"] = []string{} },
		"expired":                 func(_, c parts) { c["exp"] = time.Now().Unix() - 1 },
		"without an end":          func(_, c parts) { delete(c, "exp") },
		"an end that is no time":  func(_, c parts) { c["exp"] = "never" },
		"bound to a key":          func(_, c parts) { c["cnf"] = parts{"jkt": "x"} },
		"bound to a certificate":  func(_, c parts) { c["cnf"] = parts{"x5t#S256": "x"} },
		"bound to something else": func(_, c parts) { c["cnf"] = parts{"kid": "x"} },
	} {
		p.refused(t, what, ask(change), 401)
	}
	for what, scope := range map[string]any{
		"a scope that begins alike": "orders:readers", "a scope that ends alike": "my-orders:read", "another scope": "orders:write",
		"no scope": "", "a list of scopes": []string{"orders:read"}, "another case": "Orders:Read", "with a tab": "x\torders:read",
	} {
		p.refused(t, what, ask(func(_, c parts) { c["scope"] = scope }), 403)
	}
	good := signES256(t, key, parts{"alg": "ES256", "typ": "at+jwt"}, parts{"iss": p.address, "aud": "urn:example:orders", "scope": "orders:read", "exp": time.Now().Unix() + 600})
	body, _, _ := strings.Cut(good[strings.Index(good, ".")+1:], ".")
	for what, token := range map[string]string{
		"no signature": strings.TrimSuffix(good, good[strings.LastIndex(good, ".")+1:]), "two parts": good[:strings.LastIndex(good, ".")],
		"four parts": good + ".x", "a changed body": strings.Replace(good, body, body[:len(body)-4]+"AAAA", 1), "no token": "x.y.z",
	} {
		p.refused(t, what, p.send(t, program, "GET", "/orders/42", "", "Authorization", "Bearer "+token), 401)
	}
}

// signES256 makes a compact JWS (RFC 7515, RFC 7518 section 3.4).
func signES256(t *testing.T, key *ecdsa.PrivateKey, header, claims map[string]any) string {
	t.Helper()
	encode := func(part map[string]any) string {
		text, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := encode(header) + "." + encode(claims)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func beginHAProxyKeys(t *testing.T, at places) *exec.Cmd {
	directory := filepath.Join(at.dir, "claviger")
	if err := os.Mkdir(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	writeKeys(t, at.in.cmd.Dir, directory, "true")
	config := derive(t, "haproxy/haproxy-keys.cfg", filepath.Join(at.dir, "haproxy.cfg"),
		`"/etc/haproxy/claviger/`, `"`+directory+"/", "/etc/haproxy/orders.example.com.pem", at.certificate,
		"127.0.0.1:9000", at.upstream, "bind :443", "bind "+at.listen, "https://claviger.example.com", at.in.address)
	return exec.CommandContext(context.Background(), needed(t, "haproxy", "haproxy"), "-db", "-f", config)
}

// writeKeys runs deploy/haproxy/claviger-keys for the server whose data lies
// below where, and returns what it printed.
func writeKeys(t *testing.T, where, directory string, command ...string) string {
	t.Helper()
	script, err := filepath.Abs("../deploy/haproxy/claviger-keys")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{script, directory}, command...)...)
	cmd.Dir, cmd.Env = where, append(plainEnvironment(), "PATH="+filepath.Dir(claviger)+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("claviger-keys: %v\n%s", err, out)
	}
	return string(out)
}
