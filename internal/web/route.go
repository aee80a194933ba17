package web

import (
	"net/http"
	"slices"
	"strings"
)

// Handler answers one request. w and x are the same thing; x also carries what
// the shell knows of the request and what it will log.
type Handler func(w http.ResponseWriter, r *http.Request, x *Exchange)

// Match is how a Route's path is compared with a request's.
type Match int

const (
	// MatchExact: the path as it stands, case-sensitive, never cleaned. A path
	// with needless percent-encoding is another path.
	MatchExact Match = iota
	// MatchFold: as MatchExact, in any ASCII letter case.
	MatchFold
	// MatchPrefix: every path that begins with it, not cleaned or decoded.
	MatchPrefix
)

const (
	// DefaultBodyLimit bounds request bodies, in bytes (S34).
	DefaultBodyLimit = 64 << 10
	// NoBodyLimit lifts the bound, for a door that passes bodies on.
	NoBodyLimit = -1
)

// Route is one address of a surface, for handlers on the hot path.
type Route struct {
	// Path to compare, beginning with a slash; also the pattern in logs and
	// metrics.
	Path  string
	Match Match
	// Methods the handler takes; others get 405 with Allow. GET includes HEAD.
	// None: the handler sees every method, TRACE included.
	Methods []string
	// BodyLimit in bytes; 0 is DefaultBodyLimit.
	BodyLimit int64
	// Bare leaves out the headers that only browsers heed, for answers that
	// proxies and programs alone read: they are a tenth of what a short one costs.
	Bare    bool
	Handler Handler
	// Always lets requests in however much is asked of the server, as probes.
	Always bool
	// Crowd bounds how many requests are under way, their bodies read and their
	// answers not begun; nil: nothing does.
	Crowd *Crowd
	// Overloaded answers a request that is turned away, in the surface's words;
	// nil: a problem document. It must not read the body.
	Overloaded Handler
}

// Router finds the route of a request: exact paths first, then those in any
// letter case, then prefixes, then what was mounted. Fill it before serving.
type Router struct {
	exact    map[string]*entry
	folded   map[string]*entry
	prefixes []*entry
	mux      *http.ServeMux
	mounted  *entry
}

// entry is a route ready to serve.
type entry struct {
	Route
	allow   string
	metrics *routeMetrics
}

// limit is the bound of bodies in bytes.
func (e *entry) limit() int64 {
	if e.BodyLimit == 0 {
		return DefaultBodyLimit
	}
	return e.BodyLimit
}

// NewRouter returns a router without routes: every request gets 404.
func NewRouter() *Router {
	rt := &Router{exact: map[string]*entry{}, folded: map[string]*entry{}, mux: http.NewServeMux()}
	rt.mounted = &entry{Route: Route{Path: "unmatched", Handler: rt.serveMounted}}
	return rt
}

// Add adds routes of a surface. Two routes of the same path are a mistake of
// the program: it panics, as http.ServeMux does.
func (rt *Router) Add(routes ...Route) {
	for _, route := range routes {
		e := &entry{Route: route, allow: allowed(route.Methods)}
		switch route.Match {
		case MatchExact:
			claim(rt.exact, route.Path, e)
		case MatchFold:
			claim(rt.folded, strings.ToLower(route.Path), e)
		case MatchPrefix:
			rt.prefixes = append(rt.prefixes, e)
		}
	}
}

func claim(routes map[string]*entry, path string, e *entry) {
	if routes[path] != nil {
		panic("web: two routes claim " + path)
	}
	routes[path] = e
}

func allowed(methods []string) string {
	if slices.Contains(methods, http.MethodGet) && !slices.Contains(methods, http.MethodHead) {
		methods = append(slices.Clone(methods), http.MethodHead)
	}
	return strings.Join(methods, ", ")
}

// Mount serves a http.ServeMux pattern with a plain handler, which finds its
// exchange with From. The handler's own mux may name a narrower pattern in
// r.Pattern; the log and the metrics then use that. bodyLimit is in bytes; 0 is
// DefaultBodyLimit.
func (rt *Router) Mount(pattern string, bodyLimit int64, h http.Handler) {
	if bodyLimit == 0 {
		bodyLimit = DefaultBodyLimit
	}
	rt.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if tooLong(r, bodyLimit) {
			From(r.Context()).WriteError(TooLarge())
			return
		}
		limitBody(w, r, bodyLimit)
		h.ServeHTTP(w, r)
	})
}

// MountedOverload is Route.Crowd and Route.Overloaded of all that is mounted.
func (rt *Router) MountedOverload(crowd *Crowd, answer http.Handler) {
	rt.mounted.Crowd = crowd
	rt.mounted.Overloaded = func(w http.ResponseWriter, r *http.Request, x *Exchange) {
		answer.ServeHTTP(w, r.WithContext(withExchange(r.Context(), x)))
	}
}

// find never returns nil. RawPath is set when the path is spelled otherwise
// than it would normally be; such a spelling meets no exact route.
func (rt *Router) find(r *http.Request) *entry {
	path := r.URL.Path
	if r.URL.RawPath == "" {
		if e := rt.exact[path]; e != nil {
			return e
		}
		if e := rt.fold(path); e != nil {
			return e
		}
	}
	for _, e := range rt.prefixes {
		if strings.HasPrefix(r.URL.EscapedPath(), e.Path) {
			return e
		}
	}
	return rt.mounted
}

func (rt *Router) fold(path string) *entry {
	for folded, e := range rt.folded {
		if len(folded) == len(path) && strings.EqualFold(folded, path) {
			return e
		}
	}
	return nil
}

// serveMounted serves what was mounted. Methods that no mounted handler should
// have to know are refused here (S35), and the mux's own plain-text refusals
// become problem documents.
func (rt *Router) serveMounted(w http.ResponseWriter, r *http.Request, x *Exchange) {
	x.Pattern = "unmatched"
	if r.Method == http.MethodTrace || r.Method == http.MethodConnect {
		w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		x.WriteError(MethodNotAllowed())
		return
	}
	r = r.WithContext(withExchange(r.Context(), x))
	h, pattern := rt.mux.Handler(r)
	if pattern == "" {
		refuseAsProblem(h, r, x)
		return
	}
	x.Pattern = pathOf(pattern)
	rt.mux.ServeHTTP(w, r)
	if r.Pattern != "" { // the handler's own mux may have found a narrower one
		x.Pattern = pathOf(r.Pattern)
	}
}

// pathOf drops the method from a mux pattern: the log has it beside.
func pathOf(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return pattern
}

// refuseAsProblem asks a mux's refusal for its status and answers with a problem.
func refuseAsProblem(h http.Handler, r *http.Request, x *Exchange) {
	peek := &refusal{header: http.Header{}}
	h.ServeHTTP(peek, r)
	if peek.status == http.StatusMethodNotAllowed {
		x.Header().Set("Allow", peek.header.Get("Allow"))
		x.WriteError(MethodNotAllowed())
		return
	}
	x.WriteError(notFound())
}

// refusal keeps status and header of an answer and drops its text.
type refusal struct {
	header http.Header
	status int
}

func (p *refusal) Header() http.Header         { return p.header }
func (p *refusal) Write(b []byte) (int, error) { return len(b), nil }
func (p *refusal) WriteHeader(status int)      { p.status = status }
