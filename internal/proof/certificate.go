package proof

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxCertificateHeader bounds the value in which a proxy passes a certificate, in
// bytes, before anything is done with it: RSA of 8192 bits fits.
const maxCertificateHeader = 12 << 10

// What is wrong with a client certificate, for the log and for explanations
// alone: whoever sent it hears one and the same answer. They fit a packed refusal
// (apicred.Refusal), 64 bytes.
var (
	ErrCertificateForm     = errors.New("certificate: in no form that is taken, or too long")
	ErrCertificateRepeated = errors.New("certificate: the header is there twice")
	ErrCertificateChain    = errors.New("certificate: not for clients, or by no trusted authority")
	ErrCertificateTime     = errors.New("certificate: it has ended, or not begun")
	ErrCertificateKey      = errors.New("certificate: its key is of a kind or size that is not taken")
)

// Certificate is a client certificate (RFC 8705) as it came. Who sent it, or the
// proxy that passed it on, holds its key; whether anybody vouches for what it
// says is for Authorities to judge.
type Certificate struct {
	leaf       *x509.Certificate
	between    []*x509.Certificate // sent along, to find the way to an authority
	thumbprint string
}

// CertificateOf is the certificate that a TLS connection was opened with; nil for
// no certificates. The first of chain is the client's own.
func CertificateOf(chain []*x509.Certificate) *Certificate {
	if len(chain) == 0 {
		return nil
	}
	sum := sha256.Sum256(chain[0].Raw)
	return &Certificate{leaf: chain[0], between: chain[1:], thumbprint: encoding.EncodeToString(sum[:])}
}

// ParseCertificateHeader reads all values of the header in which a trusted proxy
// passes the client's certificate: a byte sequence of RFC 9440 section 2.1, or
// PEM that is percent-encoded, as nginx writes it ($ssl_client_escaped_cert).
// The two cannot be taken for each other: one begins with a colon, the other
// with a hyphen. No value, or an empty one, is no certificate: nil, and no error.
// Errors are causes.
func ParseCertificateHeader(values []string) (*Certificate, error) {
	switch {
	case len(values) == 0:
		return nil, nil //nolint:nilnil // most callers have none
	case len(values) > 1: // one of them may be the client's own
		return nil, ErrCertificateRepeated
	}
	value := values[0]
	var der []byte
	switch {
	case value == "", value == "::": // a proxy's way to say that there was none
		return nil, nil //nolint:nilnil // as above
	case len(value) > maxCertificateHeader:
	case strings.HasPrefix(value, ":"):
		der = byteSequence(value)
	case strings.HasPrefix(value, pemBegin[:1]):
		der = escapedPEM(value)
	}
	if der == nil {
		return nil, ErrCertificateForm
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, ErrCertificateForm
	}
	return CertificateOf([]*x509.Certificate{leaf}), nil
}

// byteSequence decodes a byte sequence of RFC 9651 section 3.3.5 without
// parameters; nil for anything else.
func byteSequence(value string) []byte {
	inside, ok := strings.CutSuffix(value[1:], ":")
	if !ok {
		return nil
	}
	return strictBase64(inside)
}

const (
	pemBegin = "-----BEGIN CERTIFICATE-----\n"
	pemEnd   = "\n-----END CERTIFICATE-----"
)

// escapedPEM decodes exactly one percent-encoded PEM block (RFC 7468), with
// nothing before, behind or in it but base64; nil for anything else.
func escapedPEM(value string) []byte {
	text, err := url.PathUnescape(value) // where a plus sign is a plus sign
	if err != nil {
		return nil
	}
	inside, begins := strings.CutPrefix(text, pemBegin)
	inside, ends := strings.CutSuffix(strings.TrimSuffix(inside, "\n"), pemEnd)
	if !begins || !ends {
		return nil
	}
	return strictBase64(strings.ReplaceAll(inside, "\n", ""))
}

// strictBase64 decodes base64 in its one spelling; nil for anything else, and for
// nothing.
func strictBase64(text string) []byte {
	if text == "" || strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return nil
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil
	}
	return decoded
}

// Thumbprint is the certificate's SHA-256 in base64url (x5t#S256, RFC 8705
// section 3.1).
func (c *Certificate) Thumbprint() string { return c.thumbprint }

// Is tells whether the certificate is the subject's: whether one of the names in
// it is, as a whole, subject (ParseSubject). Only a certificate that Authorities
// vouched for says anything by its names.
func (c *Certificate) Is(subject string) bool {
	return slices.Contains(subjectsOf(c.leaf), subject) && subject != ""
}

// Authorities are those whose client certificates are believed.
type Authorities struct {
	pool *x509.CertPool
	list []*x509.Certificate
}

// ParseAuthorities reads certificates of authorities, one PEM block each. Errors
// are finished, with what to do.
func ParseAuthorities(text []byte) (*Authorities, error) {
	a := &Authorities{pool: x509.NewCertPool()}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("it holds a PEM block of the type %q. Put certificates alone into it: no keys", block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("its certificate %d cannot be read (%w). Replace it", len(a.list)+1, err)
		}
		a.pool.AddCert(certificate)
		a.list = append(a.list, certificate)
	}
	if len(a.list) == 0 {
		return nil, errors.New("it holds no certificate in PEM form. Put those of the authorities into it that issue client certificates")
	}
	return a, nil
}

// Pool is the authorities' certificates, to be named in a TLS handshake.
func (a *Authorities) Pool() *x509.CertPool { return a.pool }

// Certificates are the authorities' certificates, in the order of the file.
func (a *Authorities) Certificates() []*x509.Certificate { return slices.Clone(a.list) }

// Judge checks that the certificate was issued by one of the authorities, for
// clients (RFC 5280 section 4.2.1.12), and is in its time. Its errors are causes.
func (a *Authorities) Judge(c *Certificate, now time.Time) error {
	if !takenKey(c.leaf.PublicKey) {
		return ErrCertificateKey
	}
	between := x509.NewCertPool()
	for _, certificate := range c.between {
		between.AddCert(certificate)
	}
	_, err := c.leaf.Verify(x509.VerifyOptions{
		Roots: a.pool, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return ErrCertificateTime
	}
	return ErrCertificateChain
}

// takenKey tells whether a key is of the strength that uploaded ones must have.
func takenKey(public any) bool {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		for _, of := range curves() {
			if key.Curve == of.curve {
				return true
			}
		}
	case ed25519.PublicKey:
		return true
	case *rsa.PublicKey:
		return key.N.BitLen() >= minRSA && key.N.BitLen() <= maxRSA
	}
	return false
}
