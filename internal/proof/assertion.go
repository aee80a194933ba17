package proof

import (
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4/json"
)

const (
	// MaxAssertionLife is how far ahead the exp of an assertion may lie (S14):
	// for so long its jti is remembered.
	MaxAssertionLife = 5 * time.Minute
	// clockLead is how far a client's clock may run ahead of ours.
	clockLead = 10 * time.Second
)

// The causes of a refused assertion, for the log alone.
var (
	ErrAssertionParties  = errors.New("the assertion's iss and sub are not the client ID")
	ErrAssertionAudience = errors.New("the assertion's aud is not the issuer, as text")
	ErrAssertionTime     = errors.New("the assertion is expired, too early, or lives too long")
)

// Assertion is a client assertion (RFC 7523 section 3) whose signature was not
// looked at yet: until SignedBy names a key, nothing in it is true.
type Assertion struct {
	jws *jws
	// ClientID is who it says it is from: iss and sub, which are the same.
	ClientID string
	// ID is the jti.
	ID string
	// ExpiresAt is the exp.
	ExpiresAt time.Time
	audience  string
	issued    int64 // Unix seconds; 0: absent
	earliest  int64
}

// ParseAssertion takes an assertion apart. Its errors are causes.
func ParseAssertion(raw string) (*Assertion, error) {
	j, err := parseJWS(raw)
	if err != nil {
		return nil, err
	}
	if typ, ok := j.typ(); !ok || typ != "" && typ != "jwt" && typ != "client-authentication+jwt" {
		return nil, ErrHeader // one token must not pass for another (RFC 8725 section 3.11)
	}
	if _, there := j.header["jwk"]; there {
		return nil, ErrHeader // the keys are those that were uploaded
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(j.payload, &members) != nil {
		return nil, ErrPayload
	}
	a := &Assertion{jws: j}
	var issuer string
	var expires int64
	switch {
	case !text(members, "sub", &a.ClientID) || !text(members, "iss", &issuer) || issuer != a.ClientID:
		return nil, ErrAssertionParties
	case !text(members, "aud", &a.audience): // a list could name others, who could use it here
		return nil, ErrAssertionAudience
	case !seconds(members, "exp", true, &expires) || !seconds(members, "iat", false, &a.issued) || !seconds(members, "nbf", false, &a.earliest):
		return nil, ErrAssertionTime
	case !identifier(members, &a.ID):
		return nil, ErrPayload
	}
	a.ExpiresAt = time.Unix(expires, 0)
	return a, nil
}

// Costly tells whether checking the signature takes milliseconds: on the curve
// P-521, or by an RSA key of more than 4,096 bits.
func (a *Assertion) Costly() bool {
	const usual = 4096 / 8
	return a.jws.algorithm == "ES512" || len(a.jws.signature) > usual
}

// SignedBy returns the thumbprint of the key that signed the assertion, out of a
// client's keys, which may be nil; empty when none did. It checks one signature
// of the presented kind and size whatever the keys are, so that the time does
// not tell whether there is such a client (S3).
func (a *Assertion) SignedBy(keys *KeySet) (thumbprint string) {
	key := keys.pick(a.jws.keyID, a.jws.algorithm)
	if key == nil || !a.jws.fits(key.public) {
		a.jws.signedBy(a.jws.standIn())
		return ""
	}
	if !a.jws.signedBy(key.public) {
		return ""
	}
	return key.Thumbprint
}

// Judge checks audience and times (RFC 7523 section 3, S14). Its errors are causes.
func (a *Assertion) Judge(issuer string, now time.Time) error {
	lead := now.Add(clockLead).Unix()
	switch {
	case a.audience != issuer:
		return ErrAssertionAudience
	case !now.Before(a.ExpiresAt), a.ExpiresAt.After(now.Add(MaxAssertionLife)), a.issued > lead, a.earliest > lead:
		return ErrAssertionTime
	}
	return nil
}
