package apicred

import (
	"net"
	"slices"
	"strings"
	"time"
)

// CompiledCatalogue answers the questions of the hot path without searching:
// which route a request meets, which audiences scopes open, who may hold what.
// It is immutable and safe for concurrent use.
type CompiledCatalogue struct {
	document Catalogue
	version  int64
	scopes   map[string]*CompiledScope
	ordered  []*CompiledScope
	apis     map[string]*CompiledAPI
	hosts    map[string]*node // routes of APIs that name the host
	anyHost  *node            // routes of APIs that name none
}

// CompiledScope is a scope with what the whole catalogue says of it.
type CompiledScope struct {
	Scope
	// Live is false for a scope that is retired itself or whose API is.
	Live bool
	// Audiences the scope opens, sorted: its API's, and those of every live
	// API with a route that names it.
	Audiences []string
	accounts  []string // who may hold it; none means every account
}

// CompiledAPI is an API and its own route tree.
type CompiledAPI struct {
	API
	routes *node
}

// CompiledRoute is a route with the API it belongs to.
type CompiledRoute struct {
	Route
	API *CompiledAPI
	// Pattern is base path + path, for logs and explanations.
	Pattern string
}

// Compile prepares a normalized catalogue. managementAudience is the audience
// of Claviger's own API, "<issuer>/api/v1"; version is the stored version.
func Compile(c Catalogue, managementAudience string, version int64) *CompiledCatalogue {
	cc := &CompiledCatalogue{
		document: c, version: version, scopes: map[string]*CompiledScope{}, apis: map[string]*CompiledAPI{},
		hosts: map[string]*node{}, anyHost: &node{},
	}
	management := API{ID: ManagementAPI, Name: "Claviger management API", Audience: managementAudience}
	cc.apis[ManagementAPI] = &CompiledAPI{API: management, routes: &node{}}
	for _, a := range c.APIs {
		cc.apis[a.ID] = &CompiledAPI{API: a, routes: &node{}}
	}
	for _, s := range slices.Concat(c.Scopes, BuiltInScopes()) {
		cc.addScope(s)
	}
	for _, a := range c.APIs {
		cc.addRoutes(cc.apis[a.ID])
	}
	for _, s := range cc.scopes {
		slices.Sort(s.Audiences)
		s.Audiences = slices.Compact(s.Audiences)
	}
	return cc
}

func (cc *CompiledCatalogue) addScope(s Scope) {
	api := cc.apis[s.API]
	compiled := &CompiledScope{Scope: s}
	if api != nil {
		compiled.Live = !s.Retired && !api.Retired
		compiled.accounts = api.Accounts
		if !api.Retired {
			compiled.Audiences = []string{api.Audience}
		}
	}
	cc.scopes[s.Value] = compiled
	cc.ordered = append(cc.ordered, compiled)
}

func (cc *CompiledCatalogue) addRoutes(api *CompiledAPI) {
	if api.Retired {
		return
	}
	for _, r := range api.Routes {
		pattern := api.BasePath + r.Path
		compiled := &CompiledRoute{Route: r, API: api, Pattern: pattern}
		segments := strings.Split(pattern[1:], "/")
		api.routes.add(segments, compiled)
		if len(api.Hosts) == 0 {
			cc.anyHost.add(segments, compiled)
		}
		for _, h := range api.Hosts {
			if cc.hosts[h] == nil {
				cc.hosts[h] = &node{}
			}
			cc.hosts[h].add(segments, compiled)
		}
		for _, s := range r.Scopes {
			if scope := cc.scopes[s]; scope != nil {
				scope.Audiences = append(scope.Audiences, api.Audience)
			}
		}
	}
}

// Document returns the catalogue as the operator wrote it, without built-ins.
func (cc *CompiledCatalogue) Document() Catalogue { return cc.document }

// Version is the stored version of the document, for ETag.
func (cc *CompiledCatalogue) Version() int64 { return cc.version }

// Scope returns what the catalogue says of a scope value, or nil. The
// comparison is exact: another case is another scope.
func (cc *CompiledCatalogue) Scope(value string) *CompiledScope { return cc.scopes[value] }

// Scopes returns every scope in the document's order, built-ins last.
func (cc *CompiledCatalogue) Scopes() []*CompiledScope { return cc.ordered }

// API returns the API with the given ID, or nil.
func (cc *CompiledCatalogue) API(id string) *CompiledAPI { return cc.apis[id] }

// Grantable tells whether a credential of account whose owner has role may hold
// the scope now: it lives, the role allows it, and the account may have it.
// For account-level credentials role is RoleAdmin.
func (s *CompiledScope) Grantable(role Role, account *Account) bool {
	if !s.Live || !s.AllowsRole(role) {
		return false
	}
	if OperatorOnly(s.Value) && !account.Operator {
		return false
	}
	return len(s.accounts) == 0 || slices.Contains(s.accounts, account.ID)
}

// EffectiveScopes returns the part of held that works now (R10): held ∩ what
// the owner's present role allows ∩ scopes not retired. Order is kept.
func (cc *CompiledCatalogue) EffectiveScopes(held []string, role Role, account *Account) []string {
	out := make([]string, 0, len(held))
	for _, v := range held {
		if s := cc.scopes[v]; s != nil && s.Grantable(role, account) {
			out = append(out, v)
		}
	}
	return out
}

// GrantedSince is since when a scope works without a break for credentials of
// account whose owner has role, as far as the catalogue remembers: a token from
// before does not have it. Zero: always.
func (cc *CompiledCatalogue) GrantedSince(scope string, role Role, account *Account) time.Time {
	var since time.Time
	for i := range cc.document.Revivals {
		if r := &cc.document.Revivals[i]; r.At.After(since) && r.of(scope, role, account) {
			since = r.At
		}
	}
	return since
}

// Offered returns the scopes that a person with role may give in account, in
// the document's order (R2, R4).
func (cc *CompiledCatalogue) Offered(role Role, account *Account) []*CompiledScope {
	var out []*CompiledScope
	for _, s := range cc.ordered {
		if s.Grantable(role, account) {
			out = append(out, s)
		}
	}
	return out
}

// Audiences returns every audience that scopes open, sorted, each once.
func (cc *CompiledCatalogue) Audiences(scopes []string) []string {
	var out []string
	for _, v := range scopes {
		if s := cc.scopes[v]; s != nil {
			out = append(out, s.Audiences...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// KnownAudience tells whether some API of the catalogue, not retired, has the
// audience.
func (cc *CompiledCatalogue) KnownAudience(audience string) bool {
	for _, a := range cc.apis {
		if a.Audience == audience && !a.Retired {
			return true
		}
	}
	return false
}

// Match finds the route a request meets, or nil. host may carry a port; path
// segments come from PathSegments. APIs that name the host go before those
// that name none.
func (cc *CompiledCatalogue) Match(method, host string, segments []string) *CompiledRoute {
	method = judgedMethod(method)
	host = strings.ToLower(host)
	for _, h := range []string{host, withoutPort(host)} {
		if n := cc.hosts[h]; n != nil {
			if r := n.find(method, segments); r != nil {
				return r
			}
		}
	}
	return cc.anyHost.find(method, segments)
}

// MatchIn finds the route of one API, whatever the host.
func (a *CompiledAPI) MatchIn(method string, segments []string) *CompiledRoute {
	if a.Retired {
		return nil
	}
	return a.routes.find(judgedMethod(method), segments)
}

// judgedMethod makes HEAD count as GET.
func judgedMethod(method string) string {
	if method == "HEAD" {
		return "GET"
	}
	return method
}

func withoutPort(host string) string {
	if strings.IndexByte(host, ':') < 0 { // most have none, and SplitHostPort would make an error to say so
		return host
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		if strings.Contains(name, ":") {
			return "[" + name + "]" // an IPv6 literal keeps its brackets (RFC 3986 section 3.2.2)
		}
		return name
	}
	return host
}
