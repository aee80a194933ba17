package server

import (
	"net/http"

	"github.com/claviger/claviger/console"
	"github.com/claviger/claviger/internal/gateway"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/oauth"
	"github.com/claviger/claviger/internal/restapi"
	"github.com/claviger/claviger/internal/signin"
	"github.com/claviger/claviger/internal/web"
)

// newServer wires the surfaces to the use cases. Every address of the public
// listener is on this screen.
func newServer(core *Core) (*server, error) {
	metrics := web.NewMetrics()
	ops, err := opsHandler(core, metrics)
	if err != nil {
		return nil, err
	}
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
	decider := gateway.NewDecider(core.Directory, core.Verifier, core.Issuer)

	pages, err := signin.New(core.Login, core.Issuer)
	if err != nil {
		return nil, err
	}

	public := web.NewRouter()
	public.Add(oauth.Routes(oauth.Config{
		IssuerURL: core.Issuer, Clients: core.Directory, Issuer: core.Tokens, Keys: core.Ring.JWKSet, Verifier: core.Verifier, Closing: health.closing,
		ServiceDocumentation: core.Issuer + "/api/v1/docs",
	})...)
	public.Add(gateway.Routes(decider)...)
	public.Add(management.Routes()...)
	public.Add(files.routes()...)
	public.Add(health.routes()...)
	pages.Register(public)
	public.Mount("/", 0, http.HandlerFunc(pages.NotFound))

	proxy := gateway.NewProxy(decider, core.Log)
	behind := web.NewRouter()
	behind.Add(proxy.Routes()...)

	shell := web.Config{
		Logger: core.Log, Metrics: metrics, Listener: "public",
		Proxies: web.NewProxies(core.Config.TrustedProxies), HSTS: core.Config.Secure(), SealRefusal: core.Lifecycle.SealRefusal,
	}
	gatewayShell := shell
	gatewayShell.Listener, gatewayShell.Bare = "gateway", true
	return &server{
		core: core, health: health, ops: ops,
		public: web.NewShell(shell, public), gateway: web.NewShell(gatewayShell, behind), proxy: proxy,
	}, nil
}

// linkURL is the address of the page that consumes a one-time link.
func (c *Core) linkURL(token login.LinkToken) string { return c.Issuer + signin.LinkPath(token) }
