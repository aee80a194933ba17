package restapi

import (
	"context"
	"net/http"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/claviger/claviger/api"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/web"
)

// prefix stands before the path of every operation.
const prefix = "/api/v1"

// Deps are what the surface works with. Every member is required.
type Deps struct {
	Lifecycle *lifecycle.Service
	// Tokens judges access tokens (accesstoken.Verifier).
	Tokens TokenVerifier
	// Views is the memory that Tokens judges by (accesstoken.Directory).
	Views Freshener
	// Sessions finds the person behind the session cookie (login.Service).
	Sessions SessionAuthenticator
	// SetUpLinks makes links that let people in (login.Service).
	SetUpLinks SetUpLinks
	// OwnAffairs is what people do with their password and sessions (login.Service).
	OwnAffairs OwnAffairs
	// LinkURL is the address of the page that consumes a link.
	LinkURL func(login.LinkToken) string
	// Issuer is scheme and host of the installation, no trailing slash.
	Issuer string
}

// Surface serves the management API. It is safe for concurrent use.
type Surface struct {
	lifecycle  *lifecycle.Service
	setUpLinks SetUpLinks
	ownAffairs OwnAffairs
	linkURL    func(login.LinkToken) string
	door       *door
	mux        *http.ServeMux
	operations map[string]*operation // by pattern of mux
	openapi    *huma.OpenAPI
	reference  referencePage
}

// New builds the surface. It fails when the issuer is no origin.
func New(d Deps) (*Surface, error) {
	s := &Surface{lifecycle: d.Lifecycle, setUpLinks: d.SetUpLinks, ownAffairs: d.OwnAffairs, linkURL: d.LinkURL, mux: http.NewServeMux(), operations: map[string]*operation{}}
	var err error
	if s.door, err = newDoor(d); err != nil {
		return nil, err
	}
	config := documentConfig()
	s.openapi = config.OpenAPI
	s.register(humago.NewWithPrefix(s.mux, prefix, config))
	finishDocument(s.openapi)
	if s.reference, err = newReferencePage(s.openapi, d.Issuer); err != nil {
		return nil, err
	}
	s.serveItself("/openapi.json", s.serveDocument)
	s.serveItself("/docs", s.reference.serve)
	return s, nil
}

// register is every operation of the API, on one screen.
func (s *Surface) register(a huma.API) {
	s.registerCredentials(a)
	s.registerSecrets(a)
	s.registerScopes(a)
	s.registerAPIs(a)
	s.registerCatalogue(a)
	s.registerAccount(a)
	s.registerMe(a)
	s.registerPassword(a)
	s.registerSessions(a)
	s.registerUsers(a)
	s.registerAuditEvents(a)
	s.registerExplanation(a)
	s.registerSigningKeys(a)
}

// Routes are the addresses of the surface. The body limit here is the largest
// of all operations and one more, so that the operation's own is what refuses.
func (s *Surface) Routes() []web.Route {
	limit := int64(lifecycle.MaxCatalogueSize + 2)
	return []web.Route{
		{Path: prefix + "/", Match: web.MatchPrefix, BodyLimit: limit, Handler: s.serve},
		{Path: prefix, Handler: s.serve},
	}
}

// serve finds the operation, reads what the request brings as far as it can be
// judged without knowing who asks, and hands over to huma.
func (s *Surface) serve(_ http.ResponseWriter, r *http.Request, x *web.Exchange) {
	x.Header().Set("Cache-Control", "no-store")
	x.Pattern = prefix + "/…"
	op, err := s.find(r, x)
	if err != nil {
		x.WriteError(err)
		return
	}
	x.Pattern = prefix + op.Path
	c := &call{request: r, exchange: x, operation: op}
	if err := c.read(); err != nil {
		x.WriteError(err)
		return
	}
	r.Header.Del("Accept") // there is one format; huma would look for others
	c.request = c.request.WithContext(context.WithValue(r.Context(), callKey{}, c))
	s.mux.ServeHTTP(x, c.request) // which adds the path's values to it
}

// find returns the operation of a request. A path in another spelling than its
// usual one is another path (S29): http.ServeMux alone would redirect some.
func (s *Surface) find(r *http.Request, x *web.Exchange) (*operation, error) {
	if r.URL.RawPath != "" || path.Clean(r.URL.Path) != r.URL.Path {
		return nil, apicred.NotFound()
	}
	_, pattern := s.mux.Handler(r)
	if op := s.operations[pattern]; op != nil {
		return op, nil
	}
	if allow := s.allowed(r); allow != "" {
		x.Header().Set("Allow", allow)
		return nil, web.MethodNotAllowed()
	}
	return nil, apicred.NotFound()
}

// allowed lists the methods that the request's path takes, for Allow.
func (s *Surface) allowed(r *http.Request) string {
	var out []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(other); s.operations[pattern] != nil {
			out = append(out, method)
		}
	}
	return strings.Join(out, ", ")
}

// serveItself serves an address that is about the API and no operation of it.
func (s *Surface) serveItself(at string, h http.HandlerFunc) {
	pattern := http.MethodGet + " " + prefix + at
	s.operations[pattern] = &operation{Operation: huma.Operation{Path: at}}
	s.mux.HandleFunc(pattern, h)
}

func (s *Surface) serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/openapi+json")
	_, _ = w.Write(api.OpenAPI) // the connection may be gone; nobody is left to tell
}
