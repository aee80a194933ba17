package oauth

import (
	"encoding/json"
	"net/http"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/web"
)

// resourceDocument describes the management API as a protected resource
// (RFC 9728). Its resource is the audience of its tokens, so its address is made
// from that (section 3.1).
type resourceDocument struct{ config Config }

func (d resourceDocument) serve(w http.ResponseWriter, r *http.Request, x *web.Exchange) {
	issuer := d.config.IssuerURL
	described := accesstoken.DescribeResource(d.config.Clients.Catalogue(), issuer, accesstoken.ManagementAudience(issuer), "Claviger")
	described.JWKSURI = issuer + keysPath
	described.CertificateBound = d.config.Certificates
	described.Documentation = d.config.ServiceDocumentation
	body, err := json.Marshal(described)
	if err != nil {
		x.WriteError(err)
		return
	}
	servePublic(w, r, "application/json", "public, max-age=60", body)
}
