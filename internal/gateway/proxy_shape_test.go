package gateway_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/claviger/claviger/internal/testserver"
)

// asked puts the bytes of a proxy's question to the public listener.
func (i *installation) asked(t *testing.T, request string) *httptest.ResponseRecorder {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(request, "\n", "\r\n"))))
	must(t, err)
	r = r.WithContext(t.Context())
	r.RemoteAddr = "127.0.0.1:40312"
	w := httptest.NewRecorder()
	i.public.ServeHTTP(w, r)
	return w
}

// What Traefik sends to a forwardAuth address: GET, the caller's headers (all of
// them where authRequestHeaders is not set), and five of its own. TRUE stands
// for the caller's Authorization.
const traefikAsks = `GET /forward-auth?status=full HTTP/1.1
Host: 127.0.0.1:8420
User-Agent: Go-http-client/1.1
Accept: */*
Authorization: TRUE
Dpop: PROOF
X-Forwarded-For: 198.51.100.9
X-Forwarded-Host: api.example.com
X-Forwarded-Method: GET
X-Forwarded-Port: 443
X-Forwarded-Proto: https
X-Forwarded-Server: 5f1c2a90d7b3
X-Forwarded-Uri: /orders/7?page=2
X-Real-Ip: 198.51.100.9
Accept-Encoding: gzip

`

// What Envoy's ext_authz sends with path_prefix: method, authority and path of
// the call, names in lower case, its own address behind the caller's.
const envoyAsks = `GET /forward-auth/envoy/orders/7?page=2 HTTP/1.1
host: api.example.com
authorization: TRUE
content-length: 0
dpop: PROOF
x-forwarded-for: 198.51.100.9,127.0.0.1
x-forwarded-proto: https
x-envoy-internal: true
x-envoy-expected-rq-timeout-ms: 5000

`

func TestProxyShapes_AreUnderstood(t *testing.T) {
	i := install(t, nowhere)
	p := i.program(t, nil, "orders:read")
	for name, shape := range map[string]string{"Traefik": traefikAsks, "Envoy": envoyAsks} {
		for _, c := range []struct {
			what, old, changed string
			status             int
		}{
			{"the right call", "", "", 200},
			{"nothing presented", "uthorization: TRUE\n", "ccept-Language: en\n", 401},
			{"another's token", "TRUE", "Bearer x", 401},
			{"a scope that is missing", "GET", "DELETE", 403},
			{"no such route", "/orders/7?", "/invoices?", 403},
			{"a token in the query", "page=2", "access_token=x", 401},
			{"an encoded slash", "/orders/7?", "/orders%2f7?", 403},
			{"two slashes", "/orders/7?", "//orders/7?", 403},
			{"dots", "/orders/7?", "/orders/x/../7?", 403},
			{"two Authorization headers", "ccept: */*\n", "uthorization: Basic eDp5\n", 401},
			{"two hosts in one", "api.example.com", "api.example.com,evil.example", 400},
		} {
			request := strings.ReplaceAll(shape, c.old, c.changed)
			if c.old == "" {
				request = shape
			}
			switch {
			case c.what == "a scope that is missing" && name == "Traefik": // asks by GET about everything
				request = strings.Replace(shape, "Method: GET", "Method: DELETE", 1)
			case strings.HasPrefix(c.what, "two Auth"):
				request = strings.Replace(shape, "TRUE\n", "TRUE\nAuthorization: Basic eDp5\n", 1)
			case strings.HasPrefix(c.what, "two hosts") && name == "Traefik":
				c.status = 403
			}
			request = strings.ReplaceAll(request, "TRUE", p.bearer())
			if w := i.asked(t, request); w.Code != c.status {
				t.Errorf("%s, %s: %d %s, want %d", name, c.what, w.Code, w.Body, c.status)
			}
		}
	}
}

func TestProxyShapes_CarryTheProofOfABoundToken(t *testing.T) {
	i := install(t, nowhere)
	p, key := i.program(t, nil, "orders:read"), testserver.NewProver(t)
	token := i.bound(t, p, key)
	for name, shape := range map[string]string{"Traefik": traefikAsks, "Envoy": envoyAsks} {
		for url, status := range map[string]int{orderURL: 200, "http://api.example.com/orders/7": 401, orderURL + "/x": 401} {
			request := strings.NewReplacer("TRUE", "DPoP "+token, "PROOF", key.Proof("GET", url, token, nil)).Replace(shape)
			if w := i.asked(t, request); w.Code != status {
				t.Errorf("%s, a proof for %s: %d %s", name, url, w.Code, w.Body)
			}
		}
	}
}

// The caller's own headers come along in Traefik's question: none of them says
// anything about call or caller.
func TestProxyShapes_CallersAddNothingToThem(t *testing.T) {
	i := install(t, nowhere)
	p := i.program(t, nil, "orders:read")
	const lies = "Claviger-Client-Id: forged\nClaviger_Client_Id: forged\nX-Original-Uri: /stats\nX-Original-Method: DELETE\nX-Original-Url: /x\n" +
		"X-Envoy-Original-Path: /x\nX-Http-Method-Override: DELETE\nForwarded: for=203.0.113.1;host=evil.example\nTrue-Client-Ip: 203.0.113.1\nConnection: Claviger-User-Id\n"
	for name, shape := range map[string]string{"Traefik": traefikAsks, "Envoy": envoyAsks} {
		request := strings.ReplaceAll(shape, "TRUE", p.bearer())
		w := i.asked(t, request[:len(request)-1]+lies+"\n")
		if w.Code != 200 || w.Header().Get("Claviger-Client-Id") != p.id || w.Header().Get("Claviger-User-Id") != i.admin.UserID {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
	// What the caller doubles by hand is refused where a proxy let it through.
	for _, double := range []string{"X-Forwarded-Uri: /x\n", "X-Forwarded-Method: GET\n", "X-Forwarded-Host: evil.example\n", "X-Forwarded-Proto: https\n"} {
		request := strings.ReplaceAll(traefikAsks, "TRUE", p.bearer())
		if w := i.asked(t, request[:len(request)-1]+double+"\n"); w.Code != 403 {
			t.Errorf("doubled %s: %d", double, w.Code)
		}
	}
}

// identityHeaders are the five, in small letters.
func identityHeaders() []string {
	return []string{"claviger-client-id", "claviger-account-id", "claviger-user-id", "claviger-scope", "claviger-request-id"}
}

// TestDeploy_TraefikAndEnvoy reads the configurations that no test runs with a
// real proxy: they are YAML, ask at our address, and name all that must be named.
func TestDeploy_TraefikAndEnvoyTakeAwayAndSetTheIdentity(t *testing.T) {
	for file, wants := range map[string][]string{
		"../../deploy/traefik/claviger.yaml": {`/forward-auth\?status=full$`, `^authorization$`, `^dpop$`, `^claviger_client_id$`, `^connection$`, `^upgrade$`},
		"../../deploy/envoy/envoy.yaml":      {`^/forward-auth/envoy$`, `^authorization$`, `^dpop$`, `^x-forwarded-proto$`, `^reject_request$`, `^serviceunavailable$`, `^x-forwarded-for$`},
	} {
		text, err := os.ReadFile(file)
		must(t, err)
		var document yaml.Node
		must(t, yaml.Unmarshal(text, &document))
		said := map[string]int{}
		collect(&document, said)
		for _, header := range identityHeaders() {
			if said[header] < 2 { // taken away, and set
				t.Errorf("%s names %s %d times", file, header, said[header])
			}
		}
		for _, want := range wants {
			pattern, found := regexp.MustCompile(want), false
			for text := range said {
				found = found || pattern.MatchString(text)
			}
			if !found {
				t.Errorf("%s does not say %s", file, want)
			}
		}
	}
}

// collect counts every scalar of a document, names and values, in small letters.
func collect(n *yaml.Node, into map[string]int) {
	if n.Kind == yaml.ScalarNode {
		into[strings.ToLower(n.Value)]++
	}
	for _, child := range n.Content {
		collect(child, into)
	}
}
