package apicred

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Catalogue is the document an operator writes: the APIs of the installation
// and the scopes that open them (contract.md "Catalogue file").
type Catalogue struct {
	APIs   []API   `json:"apis" yaml:"apis"`
	Scopes []Scope `json:"scopes" yaml:"scopes"`
	// Revivals are what came back lately. They stand beside the document, never
	// in it, and whoever writes one does not set them.
	Revivals []Revival `json:"-" yaml:"-"`
}

// Revival says that a change of the catalogue gave a scope back that an earlier
// one may have taken away: what tokens from before lost, stays lost to them.
type Revival struct {
	Scope string `json:"scope"`
	// Role it came back to; empty: to every role, as the scope was retired.
	Role Role `json:"role,omitempty"`
	// Except are the IDs of accounts that had it all the time; none: nobody had.
	Except []string  `json:"except,omitempty"`
	At     time.Time `json:"at"`
}

// of tells whether a credential of account with an owner in role is concerned.
func (r *Revival) of(scope string, role Role, account *Account) bool {
	return r.Scope == scope && (r.Role == "" || r.Role == role) && !slices.Contains(r.Except, account.ID)
}

var (
	apiIDPattern  = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$`)
	methodPattern = regexp.MustCompile(`^[A-Z][A-Z-]{0,31}$`)
	hostPattern   = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$|^\[[0-9a-f:.]+\](:[0-9]{1,5})?$`)
	paramPattern  = regexp.MustCompile(`^\{[A-Za-z_][A-Za-z0-9_]*\}$`)
)

// Normalize returns the catalogue with defaults filled in and spellings made
// one (methods upper case, hosts lower case, roles of a scope defaulting to
// admin), and all faults at once as one Error with a Field for each.
func (c Catalogue) Normalize() (Catalogue, error) {
	n := Catalogue{APIs: make([]API, 0, len(c.APIs)), Scopes: make([]Scope, 0, len(c.Scopes))}
	v := &catalogueCheck{apis: map[string]int{}, scopes: map[string]int{}, audiences: map[string]string{}, routes: map[string]string{}}
	for i, a := range c.APIs {
		n.APIs = append(n.APIs, v.api(fmt.Sprintf("apis[%d]", i), i, a))
	}
	for i, s := range c.Scopes {
		n.Scopes = append(n.Scopes, v.scope(fmt.Sprintf("scopes[%d]", i), i, s))
	}
	for i, a := range n.APIs {
		for j, r := range a.Routes {
			v.routeScopes(fmt.Sprintf("apis[%d].routes[%d]", i, j), r)
		}
	}
	if len(v.faults) > 0 {
		e := Invalid(v.faults...)
		e.Message = v.faults[0].Location + ": " + v.faults[0].Message
		return Catalogue{}, e
	}
	return n, nil
}

// catalogueCheck collects the faults of one catalogue.
type catalogueCheck struct {
	faults       []FieldError
	apis, scopes map[string]int
	audiences    map[string]string // audience to API ID
	routes       map[string]string // host, method and pattern to location
}

func (v *catalogueCheck) fault(location, format string, args ...any) {
	v.faults = append(v.faults, FieldError{location, fmt.Sprintf(format, args...)})
}

func (v *catalogueCheck) api(at string, i int, a API) API {
	switch _, taken := v.apis[a.ID]; {
	case !apiIDPattern.MatchString(a.ID):
		v.fault(at+".id", "The API ID %q must be 1 to 64 lower-case letters, digits, dots, dashes or underscores.", clip(a.ID))
	case a.ID == ManagementAPI:
		v.fault(at+".id", "The API ID %q belongs to Claviger itself. Choose another.", a.ID)
	case taken:
		v.fault(at+".id", "The API ID %q stands here twice. Give each API its own.", a.ID)
	}
	v.apis[a.ID] = i
	if a.Name == "" {
		a.Name = a.ID
	}
	if _, err := CheckName(at+".name", a.Name); err != nil {
		v.faults = append(v.faults, AsError(err).Fields...)
	}
	v.audience(at+".audience", a)
	a.Hosts = v.hosts(at+".hosts", a.Hosts)
	a.BasePath = v.basePath(at+".base_path", a.BasePath)
	if a.Upstream = strings.TrimSuffix(a.Upstream, "/"); a.Upstream != "" && !validUpstream(a.Upstream) {
		v.fault(at+".upstream", "The upstream must be an http or https URL of host and port alone, as http://127.0.0.1:9000.")
	}
	routes := make([]Route, 0, len(a.Routes))
	for j, r := range a.Routes {
		routes = append(routes, v.route(fmt.Sprintf("%s.routes[%d]", at, j), a, r))
	}
	a.Routes = routes
	return a
}

func (v *catalogueCheck) audience(at string, a API) {
	u, err := url.Parse(a.Audience)
	// RFC 8707 section 2: an absolute URI without a fragment.
	if err != nil || !u.IsAbs() || strings.Contains(a.Audience, "#") || strings.ContainsFunc(a.Audience, func(r rune) bool { return r <= ' ' || r > '~' }) {
		v.fault(at, "The audience must be an absolute URI without fragment, as urn:example:orders or https://api.example.com.")
		return
	}
	if other, taken := v.audiences[a.Audience]; taken {
		v.fault(at, "The audience %q is already that of the API %q. Give each API its own.", clip(a.Audience), other)
	}
	v.audiences[a.Audience] = a.ID
}

func (v *catalogueCheck) hosts(at string, hosts []string) []string {
	var out []string
	for i, h := range hosts {
		h = strings.ToLower(h)
		if !hostPattern.MatchString(h) {
			v.fault(fmt.Sprintf("%s[%d]", at, i), "The host %q must be a name or address with an optional port, as api.example.com.", clip(h))
			continue
		}
		if !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

func (v *catalogueCheck) basePath(at, path string) string {
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return ""
	}
	if path[0] != '/' {
		v.fault(at, "The base path must begin with a slash, as /orders.")
		return path
	}
	for _, s := range strings.Split(path[1:], "/") {
		if !literalSegment(s) {
			v.fault(at, "The base path %q may hold literal segments only, without empty, dot, encoded or {x} ones.", clip(path))
			return path
		}
	}
	return path
}

func (v *catalogueCheck) route(at string, a API, r Route) Route {
	var methods []string
	for i, m := range r.Methods {
		m = strings.ToUpper(m)
		if m == "HEAD" {
			m = "GET"
		}
		if !methodPattern.MatchString(m) || m == "TRACE" || m == "CONNECT" {
			v.fault(fmt.Sprintf("%s.methods[%d]", at, i), "The method %q cannot be opened. Name methods such as GET or POST; leave the list out for every method but OPTIONS.", clip(m))
			continue
		}
		if !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
	}
	r.Methods = methods
	if !validPattern(r.Path) {
		v.fault(at+".path", "The path %q must begin with a slash and hold literal segments, {x} for one segment, and /** at the end for any depth.", clip(r.Path))
		return r
	}
	v.clash(at, a, r)
	return r
}

// clash refuses two routes that claim the same host, method and pattern: which
// of them decides must never depend on their order.
func (v *catalogueCheck) clash(at string, a API, r Route) {
	hosts, methods := a.Hosts, r.Methods
	if len(hosts) == 0 {
		hosts = []string{"*"}
	}
	if len(methods) == 0 {
		methods = []string{"*"}
	}
	pattern := make([]string, 0, 8)
	for _, s := range strings.Split(a.BasePath+r.Path, "/") {
		if paramPattern.MatchString(s) {
			s = "{}"
		}
		pattern = append(pattern, s)
	}
	for _, h := range hosts {
		for _, m := range methods {
			key := h + " " + m + " " + strings.Join(pattern, "/")
			if other, taken := v.routes[key]; taken && !a.Retired {
				v.fault(at, "This route is the same as %s: same host, method and path. Keep one of them.", other)
			}
			if !a.Retired {
				v.routes[key] = at
			}
		}
	}
}

func (v *catalogueCheck) scope(at string, i int, s Scope) Scope {
	_, taken := v.scopes[s.Value]
	switch {
	case !ValidScopeValue(s.Value):
		v.fault(at+".value", "The scope value %q must be 1 to 64 printable ASCII characters without space, quote or backslash.", clip(s.Value))
	case IsManagement(s.Value):
		v.fault(at+".value", "Scopes beginning with %q are built in. Choose another value.", ManagementPrefix)
	case taken:
		v.fault(at+".value", "The scope %q stands here twice. Give each scope one entry.", s.Value)
	}
	v.scopes[s.Value] = i
	if _, err := CheckName(at+".description", s.Description); err != nil {
		v.fault(at+".description", "Give the scope a description of 1 to 128 characters; people choose by it.")
	}
	if _, ok := v.apis[s.API]; !ok {
		v.fault(at+".api", "The API %q is not in this catalogue. Name one of its API IDs.", clip(s.API))
	}
	if len(s.Roles) == 0 {
		s.Roles = []Role{RoleAdmin}
	}
	for j, r := range s.Roles {
		if r != RoleAdmin && r != RoleSupervisor {
			v.fault(fmt.Sprintf("%s.roles[%d]", at, j), "The role %q cannot hold scopes. Use admin or supervisor.", clip(string(r)))
		}
	}
	return s
}

func (v *catalogueCheck) routeScopes(at string, r Route) {
	if len(r.Scopes) == 0 {
		v.fault(at+".scopes", "Name at least one scope; any one of them opens the route.")
	}
	for i, s := range r.Scopes {
		if _, ok := v.scopes[s]; !ok {
			v.fault(fmt.Sprintf("%s.scopes[%d]", at, i), "The scope %q is not in this catalogue. Add it under scopes, or correct its spelling.", clip(s))
		}
	}
}

func validUpstream(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.Path == "" && u.RawQuery == "" && u.Fragment == ""
}

func validPattern(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		last := i == len(segments)-1
		if s == "" && last || s == "**" && last || paramPattern.MatchString(s) || literalSegment(s) {
			continue
		}
		return false
	}
	return true
}

// literalSegment tells whether s can stand for itself in a path: no characters
// that a request could only send encoded or that enforcement refuses.
func literalSegment(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`%\;?#*{}"<>^|`+"`", r)
	})
}

// clip shortens a foreign value for an error message.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
