package gateway

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// Decider judges calls. It is shared by all doors and safe for concurrent use.
type Decider struct {
	clients  *accesstoken.Directory
	verifier *accesstoken.Verifier
	issuer   string
	tokenURL string
	// management is the audience of Claviger's own API; a token for it is no
	// token for any API behind.
	management string
}

// NewDecider returns a Decider. issuer is the setting issuer; refusals tell
// people to get a token there.
func NewDecider(clients *accesstoken.Directory, verifier *accesstoken.Verifier, issuer string) *Decider {
	return &Decider{clients: clients, verifier: verifier, issuer: issuer, tokenURL: issuer + "/oauth2/token", management: accesstoken.ManagementAudience(issuer)}
}

// Call is a call to an API, as the program made it.
type Call struct {
	Method string
	// Scheme is that of the program's own request; empty where the proxy does not
	// say.
	Scheme string
	Host   string // with or without port
	Path   string // as sent: percent-encoded, without query
	Query  string // as sent; only searched for what must not be there
	// API names the API instead of host and path; empty: those find it.
	API string
	// AlsoAnyOf are scopes of which one is needed besides one of the route's;
	// empty: none.
	AlsoAnyOf []string
	// Authorization are the values of all Authorization headers.
	Authorization []string
	// Proofs are the values of all DPoP headers (RFC 9449 section 4.1).
	Proofs []string
	// Certificate knows the program's client certificate; nil: there is none.
	Certificate accesstoken.Certified
	Client      netip.Addr
	// Arrival is when the request came in, for "fresh before no".
	Arrival time.Time
}

// Decision is what a Decider says to a call.
type Decision struct {
	// Denial is nil when the call is allowed.
	Denial *Denial
	// Route that the call meets; nil when none was found or looked for.
	Route *apicred.CompiledRoute
	// ClientID is who calls; set once that is proved, allowed or not.
	ClientID string
	// The rest of who calls, set when the call is allowed. UserID is empty for
	// account-level credentials. Scope holds the scopes the caller may use now.
	AccountID, UserID, Scope string
	// Bearer tells that the caller presented an access token, and not an ID
	// and secret.
	Bearer bool
	// DPoP tells that the token came with a proof, and not as Bearer.
	DPoP bool
}

// Decide judges a call. Negative answers that rest on the node's view are given
// only on a view newer than the call's arrival (contract.md "Fresh before no").
func (d *Decider) Decide(ctx context.Context, c *Call) Decision {
	out := d.decide(ctx, c)
	if out.Denial != nil {
		out.Denial.about = aboutDenial(c, &out)
	}
	return out
}

func (d *Decider) decide(ctx context.Context, c *Call) Decision {
	segments, denial := c.admissible()
	if denial != nil {
		return Decision{Denial: denial}
	}
	route := d.route(c, segments)
	if route == nil {
		if err := d.clients.Fresh(ctx, c.Arrival); err != nil {
			return Decision{Denial: denialOf(err)}
		}
		if route = d.route(c, segments); route == nil {
			return Decision{Denial: denyNoRoute(c)}
		}
	}
	who, denial := d.prove(ctx, c, route)
	if denial != nil {
		return Decision{Denial: denial.to(&who), Route: route}
	}
	if who.refusal(route, c) != nil {
		if route, denial = d.reconsider(ctx, c, segments, &who); denial == nil {
			denial = who.refusal(route, c)
		}
	}
	if denial == nil && who.bearer { // Authenticate has counted the call of a Basic client
		if err := who.client.TakeCall(c.Arrival); err != nil {
			denial = denialOf(err)
		}
	}
	if denial != nil {
		return d.denied(c, route, &who, denial)
	}
	d.clients.Count(&who.client, accesstoken.OutcomeAllowed, who.using(route), c.Client)
	return Decision{
		Route: route, ClientID: who.client.ID(), AccountID: who.client.AccountID(), UserID: who.client.OwnerID(),
		Scope: apicred.JoinScopes(who.scopes), Bearer: who.bearer, DPoP: who.presented.DPoP,
	}
}

// denied counts the refusal of a caller who was proved.
func (d *Decider) denied(c *Call, route *apicred.CompiledRoute, who *caller, denial *Denial) Decision {
	if denial.Code != CodeUnavailable { // then nothing was decided
		d.clients.Count(&who.client, accesstoken.Outcome(denial.Code), firstScope(route), c.Client)
	}
	return Decision{Denial: denial.to(who), Route: route, ClientID: who.client.ID()}
}

// admissible refuses calls that no credential can save, and takes the path
// apart. A token in the query or beside another one is refused whatever else is
// sent (RFC 6750 section 2): which of two the API would believe, nobody knows.
func (c *Call) admissible() ([]string, *Denial) {
	switch {
	case len(c.Authorization) > 1:
		return nil, &Denial{Code: CodeInvalidToken, Detail: "The request has two Authorization headers. Send one."}
	case hasQueryToken(c.Query):
		return nil, denyQueryToken()
	case !plausibleMethod(c.Method):
		return nil, denyNoRoute(c)
	}
	segments, ok := apicred.PathSegments(c.Path)
	if !ok {
		return nil, denyPath("The path has a spelling that two programs could read differently (an encoded slash, backslash, dot or NUL, an empty or dot segment, or a semicolon). Send it in its plain form.")
	}
	return segments, nil
}

func (d *Decider) route(c *Call, segments []string) *apicred.CompiledRoute {
	catalogue := d.clients.Catalogue()
	if c.API == "" {
		return catalogue.Match(c.Method, c.Host, segments)
	}
	if api := catalogue.API(c.API); api != nil {
		return api.MatchIn(c.Method, segments)
	}
	return nil
}

// caller is a proved client and what it may use.
type caller struct {
	client accesstoken.Client
	scopes []string
	bearer bool
	// presented and verified are a bearer's.
	presented accesstoken.Presented
	verified  *accesstoken.Verified
}

// prove finds out who calls.
func (d *Decider) prove(ctx context.Context, c *Call, route *apicred.CompiledRoute) (caller, *Denial) {
	if len(c.Authorization) == 0 || c.Authorization[0] == "" {
		return caller{}, d.denyUnauthenticated(route)
	}
	scheme, credentials, _ := strings.Cut(c.Authorization[0], " ")
	switch dpop := strings.EqualFold(scheme, "DPoP"); {
	case dpop || strings.EqualFold(scheme, "Bearer"):
		who := caller{bearer: true, presented: accesstoken.Presented{
			Token: strings.Trim(credentials, " "), DPoP: dpop, Proofs: c.Proofs, Method: c.Method,
			Address: proof.Address{Scheme: c.Scheme, Host: c.Host, Path: c.Path}, Certificate: c.Certificate, Arrival: c.Arrival,
		}}
		return who, d.verify(ctx, &who)
	case strings.EqualFold(scheme, "Basic") && route.API.DirectCredentials:
		return d.authenticate(ctx, c, credentials)
	case strings.EqualFold(scheme, "Basic"):
		return caller{}, &Denial{Code: CodeInvalidToken, Detail: "This API does not take a client ID and secret directly. Get an access token at " + d.tokenURL + " and send it as Authorization: Bearer."}
	}
	return caller{}, &Denial{Code: CodeInvalidToken, Detail: "The Authorization header has a scheme that is not offered here. Send an access token as Authorization: Bearer."}
}

// verify judges the caller's token and renews what is known of the caller.
// Whether the token is meant for the route's API is refusal's to say: a token
// without the scope has not the audience either, and its bearer must be told
// that it is the scope that is missing (R20).
func (d *Decider) verify(ctx context.Context, who *caller) *Denial {
	v, err := d.verifier.VerifyPresentedAnyAudience(ctx, &who.presented)
	if err != nil {
		return d.denyToken(err)
	}
	if v.Person || v.MeantFor(d.management) { // it manages; it does not call APIs
		return d.denyToken(apicred.Unauthenticated("management token"))
	}
	who.client, who.scopes, who.verified = v.Client, v.EffectiveScopes, v
	return nil
}

// authenticate takes client ID and secret directly. The caller may use what a
// token without named scopes would hold: Claviger's own scopes are left out.
func (d *Decider) authenticate(ctx context.Context, c *Call, credentials string) (caller, *Denial) {
	clientID, secret := parseBasic(credentials)
	client, err := d.clients.Authenticate(ctx, accesstoken.ClientAuth{
		ClientID: clientID, Secret: secret, Address: c.Client, Arrival: c.Arrival,
	})
	if err != nil {
		return caller{}, d.denyToken(err)
	}
	return caller{client: client, scopes: callable(client.EffectiveScopes())}, nil
}

func callable(scopes []string) []string {
	if !slices.ContainsFunc(scopes, apicred.IsManagement) {
		return scopes
	}
	return slices.DeleteFunc(slices.Clone(scopes), apicred.IsManagement)
}

// reconsider looks at catalogue and caller once more on a view newer than the
// call. It returns the route that the call meets now.
func (d *Decider) reconsider(ctx context.Context, c *Call, segments []string, who *caller) (*apicred.CompiledRoute, *Denial) {
	if err := d.clients.Fresh(ctx, c.Arrival); err != nil {
		return nil, denialOf(err)
	}
	route := d.route(c, segments)
	if route == nil {
		return nil, denyNoRoute(c)
	}
	if who.bearer {
		return route, d.verify(ctx, who)
	}
	client, err := d.clients.Renew(ctx, who.client, c.Arrival)
	if err != nil {
		return route, d.denyToken(err)
	}
	who.client, who.scopes = client, callable(client.EffectiveScopes())
	return route, nil
}

// refusal says why the caller may not make the call, nil when it may.
func (w *caller) refusal(route *apicred.CompiledRoute, c *Call) *Denial {
	switch {
	case !w.client.AllowsAddress(c.Client):
		return &Denial{Code: CodeAddressNotAllowed, Detail: "This API credential may not be used from this address. Call from an allowed one, or have its allowed addresses changed."}
	case !holdsAny(w.scopes, route.Scopes):
		return denyScope(route.Scopes)
	case len(c.AlsoAnyOf) > 0 && !holdsAny(w.scopes, c.AlsoAnyOf):
		return denyScope(c.AlsoAnyOf)
	case w.bearer && !w.verified.MeantFor(route.API.Audience):
		return &Denial{Code: CodeInvalidToken, Detail: "The access token is not meant for this API. Get one without resource, or with resource=" + route.API.Audience + "."}
	}
	return nil
}

// using is the scope that opens the route to the caller, for the usage count.
func (w *caller) using(route *apicred.CompiledRoute) string {
	for _, s := range route.Scopes {
		if slices.Contains(w.scopes, s) {
			return s
		}
	}
	return ""
}

func holdsAny(held, wanted []string) bool {
	return slices.ContainsFunc(wanted, func(s string) bool { return slices.Contains(held, s) })
}

func firstScope(route *apicred.CompiledRoute) string {
	if route == nil || len(route.Scopes) == 0 {
		return ""
	}
	return route.Scopes[0]
}

// plausibleMethod takes methods as they are written in catalogues: a route for
// every method must not open to a spelling that an API might fold to another.
func plausibleMethod(method string) bool {
	const most = 32
	if method == "" || len(method) > most {
		return false
	}
	for i := range len(method) {
		if c := method[i]; (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return true
}
