package server

import (
	"crypto/tls"
	"crypto/x509"
	"sync/atomic"
	"time"
)

// certificate is the TLS certificate in force. It can be read anew while
// connections are open: they keep the one they began with.
type certificate struct {
	chainFile, keyFile string
	inForce            atomic.Pointer[tls.Certificate]
}

// openCertificate reads a certificate chain and its private key (PEM). Errors
// name both files and the remedy.
func openCertificate(chainFile, keyFile string) (*certificate, error) {
	c := &certificate{chainFile: chainFile, keyFile: keyFile}
	return c, c.reload()
}

// reload reads the files anew. On an error the certificate in force stays.
func (c *certificate) reload() error {
	pair, err := tls.LoadX509KeyPair(c.chainFile, c.keyFile)
	if err != nil {
		return fault(err, "The TLS certificate %s and key %s cannot be used: %s. Correct tls_certificate and tls_key.", c.chainFile, c.keyFile, plainCause(err))
	}
	if err := inTime(pair.Leaf, time.Now()); err != nil {
		return fault(err, "The TLS certificate %s cannot be used: %s. Put a current one there (tls_certificate).", c.chainFile, err)
	}
	c.inForce.Store(&pair)
	return nil
}

// inTime refuses a certificate that every client would refuse.
func inTime(leaf *x509.Certificate, now time.Time) error {
	switch {
	case now.After(leaf.NotAfter):
		return x509.CertificateInvalidError{Cert: leaf, Reason: x509.Expired, Detail: "it ended at " + leaf.NotAfter.UTC().Format(time.RFC3339)}
	case now.Before(leaf.NotBefore):
		return x509.CertificateInvalidError{Cert: leaf, Reason: x509.Expired, Detail: "it begins at " + leaf.NotBefore.UTC().Format(time.RFC3339)}
	}
	return nil
}

// config is TLS as clients meet it: 1.2 and 1.3 with the standard library's
// cipher suites, all of them with forward secrecy.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.inForce.Load(), nil },
	}
}
