package server

import (
	"crypto/tls"
	"net"
	"net/url"
	"os"
	"strings"
	"sync/atomic"

	"github.com/claviger/claviger/internal/proof"
)

// authorities are those whose client certificates are believed (setting
// mtls_client_ca). The file can be read anew while the server runs.
type authorities struct {
	file    string
	inForce atomic.Pointer[proof.Authorities]
}

// openAuthorities reads the file. Errors name it and the remedy.
func openAuthorities(file string) (*authorities, error) {
	a := &authorities{file: file}
	return a, a.reload()
}

// reload reads the file anew. On an error those in force stay.
func (a *authorities) reload() error {
	text, err := os.ReadFile(a.file)
	if err != nil {
		return fault(err, "The certificates of the client authorities, %s, cannot be read: %s. Correct mtls_client_ca.", a.file, plainCause(err))
	}
	read, err := proof.ParseAuthorities(text)
	if err != nil {
		return fault(err, "The file %s cannot be used: %s (mtls_client_ca).", a.file, err)
	}
	a.inForce.Store(read)
	return nil
}

// demanding is TLS that lets nobody in without a certificate of one of the
// authorities. Each connection is judged anew, without session tickets: an
// authority that was removed must not live on in them.
func (a *authorities) demanding(c *certificate) *tls.Config {
	base := c.config()
	base.ClientAuth, base.SessionTicketsDisabled = tls.RequireAndVerifyClientCert, true
	base.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return a.naming(base), nil }
	return base
}

// asking is TLS that asks for a certificate and goes on without one. What comes
// is judged where it is used.
func (a *authorities) asking(c *certificate) *tls.Config {
	base := c.config()
	base.ClientAuth = tls.RequestClientCert
	base.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return a.naming(base), nil }
	return base
}

// naming is base with the authorities of this moment.
func (a *authorities) naming(base *tls.Config) *tls.Config {
	now := base.Clone()
	now.GetConfigForClient, now.ClientCAs = nil, a.inForce.Load().Pool()
	return now
}

// aliasURL is the URL of the mutual-TLS listener, for the metadata (RFC 8705
// section 5): the issuer's host and the listener's port.
func aliasURL(issuer string, l net.Listener) string {
	u, err := url.Parse(issuer)
	if l == nil || err != nil {
		return ""
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "" // not met: TCP listeners have ports
	}
	if port == "443" { // which nobody writes
		return "https://" + strings.TrimSuffix(u.Host, ":"+u.Port())
	}
	return "https://" + net.JoinHostPort(u.Hostname(), port)
}
