package accesstoken

import (
	"crypto/subtle"
	"errors"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// The causes of a bound token's refusal, for the log alone.
var (
	// ErrBoundAsBearer refuses a token that is bound to a key and came by the
	// scheme Bearer (RFC 9449 section 7.2).
	ErrBoundAsBearer      = errors.New(apicred.CauseOfToken + apicred.CauseTokenBound)
	errUnboundAsDPoP      = errors.New(apicred.CauseOfToken + apicred.CauseTokenUnbound)
	errBoundToCertificate = errors.New(apicred.CauseOfToken + apicred.CauseTokenCertificate)
)

// Confirmation binds an access token to what its bearer must prove at each use:
// the cnf claim (RFC 7800 section 3.1). The zero value binds to nothing. Both
// are SHA-256 in base64url without padding.
type Confirmation struct {
	// Key is the thumbprint of a public key, jkt (RFC 9449 section 6).
	Key string
	// Certificate is the thumbprint of a client certificate, x5t#S256 (RFC 8705
	// section 3.1).
	Certificate string
}

// Bound tells whether the token is bound to anything.
func (c *Confirmation) Bound() bool { return c.Key != "" || c.Certificate != "" }

// Presented is an access token as somebody presented it. It belongs to one
// request: it may be verified again, on a newer view, but not for another.
type Presented struct {
	Token string
	// DPoP: it came by the scheme DPoP, not Bearer (RFC 9449 section 7.1).
	DPoP bool
	// Proofs are the values of all DPoP headers. They are looked at for a bound
	// token alone.
	Proofs []string
	// Method and Address of the request, as the caller saw it; with Proofs.
	Method  string
	Address proof.Address
	// Certificate knows the client certificate that came along; nil: none can. It
	// is asked for a token that is bound to one alone: whoever has no such token
	// can send no chain that costs us anything.
	Certificate Certified
	// Arrival is when the request came in, for "fresh before no"; zero: now.
	Arrival time.Time

	proof *proof.DPoP // that was checked, and is not used up
	used  bool        // by this request: it counts once
}

// Certified is a request that may have come with a client certificate.
type Certified interface {
	// CertificateThumbprint is x5t#S256 (RFC 8705 section 3.1) of the certificate
	// that the caller proved, issued by a trusted authority; empty: none.
	CertificateThumbprint() string
}

func (p *Presented) certificate() string {
	if p.Certificate == nil {
		return ""
	}
	return p.Certificate.CertificateThumbprint()
}

// confirms checks that whoever presents the token holds what it is bound to.
// Its errors are causes.
func (p *Presented) confirms(c *claims, now time.Time) error {
	switch key := c.Confirmation.Key; {
	case key == "" && p.DPoP:
		return errUnboundAsDPoP
	case key != "" && !p.DPoP:
		return ErrBoundAsBearer
	case key != "" && !p.used:
		use := proof.DPoPUse{Method: p.Method, Address: p.Address, Token: p.Token, Holder: key, Now: now}
		var err error
		if p.proof, err = proof.CheckDPoP(p.Proofs, &use); err != nil {
			return &ProofError{err}
		}
	}
	if want := c.Confirmation.Certificate; want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(p.certificate())) != 1 {
		return errBoundToCertificate
	}
	return nil
}

// confirmation reads the value of cnf: an object of one or both of the
// thumbprints that are understood. Any other member could bind the token to
// something that nobody here would check.
func (r *jsonReader) confirmation() Confirmation {
	var c Confirmation
	r.expect('{')
	for !r.failed {
		name := r.text1()
		r.expect(':')
		value := r.text1()
		switch {
		case name == "jkt" && c.Key == "" && isThumbprint(value):
			c.Key = value
		case name == "x5t#S256" && c.Certificate == "" && isThumbprint(value):
			c.Certificate = value
		default:
			r.failed = true
		}
		if r.peek() != ',' {
			break
		}
		r.at++
	}
	r.expect('}')
	return c
}

// isThumbprint tells whether s is a SHA-256 in base64url, in its one spelling.
func isThumbprint(s string) bool {
	var sum [32]byte
	const length = 43
	if len(s) != length {
		return false
	}
	n, err := tokenEncoding.Decode(sum[:], []byte(s))
	return err == nil && n == len(sum)
}

// AppendClaim writes the member cnf behind another member of a JSON object, if
// there is anything to say. Introspection says it in the same words (RFC 9449
// section 6.2, RFC 8705 section 3.2).
func (c *Confirmation) AppendClaim(dst []byte) []byte {
	if !c.Bound() {
		return dst
	}
	dst = append(dst, `,"cnf":{`...)
	if c.Key != "" {
		dst = append(append(dst, `"jkt":"`...), c.Key...)
		dst = append(dst, '"')
	}
	if c.Certificate != "" {
		if c.Key != "" {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `"x5t#S256":"`...), c.Certificate...)
		dst = append(dst, '"')
	}
	return append(dst, '}')
}
