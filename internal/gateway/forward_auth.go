package gateway

import (
	"net/http"
	"strings"

	"github.com/claviger/claviger/internal/web"
)

const (
	forwardAuthPath = "/forward-auth"
	// envoyPrefix stands before the path of the call itself, as Envoy's
	// ext_authz sends it with path_prefix.
	envoyPrefix = "/forward-auth/envoy"
)

// Routes returns the forward-auth addresses of the public listener.
func Routes(d *Decider) []web.Route {
	door := forwardAuth{d}
	return []web.Route{
		{Path: forwardAuthPath, Bare: true, Handler: door.serve, Overloaded: door.turnAway},
		{Path: envoyPrefix + "/", Match: web.MatchPrefix, Bare: true, Handler: door.serveEnvoy, Overloaded: door.turnAwayEnvoy},
	}
}

// turnAway and turnAwayEnvoy answer, undecided, when there is no room for a call.
func (f forwardAuth) turnAway(_ http.ResponseWriter, r *http.Request, x *web.Exchange) {
	options, _ := parseOptions(r.URL.RawQuery)
	denialOf(web.Overloaded()).Write(x, options.full)
}

func (f forwardAuth) turnAwayEnvoy(_ http.ResponseWriter, _ *http.Request, x *web.Exchange) {
	denialOf(web.Overloaded()).Write(x, false)
}

// forwardAuth answers proxies that ask whether to let a call through.
type forwardAuth struct{ decider *Decider }

// serve takes the call from the headers that the proxy sets.
func (f forwardAuth) serve(_ http.ResponseWriter, r *http.Request, x *web.Exchange) {
	options, fault := parseOptions(r.URL.RawQuery)
	call := Call{
		API: options.api, AlsoAnyOf: options.alsoAnyOf,
		Authorization: r.Header["Authorization"], Proofs: r.Header["Dpop"], Certificate: x,
		Client: x.Client, Arrival: x.Start,
	}
	denial := trusted(x)
	switch {
	case denial != nil:
	case hasQueryToken(r.URL.RawQuery):
		denial = denyQueryToken()
	case fault != "":
		denial = denyPeer(fault)
	default:
		denial = call.describe(r.Header, options.original)
	}
	f.answer(r, x, &call, denial, options.full)
}

// serveEnvoy takes the call from the check request itself. Its query is the
// program's, so no option is read from there.
func (f forwardAuth) serveEnvoy(_ http.ResponseWriter, r *http.Request, x *web.Exchange) {
	call := Call{
		Method: r.Method, Host: canonicalHost(r.Host),
		Authorization: r.Header["Authorization"], Proofs: r.Header["Dpop"], Certificate: x,
		Client: x.Client, Arrival: x.Start,
	}
	if proto := r.Header["X-Forwarded-Proto"]; single(proto) && plausibleProto(proto[0]) {
		call.Scheme = proto[0]
	}
	denial := trusted(x)
	// The bytes as sent, not as net/url reads them.
	uri, ok := strings.CutPrefix(r.RequestURI, envoyPrefix)
	if denial == nil && !ok {
		denial = denyPath("The check request does not name the path as the program sent it. Set path_prefix to " + envoyPrefix + ".")
	}
	if denial == nil {
		denial = call.locate(uri, false)
	}
	f.answer(r, x, &call, denial, false)
}

func trusted(x *web.Exchange) *Denial {
	if x.TrustedPeer {
		return nil
	}
	return denyPeer("This address answers trusted proxies only. Add the proxy's address to the setting trusted_proxies.")
}

func (f forwardAuth) answer(r *http.Request, x *web.Exchange, call *Call, denial *Denial, full bool) {
	if denial != nil {
		denial.Write(x, full)
		return
	}
	d := f.decider.Decide(r.Context(), call)
	x.Actor = d.ClientID
	if d.Route != nil {
		x.Judged = d.Route.Pattern
	}
	if d.Denial != nil {
		d.Denial.Write(x, full)
		return
	}
	d.setIdentity(x.Header(), x.RequestID)
	x.WriteHeader(http.StatusOK)
}

// setIdentity sets the five identity headers. All are always there, empty or
// not: some proxies forward a literal template for one that is missing.
func (d *Decision) setIdentity(h http.Header, requestID string) {
	values := []string{d.ClientID, d.AccountID, d.UserID, d.Scope, requestID}
	h["Claviger-Client-Id"] = values[0:1:1]
	h["Claviger-Account-Id"] = values[1:2:2]
	h["Claviger-User-Id"] = values[2:3:3]
	h["Claviger-Scope"] = values[3:4:4]
	h["Claviger-Request-Id"] = values[4:5:5]
}
