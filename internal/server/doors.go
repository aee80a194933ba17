package server

import (
	"context"
	"crypto/tls"
	"net"
	"path/filepath"

	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/desk"
)

const socketName = "claviger.sock"

// doors are the listeners of a server; nil ones are closed to everybody.
type doors struct {
	public, gateway, mutual, ops, socket net.Listener
	certificate                          *certificate // nil: plain HTTP
	authorities                          *authorities // nil: no client certificate counts
}

// opener opens a listener for a setting.
type opener func(ctx context.Context, setting, address string) (net.Listener, error)

// openDoors opens every configured listener, or none.
func openDoors(ctx context.Context, cfg config.Config) (*doors, error) {
	return openDoorsBy(ctx, cfg, listen)
}

func openDoorsBy(ctx context.Context, cfg config.Config, open opener) (d *doors, err error) {
	opened := &doors{} // d itself is nil by the time a failed return is deferred
	d = opened
	defer func() {
		if err != nil {
			opened.close()
		}
	}()
	if cfg.TLSCertificate != "" {
		if d.certificate, err = openCertificate(cfg.TLSCertificate, cfg.TLSKey); err != nil {
			return nil, err
		}
	}
	if cfg.MTLSClientCA != "" {
		if d.authorities, err = openAuthorities(cfg.MTLSClientCA); err != nil {
			return nil, err
		}
	}
	if d.public, err = open(ctx, "listen", cfg.Listen); err != nil {
		return nil, err
	}
	if cfg.OpsListen != "" {
		if d.ops, err = open(ctx, "ops_listen", cfg.OpsListen); err != nil {
			return nil, err
		}
	}
	if cfg.GatewayListen != "" {
		if d.gateway, err = open(ctx, "gateway_listen", cfg.GatewayListen); err != nil {
			return nil, err
		}
	}
	if cfg.MTLSListen != "" {
		if d.mutual, err = open(ctx, "mtls_listen", cfg.MTLSListen); err != nil {
			return nil, err
		}
	}
	if _, sqlite := cfg.SQLitePath(); sqlite {
		if d.socket, err = desk.Listen(ctx, filepath.Join(cfg.DataDir, socketName)); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// secured is l behind TLS where a certificate is configured.
func (d *doors) secured(l net.Listener) net.Listener {
	if l == nil || d.certificate == nil {
		return l
	}
	return tls.NewListener(l, d.certificate.config())
}

// securedGateway is the gateway's listener. Where client certificates count, it
// asks for one: a token may be bound to it.
func (d *doors) securedGateway() net.Listener {
	if d.gateway == nil || d.certificate == nil || d.authorities == nil {
		return d.secured(d.gateway)
	}
	return tls.NewListener(d.gateway, d.authorities.asking(d.certificate))
}

// securedMutual is the listener that nobody enters without a certificate. The
// settings are checked: with it there is a certificate and there are authorities.
func (d *doors) securedMutual() net.Listener {
	if d.mutual == nil {
		return nil
	}
	return tls.NewListener(d.mutual, d.authorities.demanding(d.certificate))
}

// admitNobody closes the doors that clients come by, behind those who are
// through.
func (d *doors) admitNobody() {
	for _, l := range []net.Listener{d.public, d.gateway, d.mutual} {
		if l != nil {
			_ = l.Close()
		}
	}
}

// close closes what is still open; closing twice does no harm.
func (d *doors) close() {
	for _, l := range []net.Listener{d.public, d.gateway, d.mutual, d.ops, d.socket} {
		if last, ok := l.(*lastCall); ok {
			last.abandon()
		} else if l != nil {
			_ = l.Close()
		}
	}
}
