package enforce_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/testserver"
)

// over is a connection that was opened with a certificate, which may be any bytes
// here: TLS has judged it.
func over(certificates ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.TLS = &tls.ConnectionState{}
		for _, c := range certificates {
			r.TLS.PeerCertificates = append(r.TLS.PeerCertificates, &x509.Certificate{Raw: []byte(c)})
		}
	}
}

// RFC 8705 section 3: a token that is bound to a certificate is nothing without.
func TestRequire_TakesATokenThatIsBoundToTheConnectionsCertificateAlone(t *testing.T) {
	i := install(t)
	v := i.following(nil)
	id, _ := i.credential("orders:read")
	sum := sha256.Sum256([]byte("own"))
	thumbprint := base64.RawURLEncoding.EncodeToString(sum[:])
	key := testserver.NewProver(t)
	token := i.bound(id, accesstoken.Confirmation{Certificate: thumbprint})
	both := i.bound(id, accesstoken.Confirmation{Certificate: thumbprint, Key: key.Thumbprint()})
	proof := func() string { return key.Proof("GET", "https://example.com/orders", both, nil) } // TLS makes it https
	for name, x := range map[string]struct {
		how, proved func(*http.Request)
		status      int
	}{
		"its own":                    {over("own"), proving("Bearer", token), 200},
		"its own, with others above": {over("own", "authority"), proving("Bearer", token), 200},
		"another's":                  {over("other"), proving("Bearer", token), 401},
		"another's, its own above":   {over("other", "own"), proving("Bearer", token), 401},
		"TLS without one":            {over(), proving("Bearer", token), 401},
		"no TLS":                     {func(*http.Request) {}, proving("Bearer", token), 401},
		"a plain token beside one":   {over("own"), proving("Bearer", i.token(id)), 200},
		"certificate and key":        {over("own"), proving("DPoP", both, proof()), 200},
		"the key alone":              {over(), proving("DPoP", both, proof()), 401},
		"the certificate alone":      {over("own"), proving("Bearer", both), 401},
	} {
		w := call(v, func(r *http.Request) { x.proved(r); x.how(r) }, "orders:read")
		if w.Code != x.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
	if _, err := v.Verify(t.Context(), token); err == nil {
		t.Error("Verify takes a token that is bound to a certificate")
	}
}
