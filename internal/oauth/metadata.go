package oauth

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
	"github.com/claviger/claviger/internal/web"
)

// metadata is the authorization server's description of itself (RFC 8414
// section 2). It names only what works.
type metadata struct {
	Issuer               string   `json:"issuer"`
	TokenEndpoint        string   `json:"token_endpoint"`
	JWKSURI              string   `json:"jwks_uri"`
	ScopesSupported      []string `json:"scopes_supported"`
	ResponseTypes        []string `json:"response_types_supported"`
	GrantTypes           []string `json:"grant_types_supported"`
	TokenEndpointMethods []string `json:"token_endpoint_auth_methods_supported"`
	TokenEndpointSigning []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	Introspection        string   `json:"introspection_endpoint"`
	IntrospectionMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionSigning []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	Revocation           string   `json:"revocation_endpoint"`
	RevocationMethods    []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationSigning    []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	ProofSigning         []string `json:"dpop_signing_alg_values_supported"` // RFC 9449 section 5.1
	ServiceDocumentation string   `json:"service_documentation,omitempty"`
	// of RFC 8705, sections 3.3 and 5
	CertificateBound bool             `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	Aliases          *endpointAliases `json:"mtls_endpoint_aliases,omitempty"`
}

// endpointAliases are the endpoints where a client is asked for its certificate.
type endpointAliases struct {
	Token         string `json:"token_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
}

func aliasesAt(url string) *endpointAliases {
	if url == "" {
		return nil
	}
	return &endpointAliases{url + tokenPath, url + introspectionPath, url + revocationPath}
}

// metadataDocument serves the description, made anew when the catalogue is
// another one.
type metadataDocument struct {
	config Config
	last   atomic.Pointer[renderedMetadata]
}

type renderedMetadata struct {
	catalogue *apicred.CompiledCatalogue
	body      []byte
}

func (m *metadataDocument) serve(w http.ResponseWriter, r *http.Request, x *web.Exchange) {
	body, err := m.body()
	if err != nil {
		x.WriteError(err)
		return
	}
	servePublic(w, r, "application/json", "public, max-age=60", body)
}

func (m *metadataDocument) body() ([]byte, error) {
	catalogue := m.config.Clients.Catalogue()
	if last := m.last.Load(); last != nil && last.catalogue == catalogue {
		return last.body, nil
	}
	methods, algorithms := []string{"client_secret_basic", "client_secret_post", "private_key_jwt"}, proof.Algorithms()
	if m.config.Certificates {
		methods = append(methods, "tls_client_auth")
	}
	body, err := json.Marshal(metadata{
		Issuer:               m.config.IssuerURL,
		TokenEndpoint:        m.config.IssuerURL + tokenPath,
		JWKSURI:              m.config.IssuerURL + keysPath,
		ScopesSupported:      liveScopes(catalogue),
		ResponseTypes:        []string{},
		GrantTypes:           []string{"client_credentials"},
		TokenEndpointMethods: methods,
		TokenEndpointSigning: algorithms,
		Introspection:        m.config.IssuerURL + introspectionPath,
		IntrospectionMethods: methods,
		IntrospectionSigning: algorithms,
		Revocation:           m.config.IssuerURL + revocationPath,
		RevocationMethods:    methods,
		RevocationSigning:    algorithms,
		ProofSigning:         algorithms,
		ServiceDocumentation: m.config.ServiceDocumentation,
		CertificateBound:     m.config.Certificates,
		Aliases:              aliasesAt(m.config.CertificateURL),
	})
	if err == nil {
		m.last.Store(&renderedMetadata{catalogue, body})
	}
	return body, err
}

// liveScopes lists what the operator's catalogue offers. Claviger's own scopes
// are not advertised: they are for people who run the place.
func liveScopes(c *apicred.CompiledCatalogue) []string {
	scopes := []string{}
	for _, s := range c.Scopes() {
		if s.Live && !apicred.IsManagement(s.Value) {
			scopes = append(scopes, s.Value)
		}
	}
	return scopes
}

// keyDocument serves the JWK Set (RFC 7517 section 5).
type keyDocument struct{ keys func() []byte }

func (k keyDocument) serve(w http.ResponseWriter, r *http.Request, _ *web.Exchange) {
	servePublic(w, r, "application/jwk-set+json", "public, max-age="+strconv.Itoa(int(accesstoken.KeySetMaxAge/time.Second)), k.keys())
}

// servePublic answers with a document that any web page may read: the only
// ones with CORS (S24).
func servePublic(w http.ResponseWriter, r *http.Request, mediaType, caching string, body []byte) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, HEAD")
		h.Set("Access-Control-Max-Age", "3600")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", caching)
	_, _ = w.Write(body) // an error means that the client has gone
}
