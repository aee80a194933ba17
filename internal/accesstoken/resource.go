package accesstoken

import (
	"slices"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/proof"
)

// ProtectedResource is what an API that takes our tokens says of itself
// (RFC 9728 section 2).
type ProtectedResource struct {
	// Resource is the audience that its tokens are for; RFC 9728 section 3.3
	// wants it to be the very URL under which the description was looked for.
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	JWKSURI              string   `json:"jwks_uri,omitempty"`
	ScopesSupported      []string `json:"scopes_supported"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	ProofSigning         []string `json:"dpop_signing_alg_values_supported"`
	Name                 string   `json:"resource_name,omitempty"`
	Documentation        string   `json:"resource_documentation,omitempty"`
	// CertificateBound: tokens that are bound to a client certificate are taken.
	CertificateBound bool `json:"tls_client_certificate_bound_access_tokens,omitempty"`
}

// DescribeResource describes the API with the audience: the scopes are those of
// the catalogue that open it and are not retired, and a token comes in the
// Authorization header alone.
func DescribeResource(c *apicred.CompiledCatalogue, issuer, audience, name string) ProtectedResource {
	scopes := []string{}
	for _, s := range c.Scopes() {
		if s.Live && slices.Contains(s.Audiences, audience) {
			scopes = append(scopes, s.Value)
		}
	}
	return ProtectedResource{
		Resource: audience, AuthorizationServers: []string{issuer}, ScopesSupported: scopes, BearerMethods: []string{"header"}, Name: name,
		ProofSigning: proof.Algorithms(),
	}
}
