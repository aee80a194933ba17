package oauth

import (
	"net/http"
	"sync/atomic"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/web"
)

// The public addresses (contract.md "Public URLs").
const (
	tokenPath         = "/oauth2/token"
	introspectionPath = "/oauth2/introspect"
	revocationPath    = "/oauth2/revoke"
	feedPath          = "/revocations"
	vccTokenPath      = "/Auth/connect/token"
	metadataPath      = "/.well-known/oauth-authorization-server"
	openIDPath        = "/.well-known/openid-configuration"
	keysPath          = "/.well-known/jwks.json"
	resourcePath      = "/.well-known/oauth-protected-resource/api/v1"
	documentBodyLimit = 1 // a GET has no body
)

// Config is what the surface works on. What stands behind Closing may be left out.
type Config struct {
	// IssuerURL is the setting issuer: scheme and host, no trailing slash.
	IssuerURL string
	Clients   *accesstoken.Directory
	Issuer    *accesstoken.Issuer
	Verifier  *accesstoken.Verifier
	// Keys returns the JWK Set as JSON, public parts only.
	Keys func() []byte
	// Closing is closed when the server begins to stop: answers that wait for
	// something end then. May be nil.
	Closing <-chan struct{}
	// ServiceDocumentation is a URL for people, in the metadata; empty: none.
	ServiceDocumentation string
	// Certificates: clients may prove themselves by a client certificate.
	Certificates bool
	// CertificateURL is scheme and host of the listener where they are asked for
	// one; empty: there is none, and the certificate comes by a proxy.
	CertificateURL string
	// Followers counts who waits at the feed, on every listener that shares it;
	// nil: on this one alone.
	Followers *atomic.Int64
}

// Routes returns the surface's addresses.
func Routes(c Config) []web.Route {
	document := &metadataDocument{config: c}
	read := []string{http.MethodGet, http.MethodOptions}
	routes := []web.Route{
		{Path: tokenPath, BodyLimit: tokenBodyLimit, Handler: newTokenEndpoint(c, manners{
			showScope: true, binds: true, refuse: standard,
		}).serve},
		{Path: vccTokenPath, Match: web.MatchFold, BodyLimit: tokenBodyLimit, Handler: newTokenEndpoint(c, manners{
			lifetime: accesstoken.VCCTokenLifetime, scopeRequired: true, refuse: vcc,
		}).serve},
		{Path: introspectionPath, Bare: true, BodyLimit: tokenBodyLimit, Handler: newIntrospectionEndpoint(c).serve},
		{Path: revocationPath, BodyLimit: tokenBodyLimit, Handler: newRevocationEndpoint(c).serve},
		{Path: feedPath, Methods: []string{http.MethodGet}, BodyLimit: documentBodyLimit, Handler: newFeedEndpoint(c).serve},
		{Path: metadataPath, Methods: read, BodyLimit: documentBodyLimit, Handler: document.serve},
		{Path: openIDPath, Methods: read, BodyLimit: documentBodyLimit, Handler: document.serve},
		{Path: resourcePath, Methods: read, BodyLimit: documentBodyLimit, Handler: resourceDocument{c}.serve},
		{Path: keysPath, Methods: read, BodyLimit: documentBodyLimit, Handler: keyDocument{c.Keys}.serve},
	}
	for i := range routes {
		routes[i].Overloaded = newReception(c).turnAway
	}
	return routes
}
