package oauth

import (
	"net/http"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/proof"
	"github.com/claviger/claviger/internal/web"
)

// manners are what the two token endpoints do not share: the words of their
// answers, and how long a token lives.
type manners struct {
	// lifetime asked of the issuer; 0 is the server's setting.
	lifetime time.Duration
	// scopeRequired: an absent scope is an error instead of all scopes.
	scopeRequired bool
	// showScope puts the granted scope into the answer.
	showScope bool
	// binds: a client that proves a key gets a token bound to it.
	binds  bool
	refuse func(refusal) reply
}

// tokenEndpoint answers token requests (RFC 6749 section 3.2).
type tokenEndpoint struct {
	*reception
	issuer  *accesstoken.Issuer
	manners manners
	base    proof.Address
}

func newTokenEndpoint(c Config, m manners) *tokenEndpoint {
	return &tokenEndpoint{reception: newReception(c), issuer: c.Issuer, manners: m, base: baseOf(c)}
}

// serve is a web.Handler. Checks come in the order method, form, client, grant,
// scope, resource (contract.md "Errors").
func (e *tokenEndpoint) serve(w http.ResponseWriter, r *http.Request, x *web.Exchange) {
	e.headers.setNoStore(w.Header())
	token, refused := e.token(r, x)
	if refused != nil {
		e.answer(x, *refused, e.manners.refuse)
		return
	}
	e.grant(w, token)
}

// baseOf is where programs find this server.
func baseOf(c Config) proof.Address {
	base, _ := proof.AddressOf(c.IssuerURL) // the setting was checked; nothing is at the zero value
	return base
}

func (e *tokenEndpoint) token(r *http.Request, x *web.Exchange) (accesstoken.Token, *refusal) {
	f, refused := e.form(r)
	if refused != nil {
		return accesstoken.Token{}, refused
	}
	client, refused := e.client(r, x, &f)
	if refused != nil {
		return accesstoken.Token{}, refused
	}
	return e.issue(r, x, client, &f)
}

func (e *tokenEndpoint) issue(r *http.Request, x *web.Exchange, client accesstoken.Client, f *form) (accesstoken.Token, *refusal) {
	switch f.grantType {
	case "client_credentials":
	case "":
		return accesstoken.Token{}, refuse(faultGrantMissing, "The parameter grant_type is missing. Send grant_type=client_credentials.")
	default:
		return accesstoken.Token{}, refuse(faultGrant, "This grant is not offered. Send grant_type=client_credentials.")
	}
	if f.scope == "" && e.manners.scopeRequired {
		return accesstoken.Token{}, refuse(faultScopeMissing, "You must specify a scope")
	}
	bound, err := e.confirmation(r, x, &client)
	if err != nil {
		return accesstoken.Token{}, refusalOf(err)
	}
	token, err := e.issuer.Issue(r.Context(), client, accesstoken.IssueRequest{
		Scope: f.scope, ScopePresent: f.scope != "", Resource: f.resource, Lifetime: e.manners.lifetime, Confirmation: bound, Arrival: x.Start,
	})
	if err != nil {
		return accesstoken.Token{}, refusalOf(err)
	}
	return token, nil
}

// confirmation is what the client proved that its token shall be bound to.
func (e *tokenEndpoint) confirmation(r *http.Request, x *web.Exchange, client *accesstoken.Client) (bound accesstoken.Confirmation, err error) {
	bound = client.Confirmation()
	if proofs := r.Header["Dpop"]; len(proofs) > 0 && e.manners.binds {
		bound.Key, err = e.clients.ProveKey(r.Context(), client, &accesstoken.ProofRequest{
			Proofs: proofs, Method: r.Method, Address: x.SentTo(e.base), From: x.Client,
		})
	}
	return bound, err
}
