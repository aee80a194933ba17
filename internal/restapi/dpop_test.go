package restapi_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/testserver"
)

func TestToken_ThatIsBoundNeedsAProofOfTheRequest(t *testing.T) {
	i := install(t)
	const address, algorithms = issuerURL + "/api/v1/credentials", `algs="ES256 ES384 ES512 PS256 RS256 EdDSA"`
	id, _ := i.create(i.as("ada"), `{"name":"x","scopes":["claviger:credentials:read"]}`)
	client, _ := i.Directory.Client(id)
	p := testserver.NewProver(t)
	issued, err := i.Tokens.Issue(t.Context(), client, accesstoken.IssueRequest{Confirmation: accesstoken.Confirmation{Key: p.Thumbprint()}})
	must(t, err)
	bound, plain := issued.Raw, i.credentialToken(id)
	send := func(scheme, token string, proofs ...string) *answer {
		return i.send(func(r *http.Request) {
			r.Header.Set("Authorization", scheme+" "+token)
			r.Header["Dpop"] = proofs
		}, http.MethodGet, "/credentials?level=user", "")
	}
	once := p.Proof("GET", address, bound, nil)
	if a := send("DPoP", bound, once); a.status != 200 {
		t.Fatalf("a good proof: %d %s", a.status, a.text)
	}
	for name, proofs := range testserver.BadProofs(t, p, "GET", address, bound) {
		a := send("DPoP", bound, proofs...)
		if want := []string{`DPoP error="invalid_dpop_proof", ` + algorithms}; a.status != 401 || a.code() != "unauthenticated" || !slices.Equal(a.header["Www-Authenticate"], want) {
			t.Errorf("%s: %d %s %v", name, a.status, a.text, a.header["Www-Authenticate"])
		}
	}
	for name, x := range map[string]struct {
		answer     *answer
		challenges []string
	}{
		"used before":      {send("DPoP", bound, once), []string{`DPoP error="invalid_dpop_proof", ` + algorithms}},
		"bound, as Bearer": {send("Bearer", bound, p.Proof("GET", address, bound, nil)), []string{"Bearer", "DPoP " + algorithms}},
		"unbound, as DPoP": {send("DPoP", plain, p.Proof("GET", address, plain, nil)), []string{`DPoP error="invalid_token", ` + algorithms}},
	} {
		if x.answer.status != 401 || !slices.Equal(x.answer.header["Www-Authenticate"], x.challenges) {
			t.Errorf("%s: %d %v", name, x.answer.status, x.answer.header["Www-Authenticate"])
		}
	}
	create := i.send(func(r *http.Request) {
		r.Header.Set("Authorization", "DPoP "+bound)
		r.Header.Set("DPoP", p.Proof("POST", address, bound, nil))
	}, http.MethodPost, "/credentials", `{"name":"y","scopes":["stats"]}`)
	if create.status != 403 {
		t.Errorf("a proof for POST, without the scope: %d %s", create.status, create.text)
	}
	if a := send("Bearer", plain); a.status != 200 {
		t.Errorf("a plain token: %d %s", a.status, a.text)
	}
}
