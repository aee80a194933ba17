package enforce

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// maxTokenSize bounds what is looked at at all, in bytes.
	maxTokenSize = 8 << 10
	// clockSkew is how far the server's clock may run ahead of ours.
	clockSkew = 5 * time.Second
)

// The causes of a refused token. Callers learn none of them.
var (
	errForm      = errors.New("not three base64url parts in their one spelling")
	errHeader    = errors.New("the header is not one that the server writes")
	errKey       = errors.New("an unknown signing key")
	errSignature = errors.New("a wrong signature")
	errPayload   = errors.New("the payload is not that of an access token")
	errIssuer    = errors.New("another issuer")
	errAudience  = errors.New("another audience")
	errExpired   = errors.New("expired")
	errEarly     = errors.New("issued in the future")
	errRevoked   = errors.New("revoked")
	errInactive  = errors.New("not active")
)

// Claims is what a live token says (RFC 9068 section 2.2). It is shared between
// calls: do not change it.
type Claims struct {
	// ClientID of the API credential, which is also the token's subject.
	ClientID string
	// AccountID that the credential belongs to.
	AccountID string
	// Owner is the user ID of the credential's owner; empty for account-level
	// credentials.
	Owner string
	// Scopes that the token was issued with and that, as far as is known here,
	// still work.
	Scopes    []string
	Audience  []string
	JTI       string
	IssuedAt  time.Time
	ExpiresAt time.Time
	// Confirmation is what the token is bound to.
	Confirmation Confirmation
}

// Confirmation binds a token to what its bearer must prove at each use (RFC 7800
// section 3.1). The zero value binds to nothing. Both are SHA-256 in base64url
// without padding.
type Confirmation struct {
	// Key is the thumbprint of a public key (jkt, RFC 9449 section 6).
	Key string
	// Certificate is the thumbprint of a client certificate (x5t#S256, RFC 8705
	// section 3.1).
	Certificate string
}

// Bound tells whether the token is bound to anything.
func (c Confirmation) Bound() bool { return c.Key != "" || c.Certificate != "" }

// HasAny tells whether the token has one of the scopes.
func (c *Claims) HasAny(scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(c.Scopes, s) })
}

// token is a token whose signature is right.
type token struct {
	Claims
	kid        string
	issuer     string
	subject    string
	generation int64
	notBefore  int64 // Unix seconds; 0: none

	last atomic.Pointer[judged]
}

// judged is what a standing leaves of a token.
type judged struct {
	standing *standing
	claims   *Claims
}

// parts of a token in compact serialization (RFC 7515 section 3.1).
type parts struct {
	header, payload, signature []byte // decoded
	signed                     string // header and payload as sent
}

// base64url without padding, strict about the last character's spare bits.
var encoding = base64.RawURLEncoding.Strict() //nolint:gochecknoglobals // a constant in all but name

// split takes a token apart. There is one spelling of each part: no padding, no
// spare bits, no line breaks (which Go's decoder would skip).
func split(raw string) (p parts, err error) {
	first, last := strings.IndexByte(raw, '.'), strings.LastIndexByte(raw, '.')
	if len(raw) > maxTokenSize || first <= 0 || last <= first+1 || last == len(raw)-1 ||
		strings.IndexByte(raw[first+1:last], '.') >= 0 || strings.ContainsAny(raw, "\r\n") {
		return parts{}, errForm
	}
	p.signed = raw[:last]
	for _, part := range []struct {
		into *[]byte
		text string
	}{{&p.header, raw[:first]}, {&p.payload, raw[first+1 : last]}, {&p.signature, raw[last+1:]}} {
		if *part.into, err = encoding.DecodeString(part.text); err != nil {
			return parts{}, errForm
		}
	}
	return p, nil
}

// parseHeader takes the JOSE header byte for byte as the server writes it. That
// leaves no room for crit, embedded or fetched keys, another typ, or a second
// spelling (RFC 8725 section 3.1, RFC 9068 section 2.1).
func parseHeader(header []byte) (algorithm, kid string, err error) {
	rest, ok := strings.CutPrefix(string(header), `{"alg":"`)
	if ok {
		algorithm, rest, ok = strings.Cut(rest, `","kid":"`)
	}
	if ok {
		kid, ok = strings.CutSuffix(rest, `","typ":"at+jwt"}`)
	}
	if !ok || kid == "" || strings.ContainsAny(algorithm+kid, "\"\\") {
		return "", "", errHeader
	}
	return algorithm, kid, nil
}

// isThumbprint tells whether s is a SHA-256 in base64url, in its one spelling.
func isThumbprint(s string) bool {
	const length = 43
	sum, err := encoding.DecodeString(s)
	return err == nil && len(s) == length && len(sum) == sha256.Size
}

// readObject takes an object apart whose members are there once each.
func readObject(data []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errPayload
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		text, isText := name.(string)
		_, twice := members[text]
		var value json.RawMessage
		if err != nil || !isText || twice || d.Decode(&value) != nil {
			return nil, errPayload
		}
		members[text] = value
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, errPayload
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errPayload
	}
	return members, nil
}

// judge checks what a token says of itself.
func (t *token) judge(c *Config, now time.Time) error {
	latest := now.Add(clockSkew).Unix()
	switch {
	case t.issuer != c.Issuer:
		return errIssuer
	case !slices.Contains(t.Audience, c.Audience):
		return errAudience
	case !now.Before(t.ExpiresAt):
		return errExpired
	case t.IssuedAt.Unix() > latest || t.notBefore > latest:
		return errEarly
	}
	return nil
}
