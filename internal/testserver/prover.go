package testserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"
)

// Members are those of a JOSE header or a set of claims.
type Members = map[string]any

// Prover makes proofs of possession (RFC 9449) with an ES256 key of its own.
type Prover struct {
	t   testing.TB
	key *ecdsa.PrivateKey
}

// NewProver returns a Prover with a new key.
func NewProver(t testing.TB) *Prover {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return &Prover{t, key}
}

// JWK is the public key.
func (p *Prover) JWK() Members {
	p.t.Helper()
	point, err := p.key.PublicKey.Bytes()
	must(p.t, err)
	return Members{"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])}
}

// Thumbprint is the key's (RFC 7638).
func (p *Prover) Thumbprint() string {
	jwk := p.JWK()
	sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + jwk["x"].(string) + `","y":"` + jwk["y"].(string) + `"}`))
	return encode(sum[:])
}

// Proof is a good proof for a request, with token beside it (empty: none), after
// change, which may be nil.
func (p *Prover) Proof(method, url, token string, change func(header, claims Members)) string {
	p.t.Helper()
	header := Members{"typ": "dpop+jwt", "alg": "ES256", "jwk": p.JWK()}
	claims := Members{"jti": rand.Text(), "htm": method, "htu": url, "iat": time.Now().Unix()}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = encode(sum[:])
	}
	if change != nil {
		change(header, claims)
	}
	return p.Sign(header, claims)
}

// Sign signs anything with ES256, whatever the header says.
func (p *Prover) Sign(header, claims Members) string {
	p.t.Helper()
	first, err := json.Marshal(header)
	must(p.t, err)
	second, err := json.Marshal(claims)
	must(p.t, err)
	return p.SignText(string(first), string(second))
}

// SignText signs a header and a payload as they stand.
func (p *Prover) SignText(header, payload string) string {
	p.t.Helper()
	signed := encode([]byte(header)) + "." + encode([]byte(payload))
	digest := crypto.SHA256.New()
	_, _ = digest.Write([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, digest.Sum(nil))
	must(p.t, err)
	return signed + "." + encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
