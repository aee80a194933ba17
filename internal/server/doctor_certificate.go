package server

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/claviger/claviger/internal/proof"
)

// clientCertificates looks at mutual TLS: who may make certificates, and who may
// claim one.
func (d *doctor) clientCertificates() {
	if d.cfg.MTLSClientCA == "" {
		return
	}
	fine := d.clientAuthorities() && d.claimants()
	if d.cfg.MTLSListen != "" && !exposed(d.cfg.MTLSListen) && d.issuerElsewhere() {
		d.found(FindingWarning, "mtls_listen", "The listener for client certificates is open to this machine alone, and the metadata sends programs to its port on the issuer's host.",
			"Listen on an address that programs reach (mtls_listen).")
		fine = false
	}
	if fine {
		d.ok("mtls_client_ca", "Client certificates are taken of the authorities in %s.", d.cfg.MTLSClientCA)
	}
}

// clientAuthorities looks at the file of authorities.
func (d *doctor) clientAuthorities() (fine bool) {
	file := d.cfg.MTLSClientCA
	info, err := os.Stat(file)
	var text []byte
	if err == nil {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		d.found(FindingFailed, "mtls_client_ca", "The file "+file+" cannot be read: "+plainCause(err)+".", "Give the server's user access to it, or correct mtls_client_ca.")
		return false
	}
	authorities, err := proof.ParseAuthorities(text)
	if err != nil {
		d.found(FindingFailed, "mtls_client_ca", fmt.Sprintf("The file %s cannot be used: %s.", file, err), "Put certificates of authorities there.")
		return false
	}
	fine = true
	if info.Mode().Perm()&writableByOthers != 0 {
		d.found(FindingFailed, "mtls_client_ca", fmt.Sprintf("Others than its user may write to %s (mode %04o): they can let in whom they like.", file, info.Mode().Perm()), "Run: chmod 644 "+file)
		fine = false
	}
	for _, c := range authorities.Certificates() {
		fine = d.clientAuthority(c) && fine
	}
	return fine
}

// clientAuthority looks at one of the authorities.
func (d *doctor) clientAuthority(c *x509.Certificate) bool {
	if err := inTime(c, time.Now()); err != nil {
		d.found(FindingWarning, "mtls_client_ca", fmt.Sprintf("The authority %s counts for nothing: %s.", c.Subject, err), "Take it out of "+d.cfg.MTLSClientCA+", or put its renewed certificate there.")
		return false
	}
	if c.NotAfter.Before(time.Now().Add(renewBefore)) {
		d.found(FindingWarning, "mtls_client_ca", fmt.Sprintf("The authority %s ends at %s, and so does every certificate that it issued.", c.Subject, c.NotAfter.UTC().Format(time.RFC3339)),
			"Put its renewed certificate beside it in "+d.cfg.MTLSClientCA+" and send the server SIGHUP.")
		return false
	}
	if !c.IsCA {
		d.found(FindingWarning, "mtls_client_ca", fmt.Sprintf("The certificate of %s is no authority's: it lets in that one certificate.", c.Subject), "If the authority is meant, put its certificate there.")
		return false
	}
	return true
}

// claimants looks at who may say in a header what a program's certificate is.
func (d *doctor) claimants() bool {
	if d.cfg.ClientCertificateHeader == "" {
		return true
	}
	for _, p := range d.cfg.TrustedProxies {
		if p.Bits() < p.Addr().BitLen() {
			d.found(FindingWarning, "client_certificate_header",
				fmt.Sprintf("Whoever has an address in %s can claim any client certificate in the header %s.", p, d.cfg.ClientCertificateHeader),
				"Name the proxy's own address (trusted_proxies), and have every proxy set or remove the header on each request.")
			return false
		}
	}
	return true
}

// issuerElsewhere tells whether the issuer is not this machine.
func (d *doctor) issuerElsewhere() bool {
	issuer, err := url.Parse(d.cfg.Issuer)
	return err == nil && issuer.Hostname() != "" && exposed(issuer.Hostname()+":0")
}
