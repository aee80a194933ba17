package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/testserver"
)

// bind gets an access token that is bound to a key (RFC 9449 section 5).
func (in *installation) bind(t *testing.T, c credential, to *testserver.Prover) string {
	t.Helper()
	endpoint := in.address + "/oauth2/token"
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}, "client_secret": {c.secret}}.Encode()
	got := call(t, "POST", endpoint, form, "Content-Type", formType, "Dpop", to.Proof("POST", endpoint, "", nil))
	if got.status != 200 || got.json(t)["token_type"] != "DPoP" {
		t.Fatalf("getting a bound token: %d %s", got.status, got.body)
	}
	return got.json(t)["access_token"].(string)
}

// boundTokens: the proof is of the call that the program made, whatever stands
// between, and it ends here as the token does.
func (p *proxyUnderTest) boundTokens(t *testing.T) {
	c, key := p.create(t, []string{"orders:read"}, nil), testserver.NewProver(t)
	token := p.bind(t, c, key)
	at := p.scheme() + "://" + ordersHost + "/orders/42"
	ask := func(scheme string, proofs ...string) answer {
		header := []string{"Authorization", scheme + " " + token}
		for _, proof := range proofs {
			header = append(header, "Dpop", proof)
		}
		return p.send(t, program, "GET", "/orders/42?page=2", "", header...)
	}
	p.refused(t, "bound, as Bearer", ask("Bearer", key.Proof("GET", at, token, nil)), 401, 403)
	if p.tokensAlone {
		p.refused(t, "bound, where nobody checks proofs", ask("DPoP", key.Proof("GET", at, token, nil)), 401, 403)
		return
	}
	once := key.Proof("GET", at, token, nil)
	seen := p.passed(t, ask("DPoP", once))
	p.identity(t, seen, c.id, "orders:read")
	if got := seen.header.Values("DPoP"); len(got) != 0 {
		t.Error("the API sees the proof")
	}
	for what, proofs := range map[string][]string{
		"used before":          {once},
		"no proof":             nil,
		"two proofs":           {key.Proof("GET", at, token, nil), key.Proof("GET", at, token, nil)},
		"for another path":     {key.Proof("GET", at+"3", token, nil)},
		"for another method":   {key.Proof("POST", at, token, nil)},
		"by another's key":     {testserver.NewProver(t).Proof("GET", at, token, nil)},
		"of Claviger's own":    {key.Proof("GET", p.address+"/forward-auth", token, nil)},
		"for the other scheme": {key.Proof("GET", map[string]string{"http": "https", "https": "http"}[p.scheme()]+at[len(p.scheme()):], token, nil)},
	} {
		a := ask("DPoP", proofs...)
		p.refused(t, what, a, 401)
		if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `DPoP error="invalid_dpop_proof", algs="`) {
			t.Errorf("%s: WWW-Authenticate: %q", what, got)
		}
	}
}
