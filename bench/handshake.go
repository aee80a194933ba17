package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/claviger/claviger/bench/load"
)

// handshakes asks what a token costs by how it is asked for: over a connection that is kept, or a new one each time.
func (s *site) handshakes(ctx context.Context) error {
	certificate, key, err := s.certificate()
	if err != nil {
		return err
	}
	secure, err := s.node(ctx, s.near, "https", "CLAVIGER_TLS_CERTIFICATE="+certificate, "CLAVIGER_TLS_KEY="+key)
	if err != nil {
		return err
	}
	const callers = 8
	var rows [][]any
	for _, way := range []struct {
		name, figure, means string
		node                *installation
		anew                bool
		remembers           tls.ClientSessionCache
	}{
		{name: "kept connection", figure: "token_cpu", means: "CPU of a token, connection kept, ms", node: s.near},
		{name: "kept connection, TLS", figure: "token_cpu_tls", means: "the same under TLS, ms", node: secure},
		{name: "new connection each time", node: s.near, anew: true},
		{name: "new connection, TLS resumed", figure: "token_cpu_resumed", means: "CPU of a token with a resumed TLS session, ms", node: secure, anew: true, remembers: tls.NewLRUClientSessionCache(callers)},
		{name: "new connection, TLS", figure: "token_cpu_new", means: "CPU of a token with a TLS handshake of its own, ms", node: secure, anew: true},
	} {
		//nolint:gosec // the certificate was made for this run
		transport := &http.Transport{MaxIdleConnsPerHost: callers, DisableKeepAlives: way.anew, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ClientSessionCache: way.remembers}}
		caller := &http.Client{Timeout: time.Minute, Transport: transport}
		var result load.Result
		cost, err := s.during(ctx, way.node, func() (err error) {
			result, err = crowd(ctx, callers, s.length, func(ctx context.Context, n, _ int) error {
				return do(caller, s.near.people.clients[n].tokenRequest(ctx, way.node.issuer), http.StatusOK)
			})
			return err
		})
		transport.CloseIdleConnections()
		if err != nil {
			return err
		}
		each := milliseconds(cost.node) / float64(result.Requests)
		rows = append(rows, []any{way.name, each, result.Rate(), milliseconds(result.P50)})
		if way.figure != "" {
			s.note(way.figure, each, way.means)
		}
	}
	return s.table("Tokens by client secret: POST /oauth2/token, 8 callers, HTTP/1.1, certificate P-256", "how | CPU ms | tokens/s | p50 ms", rows, "%s", "%.4f", "%.0f", "%.2f")
}

// tokenRequest asks for a token by the client's secret.
func (c client) tokenRequest(ctx context.Context, at string) *http.Request {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {benchScope}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at+"/oauth2/token", strings.NewReader(form))
	if err != nil {
		panic(err) // of constant parts
	}
	request.SetBasicAuth(c.ClientID, c.ClientSecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request
}

// certificate makes one for loopback, in files.
func (s *site) certificate() (certificate, key string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return "", "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", err
	}
	certificate, key = filepath.Join(s.dir, "certificate.pem"), filepath.Join(s.dir, "key.pem")
	return certificate, key, errors.Join(
		os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}
