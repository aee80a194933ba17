package enforce

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Defaults of Config.
const (
	// DefaultMaxStaleness is how old the knowledge of revocations may be.
	DefaultMaxStaleness = 5 * time.Second
	defaultTimeout      = 10 * time.Second
)

// StalePolicy says what to do with a token when the feed of revocations has not
// been heard for longer than Config.MaxStaleness.
type StalePolicy int

const (
	// StaleRefuse refuses every call as unavailable: 503 with Retry-After.
	StaleRefuse StalePolicy = iota
	// StaleIntrospect asks the server about each token (RFC 7662). The client
	// needs the scope claviger:introspect too.
	StaleIntrospect
)

// Config says what a Verifier believes. Issuer and Audience are needed; the zero
// value of everything else is safe.
type Config struct {
	// Issuer is the server's setting issuer: scheme and host, without a slash at
	// the end. Plain http is taken on loopback only.
	Issuer string
	// Audience is the API's audience in the catalogue. A token must be meant for
	// it.
	Audience string

	// ClientID and ClientSecret of an API credential with which the Verifier
	// follows revocations (scope claviger:feed). Without them it does not.
	ClientID     string
	ClientSecret string
	// MaxStaleness is how old the knowledge of revocations may be; 0 is
	// DefaultMaxStaleness. Less than two seconds refuses now and then for nothing.
	MaxStaleness time.Duration
	WhenStale    StalePolicy

	// DirectCredentials lets programs send client ID and secret of their API
	// credential as Authorization: Basic. They are exchanged for a token at the
	// server. Set it only where the catalogue says direct_credentials. The
	// credential's address ranges are compared with the address of this process.
	DirectCredentials bool

	// PublicURL is where programs find this service, as https://api.example.com:
	// scheme and host, and the path that a proxy in front takes away. The proofs of
	// bound tokens (DPoP) must name it. Empty: the Host header, with https where
	// this process ends TLS itself. Set it behind a proxy, and wherever the same
	// audience has several services: who overhears a call to one could write its
	// name into a call to another.
	PublicURL string

	// HTTPClient asks the server; nil is one with a timeout. Redirects are never
	// followed.
	HTTPClient *http.Client
	// Observe, if set, is told of each verdict of Require, for metrics and traces.
	// It must be fast.
	Observe func(ctx context.Context, v Verdict)
	// Logger gets what operators must know, never a token; nil discards it.
	Logger *slog.Logger
	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
}

// Verdict is what Require decided on one call.
type Verdict struct {
	// Code is empty for a call let through, else the code of the problem
	// document.
	Code string
	// ClientID of the token; empty when none was proved.
	ClientID string
	// Duration of the check.
	Duration time.Duration
}

// check refuses what would make a Verifier believe anything (S9).
func (c *Config) check() error {
	var faults []error
	if err := checkIssuer(c.Issuer); err != nil {
		faults = append(faults, err)
	}
	if c.Audience == "" {
		faults = append(faults, errors.New("Config.Audience is empty: set it to the audience of this API in the catalogue"))
	}
	if (c.ClientID == "") != (c.ClientSecret == "") {
		faults = append(faults, errors.New("Config.ClientID and Config.ClientSecret go together: set both or neither"))
	}
	if c.WhenStale == StaleIntrospect && c.ClientID == "" {
		faults = append(faults, errors.New("Config.WhenStale is StaleIntrospect, which needs Config.ClientID and Config.ClientSecret"))
	}
	if err := checkPublicURL(c.PublicURL); err != nil {
		faults = append(faults, err)
	}
	if c.MaxStaleness < 0 {
		faults = append(faults, errors.New("Config.MaxStaleness is negative: leave it 0 or set a duration"))
	}
	return errors.Join(faults...)
}

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.HasSuffix(issuer, "#") || strings.HasSuffix(issuer, "?") {
		return fmt.Errorf("Config.Issuer %q is not scheme and host alone: give it as https://claviger.example.com", issuer)
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("Config.Issuer %q must be https, or http on loopback: keys and secrets would cross the network in clear", issuer)
}

func checkPublicURL(raw string) error {
	if raw == "" {
		return nil
	}
	if _, ok := addressOf(raw); !ok || strings.ContainsAny(raw, "?#") {
		return fmt.Errorf("Config.PublicURL %q is no http or https URL of scheme, host and path: give it as https://api.example.com", raw)
	}
	return nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

func (c Config) withDefaults() Config {
	if c.MaxStaleness == 0 {
		c.MaxStaleness = DefaultMaxStaleness
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	own := http.Client{Timeout: defaultTimeout, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 8,
	}}
	if c.HTTPClient != nil {
		own = *c.HTTPClient // a copy: the caller's stays as it is
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTPClient = &own
	return c
}
