package server

import (
	"net/http"

	"github.com/claviger/claviger/console"
	"github.com/claviger/claviger/internal/gateway"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/oauth"
	"github.com/claviger/claviger/internal/restapi"
	"github.com/claviger/claviger/internal/signin"
	"github.com/claviger/claviger/internal/web"
)

// newServer wires the surfaces to the use cases. Every address of the public
// listener is on this screen.
func newServer(core *Core, d *doors) (*server, error) {
	metrics := web.NewMetrics()
	management, err := restapi.New(restapi.Deps{
		Lifecycle: core.Lifecycle, Tokens: core.Verifier, Views: core.Directory, Sessions: core.Login,
		SetUpLinks: core.Login, OwnAffairs: core.Login, LinkURL: core.linkURL, Issuer: core.Issuer,
	})
	if err != nil {
		return nil, err
	}
	files, err := newConsoleFiles(console.Files(), consoleLinks{core.Config.SupportURL, core.Config.DocumentationFeedbackURL})
	if err != nil {
		return nil, err
	}
	health := &health{closing: make(chan struct{}), serves: func() bool { return core.Directory.Ready() == nil }}
	seen := &sight{core: core, doors: d, health: health}
	if err := seen.register(metrics.Registry); err != nil {
		return nil, err
	}
	decider := gateway.NewDecider(core.Directory, core.Verifier, core.Issuer)

	pages, err := signin.New(core.Login, core.Issuer)
	if err != nil {
		return nil, err
	}

	endpoints := oauth.Config{
		IssuerURL: core.Issuer, Clients: core.Directory, Issuer: core.Tokens, Keys: core.Ring.JWKSet, Verifier: core.Verifier, Closing: health.closing,
		ServiceDocumentation: core.Issuer + "/api/v1/docs",
		Certificates:         d.authorities != nil, CertificateURL: aliasURL(core.Issuer, d.mutual),
		Followers: &seen.followers,
	}
	// The management API and the pages wait for the database, the rest only for a
	// processor.
	crowd := web.NewCrowd(mostManaging)
	public := web.NewRouter()
	public.Add(oauth.Routes(endpoints)...)
	public.Add(gateway.Routes(decider)...)
	public.Add(crowded(crowd, management.Routes())...)
	public.Add(files.routes()...)
	public.Add(health.routes()...)
	pages.Register(public)
	public.Mount("/", 0, http.HandlerFunc(pages.NotFound))
	public.MountedOverload(crowd, http.HandlerFunc(pages.Overloaded))

	proxy := gateway.NewProxy(decider, core.Log, core.Config.ClientCertificateHeader)
	behind := web.NewRouter()
	behind.Add(proxy.Routes()...)

	// Neither pages, which browsers open, nor forward-auth: whoever asks there
	// speaks for somebody else, whose certificate is not that of the connection.
	mutual := web.NewRouter()
	mutual.Add(oauth.Routes(endpoints)...)
	mutual.Add(crowded(crowd, management.Routes())...)
	mutual.Add(health.routes()...)

	admission := web.NewAdmission(metrics, core.Log)
	shell := web.Config{
		Logger: core.Log, Metrics: metrics, Listener: "public", Admission: admission,
		Proxies: web.NewProxies(core.Config.TrustedProxies), HSTS: core.Config.Secure(), SealRefusal: core.Lifecycle.SealRefusal,
		RefusalRule: lifecycle.RefusalRule,
	}
	if core.Traces != nil { // a nil *Traces in the interface would be called
		shell.Tracer = core.Traces
	}
	mutualShell, gatewayShell := shell, shell
	mutualShell.Listener, mutualShell.URL = "mtls", endpoints.CertificateURL
	gatewayShell.Listener, gatewayShell.Bare = "gateway", true
	d.tellCertificates(&shell, &mutualShell, &gatewayShell, core.Config.ClientCertificateHeader)
	return &server{
		core: core, health: health, admission: admission, ops: opsHandler(metrics.Registry), metrics: metrics.Registry, public: web.NewShell(shell, public),
		mutual: web.NewShell(mutualShell, mutual), gateway: web.NewShell(gatewayShell, behind), proxy: proxy,
	}, nil
}

// tellCertificates tells each shell where client certificates are found, if any
// count.
func (d *doors) tellCertificates(public, mutual, behind *web.Config, header string) {
	if d.authorities == nil {
		return
	}
	public.Certificates = &web.ClientCertificates{Authorities: d.authorities.inForce.Load, Header: header}
	mutual.Certificates = &web.ClientCertificates{Authorities: d.authorities.inForce.Load, Connection: true}
	behind.Certificates = &web.ClientCertificates{Authorities: d.authorities.inForce.Load, Header: header, Connection: true}
}

// mostManaging is how many requests to the management API and the pages may be
// under way. The database works at a few of them; the others only wait.
const mostManaging = 256

func crowded(crowd *web.Crowd, routes []web.Route) []web.Route {
	for i := range routes {
		routes[i].Crowd = crowd
	}
	return routes
}

// linkURL is the address of the page that consumes a one-time link.
func (c *Core) linkURL(token login.LinkToken) string { return c.Issuer + signin.LinkPath(token) }
