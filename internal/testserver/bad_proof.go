package testserver

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"
)

// BadProofs are values of the DPoP headers of one request, by what is wrong with
// them: for each of the checks of RFC 9449 section 4.3 at least one. good makes a
// proof that is right but for the change. Those that a token is needed for are
// there where token is not empty.
func BadProofs(t testing.TB, p *Prover, method, address, token string) map[string][]string {
	t.Helper()
	good := func(change func(header, claims Members)) string { return p.Proof(method, address, token, change) }
	header := func(name string, value any) []string {
		return []string{good(func(h, _ Members) { set(h, name, value) })}
	}
	claim := func(name string, value any) []string {
		return []string{good(func(_, c Members) { set(c, name, value) })}
	}
	at := func(change func(*url.URL)) string {
		u, err := url.Parse(address)
		must(t, err)
		change(u)
		return u.String()
	}
	fine := good(nil)
	parts := strings.Split(fine, ".")
	now := time.Now()
	bad := map[string][]string{
		"1: two headers":                    {good(nil), good(nil)},
		"1: the same header twice":          {fine, fine},
		"1: two joined by a comma":          {good(nil) + ", " + good(nil)},
		"2: empty":                          {""},
		"2: no JWT":                         {"proof"},
		"2: two parts":                      {parts[0] + "." + parts[1]},
		"2: four parts":                     {fine + "." + parts[2]},
		"2: padding":                        {fine + "="},
		"2: a space":                        {" " + fine},
		"2: a payload that is no object":    {p.SignText(text(t, proofHeader(p)), `"x"`)},
		"2: a member twice":                 {p.SignText(text(t, proofHeader(p)), strings.Replace(text(t, proofClaims(method, address)), "{", `{"jti":"x",`, 1))},
		"3: no jti":                         claim("jti", nil),
		"3: an empty jti":                   claim("jti", ""),
		"3: a jti of 256 characters":        claim("jti", strings.Repeat("x", 256)),
		"3: no htm":                         claim("htm", nil),
		"3: no htu":                         claim("htu", nil),
		"3: no iat":                         claim("iat", nil),
		"3: an iat as text":                 claim("iat", "1795349429"),
		"4: no typ":                         header("typ", nil),
		"4: typ JWT":                        header("typ", "JWT"),
		"4: typ at+jwt":                     header("typ", "at+jwt"),
		"5: alg none":                       header("alg", "none"),
		"5: alg HS256":                      header("alg", "HS256"),
		"5: no alg":                         header("alg", nil),
		"5: another alg than the key's":     header("alg", "ES384"),
		"6: another key's signature":        {parts[0] + "." + parts[1] + "." + strings.Split(NewProver(t).Proof(method, address, token, nil), ".")[2]},
		"6: another payload":                {parts[0] + "." + strings.Split(good(nil), ".")[1] + "." + parts[2]},
		"6: no signature":                   {parts[0] + "." + parts[1] + "."},
		"8: another method":                 claim("htm", "PATCH"),
		"8: the method in another case":     claim("htm", strings.ToLower(method)),
		"9: another path":                   claim("htu", address+"/x"),
		"9: the path in another case":       claim("htu", at(func(u *url.URL) { u.Path = strings.ToUpper(u.Path) })),
		"9: another host":                   claim("htu", at(func(u *url.URL) { u.Host = "evil." + u.Host })),
		"9: another port":                   claim("htu", at(func(u *url.URL) { u.Host = u.Hostname() + ":1" })),
		"9: a user's name":                  claim("htu", at(func(u *url.URL) { u.User = url.User("x") })),
		"9: another scheme":                 claim("htu", at(func(u *url.URL) { u.Scheme = "ftp" })),
		"9: no URL":                         claim("htu", "/"),
		"10: a nonce that nobody was given": claim("nonce", "x"),
		"11: ten minutes old":               claim("iat", now.Add(-10*time.Minute).Unix()),
		"11: ten minutes ahead":             claim("iat", now.Add(10*time.Minute).Unix()),
		"11: no time at all":                claim("iat", 0),
		"crit":                              header("crit", []string{"x"}),
		"jku":                               header("jku", "https://evil.example/keys"),
		"longer than allowed":               claim("x", strings.Repeat("x", 9<<10)),
	}
	for name, jwk := range badKeys(t, p) {
		bad["7: "+name] = header("jwk", jwk)
	}
	if token != "" {
		bad["12: no ath"] = claim("ath", nil)
		bad["12: the ath of another token"] = claim("ath", encode(make([]byte, 32)))
		bad["12: another key than the token's"] = []string{NewProver(t).Proof(method, address, token, nil)}
		bad["1: no header"] = nil
	}
	return bad
}

// badKeys are values of jwk; nil: none.
func badKeys(t testing.TB, p *Prover) map[string]any {
	t.Helper()
	return map[string]any{
		"no jwk":                  nil,
		"a jwk that is text":      "x",
		"a private key":           with(p.JWK(), "d", p.privatePart()),
		"a secret key":            Members{"kty": "oct", "k": "AAAA"},
		"an RSA key of 1024 bits": weakKey(t),
		"a point off the curve":   with(p.JWK(), "x", encode(make([]byte, 32))),
		"a key for encryption":    with(p.JWK(), "use", "enc"),
	}
}

// privatePart is the key's d.
func (p *Prover) privatePart() string {
	p.t.Helper()
	d, err := p.key.Bytes()
	must(p.t, err)
	return encode(d)
}

func set(members Members, name string, value any) {
	if value == nil {
		delete(members, name)
	} else {
		members[name] = value
	}
}

func with(members Members, name string, value any) Members {
	members[name] = value
	return members
}

func text(t testing.TB, members Members) string {
	t.Helper()
	out, err := json.Marshal(members)
	must(t, err)
	return string(out)
}

func proofHeader(p *Prover) Members {
	return Members{"typ": "dpop+jwt", "alg": "ES256", "jwk": p.JWK()}
}

func proofClaims(method, address string) Members {
	return Members{"jti": rand.Text(), "htm": method, "htu": address, "iat": time.Now().Unix()}
}

// weakKey is a public RSA key that is too short. It is nobody's.
func weakKey(t testing.TB) Members {
	t.Helper()
	const bits = 1024
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), bits))
	must(t, err)
	n.SetBit(n, bits-1, 1).SetBit(n, 0, 1)
	key := rsa.PublicKey{N: n, E: 65537}
	return Members{"kty": "RSA", "n": encode(key.N.Bytes()), "e": "AQAB"}
}
