package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"github.com/claviger/claviger/examples"
	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/login"
	"github.com/claviger/claviger/internal/web"
)

// Addresses of the demo; one that is taken is replaced by a free port.
const (
	demoListen  = "127.0.0.1:8420"
	demoOps     = "127.0.0.1:8421"
	demoGateway = "127.0.0.1:8430"
	// demoLinkLifetime is longer than any demo runs: its links work until it ends.
	demoLinkLifetime = 365 * 24 * time.Hour
)

// DemoOptions say how the demo shows itself.
type DemoOptions struct {
	Listen string // empty: 127.0.0.1:8420, or a free port when that is taken
	JSON   bool   // one line on Stdout when ready instead of the tour
	Stdout io.Writer
	Stderr io.Writer
	Log    *slog.Logger // nil: one that writes to Stderr
}

// Demo serves a throw-away installation until ctx ends: two accounts with
// people in every role, the VCC catalogue, and a sample API behind the gateway
// (R22). Everything lies in a temporary directory that is removed at the end.
func Demo(ctx context.Context, o DemoOptions) (err error) {
	if o.Log == nil {
		lines := web.NewLogWriter(o.Stderr)
		defer func() { err = errors.Join(err, lines.Close()) }()
		level := slog.LevelWarn // the terminal is kept for the tour: there only what is wrong is shown
		if o.JSON {
			level = slog.LevelInfo
		}
		o.Log = web.NewLogger(lines, false, level)
	}
	takeLibraryLog(o.Log)
	dir, err := os.MkdirTemp("", "claviger-demo-")
	if err != nil {
		return fault(err, "No temporary directory can be made: %s. Free some space, or set TMPDIR.", plainCause(err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	doors, cfg, err := demoDoors(ctx, dir, o.Listen)
	if err != nil {
		return err
	}
	defer doors.close()
	say(o.Stderr, "The demo keeps its data in the temporary data directory %s", dir)
	core, err := openDatabase(ctx, cfg, o.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, core.Close()) }()
	if err := core.assemble(ctx, cfg.IssuerAt(doors.public.Addr().String())); err != nil {
		return err
	}
	sample, stop, err := startSampleAPI(ctx, o.Log)
	if err != nil {
		return err
	}
	defer stop()
	d := &demo{core: core, doors: doors, dir: dir}
	if err := d.seed(ctx, sample); err != nil {
		return err
	}
	if core.Traces, err = OpenTraces(ctx, os.Getenv, o.Log); err != nil {
		return err
	}
	defer core.Traces.Close()
	s, err := newServer(core, doors)
	if err != nil {
		return err
	}
	return s.serveAnd(ctx, doors, func() { d.show(o) })
}

// demoDoors opens the listeners first, since the issuer follows the port.
func demoDoors(ctx context.Context, dir, address string) (*doors, config.Config, error) {
	open := listenOr
	if host, _, err := net.SplitHostPort(address); err == nil && !loopbackHost(host) {
		return nil, config.Config{}, fault(nil, "The demo is for this machine alone: anybody who reaches it can sign in. Give an address on loopback, as --listen 127.0.0.1:9000.")
	}
	if address == "" {
		address = demoListen
	} else {
		open = func(ctx context.Context, setting, at string) (net.Listener, error) {
			if setting == "listen" {
				return listen(ctx, setting, at) // asked for: not replaced
			}
			return listenOr(ctx, setting, at)
		}
	}
	cfg, err := config.Load(config.Source{Flags: map[string]string{
		"data_dir": dir, "listen": address, "ops_listen": demoOps, "gateway_listen": demoGateway,
	}})
	if err != nil {
		return nil, cfg, err
	}
	doors, err := openDoorsBy(ctx, cfg, open)
	if err != nil {
		return nil, cfg, err
	}
	cfg.Issuer = "" // follows the port that was had
	return doors, cfg, nil
}

func loopbackHost(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// startSampleAPI serves the sample API on a free port of loopback.
func startSampleAPI(ctx context.Context, log *slog.Logger) (url string, stop func(), err error) {
	l, err := listen(ctx, "sample API", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := web.NewStreamingServer(sampleAPI(), log)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.ErrorContext(ctx, "the sample API stopped", slog.Any("error", err))
		}
	}()
	return "http://" + l.Addr().String(), func() { _ = srv.Close(); <-done }, nil
}

// demo is a running demo and what it will show.
type demo struct {
	core      *Core
	doors     *doors
	dir       string
	accountID string
	users     []demoUser
}

// demoUser is one person in the line of claviger demo --json (contract.md "Binary").
type demoUser struct {
	Email           string       `json:"email"`
	Role            apicred.Role `json:"role"`
	UserID          string       `json:"user_id"`
	AccountID       string       `json:"account_id"`
	SignInURL       string       `json:"sign_in_url"`
	ManagementToken string       `json:"management_token"`
}

func (d *demo) operator() apicred.Actor {
	return apicred.Actor{Type: apicred.ActorOperator, Unlimited: true}
}

func (d *demo) seed(ctx context.Context, sample string) error {
	document, err := lifecycle.DecodeCatalogue(examples.VCC)
	if err != nil {
		return err
	}
	if _, _, err := d.core.Lifecycle.ApplyCatalogue(ctx, d.operator(), behindGateway(document, sample), -1); err != nil {
		return err
	}
	for i, a := range demoAccounts() {
		account, err := d.account(ctx, i, a.name)
		if err != nil {
			return err
		}
		for _, p := range a.people {
			if err := d.person(ctx, account.ID, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// account names the first account, which exists, and makes the others.
func (d *demo) account(ctx context.Context, i int, name string) (apicred.Account, error) {
	if i > 0 {
		return d.core.Lifecycle.CreateAccount(ctx, d.operator(), name)
	}
	first, err := d.core.Lifecycle.FindAccount(ctx, "")
	if err != nil {
		return first, err
	}
	d.accountID = first.ID
	return d.core.Lifecycle.EditAccount(ctx, d.operator(), first.ID, lifecycle.AccountChange{Name: &name})
}

func (d *demo) person(ctx context.Context, accountID string, p demoPerson) error {
	user, err := d.core.Lifecycle.CreateUser(ctx, d.operator(), accountID, lifecycle.NewUser{Email: p.email, Name: p.name, Role: p.role})
	if err != nil {
		return err
	}
	link, err := d.core.Login.NewSignInLink(ctx, login.SignInLinkRequest{
		AccountID: accountID, UserID: user.ID, Lifetime: demoLinkLifetime, Reusable: true,
	}, d.operator())
	if err != nil {
		return err
	}
	scopes, err := d.core.Lifecycle.ManagementScopes(ctx, accountID, user.ID)
	if err != nil {
		return err
	}
	token, err := d.core.Tokens.IssuePerson(ctx, accesstoken.PersonGrant{
		UserID: user.ID, AccountID: accountID, ClientID: accesstoken.ClientCLI, Scopes: scopes,
		TTL: accesstoken.MaxPersonTokenLifetime, Generation: user.Generation,
	})
	if err != nil {
		return err
	}
	d.users = append(d.users, demoUser{
		Email: p.email, Role: p.role, UserID: user.ID, AccountID: accountID,
		SignInURL: d.core.linkURL(link.Token), ManagementToken: token.Raw,
	})
	return nil
}

func (d *demo) gatewayURL() string { return "http://" + d.doors.gateway.Addr().String() }

func (d *demo) opsURL() string { return "http://" + d.doors.ops.Addr().String() }

// lineOf finds a person of the first account by role.
func (d *demo) lineOf(role apicred.Role) (demoUser, error) {
	for _, u := range d.users {
		if u.Role == role {
			return u, nil
		}
	}
	return demoUser{}, fmt.Errorf("the demo has no %s", role)
}
