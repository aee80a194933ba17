package config

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
)

// complete fills in the defaults that follow from other settings and checks what
// settings must hold together. It passes over those that are faulty already.
func (l *loader) complete(c *Config) {
	l.completeTLS(c)
	l.completeIssuer(c)
	l.completeDatabase(c)
	if c.GatewayListen != "" {
		l.refuseSameAddress(c, "gateway_listen", c.GatewayListen, c.OpsListen)
	}
	l.refuseSameAddress(c, "ops_listen", c.OpsListen, c.Listen)
	l.refuseSameAddress(c, "gateway_listen", c.GatewayListen, c.Listen)
	for _, other := range []string{c.Listen, c.OpsListen, c.GatewayListen} {
		l.refuseSameAddress(c, "mtls_listen", c.MTLSListen, other)
	}
	l.completeClientCertificates(c)
}

func (l *loader) sound(keys ...string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(l.faulty, key) })
}

func (l *loader) completeTLS(c *Config) {
	if !l.sound("tls_certificate", "tls_key") {
		return
	}
	switch {
	case c.TLSCertificate == "" && c.TLSKey == "":
	case c.TLSKey == "":
		l.fault("tls_key", "", "The setting tls_certificate is given without it. Give the file of the certificate's private key.")
	case c.TLSCertificate == "":
		l.fault("tls_certificate", "", "The setting tls_key is given without it. Give the file of the certificate chain.")
	default:
		if _, err := tls.LoadX509KeyPair(c.TLSCertificate, c.TLSKey); err != nil {
			l.fault("tls_certificate", c.values["tls_certificate"].origin, fmt.Sprintf("The certificate %s and the key %s (tls_key) cannot be used together: %v. Give a PEM certificate chain and its PEM private key.", c.TLSCertificate, c.TLSKey, err))
		}
	}
}

// completeClientCertificates checks that the settings of mutual TLS are whole: by
// halves they would look as if certificates were checked.
func (l *loader) completeClientCertificates(c *Config) {
	if !l.sound("mtls_listen", "mtls_client_ca", "client_certificate_header", "tls_certificate", "tls_key", "trusted_proxies") {
		return
	}
	origin := func(key string) string { return c.values[key].origin }
	if c.MTLSListen != "" && c.TLSCertificate == "" {
		l.fault("mtls_listen", origin("mtls_listen"), "Mutual TLS needs the server's own certificate. Give tls_certificate and tls_key, or let a proxy end TLS and set client_certificate_header instead.")
	}
	if c.ClientCertificateHeader != "" && len(c.TrustedProxies) == 0 {
		l.fault("client_certificate_header", origin("client_certificate_header"), "No proxy is trusted, so nobody may pass a certificate in it. Name the proxy in trusted_proxies, or turn this off.")
	}
	switch on := c.MTLSListen != "" || c.ClientCertificateHeader != ""; {
	case on && c.MTLSClientCA == "":
		l.fault("mtls_client_ca", "", "It must be given with mtls_listen and client_certificate_header. Give the file with the certificates of the authorities that issue client certificates.")
	case !on && c.MTLSClientCA != "":
		l.fault("mtls_client_ca", origin("mtls_client_ca"), "Nothing uses it. Set mtls_listen, or client_certificate_header, or remove it.")
	}
}

// completeIssuer derives the issuer where that is safe: on loopback without TLS.
func (l *loader) completeIssuer(c *Config) {
	if !l.sound("issuer", "listen") {
		return
	}
	withTLS := c.TLSCertificate != ""
	if c.Issuer != "" {
		if withTLS && !c.Secure() {
			l.fault("issuer", c.values["issuer"].origin, "It is http although tls_certificate is set. Write https://.")
		}
		return
	}
	host, port, _ := net.SplitHostPort(c.Listen)
	switch {
	case withTLS || !isLoopback(host):
		l.fault("issuer", "", "It must be given, since listen is not plain HTTP on loopback. Give the server's public name, as https://credentials.example.com.")
	case port != "0":
		c.Issuer = "http://" + c.Listen
		c.values["issuer"] = given{text: c.Issuer, origin: originDefault}
	}
}

func (l *loader) completeDatabase(c *Config) {
	if !l.sound("data_dir", "database_url", "migrate_database_url", "master_key") {
		return
	}
	if c.DatabaseURL.IsZero() {
		c.DatabaseURL = Secret{text: defaultDatabaseURL(c.DataDir)}
		c.values["database_url"] = given{text: c.DatabaseURL.Reveal(), origin: originDefault}
	}
	postgres := isPostgres(c.DatabaseURL.Reveal())
	if postgres && !c.masterKey.set {
		l.fault("master_key", "", "It is required with PostgreSQL, where several nodes share one. Make one with: openssl rand -base64 32.")
	}
	switch {
	case c.MigrateDatabaseURL.IsZero():
		c.MigrateDatabaseURL = c.DatabaseURL
	case !postgres || !isPostgres(c.MigrateDatabaseURL.Reveal()):
		l.fault("migrate_database_url", c.values["migrate_database_url"].origin, "It is for PostgreSQL, beside a database_url of the same database. Remove it, or give both as postgres://.")
	}
}

// refuseSameAddress: the operator's listener and the gateway never share the
// public one. Port 0 is another port each time.
func (l *loader) refuseSameAddress(c *Config, key, address, other string) {
	if !l.sound(key, "listen") || address != other || address == "" {
		return
	}
	if _, port, _ := net.SplitHostPort(address); port != "0" {
		l.fault(key, c.values[key].origin, quoted(address)+" is the address of another listener. Give it a port of its own.")
	}
}
