package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
	"github.com/claviger/claviger/internal/web"
)

// inquiry is what introspection and the feed begin with: who asks is proved, as
// a client or by a token of the management audience, and holds a scope.
type inquiry struct {
	*reception
	verifier *accesstoken.Verifier
	audience string
	scope    string
	base     proof.Address
}

func newInquiry(c Config, scope string) inquiry {
	return inquiry{newReception(c), c.Verifier, accesstoken.ManagementAudience(c.IssuerURL), scope, baseOf(c)}
}

// asker is who asks, proved and allowed to.
type asker struct {
	accesstoken.Introspector
	id string // client ID or, for a person, user ID
	// What was proved: a client or, where presented is there, an access token.
	client    accesstoken.Client
	presented *accesstoken.Presented
}

// asker proves who asks, as a client or by a token of the management audience,
// and that they hold the scope.
func (e *inquiry) asker(r *http.Request, x *web.Exchange, f *form) (asker, *refusal) {
	header := r.Header["Authorization"]
	if len(header) != 1 {
		return e.askingClient(r, x, f)
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	dpop := strings.EqualFold(scheme, "DPoP")
	if !dpop && !strings.EqualFold(scheme, "Bearer") {
		return e.askingClient(r, x, f)
	}
	if f.clientSecret != "" || f.asserts() {
		return asker{}, refuse(faultRequest, "The client authenticates in two ways. Send an access token, a client secret or an assertion: one of them.")
	}
	return e.askingBearer(r, x, &accesstoken.Presented{
		Token: strings.Trim(token, " "), DPoP: dpop, Proofs: r.Header["Dpop"], Method: r.Method,
		Address: x.SentTo(e.base), Certificate: x, Arrival: x.Start,
	})
}

func (e *inquiry) askingClient(r *http.Request, x *web.Exchange, f *form) (asker, *refusal) {
	client, refused := e.client(r, x, f)
	if refused != nil {
		return asker{}, refused
	}
	if !client.Holds(e.scope) {
		var err error
		if client, err = e.clients.Renew(r.Context(), client, x.Start); err != nil {
			return asker{}, refusalOf(err)
		}
		if !client.Holds(e.scope) {
			e.clients.Count(&client, accesstoken.OutcomeScope, e.scope, x.Client)
			return asker{}, e.scopeMissing()
		}
	}
	e.clients.Count(&client, accesstoken.OutcomeAllowed, e.scope, x.Client)
	return asker{Introspector: client.Introspector(), id: client.ID(), client: client}, nil
}

func (e *inquiry) askingBearer(r *http.Request, x *web.Exchange, presented *accesstoken.Presented) (asker, *refusal) {
	verified, err := e.verifier.VerifyPresented(r.Context(), presented, e.audience)
	if err == nil && !e.holds(verified) { // fresh before no
		if err = e.clients.Fresh(r.Context(), x.Start); err == nil {
			verified, err = e.verifier.VerifyPresented(r.Context(), presented, e.audience)
		}
	}
	switch {
	case apicred.IsKind(err, apicred.KindUnauthenticated):
		return asker{}, refuseToken(err, presented.DPoP)
	case err != nil:
		return asker{}, refusalOf(err)
	}
	x.Actor = verified.ClientID
	if verified.Person {
		x.Actor = verified.UserID
	} else if !verified.Client.AllowsAddress(x.Client) {
		return asker{}, refuse(faultForbidden, "This API credential may not be used from this address. Add the address to its allowed ranges, or call from one of them.")
	} else if err := verified.Client.TakeCall(x.Start); err != nil {
		return asker{}, refusalOf(err)
	}
	if !e.holds(verified) {
		return asker{}, e.scopeMissing().to(presented.DPoP)
	}
	return asker{Introspector: verified.Introspector(), id: x.Actor, presented: presented}, nil
}

// still proves again that an asker may ask, for answers that take long.
func (e *inquiry) still(ctx context.Context, a *asker) *refusal {
	if a.presented == nil {
		renewed, err := e.clients.Renew(ctx, a.client, time.Time{})
		switch {
		case err != nil:
			return refusalOf(err)
		case !renewed.Holds(e.scope):
			return e.scopeMissing()
		}
		return nil
	}
	a.presented.Arrival = time.Time{}
	renewed, err := e.verifier.VerifyPresented(ctx, a.presented, e.audience)
	switch {
	case err != nil:
		return refusalOf(err)
	case !e.holds(renewed):
		return e.scopeMissing()
	}
	return nil
}

func (e *inquiry) holds(v *accesstoken.Verified) bool {
	return slices.Contains(v.EffectiveScopes, e.scope)
}

// scopeMissing is the refusal of one who was proved and lacks the scope.
func (e *inquiry) scopeMissing() *refusal {
	refused := refuse(faultForbidden, "This needs the scope "+e.scope+". Use an API credential or token that has it.")
	refused.scope = e.scope
	refused.challenge = accesstoken.ScopeChallenges(e.scope, false)
	return refused
}

// to gives the refusal the challenge of the caller's scheme.
func (r *refusal) to(dpop bool) *refusal {
	if dpop {
		r.challenge = accesstoken.ScopeChallenges(r.scope, true)
	}
	return r
}

// refuseToken refuses a bearer (RFC 6750 section 3.1, RFC 9449 sections 7.1 and
// 7.2).
func refuseToken(err error, dpop bool) *refusal {
	refused := refuse(faultToken, "The access token is invalid, has expired, or is not meant for the management API. Request a new one.").because(apicred.AsError(err).Unwrap())
	var fault *accesstoken.ProofError
	if errors.As(err, &fault) {
		refused.description = fault.Advice()
	}
	refused.challenge = accesstoken.TokenChallenges(err, dpop, `Bearer error="invalid_token"`)
	return refused
}
