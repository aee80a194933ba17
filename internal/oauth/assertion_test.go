package oauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// claimSet is the payload of an assertion.
type claimSet map[string]any

// keyed makes a credential that signs with keys.
func (i *installation) keyed(t testing.TB, keys map[string]crypto.Signer, change func(*lifecycle.NewCredential), scopes ...string) string {
	t.Helper()
	var set jose.JSONWebKeySet
	for kid, key := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: kid})
	}
	raw, err := json.Marshal(set)
	must(t, err)
	id, _ := i.credential(t, func(in *lifecycle.NewCredential) {
		in.Method, in.KeySet = apicred.AuthenticationPrivateKeyJWT, raw
		if change != nil {
			change(in)
		}
	}, scopes...)
	return id
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

// goodClaims are what S14 asks for.
func goodClaims(clientID string) claimSet {
	now := time.Now()
	return claimSet{
		"iss": clientID, "sub": clientID, "aud": issuerURL, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
}

// with is the claims with one of them another; nil: without it.
func (c claimSet) with(name string, value any) claimSet {
	if value == nil {
		delete(c, name)
	} else {
		c[name] = value
	}
	return c
}

// sign makes an assertion with somebody else's library.
func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, kid string, claims claimSet, headers ...string) string {
	t.Helper()
	options := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{}}
	if kid != "" {
		options.ExtraHeaders["kid"] = kid
	}
	for i := 0; i < len(headers); i += 2 {
		options.ExtraHeaders[jose.HeaderKey(headers[i])] = headers[i+1]
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	must(t, err)
	payload, err := json.Marshal(claims)
	must(t, err)
	signed, err := signer.Sign(payload)
	must(t, err)
	raw, err := signed.CompactSerialize()
	must(t, err)
	return raw
}

// compact makes a token of any header, signed with ES256 over what it says.
func compact(t testing.TB, key *ecdsa.PrivateKey, header string, claims claimSet) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	must(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	must(t, err)
	return signed + "." + encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func asserting(assertion string) string {
	return "client_assertion_type=" + url.QueryEscape(jwtBearer) + "&client_assertion=" + url.QueryEscape(assertion)
}

func TestAssertion_IsTakenInEveryAlgorithmOfTheMetadata(t *testing.T) {
	i := install(t)
	curve := func(c elliptic.Curve) crypto.Signer {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		must(t, err)
		return key
	}
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	keys := map[string]crypto.Signer{"a": curve(elliptic.P256()), "b": curve(elliptic.P384()), "c": curve(elliptic.P521()), "d": edwards, "e": modulus}
	id := i.keyed(t, keys, nil, "stats")
	offered := members(t, i.get(t, http.MethodGet, "/.well-known/oauth-authorization-server"))["token_endpoint_auth_signing_alg_values_supported"].([]any)
	kids := map[string]string{"ES256": "a", "ES384": "b", "ES512": "c", "EdDSA": "d", "RS256": "e", "PS256": "e"}
	if len(offered) != len(kids) {
		t.Fatalf("the metadata offers %v", offered)
	}
	for _, algorithm := range offered {
		kid := kids[algorithm.(string)]
		assertion := sign(t, jose.SignatureAlgorithm(algorithm.(string)), keys[kid], kid, goodClaims(id))
		if w := i.post(t, tokenPath, grant+"&client_id="+id+"&"+asserting(assertion)); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", algorithm, w.Code, w.Body)
		}
	}
}

func TestAssertion_RefusesEveryVariantWithOneAnswer(t *testing.T) {
	i := install(t)
	key, second, strange := newKey(t), newKey(t), newKey(t)
	id := i.keyed(t, map[string]crypto.Signer{"one": key, "two": second}, nil, "stats")
	other := i.keyed(t, map[string]crypto.Signer{"one": strange}, nil, "stats")
	secretID, _ := i.credential(t, nil, "stats")
	es256 := func(claims claimSet) string { return sign(t, jose.ES256, key, "one", claims) }
	now := time.Now()
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	public, err := json.Marshal(jose.JSONWebKey{Key: key.Public()})
	must(t, err)
	good := es256(goodClaims(id))
	replayed := es256(goodClaims(id))
	if w := i.post(t, tokenPath, grant+"&"+asserting(replayed)); w.Code != http.StatusOK {
		t.Fatalf("the good one: %d %s", w.Code, w.Body)
	}
	variants := map[string]string{
		"alg none":                     compact(t, key, `{"alg":"none","kid":"one"}`, goodClaims(id)),
		"alg none without signature":   unsigned(t, `{"alg":"none"}`, goodClaims(id)),
		"HS256 under the public key":   sign(t, jose.HS256, append(public, make([]byte, 32)...), "one", goodClaims(id)),
		"alg missing":                  compact(t, key, `{"kid":"one"}`, goodClaims(id)),
		"alg of another kind":          compact(t, key, `{"alg":"RS256","kid":"one"}`, goodClaims(id)),
		"aud a list of the issuer":     es256(goodClaims(id).with("aud", []string{issuerURL})),
		"aud the token endpoint":       es256(goodClaims(id).with("aud", issuerURL+tokenPath)),
		"aud with a slash":             es256(goodClaims(id).with("aud", issuerURL+"/")),
		"aud a list of two":            es256(goodClaims(id).with("aud", []string{issuerURL, "https://other.example"})),
		"aud another server":           es256(goodClaims(id).with("aud", "https://other.example")),
		"aud missing":                  es256(goodClaims(id).with("aud", nil)),
		"exp missing":                  es256(goodClaims(id).with("exp", nil)),
		"exp past":                     es256(goodClaims(id).with("exp", at(-time.Second))),
		"exp too far":                  es256(goodClaims(id).with("exp", at(6*time.Minute))),
		"exp text":                     es256(goodClaims(id).with("exp", "9999999999")),
		"exp huge":                     es256(goodClaims(id).with("exp", 1e300)),
		"nbf to come":                  es256(goodClaims(id).with("nbf", at(30*time.Second))),
		"iat to come":                  es256(goodClaims(id).with("iat", at(30*time.Second))),
		"jti missing":                  es256(goodClaims(id).with("jti", nil)),
		"jti empty":                    es256(goodClaims(id).with("jti", "")),
		"jti long":                     es256(goodClaims(id).with("jti", strings.Repeat("x", 256))),
		"jti a number":                 es256(goodClaims(id).with("jti", 7)),
		"replayed":                     replayed,
		"kid unknown":                  sign(t, jose.ES256, key, "three", goodClaims(id)),
		"kid of the other key":         sign(t, jose.ES256, key, "two", goodClaims(id)),
		"no kid among several":         sign(t, jose.ES256, key, "", goodClaims(id)),
		"crit":                         compact(t, key, `{"alg":"ES256","kid":"one","crit":["x"],"x":1}`, goodClaims(id)),
		"b64":                          compact(t, key, `{"alg":"ES256","kid":"one","b64":true}`, goodClaims(id)),
		"an embedded key":              compact(t, strange, `{"alg":"ES256","kid":"one","jwk":`+string(mustJSON(t, jose.JSONWebKey{Key: strange.Public()}))+`}`, goodClaims(id)),
		"a key to fetch":               compact(t, key, `{"alg":"ES256","kid":"one","jku":"https://example.com/"}`, goodClaims(id)),
		"typ of an access token":       compact(t, key, `{"alg":"ES256","kid":"one","typ":"at+jwt"}`, goodClaims(id)),
		"typ of a DPoP proof":          compact(t, key, `{"alg":"ES256","kid":"one","typ":"dpop+jwt"}`, goodClaims(id)),
		"a member of the header twice": compact(t, key, `{"alg":"none","alg":"ES256","kid":"one"}`, goodClaims(id)),
		"iss is not sub":               es256(goodClaims(id).with("iss", other)),
		"sub is not iss":               es256(goodClaims(id).with("sub", other)),
		"iss missing":                  es256(goodClaims(id).with("iss", nil)),
		"another client's key":         sign(t, jose.ES256, strange, "one", goodClaims(id)),
		"as another client":            es256(goodClaims(other)),
		"as a client with a secret":    es256(goodClaims(secretID)),
		"as nobody":                    es256(goodClaims("0192d3c0-0000-7000-8000-000000000000")),
		"as no client ID":              es256(goodClaims("x")),
		"another payload":              replacePart(good, 1, encoded(t, goodClaims(id))),
		"padded":                       good + "=",
		"with a line break":            good[:20] + "\n" + good[20:],
		"four parts":                   good + ".x",
		"junk":                         "junk",
		"oversized":                    good + strings.Repeat("A", 8<<10),
	}
	want := i.post(t, tokenPath, grant, basic("x", "y"))
	for what, assertion := range variants {
		w := i.post(t, tokenPath, grant+"&"+asserting(assertion))
		if w.Code != http.StatusUnauthorized || w.Body.String() != want.Body.String() || w.Header().Get("Www-Authenticate") != want.Header().Get("Www-Authenticate") {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if w := i.post(t, tokenPath, grant+"&"+asserting(good)); w.Code != http.StatusOK {
		t.Errorf("after all that the good one is answered %d %s", w.Code, w.Body)
	}
	if w := i.post(t, tokenPath, grant+"&client_id="+other+"&"+asserting(es256(goodClaims(id)))); w.Code != http.StatusUnauthorized {
		t.Errorf("beside another client_id: %d %s", w.Code, w.Body)
	}
}

// R20: the cause is told to who may know it, behind the same answer.
func TestAssertion_RefusedIsExplained(t *testing.T) {
	i := install(t)
	key, strange := newKey(t), newKey(t)
	id := i.keyed(t, map[string]crypto.Signer{"one": key}, nil, "stats")
	good := sign(t, jose.ES256, key, "one", goodClaims(id))
	if w := i.post(t, tokenPath, grant+"&"+asserting(good)); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	withSecret, _ := i.credential(t, nil, "stats")
	for want, body := range map[string]string{
		"assertion_replayed":    asserting(good),
		"assertion_key":         asserting(sign(t, jose.ES256, strange, "one", goodClaims(id))),
		"assertion_audience":    asserting(sign(t, jose.ES256, key, "one", goodClaims(id).with("aud", issuerURL+"/oauth2/token"))),
		"assertion_time":        asserting(sign(t, jose.ES256, key, "one", goodClaims(id).with("exp", 1))),
		"assertion":             "client_id=" + id + "&" + asserting("junk"),
		"authentication_method": asserting(sign(t, jose.ES256, key, "one", goodClaims(withSecret))),
	} {
		w := i.post(t, tokenPath, grant+"&"+body)
		e, err := i.Lifecycle.Explain(t.Context(), i.admin, lifecycle.ExplainRequest{RequestID: w.Header().Get("Claviger-Request-Id")})
		if w.Code != http.StatusUnauthorized || err != nil || e.Rule != want || e.Remedy == "" || e.Who == "" {
			t.Errorf("%s: %d, explained by %+v, %v", want, w.Code, e, err)
		}
		if e.Credential.ClientID == "" {
			t.Errorf("%s: nobody is told whose it was", want)
		}
	}
}

func TestAssertion_OfACredentialThatEndedIsRefused(t *testing.T) {
	i := install(t)
	key := newKey(t)
	keys := map[string]crypto.Signer{"one": key}
	disabled := i.keyed(t, keys, nil, "stats")
	_, err := i.Lifecycle.DisableCredential(t.Context(), i.admin, disabled)
	must(t, err)
	elsewhere := i.keyed(t, keys, func(in *lifecycle.NewCredential) {
		in.AllowedCIDRs = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	}, "stats")
	exchanged := i.keyed(t, keys, nil, "stats")
	_, err = i.Lifecycle.EditCredential(t.Context(), i.admin, exchanged, lifecycle.CredentialChange{
		KeySet: new(mustJSON(t, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: newKey(t).Public(), KeyID: "one"}}})),
	})
	must(t, err)
	for what, id := range map[string]string{"disabled": disabled, "elsewhere": elsewhere, "exchanged key": exchanged} {
		if w := i.post(t, tokenPath, grant+"&"+asserting(sign(t, jose.ES256, key, "one", goodClaims(id)))); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
}

// A junk assertion never changes the outcome of another method, and no method
// stands in for another (S14).
func TestAssertion_NeitherHelpsNorHindersAnotherMethod(t *testing.T) {
	i := install(t)
	key := newKey(t)
	id, secret := i.credential(t, nil, "stats")
	keyedID := i.keyed(t, map[string]crypto.Signer{"one": key}, nil, "stats")
	good := func() string { return asserting(sign(t, jose.ES256, key, "one", goodClaims(keyedID))) }
	for _, c := range []struct {
		what, body string
		header     func(*http.Request)
		status     int
	}{
		{"a secret beside an assertion of no type", "&client_assertion=junk", basic(id, secret), 200},
		{"a secret beside an assertion of another type", "&client_assertion_type=x&client_assertion=junk", basic(id, secret), 200},
		{"a wrong secret beside an assertion of no type", "&client_assertion=junk", basic(id, "wrong"), 401},
		{"a secret and a junk assertion", "&" + asserting("junk"), basic(id, secret), 400},
		{"a wrong secret and a good assertion", "&" + good(), basic(keyedID, "wrong"), 400},
		{"a body secret and a good assertion", "&client_id=" + keyedID + "&client_secret=x&" + good(), nil, 400},
		{"a secret for a credential with keys", "", basic(keyedID, secret), 401},
		{"an assertion of another type alone", "&client_assertion_type=x&client_assertion=y", nil, 401},
		{"an assertion without grant", "&x=" + good(), nil, 401},
	} {
		change := c.header
		if change == nil {
			change = func(*http.Request) {}
		}
		if w := i.post(t, tokenPath, grant+c.body, change); w.Code != c.status {
			t.Errorf("%s: %d %s, want %d", c.what, w.Code, w.Body, c.status)
		}
	}
}

func TestAssertion_ReplayedInParallelSucceedsExactlyOnce(t *testing.T) {
	i := install(t)
	key := newKey(t)
	id := i.keyed(t, map[string]crypto.Signer{"one": key}, nil, "stats")
	body := grant + "&" + asserting(sign(t, jose.ES256, key, "", goodClaims(id)))
	var group sync.WaitGroup
	var done, refused atomic.Int64
	for range 20 {
		group.Go(func() {
			switch i.post(t, tokenPath, body).Code {
			case http.StatusOK:
				done.Add(1)
			case http.StatusUnauthorized:
				refused.Add(1)
			}
		})
	}
	group.Wait()
	if done.Load() != 1 || refused.Load() != 19 {
		t.Errorf("%d succeeded and %d were refused, want 1 and 19", done.Load(), refused.Load())
	}
}

func TestAssertion_ProvesAtIntrospectionAndRevocationToo(t *testing.T) {
	i := install(t)
	key := newKey(t)
	keys := map[string]crypto.Signer{"one": key}
	asker := i.keyed(t, keys, nil, apicred.ScopeIntrospect)
	owner := i.keyed(t, keys, nil, "stats")
	prove := func(id string) string { return "&" + asserting(sign(t, jose.ES256, key, "", goodClaims(id))) }
	token := members(t, i.post(t, tokenPath, grant+prove(owner)))["access_token"].(string)
	if said := members(t, i.post(t, "/oauth2/introspect", "token="+token+prove(asker))); said["active"] != true {
		t.Errorf("introspection said %v", said)
	}
	if w := i.post(t, "/oauth2/revoke", "token="+token+prove(owner)); w.Code != http.StatusOK {
		t.Errorf("revocation answered %d %s", w.Code, w.Body)
	}
	if said := members(t, i.post(t, "/oauth2/introspect", "token="+token+prove(asker))); said["active"] != false {
		t.Errorf("after revocation introspection said %v", said)
	}
}

func unsigned(t testing.TB, header string, claims claimSet) string {
	t.Helper()
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + encoded(t, claims) + "."
}

func encoded(t testing.TB, claims claimSet) string {
	t.Helper()
	return base64.RawURLEncoding.EncodeToString(mustJSON(t, claims))
}

func replacePart(token string, n int, part string) string {
	parts := strings.Split(token, ".")
	parts[n] = part
	return strings.Join(parts, ".")
}

func mustJSON(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	must(t, err)
	return text
}
