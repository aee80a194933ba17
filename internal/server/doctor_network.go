package server

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/claviger/claviger/internal/desk"
)

const (
	// renewBefore is how long before a certificate ends it should be replaced.
	renewBefore = 14 * 24 * time.Hour
	leastRSA    = 2048
	probeTime   = 3 * time.Second
	// A trusted range of public addresses that is wider than a site is likely a
	// slip.
	widePublicIPv4 = 24
	widePublicIPv6 = 48
)

func (d *doctor) listeners() {
	if exposed(d.cfg.OpsListen) {
		d.found(FindingWarning, "ops_listen", "Metrics and profiles are open to the network on "+d.cfg.OpsListen+", and nobody is asked who they are.",
			"Listen on loopback (ops_listen), or let a firewall pass your monitoring alone.")
	} else {
		d.ok("ops_listen", "Metrics and profiles are open to this machine alone.")
	}
	issuer, err := url.Parse(d.cfg.Issuer)
	if err != nil || d.cfg.Issuer == "" {
		return // it follows the port that the system will pick
	}
	switch plain := d.cfg.TLSCertificate == ""; {
	case plain && exposed(d.cfg.Listen) && d.cfg.Secure():
		d.found(FindingWarning, "listen", "The issuer is https, and "+d.cfg.Listen+" answers the network without TLS: secrets that reach it past your proxy travel in clear.",
			"Listen on loopback behind the proxy (listen), let a firewall pass the proxy alone, or set tls_certificate and tls_key.")
	case exposed(d.cfg.Listen) && !d.cfg.Secure():
		d.found(FindingFailed, "issuer", "The server listens on "+d.cfg.Listen+" for the network, and its issuer "+d.cfg.Issuer+" can be reached on this machine alone.",
			"Give the name by which clients reach it (issuer), or listen on loopback.")
	default:
		d.ok("issuer", "The issuer %s fits the listeners.", issuer)
	}
}

// exposed tells whether an address (host:port) can be reached from elsewhere.
func exposed(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || address == "" || host == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.Unmap().IsLoopback()
}

func (d *doctor) proxies() {
	fine := true
	for _, p := range d.cfg.TrustedProxies {
		bits, wide := p.Bits(), widePublicIPv4
		if p.Addr().Is6() {
			wide = widePublicIPv6
		}
		local := p.Addr().IsPrivate() || p.Addr().IsLoopback() || p.Addr().IsLinkLocalUnicast()
		remedy := "Name the proxies' own addresses (trusted_proxies)."
		switch {
		case bits == 0:
			fine = false
			d.found(FindingFailed, "trusted_proxies", "Everybody is a trusted proxy ("+p.String()+"): any caller can claim any address, host and path, and forward-auth believes it.", remedy)
		case !local && bits < wide:
			fine = false
			d.found(FindingWarning, "trusted_proxies", "The range of trusted proxies "+p.String()+" is public and wide: whoever has an address in it can claim any other.", remedy)
		}
	}
	if fine {
		d.ok("trusted_proxies", "No range of trusted proxies is too wide.")
	}
}

func (d *doctor) tls() {
	if d.cfg.TLSCertificate == "" {
		return
	}
	pair, err := tls.LoadX509KeyPair(d.cfg.TLSCertificate, d.cfg.TLSKey)
	if err != nil {
		d.found(FindingFailed, "tls_certificate", "The certificate "+d.cfg.TLSCertificate+" and key "+d.cfg.TLSKey+" cannot be used: "+plainCause(err)+".", "Correct tls_certificate and tls_key.")
		return
	}
	if info, err := os.Stat(d.cfg.TLSKey); err == nil && loose(d.cfg.TLSKey, info) != "" {
		d.found(FindingWarning, "tls_key", loose(d.cfg.TLSKey, info), "Run: chmod 600 "+d.cfg.TLSKey)
	}
	d.certificateTime(pair.Leaf)
	if issuer, err := url.Parse(d.cfg.Issuer); err == nil {
		if err := pair.Leaf.VerifyHostname(issuer.Hostname()); err != nil {
			d.found(FindingFailed, "tls_certificate", fmt.Sprintf("The certificate is not for %s: %s.", issuer.Hostname(), err), "Get a certificate for the name in issuer, or correct issuer.")
		}
	}
	if key, ok := pair.Leaf.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < leastRSA {
		d.found(FindingFailed, "tls_certificate", fmt.Sprintf("The certificate's RSA key has %d bits.", key.N.BitLen()), "Make a key of 2048 bits or more, or an ECDSA one, and a certificate for it.")
	}
	d.certificateChain(&pair)
}

func (d *doctor) certificateTime(leaf *x509.Certificate) {
	left := time.Until(leaf.NotAfter)
	switch err := inTime(leaf, time.Now()); {
	case err != nil:
		d.found(FindingFailed, "tls_certificate", "The certificate cannot be used: "+err.Error()+".", "Put a current one at "+d.cfg.TLSCertificate+".")
	case left < renewBefore:
		d.found(FindingWarning, "tls_certificate", fmt.Sprintf("The certificate ends in %d hours, at %s.", int(left.Hours()), leaf.NotAfter.UTC().Format(time.RFC3339)),
			"Renew it, put it at "+d.cfg.TLSCertificate+" and send the server SIGHUP.")
	default:
		d.ok("tls_certificate", "The certificate ends at %s.", leaf.NotAfter.UTC().Format(time.RFC3339))
	}
}

// certificateChain asks whether this machine would trust the chain as served.
func (d *doctor) certificateChain(pair *tls.Certificate) {
	between := x509.NewCertPool()
	for _, der := range pair.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(c)
		}
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Intermediates: between}); err != nil {
		d.found(FindingWarning, "tls_certificate", fmt.Sprintf("This machine does not trust the certificate: %s.", err),
			"Put the intermediate certificates behind the server's own in "+d.cfg.TLSCertificate+". With a private authority, make sure that clients know it.")
	}
}

// runningServer asks the server of the data directory, or on PostgreSQL the one
// at the address of listen, whether it is ready.
func (d *doctor) runningServer(ctx context.Context) {
	if _, sqlite := d.cfg.SQLitePath(); !sqlite {
		d.probeListener(ctx)
		return
	}
	client, ok := desk.Dial(ctx, filepath.Join(d.cfg.DataDir, desk.SocketName))
	if !ok {
		d.ok("server", "No server runs on the data directory.")
		return
	}
	defer client.Close()
	status, err := client.Status(ctx)
	switch {
	case err != nil:
		d.found(FindingFailed, "server", "A server listens on the socket in the data directory and does not answer: "+err.Error(), "See its log; run this as the server's user.")
	case !status.Ready:
		d.found(FindingFailed, "server", fmt.Sprintf("The server (process %d) runs and is not ready: its view of the database is too old, or it is stopping.", status.ProcessID), "See its log for why the database does not answer.")
	case d.cfg.Issuer != "" && status.Issuer != d.cfg.Issuer:
		d.found(FindingWarning, "server", fmt.Sprintf("The running server's issuer is %s, and the configuration says %s.", status.Issuer, d.cfg.Issuer), "Restart the server, or name its configuration with --config.")
	default:
		d.ok("server", "The server (process %d) is ready.", status.ProcessID)
	}
}

func (d *doctor) probeListener(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	scheme := "http"
	if d.cfg.TLSCertificate != "" {
		scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+d.cfg.Listen+"/readyz", nil)
	if err != nil {
		return // port 0: nobody knows where
	}
	// It is asked for a status on its own address, under another name than the
	// certificate's; nothing is told to it.
	response, err := d.client(true).Do(request)
	if err != nil {
		d.ok("server", "No server answers on %s.", d.cfg.Listen)
		return
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		d.found(FindingFailed, "server", fmt.Sprintf("What answers on %s is not ready (%s).", d.cfg.Listen, response.Status), "See the server's log.")
		return
	}
	d.ok("server", "The server on %s is ready.", d.cfg.Listen)
}
