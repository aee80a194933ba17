package accesstoken

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"sync"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Issuer makes access tokens: JWTs of RFC 9068, signed by the active key. It
// reads nothing but memory and writes no row.
type Issuer struct {
	directory *Directory
	signer    Signer
	buffers   sync.Pool // of *issueBuffer
}

// NewIssuer returns an Issuer for the credentials of d.
func NewIssuer(d *Directory, s Signer) *Issuer {
	return &Issuer{directory: d, signer: s, buffers: sync.Pool{New: func() any { return new(issueBuffer) }}}
}

// issueBuffer is working space for one token.
type issueBuffer struct{ payload, token []byte }

// IssueRequest is a token request of RFC 6749 section 4.4.2 after client
// authentication.
type IssueRequest struct {
	// Scope is the parameter as sent; ScopePresent tells an absent one (or an
	// empty one, which is the same: RFC 6749 section 3.2) from the rest.
	Scope        string
	ScopePresent bool
	// Resource is the one resource parameter (RFC 8707); empty: none.
	Resource string
	// Lifetime is the server's wish before every other bound; 0 is the setting
	// token_lifetime. The VCC path passes VCCTokenLifetime.
	Lifetime time.Duration
	// Confirmation binds the token to what the client has proved.
	Confirmation Confirmation
	// Arrival is when the request came in, for "fresh before no"; zero: now.
	Arrival time.Time
}

// Token is an issued access token.
type Token struct {
	Raw       string
	JTI       string
	ExpiresIn time.Duration // whole seconds
	Scope     string        // granted; may be empty for people-tokens only
	Bound     Confirmation
}

// Issue makes a token for an authenticated client. Errors: *ScopeError and
// *ResourceError, given only on a view newer than the request's arrival; and
// *apicred.Error: unauthenticated when the client ended meanwhile, unavailable
// when a refusal could not be confirmed.
func (i *Issuer) Issue(ctx context.Context, client Client, r IssueRequest) (Token, error) {
	key := grantKey{r.Scope, r.ScopePresent, r.Resource}
	issuer := i.directory.options.Issuer
	g, err := client.plan.grant(key, issuer)
	if err != nil {
		client, err = i.directory.Renew(ctx, client, r.Arrival)
		if err != nil {
			return Token{}, err
		}
		if g, err = client.plan.grant(key, issuer); err != nil {
			i.directory.Count(&client, OutcomeInvalidScope, "", client.address)
			return Token{}, err
		}
	}
	now := i.directory.options.Clock()
	life := i.directory.lifetime(&client, r.Lifetime, now)
	if life <= 0 { // its end came between authentication and here
		return Token{}, unauthenticated(errClientExpired)
	}
	token, err := i.sign(g, &r.Confirmation, life, now, &client)
	token.Bound = r.Confirmation
	if err == nil {
		i.directory.Count(&client, OutcomeIssued, g.counted, client.address)
	}
	return token, err
}

// lifetime is the least of every bound, in whole seconds counted from the whole
// second of now, so that exp never lies after the credential's end.
func (d *Directory) lifetime(c *Client, wish time.Duration, now time.Time) time.Duration {
	if wish <= 0 {
		wish = d.options.TokenLifetime
	}
	if bound := c.account.MaxTokenLifetime; bound > 0 {
		wish = min(wish, bound)
	}
	if c.entry.lifetime > 0 {
		wish = min(wish, time.Duration(c.entry.lifetime)*time.Second)
	}
	if c.entry.expires != 0 {
		wish = min(wish, time.Duration(c.entry.expires/1e6-now.Unix())*time.Second)
	}
	if d.stateAt(now) != StateNormal {
		wish = min(wish, GraceTokenLifetime)
	}
	return wish.Truncate(time.Second)
}

// sign writes the client-specific part behind the grant's head.
func (i *Issuer) sign(g *grant, bound *Confirmation, life time.Duration, now time.Time, c *Client) (Token, error) {
	buffer := i.buffers.Get().(*issueBuffer)
	defer i.buffers.Put(buffer)
	p := append(buffer.payload[:0], g.head...)
	p = append(p, c.id...)
	p = append(p, `","client_id":"`...)
	p = append(p, c.id...)
	p = append(p, `","account":"`...)
	p = appendEscaped(p, c.account.ID)
	if c.owner != nil {
		p = append(p, `","owner":"`...)
		p = appendEscaped(p, c.owner.UserID)
	}
	p = append(p, `","gen":`...)
	p = strconv.AppendInt(p, c.entry.generation, 10)
	buffer.payload = bound.AppendClaim(p)
	return i.finish(buffer, g.scope, life, now)
}

// finish adds times and jti and signs.
func (i *Issuer) finish(buffer *issueBuffer, scope string, life time.Duration, now time.Time) (Token, error) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	p := append(buffer.payload, `,"iat":`...)
	p = strconv.AppendInt(p, now.Unix(), 10)
	p = append(p, `,"exp":`...)
	p = strconv.AppendInt(p, now.Unix()+int64(life/time.Second), 10)
	p = append(p, `,"jti":"`...)
	start := len(p)
	p = base64.RawURLEncoding.AppendEncode(p, random[:])
	jti := string(p[start:])
	p = append(p, `"}`...)
	buffer.payload = p

	key := i.signer.Current()
	if key == nil {
		return Token{}, apicred.Internal(errNoSigningKey)
	}
	t := append(buffer.token[:0], key.Header()...)
	t = append(t, '.')
	t = base64.RawURLEncoding.AppendEncode(t, p)
	signed := len(t)
	t = append(t, '.')
	t, err := key.AppendSignature(t, t[:signed])
	buffer.token = t
	if err != nil {
		return Token{}, apicred.Internal(err)
	}
	return Token{Raw: string(t), JTI: jti, ExpiresIn: life, Scope: scope}, nil
}

// appendHead writes the payload up to the subject's value.
func appendHead(dst []byte, issuer string, audiences []string, scope string) []byte {
	dst = append(dst, `{"iss":"`...)
	dst = appendEscaped(dst, issuer)
	dst = append(dst, `","aud":`...)
	if len(audiences) != 1 { // one: a string; several: an array (contract.md "Audience")
		dst = append(dst, '[')
	}
	for i, a := range audiences {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(appendEscaped(dst, a), '"')
	}
	if len(audiences) != 1 {
		dst = append(dst, ']')
	}
	dst = append(dst, `,"scope":"`...)
	dst = appendEscaped(dst, scope)
	return append(dst, `","sub":"`...)
}

// appendEscaped writes s as the inside of a JSON string. Everything that gets
// here is printable ASCII (catalogue, settings, IDs), so two characters need it.
func appendEscaped(dst []byte, s string) []byte {
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return dst
}
