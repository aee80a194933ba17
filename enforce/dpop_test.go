package enforce_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/claviger/claviger/enforce"
	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/testserver"
)

// What httptest's requests say of where they go.
const (
	callURL    = "http://example.com/orders"
	algorithms = `algs="ES256 ES384 ES512 PS256 RS256 EdDSA"`
)

// bound is a new access token of a credential for all its scopes, bound to a key.
func (i *installation) bound(id string, to accesstoken.Confirmation) string {
	i.t.Helper()
	client, _ := i.Directory.Client(id)
	token, err := i.Tokens.Issue(i.t.Context(), client, accesstoken.IssueRequest{Confirmation: to})
	must(i.t, err)
	return token.Raw
}

func proving(scheme, token string, proofs ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", scheme+" "+token)
		r.Header["Dpop"] = proofs
	}
}

// One case and more for each check of RFC 9449 section 4.3.
func TestRequire_TakesABoundTokenWithAProofOfTheCallAlone(t *testing.T) {
	i := install(t)
	v := i.following(nil)
	id, _ := i.credential("orders:read")
	key := testserver.NewProver(t)
	token := i.bound(id, accesstoken.Confirmation{Key: key.Thumbprint()})
	once := key.Proof("GET", callURL, token, nil)
	if w := call(v, proving("DPoP", token, once), "orders:read"); w.Code != 200 || w.Body.String() != id {
		t.Fatalf("a good proof: %d %s", w.Code, w.Body)
	}
	for name, proofs := range testserver.BadProofs(t, key, "GET", callURL, token) {
		w := call(v, proving("DPoP", token, proofs...), "orders:read")
		if want := []string{`DPoP error="invalid_dpop_proof", ` + algorithms}; w.Code != 401 || !slices.Equal(w.Header()["Www-Authenticate"], want) {
			t.Errorf("%s: %d %v", name, w.Code, w.Header()["Www-Authenticate"])
		}
	}
	plain := i.token(id)
	good := func(token string) string { return key.Proof("GET", callURL, token, nil) }
	certificate := i.bound(id, accesstoken.Confirmation{Key: key.Thumbprint(), Certificate: key.Thumbprint()})
	for name, x := range map[string]struct {
		change     func(*http.Request)
		status     int
		challenges []string
	}{
		"used before":                   {proving("DPoP", token, once), 401, []string{`DPoP error="invalid_dpop_proof", ` + algorithms}},
		"bound, as Bearer":              {proving("Bearer", token, good(token)), 401, []string{`Bearer error="invalid_token"`, "DPoP " + algorithms}},
		"plain, as DPoP":                {proving("DPoP", plain, good(plain)), 401, []string{`DPoP error="invalid_token", ` + algorithms}},
		"bound to a certificate, too":   {proving("DPoP", certificate, good(certificate)), 401, []string{`DPoP error="invalid_token", ` + algorithms}},
		"a proof for another token":     {proving("DPoP", plain+"x", good(plain)), 401, []string{`DPoP error="invalid_token", ` + algorithms}},
		"plain, as Bearer, beside junk": {proving("Bearer", plain, "junk", "junk"), 200, nil},
		"the scheme in another case":    {proving("dpop", token, good(token)), 200, nil},
	} {
		w := call(v, x.change, "orders:read")
		if w.Code != x.status || !slices.Equal(w.Header()["Www-Authenticate"], x.challenges) {
			t.Errorf("%s: %d %v", name, w.Code, w.Header()["Www-Authenticate"])
		}
	}
	w := call(v, proving("DPoP", token, good(token)), "orders:write")
	if want := []string{`DPoP error="insufficient_scope", scope="orders:write", ` + algorithms}; w.Code != 403 || !slices.Equal(w.Header()["Www-Authenticate"], want) {
		t.Errorf("without the scope: %d %v", w.Code, w.Header()["Www-Authenticate"])
	}
	_, err := i.Lifecycle.DisableCredential(t.Context(), i.admin, id)
	must(t, err)
	i.soon("its credential disabled", func() bool {
		w := call(v, proving("DPoP", token, good(token)), "orders:read")
		return w.Code == 401 && w.Header().Get("WWW-Authenticate") == `DPoP error="invalid_token", `+algorithms
	})
}

func TestRequire_LetsOneOfTwentyReplaysIn(t *testing.T) {
	i := install(t)
	v := i.verifier(nil)
	id, _ := i.credential("orders:read")
	key := testserver.NewProver(t)
	token := i.bound(id, accesstoken.Confirmation{Key: key.Thumbprint()})
	once := proving("DPoP", token, key.Proof("GET", callURL, token, nil))
	var group sync.WaitGroup
	codes := make([]int, 20)
	for n := range codes {
		group.Go(func() { codes[n] = call(v, once, "orders:read").Code })
	}
	group.Wait()
	slices.Sort(codes)
	if codes[0] != 200 || codes[1] != 401 || codes[19] != 401 {
		t.Errorf("%v", codes)
	}
}

func TestConfig_PublicURLIsWhatProofsMustName(t *testing.T) {
	i := install(t)
	id, _ := i.credential("orders:read")
	key := testserver.NewProver(t)
	token := i.bound(id, accesstoken.Confirmation{Key: key.Thumbprint()})
	for _, x := range []struct {
		public, htu string
		tls         bool
		status      int
	}{
		{"", callURL, false, 200},
		{"", "https://example.com/orders", false, 401},
		{"", "https://example.com/orders", true, 200},
		{"", "https://EXAMPLE.com:443/x/../%6Frders?a=b", true, 200},
		{"https://api.example.net", "https://api.example.net/orders", false, 200},
		{"https://api.example.net", "https://api.example.net:8443/orders", false, 401},
		{"https://api.example.net", callURL, false, 401},
		{"https://api.example.net/shop/", "https://api.example.net/shop/orders", false, 200},
		{"https://api.example.net/shop", "https://api.example.net/orders", false, 401},
	} {
		v := i.verifier(func(c *enforce.Config) { c.PublicURL = x.public })
		w := call(v, func(r *http.Request) {
			proving("DPoP", token, key.Proof("GET", x.htu, token, nil))(r)
			if x.tls {
				r.TLS = &tls.ConnectionState{}
			}
		}, "orders:read")
		if w.Code != x.status {
			t.Errorf("%+v: %d %s", x, w.Code, w.Body)
		}
	}
	for _, bad := range []string{"api.example.com", "ftp://api.example.com", "https://", "https://u@api.example.com", "https://api.example.com?", "https://api.example.com/#"} {
		if _, err := enforce.New(enforce.Config{Issuer: i.url, Audience: audience, PublicURL: bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestVerifyRequest_TellsWhatTheTokenIsBoundTo(t *testing.T) {
	i := install(t)
	v := i.verifier(nil)
	id, _ := i.credential("orders:read")
	key := testserver.NewProver(t)
	token := i.bound(id, accesstoken.Confirmation{Key: key.Thumbprint()})
	request := func(change func(*http.Request)) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, callURL, http.NoBody)
		must(t, err)
		change(r)
		return r
	}
	claims, err := v.VerifyRequest(request(proving("DPoP", token, key.Proof("GET", callURL, token, nil))))
	must(t, err)
	if claims.ClientID != id || claims.Confirmation.Key != key.Thumbprint() || !claims.Confirmation.Bound() {
		t.Errorf("%+v", claims)
	}
	claims, err = v.VerifyRequest(request(bearer(i.token(id))))
	must(t, err)
	if claims.Confirmation.Bound() {
		t.Errorf("%+v", claims)
	}
	for name, change := range map[string]func(*http.Request){
		"nothing":     func(*http.Request) {},
		"Basic":       func(r *http.Request) { r.SetBasicAuth("a", "b") },
		"bound alone": bearer(token),
		"two headers": func(r *http.Request) {
			r.Header["Authorization"] = []string{"Bearer " + i.token(id), "Bearer " + i.token(id)}
		},
	} {
		if _, err := v.VerifyRequest(request(change)); !errors.Is(err, enforce.ErrInvalidToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A proof lives for a minute either way.
func TestRequire_MeasuresProofsByItsClock(t *testing.T) {
	i := install(t)
	now := time.Now()
	v := i.verifier(func(c *enforce.Config) { c.Clock = func() time.Time { return now } })
	id, _ := i.credential("orders:read")
	key := testserver.NewProver(t)
	token := i.bound(id, accesstoken.Confirmation{Key: key.Thumbprint()})
	began := time.Now().Truncate(time.Second) // the token is no younger
	for age, status := range map[time.Duration]int{0: 200, 60 * time.Second: 200, 61 * time.Second: 401, -3 * time.Second: 200} {
		now = began.Add(age)
		proof := key.Proof("GET", callURL, token, func(_, c testserver.Members) { c["iat"] = began.Unix() })
		if w := call(v, proving("DPoP", token, proof), "orders:read"); w.Code != status {
			t.Errorf("%v old: %d %s", age, w.Code, w.Body)
		}
	}
}
