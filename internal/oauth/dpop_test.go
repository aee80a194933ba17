package oauth_test

import (
	"bufio"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/proof"
	"github.com/claviger/claviger/internal/testserver"
)

const tokenURL = issuerURL + tokenPath

// proving sends DPoP headers.
func proving(proofs ...string) func(*http.Request) {
	return func(r *http.Request) {
		for _, p := range proofs {
			r.Header.Add("DPoP", p)
		}
	}
}

// sending is a token by a scheme of its own.
func sending(scheme, token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", scheme+" "+token) }
}

// RFC 9449 section 5.
func TestDPoP_BindsTheTokenToTheKeyThatWasProved(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read")
	p := testserver.NewProver(t)
	w := i.post(t, tokenPath, grant, basic(id, secret), proving(p.Proof("POST", tokenURL, "", nil)))
	answer := members(t, w)
	if w.Code != 200 || answer["token_type"] != "DPoP" || answer["scope"] != "orders:read" {
		t.Fatalf("%d %v", w.Code, answer)
	}
	claims := decodedClaims(t, answer["access_token"].(string))
	if diff := cmp.Diff(map[string]any{"jkt": p.Thumbprint()}, claims["cnf"]); diff != "" {
		t.Error(diff)
	}
	plain := members(t, i.post(t, tokenPath, grant, basic(id, secret)))
	if plain["token_type"] != "Bearer" || decodedClaims(t, plain["access_token"].(string))["cnf"] != nil {
		t.Errorf("without a proof: %v", plain)
	}
}

// One case and more for each check of RFC 9449 section 4.3.
func TestDPoP_RefusesEveryProofThatIsNotOfThisRequest(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read")
	p := testserver.NewProver(t)
	for name, proofs := range testserver.BadProofs(t, p, "POST", tokenURL, "") {
		w := i.post(t, tokenPath, grant, basic(id, secret), proving(proofs...))
		if answer := members(t, w); w.Code != 400 || answer["error"] != "invalid_dpop_proof" || answer["access_token"] != nil ||
			w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("WWW-Authenticate") != "" {
			t.Errorf("%s: %d %v", name, w.Code, answer)
		}
	}
	if w := i.post(t, tokenPath, grant, basic(id, secret), proving(p.Proof("POST", tokenURL, "", nil))); w.Code != 200 {
		t.Errorf("the good one: %d %s", w.Code, w.Body)
	}
}

// RFC 9449 section 4.3 counts on RFC 3986 sections 6.2.2 and 6.2.3.
func TestDPoP_TakesEverySpellingOfTheTokenEndpoint(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read")
	p := testserver.NewProver(t)
	for _, address := range []string{
		tokenURL + "?a=b", tokenURL + "#c", "HTTPS://LOGIN.example.COM/oauth2/token", "https://login.example.com:443/oauth2/token",
		"https://login.example.com:/oauth2/token", "https://login.example.com/x/../oauth2/./token", "https://login.example.com/o%61uth2/t%6Fken",
	} {
		if w := i.post(t, tokenPath, grant, basic(id, secret), proving(p.Proof("POST", address, "", nil))); w.Code != 200 {
			t.Errorf("%s: %d %s", address, w.Code, w.Body)
		}
	}
}

func TestDPoP_ChecksTheClientBeforeTheProofAndTheProofBeforeTheScope(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read")
	bad := proving("x")
	for name, got := range map[string]struct {
		body string
		who  func(*http.Request)
		code string
	}{
		"client": {grant + "&scope=nope", basic(id, "wrong"), "invalid_client"},
		"grant":  {"grant_type=password", basic(id, secret), "unsupported_grant_type"},
		"proof":  {grant + "&scope=nope", basic(id, secret), "invalid_dpop_proof"},
	} {
		if answer := members(t, i.post(t, tokenPath, got.body, got.who, bad)); answer["error"] != got.code {
			t.Errorf("%s: %v", name, answer)
		}
	}
}

func TestDPoP_OfTwentyReplaysInParallelExactlyOneSucceeds(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read")
	once := proving(testserver.NewProver(t).Proof("POST", tokenURL, "", nil))
	var group sync.WaitGroup
	codes := make([]int, 20)
	for n := range codes {
		group.Go(func() { codes[n] = i.post(t, tokenPath, grant, basic(id, secret), once).Code })
	}
	group.Wait()
	slices.Sort(codes)
	if codes[0] != 200 || codes[1] != 400 || codes[19] != 400 {
		t.Errorf("%v", codes)
	}
}

// The jti is the key's: another key may use the same one.
func TestDPoP_KeepsTheProofsOfTwoKeysApart(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read")
	same := func(_, c testserver.Members) { c["jti"] = "one" }
	one, two := testserver.NewProver(t), testserver.NewProver(t)
	for _, p := range []*testserver.Prover{one, two} {
		if w := i.post(t, tokenPath, grant, basic(id, secret), proving(p.Proof("POST", tokenURL, "", same))); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	again := one.Proof("POST", tokenURL, "", func(h, c testserver.Members) { same(h, c); c["iat"] = time.Now().Unix() - 1 })
	if w := i.post(t, tokenPath, grant, basic(id, secret), proving(again)); w.Code != 400 {
		t.Errorf("its own again, in another proof: %d %s", w.Code, w.Body)
	}
}

// VCC's programs know Bearer alone (R16).
func TestDPoP_IsNotLookedAtOnTheVCCPath(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read")
	for _, header := range []string{"x", testserver.NewProver(t).Proof("POST", issuerURL+"/Auth/connect/token", "", nil)} {
		w := i.post(t, "/Auth/connect/token", grant+"&scope=orders:read", basic(id, secret), proving(header))
		answer := members(t, w)
		if w.Code != 200 || answer["token_type"] != "Bearer" || decodedClaims(t, answer["access_token"].(string))["cnf"] != nil {
			t.Errorf("%d %v", w.Code, answer)
		}
	}
}

func TestDPoP_IsInTheMetadata(t *testing.T) {
	i := install(t)
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/api/v1"} {
		got := members(t, i.get(t, http.MethodGet, path))["dpop_signing_alg_values_supported"]
		var want []any
		for _, algorithm := range proof.Algorithms() {
			want = append(want, algorithm)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

// boundBearer is a token of the management API that is bound to p.
func (i *installation) boundBearer(t *testing.T, p *testserver.Prover, scopes ...string) string {
	t.Helper()
	id, secret := i.credential(t, nil, scopes...)
	w := i.post(t, tokenPath, grant, basic(id, secret), proving(p.Proof("POST", tokenURL, "", nil)))
	token, ok := members(t, w)["access_token"].(string)
	if !ok {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return token
}

const challenge = `algs="ES256 ES384 ES512 PS256 RS256 EdDSA"`

func TestIntrospection_TakesABoundBearerWithItsProofAlone(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read")
	token := i.token(t, id, secret, "")
	p := testserver.NewProver(t)
	bound := i.boundBearer(t, p, apicred.ScopeIntrospect)
	const address = issuerURL + introspectionPath
	once := p.Proof("POST", address, bound, nil)
	ask := func(change ...func(*http.Request)) (int, []string) {
		w := i.post(t, introspectionPath, "token="+token, change...)
		return w.Code, w.Header()["Www-Authenticate"]
	}
	if code, _ := ask(sending("DPoP", bound), proving(once)); code != 200 {
		t.Fatalf("a good proof: %d", code)
	}
	for name, proofs := range testserver.BadProofs(t, p, "POST", address, bound) {
		if code, header := ask(sending("DPoP", bound), proving(proofs...)); code != 401 || !slices.Equal(header, []string{`DPoP error="invalid_dpop_proof", ` + challenge}) {
			t.Errorf("%s: %d %v", name, code, header)
		}
	}
	if code, header := ask(sending("DPoP", bound), proving(once)); code != 401 || !slices.Equal(header, []string{`DPoP error="invalid_dpop_proof", ` + challenge}) {
		t.Errorf("used before: %d %v", code, header)
	}
	if code, header := ask(sending("Bearer", bound), proving(p.Proof("POST", address, bound, nil))); code != 401 ||
		!slices.Equal(header, []string{`Bearer error="invalid_token"`, "DPoP " + challenge}) {
		t.Errorf("bound, as Bearer: %d %v", code, header)
	}
	plainID, plainSecret := i.credential(t, nil, apicred.ScopeIntrospect)
	plain := i.token(t, plainID, plainSecret, "")
	if code, header := ask(sending("DPoP", plain), proving(p.Proof("POST", address, plain, nil))); code != 401 ||
		!slices.Equal(header, []string{`DPoP error="invalid_token", ` + challenge}) {
		t.Errorf("unbound, as DPoP: %d %v", code, header)
	}
	poor := i.boundBearer(t, p, "claviger:credentials:read")
	if code, header := ask(sending("dpop", poor), proving(p.Proof("POST", address, poor, nil))); code != 403 ||
		!slices.Equal(header, []string{`DPoP error="insufficient_scope", scope="claviger:introspect", ` + challenge}) {
		t.Errorf("without the scope: %d %v", code, header)
	}
}

// The feed judges its follower again and again; the proof is of the one request.
func TestFeed_TakesABoundBearerWithOneProof(t *testing.T) {
	i := install(t)
	p := testserver.NewProver(t)
	bound := i.boundBearer(t, p, apicred.ScopeFeed)
	once := p.Proof("GET", issuerURL+"/revocations", bound, nil)
	for _, status := range []int{200, 401} {
		if w := i.get(t, "GET", "/revocations?wait=0", sending("DPoP", bound), proving(once)); w.Code != status {
			t.Errorf("%d %s, want %d", w.Code, w.Body, status)
		}
	}
	// A stream goes on with it: each line is sent to one who may still ask.
	follower := i.follower(t)
	server := follower.served(t, nil)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/revocations", http.NoBody)
	must(t, err)
	sending("DPoP", bound)(r)
	proving(p.Proof("GET", issuerURL+"/revocations", bound, nil))(r)
	r.Header.Set("Accept", "text/event-stream")
	response, err := server.Client().Do(r)
	must(t, err)
	defer func() { must(t, response.Body.Close()) }()
	lines, comments := bufio.NewScanner(response.Body), 0
	for comments < 2 && lines.Scan() { // one a second
		if strings.HasPrefix(lines.Text(), ":") {
			comments++
		}
	}
	if comments < 2 {
		t.Errorf("the stream ended: %d %v", response.StatusCode, lines.Err())
	}
}

// What is refused can be explained, and nothing of the proof is in the log.
func TestDPoP_LogsTheCauseAndNoProof(t *testing.T) {
	i := install(t)
	id, secret := i.credential(t, nil, "orders:read")
	sent := testserver.NewProver(t).Proof("GET", tokenURL, "", nil)
	w := i.post(t, tokenPath, grant, basic(id, secret), proving(sent))
	if w.Code != 400 || !strings.Contains(i.Log.String(), "dpop: htm is another method") {
		t.Errorf("%d %s", w.Code, i.Log)
	}
	if strings.Contains(i.Log.String(), sent[:40]) || strings.Contains(w.Body.String(), sent[:40]) {
		t.Error("the proof is shown")
	}
	e, err := i.Lifecycle.Explain(t.Context(), i.admin, lifecycle.ExplainRequest{RequestID: w.Header().Get("Claviger-Request-Id")})
	if err != nil || e.Code != "invalid_dpop_proof" || e.Rule != "proof" || e.Credential.ClientID != id {
		t.Errorf("explained as %+v, %v", e, err)
	}
}
