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
	public, gateway, ops, socket net.Listener
	tls                          *tls.Config
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
		if d.tls, err = tlsConfig(cfg.TLSCertificate, cfg.TLSKey); err != nil {
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
	if _, sqlite := cfg.SQLitePath(); sqlite {
		if d.socket, err = desk.Listen(ctx, filepath.Join(cfg.DataDir, socketName)); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func tlsConfig(certificate, key string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fault(err, "The TLS certificate %s and key %s cannot be used: %s. Correct tls_certificate and tls_key.", certificate, key, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// secured is l behind TLS where a certificate is configured.
func (d *doors) secured(l net.Listener) net.Listener {
	if l == nil || d.tls == nil {
		return l
	}
	return tls.NewListener(l, d.tls)
}

// close closes what is still open; closing twice does no harm.
func (d *doors) close() {
	for _, l := range []net.Listener{d.public, d.gateway, d.ops, d.socket} {
		if l != nil {
			_ = l.Close()
		}
	}
}
