package accesstoken

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

const (
	// maxTokenSize bounds what is looked at at all, in bytes.
	maxTokenSize = 8 << 10
	// ClockSetBack is how far a clock may run ahead before it is set right, and
	// still revive nothing: a revoked token is remembered for as long after its
	// end. The end itself is the clock's affair.
	ClockSetBack = 2 * time.Hour
	// clockSkew is how far another node's clock may run ahead of ours: iat and
	// nbf may lie so much in the future. exp gets no leeway.
	clockSkew = 5 * time.Second
)

var errNoSigningKey = errors.New("no active signing key")

// The causes of a refused token, for the log alone.
var (
	errTokenForm       = errors.New("token: not three base64url parts in their one spelling")
	errTokenSize       = errors.New("token: too long")
	errTokenHeader     = errors.New("token: header is not one of ours")
	errTokenKey        = errors.New("token: unknown signing key")
	errTokenSignature  = errors.New("token: wrong signature")
	errTokenPayload    = errors.New("token: payload is not as RFC 9068 and the contract have it")
	errTokenIssuer     = errors.New("token: another issuer")
	errTokenAudience   = errors.New(apicred.CauseOfToken + apicred.CauseTokenAudience)
	errTokenExpired    = errors.New(apicred.CauseOfToken + apicred.CauseTokenExpired)
	errTokenEarly      = errors.New("token: issued in the future")
	errTokenClient     = errors.New(apicred.CauseOfToken + apicred.CauseTokenClient)
	errTokenGeneration = errors.New(apicred.CauseOfToken + apicred.CauseTokenGeneration)
	errTokenMember     = errors.New(apicred.CauseOfToken + apicred.CauseTokenMember)
	errTokenRevoked    = errors.New(apicred.CauseOfToken + apicred.CauseTokenRevoked)
	errTokenStatus     = errors.New(apicred.CauseOfToken + apicred.CauseTokenStatus)
)

// base64url without padding, strict about the last character's spare bits.
var tokenEncoding = base64.RawURLEncoding.Strict()

// Claims are what an access token says. They are shared by all who look at the
// token: do not change them.
type Claims struct {
	JTI       string
	Issuer    string
	Audience  []string
	IssuedAt  time.Time
	ExpiresAt time.Time
	// ClientID is the credential's, or ClientCLI or ClientConsole.
	ClientID  string
	AccountID string
	// TokenScopes are those the token was issued with.
	TokenScopes []string
	// Person: a people-token.
	Person bool
	// Confirmation is what the bearer must prove besides.
	Confirmation Confirmation
}

// claims is the payload of a token whose signature is right. The strings are
// parts of one copy of the payload.
type claims struct {
	Claims
	key      PublicKey
	kid      string
	subject  string
	owner    string
	issued   int64 // Unix seconds
	expires  int64
	earliest int64 // nbf; 0: none
	gen      int64
	id       uid // of the credential, unless Person

	// last is what the token was found to be when it was last alive. It holds as
	// long as the facts in it do, which are compared by identity.
	last atomic.Pointer[Verified]
}

// parts of a token in compact serialization (RFC 7515 section 3.1).
type parts struct {
	header, payload, signature []byte // decoded
	signed                     string // header and payload as sent
}

// splitToken takes a token apart. There is one spelling of each part: no
// padding, no spare bits, no line breaks (which Go's decoder would skip).
func splitToken(raw string) (parts, error) {
	if len(raw) > maxTokenSize {
		return parts{}, errTokenSize
	}
	first := strings.IndexByte(raw, '.')
	last := strings.LastIndexByte(raw, '.')
	if first <= 0 || last <= first+1 || last == len(raw)-1 || strings.IndexByte(raw[first+1:last], '.') >= 0 ||
		strings.ContainsAny(raw, "\r\n") {
		return parts{}, errTokenForm
	}
	p := parts{signed: raw[:last]}
	var err error
	if p.header, err = tokenEncoding.DecodeString(raw[:first]); err != nil {
		return parts{}, errTokenForm
	}
	if p.payload, err = tokenEncoding.DecodeString(raw[first+1 : last]); err != nil {
		return parts{}, errTokenForm
	}
	if p.signature, err = tokenEncoding.DecodeString(raw[last+1:]); err != nil {
		return parts{}, errTokenForm
	}
	return p, nil
}

// parseHeader reads a JOSE header, which must be byte for byte the one our
// keys write. That leaves no room for crit, b64, embedded or fetched keys,
// another typ, a repeated member, or a second spelling (RFC 8725 section 3.1,
// RFC 9068 section 2.1).
func parseHeader(header []byte) (algorithm, kid string, err error) {
	rest, ok := strings.CutPrefix(string(header), `{"alg":"`)
	if ok {
		algorithm, rest, ok = strings.Cut(rest, `","kid":"`)
	}
	if ok {
		kid, ok = strings.CutSuffix(rest, `","typ":"at+jwt"}`)
	}
	if !ok || kid == "" || !plainText(algorithm) || !plainText(kid) {
		return "", "", errTokenHeader
	}
	return algorithm, kid, nil
}

func plainText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
}

// parseClaims reads a payload. The signature was checked, so this is strict
// only to find out what is not understood: repeated members, wrong types and
// nested objects but cnf are refused; other flat members are ignored, for the
// sake of tokens of the next release.
func parseClaims(payload string) (*claims, error) {
	c := &claims{}
	r := jsonReader{text: payload}
	seen := make([]string, 0, 16)
	required := 0
	for name := range r.members() {
		if slices.Contains(seen, name) {
			return nil, errTokenPayload
		}
		seen = append(seen, name)
		if c.read(&r, name) {
			required++
		}
	}
	const requiredMembers = 10
	if r.failed || required != requiredMembers || c.JTI == "" || c.subject == "" || c.AccountID == "" || len(c.Audience) == 0 {
		return nil, errTokenPayload
	}
	c.IssuedAt, c.ExpiresAt = time.Unix(c.issued, 0), time.Unix(c.expires, 0)
	return c, c.identify()
}

// read reads the value of one member, and tells whether it is one that every
// token must have (RFC 9068 section 2.2, contract.md "Tokens").
func (c *claims) read(r *jsonReader, name string) bool {
	switch name {
	case "iss":
		c.Issuer = r.text1()
	case "aud":
		c.Audience = r.texts()
	case "sub":
		c.subject = r.text1()
	case "client_id":
		c.ClientID = r.text1()
	case "iat":
		c.issued = r.integer()
	case "exp":
		c.expires = r.integer()
	case "jti":
		c.JTI = r.text1()
	case "scope":
		c.TokenScopes = strings.Fields(r.text1())
	case "account":
		c.AccountID = r.text1()
	case "gen":
		c.gen = r.integer()
	case "owner":
		c.owner = r.text1()
		return false
	case "nbf":
		c.earliest = r.integer()
		return false
	case "cnf":
		c.Confirmation = r.confirmation()
		return false
	default:
		r.skip()
		return false
	}
	return true
}

// identify finds out whose token it is.
func (c *claims) identify() error {
	if c.Person = personClient(c.ClientID); c.Person {
		if c.subject != c.owner {
			return errTokenPayload
		}
		return nil
	}
	id, ok := parseUID(c.ClientID)
	if !ok || c.subject != c.ClientID {
		return errTokenPayload
	}
	c.id = id
	return nil
}

// judge checks what the claims say of themselves.
func (c *claims) judge(issuer string, now time.Time) error {
	at := now.Unix()
	switch {
	case c.Issuer != issuer:
		return errTokenIssuer
	case at >= c.expires:
		return errTokenExpired
	case c.issued > at+int64(clockSkew/time.Second) || c.earliest > at+int64(clockSkew/time.Second):
		return errTokenEarly
	}
	return nil
}
