package accesstoken

import (
	"context"
	"errors"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// errCertificateSubject is the cause of a refused certificate that somebody
// trusted vouches for, and that is another's.
var errCertificateSubject = errors.New(apicred.CauseCertificateSubject)

// AuthenticateByCertificate proves a client by the certificate with which it
// opened the connection (RFC 8705 section 2, tls_client_auth). presented was
// judged by its authorities; fault is what they found, and presented is not
// looked at then. a.ClientID says who it shall be; a.Secret is not looked at.
// Errors as Authenticate's.
func (d *Directory) AuthenticateByCertificate(ctx context.Context, a ClientAuth, presented *proof.Certificate, fault error) (Client, error) {
	if err := d.gate(ctx, d.options.Clock()); err != nil {
		return Client{}, err
	}
	client, now, err := d.proved(ctx, &a, func(now time.Time) (Client, error) {
		if fault != nil {
			return Client{}, fault
		}
		return d.judgeCertificate(&a, presented, now)
	})
	if err != nil {
		return Client{}, err
	}
	d.use(client.entry.id, uid{}, &client.entry.used, lastUse{at: now, address: a.Address})
	return client, nil
}

// judgeCertificate decides on the present view. The names are read out of the
// certificate whether there is such a client or not (S3).
func (d *Directory) judgeCertificate(a *ClientAuth, presented *proof.Certificate, now time.Time) (Client, error) {
	t := d.current.Load()
	var e held
	if id, ok := parseUID(a.ClientID); ok {
		e = t.find(id)
	}
	subject := e.certificateSubject()
	itsOwn := presented.Is(subject)
	switch {
	case !e.known():
		return Client{}, errClientUnknown
	case subject == "":
		return Client{}, errClientMethod
	case !itsOwn:
		return Client{}, errCertificateSubject
	}
	client := t.client(e, a.ClientID)
	client.certificate, client.address = presented, a.Address
	return client, client.judge(now)
}

// certificateSubject is the name in the certificate that the credential proves
// itself by; empty: it proves itself otherwise. h may be no credential.
func (h held) certificateSubject() string {
	if h.rare == nil {
		return ""
	}
	return h.rare.subject
}

// Confirmation is what tokens of the client are bound to: the certificate that it
// proved itself by (RFC 8705 section 3).
func (c *Client) Confirmation() Confirmation {
	if c.certificate == nil {
		return Confirmation{}
	}
	return Confirmation{Certificate: c.certificate.Thumbprint()}
}
