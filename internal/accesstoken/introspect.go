package accesstoken

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Introspector is who asks about tokens, after authentication.
type Introspector struct {
	AccountID string
	// API that the asking credential is bound to; empty for most.
	API string
	// OperatorAccount: the credential belongs to the installation's first account.
	OperatorAccount bool
}

// Introspector is the client as one who asks about tokens.
func (c *Client) Introspector() Introspector {
	return Introspector{AccountID: c.account.ID, API: c.API(), OperatorAccount: c.account.Operator}
}

// Introspector is the token's bearer as one who asks about tokens.
func (v *Verified) Introspector() Introspector {
	if !v.Person {
		return v.Client.Introspector()
	}
	return Introspector{AccountID: v.AccountID, OperatorAccount: v.Account.Operator}
}

// mayLearnOf tells whether a token is one of the asker's account, or of any
// account for the API that a credential of the operator account is bound to
// (contract.md "Introspection").
func (i *Introspector) mayLearnOf(v *Verified, catalogue *apicred.CompiledCatalogue) bool {
	if v.AccountID == i.AccountID {
		return true
	}
	if !i.OperatorAccount || i.API == "" {
		return false
	}
	api := catalogue.API(i.API)
	return api != nil && v.MeantFor(api.Audience)
}

// Introspect tells what a token is worth now (RFC 7662), or nil when it is not
// active or nothing that the asker may learn of. Whether who presented it to the
// asker is who it is bound to is for the asker to find out. The error is unavailable when
// the database is needed and away.
func (v *Verifier) Introspect(ctx context.Context, asker Introspector, raw string, arrival time.Time) (*Verified, error) {
	verified, err := v.judge(ctx, raw, arrival, nil)
	switch {
	case apicred.IsKind(err, apicred.KindUnauthenticated):
		return nil, nil //nolint:nilnil // no token to speak of is an answer, not a failure
	case err != nil:
		return nil, err
	case !asker.mayLearnOf(verified, v.directory.Catalogue()):
		return nil, nil //nolint:nilnil // as above
	}
	return verified, nil
}

// SignIntrospection signs an introspection answer for the one who asked: a JWT
// of RFC 9701 section 5 with the answer, a JSON object, as token_introspection.
func (i *Issuer) SignIntrospection(asker string, answer []byte) ([]byte, error) {
	key := i.signer.Current()
	if key == nil {
		return nil, apicred.Internal(errNoSigningKey)
	}
	header, err := headerOfType(key.Header(), "token-introspection+jwt")
	if err != nil {
		return nil, err
	}
	p := append([]byte(nil), `{"iss":"`...)
	p = appendEscaped(p, i.directory.options.Issuer)
	p = append(p, `","aud":"`...)
	p = appendEscaped(p, asker)
	p = append(p, `","iat":`...)
	p = strconv.AppendInt(p, i.directory.options.Clock().Unix(), 10)
	p = append(p, `,"token_introspection":`...)
	p = append(append(p, answer...), '}')
	t := append([]byte(header), '.')
	t = tokenEncoding.AppendEncode(t, p)
	signed := len(t)
	if t, err = key.AppendSignature(append(t, '.'), t[:signed]); err != nil {
		return nil, apicred.Internal(err)
	}
	return t, nil
}

// headerOfType is an access token's JOSE header with another typ. An answer
// about a token must never pass for one (RFC 8725 section 3.11).
func headerOfType(header, typ string) (string, error) {
	decoded, err := tokenEncoding.DecodeString(header)
	if err != nil {
		return "", apicred.Internal(err)
	}
	plain, ok := strings.CutSuffix(string(decoded), `"at+jwt"}`)
	if !ok {
		return "", apicred.Internal(errTokenHeader)
	}
	return tokenEncoding.EncodeToString([]byte(plain + `"` + typ + `"}`)), nil
}
