package web

import (
	"net/http"
	"time"

	"github.com/claviger/claviger/internal/proof"
)

// ClientCertificates says where a listener finds the certificate by which a
// program proves itself (RFC 8705), and who must have issued it. The zero value
// finds none.
type ClientCertificates struct {
	// Header in which a trusted proxy passes the certificate of the program that
	// it speaks for, in canonical spelling; empty: none. The header of anybody
	// else means nothing. What a trusted proxy says counts alone: a certificate of
	// its own connection is the proxy's, not the program's.
	Header string
	// Connection: the certificate of the TLS connection is the program's.
	Connection bool
	// Authorities returns those whose certificates are believed at this moment.
	Authorities func() *proof.Authorities
}

// read returns the certificate of a request; nil when there is none.
func (c *ClientCertificates) read(r *http.Request, trusted bool, now time.Time) (*proof.Certificate, error) {
	var found *proof.Certificate
	var err error
	switch {
	case c.Authorities == nil:
	case c.Header != "" && trusted:
		found, err = proof.ParseCertificateHeader(r.Header[c.Header])
	case c.Connection && r.TLS != nil:
		found = proof.CertificateOf(r.TLS.PeerCertificates)
	}
	if found == nil || err != nil {
		return nil, err
	}
	if err := c.Authorities().Judge(found, now); err != nil {
		return nil, err
	}
	return found, nil
}

// Certificate returns the client certificate that came with the request, issued
// by a trusted authority and in its time; nil and no error when none came. The
// error is a cause, for the log and for explanations: what is wrong with a
// certificate that came.
func (x *Exchange) Certificate() (*proof.Certificate, error) {
	if x.certificates == nil {
		return nil, nil //nolint:nilnil // most requests have none
	}
	if !x.certificateRead {
		x.certificate, x.certificateFault = x.certificates.read(x.request, x.TrustedPeer, x.Start)
		x.certificateRead = true
	}
	return x.certificate, x.certificateFault
}

// CertificateThumbprint is x5t#S256 (RFC 8705 section 3.1) of Certificate; empty
// when there is none that is believed.
func (x *Exchange) CertificateThumbprint() string {
	if found, err := x.Certificate(); found != nil && err == nil {
		return found.Thumbprint()
	}
	return ""
}
