package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/testserver"
)

const (
	orderURL   = "https://api.example.com/orders/7"
	algorithms = `algs="ES256 ES384 ES512 PS256 RS256 EdDSA"`
)

// bound is a token of a program for all its scopes, bound to a key.
func (i *installation) bound(t testing.TB, p program, to *testserver.Prover) string {
	t.Helper()
	client, _ := i.Directory.Client(p.id)
	token, err := i.Tokens.Issue(t.Context(), client, accesstoken.IssueRequest{Confirmation: accesstoken.Confirmation{Key: to.Thumbprint()}})
	must(t, err)
	return token.Raw
}

func proving(proofs ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header["Dpop"] = proofs }
}

func challenges(w *httptest.ResponseRecorder) []string { return w.Header()["Www-Authenticate"] }

func TestForwardAuth_TakesABoundTokenWithAProofOfTheOriginalCall(t *testing.T) {
	i := install(t, nowhere)
	p, key := i.program(t, nil, "orders:read", "stats"), testserver.NewProver(t)
	token := i.bound(t, p, key)
	for name, c := range map[string]call{
		"as sent":                                {change: proving(key.Proof("GET", orderURL, token, nil))},
		"with a query, which counts for nothing": {uri: "/orders/7?page=2", change: proving(key.Proof("GET", orderURL+"?page=3", token, nil))},
		"on a port":                              {host: "api.example.com:8443", change: proving(key.Proof("GET", "https://api.example.com:8443/orders/7", token, nil))},
		"as X-Original-Url": {options: "?headers=original", change: func(r *http.Request) {
			r.Header["X-Original-Method"], r.Header["X-Original-Host"] = []string{"GET"}, []string{"api.example.com"}
			r.Header["X-Original-Url"], r.Header["X-Forwarded-Proto"] = []string{orderURL}, []string{"http"}
			proving(key.Proof("GET", orderURL, token, nil))(r)
		}},
		"as X-Original-Uri, which does not tell the scheme": {options: "?headers=original", change: func(r *http.Request) {
			r.Header["X-Original-Method"], r.Header["X-Original-Host"] = []string{"GET"}, []string{"api.example.com"}
			r.Header["X-Original-Uri"] = []string{"/orders/7"}
			proving(key.Proof("GET", orderURL, token, nil))(r)
		}},
		"the scheme in another case": {authorization: []string{"dPoP  " + token}, change: proving(key.Proof("GET", orderURL, token, nil))},
	} {
		if c.authorization == nil {
			c.authorization = []string{"DPoP " + token}
		}
		if w := i.ask(t, c); w.Code != 200 || w.Header().Get("Claviger-Client-Id") != p.id {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	http := call{authorization: []string{"DPoP " + token}, change: func(r *http.Request) {
		r.Header.Set("X-Forwarded-Proto", "http")
		proving(key.Proof("GET", orderURL, token, nil))(r)
	}}
	if w := i.ask(t, http); w.Code != 401 {
		t.Errorf("a proof for https on a call by http: %d", w.Code)
	}
}

// One case and more for each check of RFC 9449 section 4.3.
func TestForwardAuth_RefusesEveryProofThatIsNotOfThisCall(t *testing.T) {
	i := install(t, nowhere)
	p, key := i.program(t, nil, "orders:read"), testserver.NewProver(t)
	token := i.bound(t, p, key)
	for name, proofs := range testserver.BadProofs(t, key, "GET", orderURL, token) {
		w := i.ask(t, call{authorization: []string{"DPoP " + token}, change: proving(proofs...)})
		if w.Code != 401 || problem(t, w).Code != "invalid_token" || !slices.Equal(challenges(w), []string{`DPoP error="invalid_dpop_proof", ` + algorithms}) {
			t.Errorf("%s: %d %s %v", name, w.Code, w.Body, challenges(w))
		}
	}
	if w := i.ask(t, call{authorization: []string{"DPoP " + token}, change: proving(key.Proof("GET", orderURL, token, nil))}); w.Code != 200 {
		t.Errorf("the good one: %d %s", w.Code, w.Body)
	}
}

func TestForwardAuth_KeepsBoundAndPlainTokensApart(t *testing.T) {
	i := install(t, nowhere)
	p, key := i.program(t, nil, "orders:read"), testserver.NewProver(t)
	token := i.bound(t, p, key)
	for name, x := range map[string]struct {
		authorization string
		proofs        []string
		status        int
		challenges    []string
	}{
		"bound, as Bearer":               {"Bearer " + token, nil, 401, []string{`Bearer error="invalid_token"`, "DPoP " + algorithms}},
		"bound, as Bearer, with a proof": {"Bearer " + token, []string{key.Proof("GET", orderURL, token, nil)}, 401, []string{`Bearer error="invalid_token"`, "DPoP " + algorithms}},
		"plain, as DPoP":                 {"DPoP " + p.token, []string{key.Proof("GET", orderURL, p.token, nil)}, 401, []string{`DPoP error="invalid_token", ` + algorithms}},
		"nothing, as DPoP":               {"DPoP ", []string{key.Proof("GET", orderURL, "", nil)}, 401, []string{`DPoP error="invalid_token", ` + algorithms}},
		"a proof and no token":           {"", []string{key.Proof("GET", orderURL, token, nil)}, 401, []string{"Bearer"}},
		"plain, as Bearer, with junk":    {"Bearer " + p.token, []string{"junk", "junk"}, 200, nil},
		"Basic with junk":                {basicValue(p.id, p.secret), []string{"junk"}, 200, nil},
	} {
		c := call{change: proving(x.proofs...)}
		if x.authorization != "" {
			c.authorization = []string{x.authorization}
		}
		if w := i.ask(t, c); w.Code != x.status || !slices.Equal(challenges(w), x.challenges) {
			t.Errorf("%s: %d %v", name, w.Code, challenges(w))
		}
	}
	poor := i.ask(t, call{method: "POST", authorization: []string{"DPoP " + token}, change: proving(key.Proof("POST", orderURL, token, nil))})
	if want := []string{`DPoP error="insufficient_scope", scope="orders:write", ` + algorithms}; poor.Code != 403 || !slices.Equal(challenges(poor), want) {
		t.Errorf("without the scope: %d %v", poor.Code, challenges(poor))
	}
}

func TestForwardAuth_LetsOneOfTwentyReplaysIn(t *testing.T) {
	i := install(t, nowhere)
	p, key := i.program(t, nil, "orders:read"), testserver.NewProver(t)
	token := i.bound(t, p, key)
	c := call{authorization: []string{"DPoP " + token}, change: proving(key.Proof("GET", orderURL, token, nil))}
	var group sync.WaitGroup
	codes := make([]int, 20)
	for n := range codes {
		group.Go(func() { codes[n] = i.ask(t, c).Code })
	}
	group.Wait()
	slices.Sort(codes)
	if codes[0] != 200 || codes[1] != 401 || codes[19] != 401 {
		t.Errorf("%v", codes)
	}
}

// The proof is of the call that Envoy tells of, not of the check request.
func TestEnvoy_TakesABoundTokenWithAProofOfTheOriginalCall(t *testing.T) {
	i := install(t, nowhere)
	p, key := i.program(t, nil, "orders:read"), testserver.NewProver(t)
	token := i.bound(t, p, key)
	ask := func(proof, proto string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://api.example.com/forward-auth/envoy/orders/7?x=y", nil)
		r.RemoteAddr, r.RequestURI = "127.0.0.1:4711", "/forward-auth/envoy/orders/7?x=y"
		r.Header = http.Header{"Authorization": {"DPoP " + token}, "Dpop": {proof}}
		if proto != "" {
			r.Header.Set("X-Forwarded-Proto", proto)
		}
		w := httptest.NewRecorder()
		i.public.ServeHTTP(w, r)
		return w.Code
	}
	for name, x := range map[string]struct {
		url, proto string
		status     int
	}{
		"the call":            {orderURL, "https", 200},
		"no scheme told":      {orderURL, "", 200},
		"another scheme":      {orderURL, "http", 401},
		"the check's address": {"https://api.example.com/forward-auth/envoy/orders/7", "https", 401},
	} {
		if code := ask(key.Proof("GET", x.url, token, nil), x.proto); code != x.status {
			t.Errorf("%s: %d", name, code)
		}
	}
}

// The token goes upstream only where the API's setting says so, and a bound one
// with its proof.
func TestGateway_TakesABoundTokenAndPassesTheProofOnWithIt(t *testing.T) {
	u := newUpstream(t, func(http.ResponseWriter, *http.Request) {})
	i := install(t, u.URL)
	p, key := i.program(t, nil, "orders:read", "stats"), testserver.NewProver(t)
	token := i.bound(t, p, key)
	send := func(host, path, authorization, proof string, secure bool) (*httptest.ResponseRecorder, *http.Request) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+path, nil)
		r.RemoteAddr, r.RequestURI = "198.51.100.9:4711", path
		if secure { // TLS ended at a proxy that is trusted
			r.RemoteAddr = "127.0.0.1:4711"
			r.Header.Set("X-Forwarded-Proto", "https")
		}
		r.Header.Set("Authorization", authorization)
		r.Header.Set("DPoP", proof)
		w := httptest.NewRecorder()
		i.gateway.ServeHTTP(w, r)
		if w.Code != 200 {
			return w, nil
		}
		return w, u.last(t)
	}
	w, got := send("api.example.com", "/orders/7", "DPoP "+token, key.Proof("GET", "http://api.example.com/orders/7", token, nil), false)
	if w.Code != 200 || got.Header["Authorization"] != nil || got.Header["Dpop"] != nil {
		t.Errorf("orders: %d %s", w.Code, w.Body)
	}
	proof := key.Proof("GET", "https://stats.example.com/x", token, nil)
	w, got = send("stats.example.com", "/x", "DPoP "+token, proof, true)
	if w.Code != 200 || got.Header.Get("Authorization") != "DPoP "+token || got.Header.Get("DPoP") != proof {
		t.Errorf("stats: %d %s", w.Code, w.Body)
	}
	w, got = send("stats.example.com", "/x", "Bearer "+p.token, "junk", true)
	if w.Code != 200 || got.Header["Dpop"] != nil {
		t.Errorf("a proof that nobody looked at went upstream: %d", w.Code)
	}
	if w, _ := send("stats.example.com", "/x", "DPoP "+token, proof, true); w.Code != 401 {
		t.Errorf("used before: %d", w.Code)
	}
	if w, _ := send("stats.example.com", "/x", "DPoP "+token, key.Proof("GET", "https://stats.example.com/x", token, nil), false); w.Code != 401 {
		t.Errorf("https in the proof of a call by http: %d", w.Code)
	}
	for name, proofs := range testserver.BadProofs(t, key, "GET", "http://api.example.com/orders/7", token) {
		if len(proofs) != 1 {
			continue
		}
		if w, _ := send("api.example.com", "/orders/7", "DPoP "+token, proofs[0], false); w.Code != 401 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}
