package restapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/proof"
)

// TokenVerifier judges access tokens; see accesstoken.Verifier.
type TokenVerifier interface {
	VerifyPresented(ctx context.Context, p *accesstoken.Presented, audience string) (*accesstoken.Verified, error)
}

// Freshener makes the view that tokens are judged by newer than a moment; see
// accesstoken.Directory.
type Freshener interface {
	Fresh(ctx context.Context, arrival time.Time) error
}

// SessionAuthenticator finds the person behind a session cookie; see
// login.Service.
type SessionAuthenticator interface {
	Authenticate(ctx context.Context, token login.SessionToken) (login.Session, apicred.Person, []apicred.User, error)
}

// accountHeader names the account that a session acts in.
const accountHeader = "Claviger-Account"

// door establishes who asks: an access token of this API, or the console's
// session (contract.md "Management REST").
type door struct {
	tokens   TokenVerifier
	views    Freshener
	sessions SessionAuthenticator
	audience string
	// base is where this server is, as programs see it.
	base    proof.Address
	cookie  string
	origins *http.CrossOriginProtection
}

func newDoor(d Deps) (*door, error) {
	out := &door{
		tokens: d.Tokens, views: d.Views, sessions: d.Sessions, audience: accesstoken.ManagementAudience(d.Issuer),
		cookie: login.CookieName(strings.HasPrefix(d.Issuer, "https://")), origins: http.NewCrossOriginProtection(),
	}
	var ok bool
	if out.base, ok = proof.AddressOf(d.Issuer); !ok {
		return nil, fmt.Errorf("issuer %q is no http or https URL", d.Issuer)
	}
	// A proxy may rewrite Host, by which the protection knows its own origin.
	if err := out.origins.AddTrustedOrigin(d.Issuer); err != nil {
		return nil, fmt.Errorf("issuer %q: %w", d.Issuer, err)
	}
	return out, nil
}

// admit returns who asks. Errors: malformed (both proofs, or an account that is
// not named), unauthenticated, forbidden (another site, address), not_found (an
// account that is not theirs), rate_limited, unavailable.
func (d *door) admit(ctx context.Context, c *call) (apicred.Actor, error) {
	header, err := c.header("Authorization")
	if err != nil {
		return apicred.Actor{}, err
	}
	scheme, raw, _ := strings.Cut(header, " ")
	dpop := strings.EqualFold(scheme, "DPoP") // RFC 9110 section 11.1: any case
	bearer := dpop || strings.EqualFold(scheme, "Bearer")
	cookies := c.request.CookiesNamed(d.cookie)
	switch {
	case bearer && len(cookies) > 0:
		return apicred.Actor{}, malformedAt("header.Authorization", "Send an access token or the session cookie, not both.")
	case len(cookies) > 1:
		return apicred.Actor{}, malformedAt("header.Cookie", "The session cookie is there twice. Sign out and in again.")
	case len(cookies) == 1:
		return d.admitSession(ctx, c, login.SessionTokenFrom(cookies[0].Value))
	case !bearer:
		return apicred.Actor{}, apicred.Unauthenticated("This needs an access token of the management API: Authorization: Bearer followed by the token.")
	}
	presented := accesstoken.Presented{
		Token: strings.TrimLeft(raw, " "), DPoP: dpop, Proofs: c.request.Header["Dpop"], Method: c.request.Method,
		Address: c.exchange.SentTo(d.base), Certificate: c.exchange, Arrival: c.exchange.Start,
	}
	actor, err := d.admitToken(ctx, c, &presented)
	return actor, challenged(err, dpop)
}

// admitToken judges a token twice: the second time on a view newer than the
// request, so that a change on another node counts here at once. Management is
// rare enough to pay one shared read of the head row for it.
func (d *door) admitToken(ctx context.Context, c *call, presented *accesstoken.Presented) (apicred.Actor, error) {
	arrival := c.exchange.Start
	if _, err := d.tokens.VerifyPresented(ctx, presented, d.audience); err != nil {
		return apicred.Actor{}, err
	}
	if err := d.views.Fresh(ctx, arrival); err != nil {
		return apicred.Actor{}, err
	}
	verified, err := d.tokens.VerifyPresented(ctx, presented, d.audience)
	if err != nil {
		return apicred.Actor{}, err
	}
	actor := d.identified(c, verified.Actor())
	if account, err := c.header(accountHeader); err != nil {
		return apicred.Actor{}, err
	} else if account != "" && account != actor.AccountID {
		return apicred.Actor{}, malformedAt("header."+accountHeader, "An access token acts in its own account. Leave this header out, or use a token of the other account.")
	}
	if verified.Person {
		return actor, nil
	}
	if !verified.Client.AllowsAddress(c.exchange.Client) {
		return apicred.Actor{}, &apicred.Error{
			Kind: apicred.KindForbidden, Code: "address_not_allowed",
			Message: "The API credential may not be used from this address. Use one of its allowed addresses, or have them changed.",
		}
	}
	return actor, verified.Client.TakeCall(arrival)
}

// challengeError is a refusal whose challenges are not the usual one.
type challengeError struct {
	error
	challenges []string
}

// Unwrap returns the refusal.
func (e *challengeError) Unwrap() error { return e.error }

// challenged gives a refused token the challenge of its scheme (RFC 9449
// sections 7.1 and 7.2).
func challenged(err error, dpop bool) error {
	if !apicred.IsKind(err, apicred.KindUnauthenticated) {
		return err
	}
	challenges := accesstoken.TokenChallenges(err, dpop, "Bearer")
	var refused *accesstoken.ProofError
	if errors.As(err, &refused) {
		e := *apicred.AsError(err)
		e.Message = refused.Advice()
		err = &e
	}
	return &challengeError{err, challenges}
}

// admitSession lets the person act in the account that the header names, of
// which they must be an active member at this moment.
func (d *door) admitSession(ctx context.Context, c *call, token login.SessionToken) (apicred.Actor, error) {
	if err := d.sameSite(c); err != nil {
		return apicred.Actor{}, err
	}
	account, err := c.header(accountHeader)
	if err != nil {
		return apicred.Actor{}, err
	}
	if account == "" && !c.operation.withoutAccount {
		return apicred.Actor{}, malformedAt("header."+accountHeader, "Name the account to act in with the header Claviger-Account: ID. GET /api/v1/me lists yours.")
	}
	session, person, memberships, err := d.sessions.Authenticate(ctx, token)
	if err != nil {
		return apicred.Actor{}, err
	}
	if account == "" {
		account = lastUsed(session, memberships)
	}
	at := slices.IndexFunc(memberships, func(u apicred.User) bool { return u.AccountID == account })
	if at < 0 {
		return apicred.Actor{}, apicred.NotFound()
	}
	c.session = session
	old := !session.Proved(c.exchange.Start)
	return d.identified(c, apicred.Actor{
		Type: apicred.ActorUser, ID: person.ID, UserID: person.ID, AccountID: account,
		Role: memberships[at].Role, Unlimited: true,
		MustReauthenticate: c.operation.risky && old, ProofOld: old,
	}), nil
}

// sameSite refuses unsafe requests that another site's page made with the
// person's cookie (S23). Beside it stand SameSite, the header that no form can
// send, and bodies that no form can make.
func (d *door) sameSite(c *call) error {
	if err := d.origins.Check(c.request); err != nil {
		return apicred.Forbidden("The request comes from a page of another site. Use the console of this server, or an access token.").Because(err)
	}
	if c.media == mediaYAML {
		return notTaken([]string{mediaJSON})
	}
	return nil
}

// lastUsed is the account that a session used last, if the person still belongs
// to it, else the one they belong to longest.
func lastUsed(session login.Session, memberships []apicred.User) string {
	for _, u := range memberships {
		if u.AccountID == session.AccountID {
			return u.AccountID
		}
	}
	if len(memberships) == 0 {
		return ""
	}
	return memberships[0].AccountID
}

// identified adds what the request says of the actor, for audit and log.
func (d *door) identified(c *call, actor apicred.Actor) apicred.Actor {
	actor.Address, actor.RequestID = c.exchange.Address(), c.exchange.RequestID
	c.exchange.Actor = actor.ID
	return actor
}
