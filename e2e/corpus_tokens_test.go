package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/testserver"
)

// sample is a token of the corpus.
type sample struct {
	name, token string
	good        bool
	// serverAlone: signed by the server of what it never had. The server sees
	// that; a service that asks nobody believes the signature (SECURITY.md).
	serverAlone bool
}

// corpus makes every token. Bound ones (cnf) have tests of their own.
func (c *corpusServer) corpus(t *testing.T) []sample {
	t.Helper()
	base := c.issue(t, c.credential(t, nil, "orders:read"))
	samples := append(c.goodTokens(t, base), c.dead(t)...)
	samples = append(samples, spellings(base)...)
	samples = append(samples, c.headers(t, base)...)
	samples = append(samples, c.signatures(t, base)...)
	samples = append(samples, c.claims(t, base)...)
	slices.SortStableFunc(samples, func(a, b sample) int { // the good ones first, each kind together
		if a.good != b.good {
			return map[bool]int{true: -1, false: 1}[a.good]
		}
		return strings.Compare(a.name, b.name)
	})
	return samples
}

// sign makes a token with the server's own key; its parts may be anything.
func (c *corpusServer) sign(t *testing.T, header, payload string) string {
	t.Helper()
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	token, err := c.Ring.Current().AppendSignature([]byte(signed+"."), []byte(signed))
	must(t, err)
	return string(token)
}

func (c *corpusServer) goodTokens(t *testing.T, base string) []sample {
	t.Helper()
	accountLevel := c.withAccountLevel(t)
	later := c.claimsOf(base, func(m map[string]any) { m["nbf"] = time.Now().Unix() - 60 })
	return []sample{
		{"one audience", base, true, false},
		{"several audiences and scopes", c.issue(t, c.credential(t, nil, "orders:read", "stock:read")), true, false},
		{"another of the same credential", c.issue(t, c.credential(t, nil, "orders:read")), true, false},
		{"of an account-level credential", c.issue(t, accountLevel), true, false},
		{"members in another order", c.sign(t, joseHeader(base), c.claimsOf(base, nil)), true, false},
		{"nbf that has come", c.sign(t, joseHeader(base), later), true, false},
		{"a claim of a later release", c.sign(t, joseHeader(base), c.claimsOf(base, func(m map[string]any) { m["later"] = "x" })), true, false},
		{"one audience in an array", c.sign(t, joseHeader(base), c.claimsOf(base, func(m map[string]any) { m["aud"] = []string{corpusAudience} })), true, false},
	}
}

func (c *corpusServer) withAccountLevel(t *testing.T) credential {
	t.Helper()
	open := apicred.AccountLevelOpen
	_, err := c.Lifecycle.EditAccount(t.Context(), testserver.Operator(), c.Account.ID, lifecycle.AccountChange{AccountLevelCredentials: &open})
	must(t, err)
	return c.credential(t, func(n *lifecycle.NewCredential) { n.Level = apicred.LevelAccount }, "orders:read")
}

// dead are tokens that were good: only the server, and who asks it, knows.
func (c *corpusServer) dead(t *testing.T) []sample {
	t.Helper()
	ctx := t.Context()
	reader := func() (credential, string) {
		of := c.credential(t, nil, "orders:read")
		return of, c.issue(t, of)
	}
	revoker, revoked := reader()
	client, found := c.Directory.Client(revoker.id)
	if !found {
		t.Fatal("no client")
	}
	must(t, c.Verifier.Revoke(ctx, client, accesstoken.RevokeRequest{Token: revoked}))
	off, disabled := reader()
	_, err := c.Lifecycle.DisableCredential(ctx, c.admin, off.id)
	must(t, err)
	again, revived := reader()
	_, err = c.Lifecycle.DisableCredential(ctx, c.admin, again.id)
	must(t, err)
	_, err = c.Lifecycle.EnableCredential(ctx, c.admin, again.id)
	must(t, err)
	gone, deleted := reader()
	must(t, c.Lifecycle.DeleteCredential(ctx, c.admin, gone.id))
	both := c.credential(t, nil, "orders:read", "stock:read")
	narrowed := c.issue(t, both)
	stock := []string{"stock:read"}
	_, err = c.Lifecycle.EditCredential(ctx, c.admin, both.id, lifecycle.CredentialChange{Scopes: &stock})
	must(t, err)
	return []sample{
		{"revoked", revoked, false, false}, {"of a disabled credential", disabled, false, false}, {"from before it was disabled and enabled", revived, false, false},
		{"of a deleted credential", deleted, false, false}, {"scope since taken away", narrowed, false, false},
		{"another API's", c.issue(t, c.credential(t, nil, "stock:read")), false, false},
		{"of a manager", c.issue(t, c.credential(t, nil, "claviger:credentials:read")), false, false},
	}
}

// spellings are the base token written otherwise.
func spellings(base string) []sample {
	p := strings.Split(base, ".")
	standard := func(part string) string {
		return strings.NewReplacer("-", "+", "_", "/").Replace(part)
	}
	padded := func(part string) string { return part + strings.Repeat("=", (4-len(part)%4)%4) }
	samples := []sample{
		{"one part", p[0], false, false}, {"two parts", p[0] + "." + p[1], false, false}, {"four parts", base + "." + p[2], false, false},
		{"five parts, as a JWE", base + "." + p[1] + "." + p[2], false, false}, {"a dot at the end", base + ".", false, false}, {"a dot before", "." + base, false, false},
		{"empty payload", p[0] + ".." + p[2], false, false}, {"padded signature", p[0] + "." + p[1] + "." + p[2] + "==", false, false},
		{"padded payload", p[0] + "." + padded(p[1]+"") + "=." + p[2], false, false}, {"spare bits in the signature", p[0] + "." + p[1] + "." + respell(p[2]), false, false},
		{"the other base64 alphabet", standard(p[0]) + "." + standard(p[1]) + "." + standard(p[2]) + "+/", false, false},
		{"a space inside", p[0] + "." + p[1] + ". " + p[2], false, false}, {"a tab inside", p[0] + "." + p[1] + ".\t" + p[2], false, false},
		{"a comma and another behind", base + "," + base, false, false}, {"cut off", base[:len(base)-1], false, false}, {"four characters longer", base + "AAAA", false, false},
		{"in quotes", `"` + base + `"`, false, false}, {"percent-encoded dot", strings.Replace(base, ".", "%2E", 1), false, false},
		{"in JSON serialization", fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, p[0], p[1], p[2]), false, false},
		{"in capitals", strings.ToUpper(base), false, false}, {"words", "not-a-token", false, false},
		{"more than 8 KiB", p[0] + "." + strings.Repeat(p[1], 1+(9<<10)/len(p[1])) + "." + p[2], false, false},
	}
	return samples
}

// respell sets a bit of the last character that no decoder needs (64 bytes
// leave four spare bits).
func respell(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + string(alphabet[last^1])
}

func joseHeader(token string) string {
	header, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	return string(header)
}

func claimsText(token string) string {
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	return string(payload)
}

// headers are other headers on the same claims, signed by the server's key.
func (c *corpusServer) headers(t *testing.T, base string) []sample {
	t.Helper()
	header, payload := joseHeader(base), claimsText(base)
	var members struct{ Kid string }
	must(t, json.Unmarshal([]byte(header), &members))
	with := func(format string) string { return fmt.Sprintf(format, members.Kid) }
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	x, y := coordinates(key)
	var samples []sample
	for name, h := range map[string]string{
		"typ JWT": with(`{"alg":"ES256","kid":"%s","typ":"JWT"}`), "no typ": with(`{"alg":"ES256","kid":"%s"}`),
		"typ with application/": with(`{"alg":"ES256","kid":"%s","typ":"application/at+jwt"}`),
		"typ in capitals":       with(`{"alg":"ES256","kid":"%s","typ":"AT+JWT"}`),
		"typ of introspection":  with(`{"alg":"ES256","kid":"%s","typ":"token-introspection+jwt"}`),
		"alg none, signed":      with(`{"alg":"none","kid":"%s","typ":"at+jwt"}`), "alg None": with(`{"alg":"None","kid":"%s","typ":"at+jwt"}`),
		"alg in small letters": with(`{"alg":"es256","kid":"%s","typ":"at+jwt"}`), "alg ES384": with(`{"alg":"ES384","kid":"%s","typ":"at+jwt"}`),
		"alg RS256": with(`{"alg":"RS256","kid":"%s","typ":"at+jwt"}`), "alg ES256K": with(`{"alg":"ES256K","kid":"%s","typ":"at+jwt"}`),
		"no alg": with(`{"kid":"%s","typ":"at+jwt"}`), "no kid": `{"alg":"ES256","typ":"at+jwt"}`, "unknown kid": `{"alg":"ES256","kid":"unknown","typ":"at+jwt"}`,
		"kid of a file": `{"alg":"ES256","kid":"../../../dev/null","typ":"at+jwt"}`, "kid with SQL": `{"alg":"ES256","kid":"x' or '1'='1","typ":"at+jwt"}`,
		"jku": with(`{"alg":"ES256","jku":"https://evil.example/keys","kid":"%s","typ":"at+jwt"}`),
		"x5u": with(`{"alg":"ES256","kid":"%s","typ":"at+jwt","x5u":"https://evil.example/cert"}`),
		"x5c": with(`{"alg":"ES256","kid":"%s","typ":"at+jwt","x5c":["AAAA"]}`), "zip": with(`{"alg":"ES256","kid":"%s","typ":"at+jwt","zip":"DEF"}`),
		"crit":                 with(`{"alg":"ES256","crit":["exp"],"exp":1,"kid":"%s","typ":"at+jwt"}`),
		"b64 false":            with(`{"alg":"ES256","b64":false,"crit":["b64"],"kid":"%s","typ":"at+jwt"}`),
		"cty":                  with(`{"alg":"ES256","cty":"JWT","kid":"%s","typ":"at+jwt"}`),
		"header in disorder":   with(`{"typ":"at+jwt","kid":"%s","alg":"ES256"}`),
		"header with spaces":   with(`{"alg": "ES256", "kid": "%s", "typ": "at+jwt"}`),
		"alg twice":            with(`{"alg":"ES256","kid":"%s","typ":"at+jwt","alg":"none"}`),
		"header is no JSON":    `alg=ES256`,
		"header is an array":   `[]`,
		"header with embedded": fmt.Sprintf(`{"alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":%q,"y":%q},"kid":%q,"typ":"at+jwt"}`, x, y, members.Kid),
	} {
		samples = append(samples, sample{"header: " + name, c.sign(t, h, payload), false, false})
	}
	embedded := fmt.Sprintf(`{"alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":%q,"y":%q},"typ":"at+jwt"}`, x, y)
	return append(samples, sample{"header: the forger's key embedded", signWith(t, key, embedded, payload), false, false})
}

func coordinates(key *ecdsa.PrivateKey) (x, y string) {
	point, _ := key.PublicKey.Bytes() // 4, x, y; a key just made is on its curve
	return base64.RawURLEncoding.EncodeToString(point[1:33]), base64.RawURLEncoding.EncodeToString(point[33:])
}

func signWith(t *testing.T, key *ecdsa.PrivateKey, header, payload string) string {
	t.Helper()
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	must(t, err)
	return signed + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// signatures are other signatures under the same header and claims.
func (c *corpusServer) signatures(t *testing.T, base string) []sample {
	t.Helper()
	p := strings.Split(base, ".")
	signed := p[0] + "." + p[1]
	raw, err := base64.RawURLEncoding.DecodeString(p[2])
	must(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	r, s := new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])
	twin := new(big.Int).Sub(elliptic.P256().Params().N, s).FillBytes(make([]byte, 32))
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	must(t, err)
	forger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	unsigned := encode([]byte(strings.Replace(joseHeader(base), "ES256", "none", 1))) + "." + p[1] + "."
	symmetric := encode([]byte(strings.Replace(joseHeader(base), "ES256", "HS256", 1))) + "." + p[1]
	mac := hmac.New(sha256.New, c.Ring.JWKSet())
	mac.Write([]byte(symmetric))
	wider := strings.Replace(claimsText(base), `"orders:read"`, `"orders:read stock:read"`, 1)
	return []sample{
		{"signature: none", signed + ".", false, false}, {"signature: changed", signed + "." + flip(p[2]), false, false}, {"signature: zeros", signed + "." + encode(make([]byte, 64)), false, false},
		{"signature: half", signed + "." + encode(raw[:32]), false, false}, {"signature: in DER", signed + "." + encode(der), false, false},
		{"signature: its twin (r, n-s)", signed + "." + encode(append(raw[:32:32], twin...)), false, false},
		{"signature: of other claims", p[0] + "." + encode([]byte(wider)) + "." + p[2], false, false}, {"alg none, unsigned", unsigned, false, false},
		{"alg HS256 with the published keys", symmetric + "." + encode(mac.Sum(nil)), false, false},
		{"signature: another's under our kid", signWith(t, forger, joseHeader(base), claimsText(base)), false, false},
	}
}

// claimsOf is the payload of a token, changed.
func (c *corpusServer) claimsOf(token string, change func(map[string]any)) string {
	members := map[string]any{}
	d := json.NewDecoder(strings.NewReader(claimsText(token)))
	d.UseNumber()
	_ = d.Decode(&members)
	if change != nil {
		change(members)
	}
	text, _ := json.Marshal(members) //nolint:errchkjson // decoded just now
	return string(text)
}

// claims are other claims, signed by the server's own key.
func (c *corpusServer) claims(t *testing.T, base string) []sample {
	t.Helper()
	now := time.Now().Unix()
	set := func(name string, value any) func(map[string]any) {
		return func(m map[string]any) { m[name] = value }
	}
	samples := []sample{}
	for name, change := range map[string]func(map[string]any){
		"iss: another": set("iss", "https://evil.example"), "iss: a slash behind": set("iss", c.public+"/"), "iss: an array": set("iss", []string{c.public}),
		"aud: another": set("aud", "urn:example:stock"), "aud: empty": set("aud", ""), "aud: empty array": set("aud", []string{}), "aud: a number": set("aud", 7),
		"aud: longer": set("aud", corpusAudience+":x"), "aud: in capitals": set("aud", strings.ToUpper(corpusAudience)), "aud: joined": set("aud", corpusAudience+" urn:x"),
		"exp: past": set("exp", now-1), "exp: 0": set("exp", 0), "exp: text": set("exp", fmt.Sprint(now+600)), "exp: null": set("exp", nil), "exp: negative": set("exp", -now),
		"exp: an array": set("exp", []int64{now + 600}), "exp: infinite": set("exp", json.Number("1e99")),
		"nbf: in an hour": set("nbf", now+3600), "nbf: text": set("nbf", "soon"), "iat: in an hour": set("iat", now+3600), "iat: text": set("iat", "now"),
		"jti: empty": set("jti", ""), "jti: a number": set("jti", 7), "client_id: unknown": func(m map[string]any) {
			m["client_id"], m["sub"] = "01890000-0000-7000-8000-000000000000", "01890000-0000-7000-8000-000000000000"
		},
		"sub: another": set("sub", "01890000-0000-7000-8000-000000000000"), "sub: empty": set("sub", ""),
		"gen: too high": set("gen", 1<<40), "gen: negative": set("gen", -1), "gen: text": set("gen", "1"),
		"account: empty": set("account", ""), "scope: an array": set("scope", []string{"orders:read"}), "scope: empty": set("scope", ""),
		"scope: another's": set("scope", "stock:read"), "scope: in capitals": set("scope", "ORDERS:READ"), "scope: longer": set("scope", "orders:readx"),
	} {
		samples = append(samples, sample{name, c.sign(t, joseHeader(base), c.claimsOf(base, change)), false, name == "client_id: unknown" || name == "gen: too high"})
	}
	for _, name := range []string{"iss", "aud", "exp", "iat", "jti", "sub", "client_id", "scope", "account", "gen"} {
		without := c.claimsOf(base, func(m map[string]any) { delete(m, name) })
		samples = append(samples, sample{name + ": absent", c.sign(t, joseHeader(base), without), false, false})
	}
	payload := claimsText(base)
	for name, text := range map[string]string{
		"payload: exp twice": strings.Replace(payload, `{`, `{"exp":9999999999,`, 1), "payload: aud twice": strings.Replace(payload, `{`, `{"aud":"urn:x",`, 1),
		"payload: scope twice": strings.Replace(payload, `{`, `{"scope":"orders:read",`, 1), "payload: something behind": payload + `{"exp":9999999999}`,
		"payload: an array": `[` + payload + `]`, "payload: text": `"x"`, "payload: no JSON": `exp=9999999999`, "payload: cut off": payload[:len(payload)-1],
		"payload: an object inside": strings.Replace(payload, `{`, `{"act":{"sub":"x"},`, 1),
	} {
		samples = append(samples, sample{name, c.sign(t, joseHeader(base), text), false, false})
	}
	return samples
}
