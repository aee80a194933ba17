package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/web"
)

// resourcePrefix stands before the path of a resource where its description is
// looked for (RFC 9728 section 3.1).
const resourcePrefix = "/.well-known/oauth-protected-resource"

// described answers a look-up of the description of an API behind the gateway,
// and tells whether the call was one. Such an API's audience is its URL: of one
// with another kind of audience nothing could be said that RFC 9728 section 3.3
// lets a program believe. What is no such look-up is a call like any other.
func (p *Proxy) described(r *http.Request, x *web.Exchange, call *Call) bool {
	path, ok := strings.CutPrefix(call.Path, resourcePrefix)
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	catalogue := p.decider.clients.Catalogue()
	api := resourceAt(catalogue, call.Host, path)
	if api == nil {
		return false
	}
	body, err := json.Marshal(accesstoken.DescribeResource(catalogue, p.decider.issuer, api.Audience, api.Name))
	if err != nil {
		x.WriteError(err)
		return true
	}
	x.Pattern = resourcePrefix
	h := x.Header()
	h.Set("Access-Control-Allow-Origin", "*") // S24: metadata is for web pages, too
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age=60")
	_, _ = x.Write(body) // an error means that the program has gone
	return true
}

// resourceAt finds the API whose audience is the URL of host and path. The
// scheme is not compared: whoever ends TLS may stand before the gateway, and the
// program compares it.
func resourceAt(c *apicred.CompiledCatalogue, host, path string) *apicred.CompiledAPI {
	for _, a := range c.Document().APIs {
		if a.Retired || a.Upstream == "" || !strings.HasPrefix(a.Audience, "http") {
			continue
		}
		u, err := url.Parse(a.Audience)
		if err == nil && strings.EqualFold(u.Host, host) && u.EscapedPath() == path && u.RawQuery == "" && u.User == nil {
			return c.API(a.ID)
		}
	}
	return nil
}
