package client

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// How a Client works unless an Option says otherwise.
const (
	defaultTimeout = 30 * time.Second
	defaultTries   = 3
)

// Client speaks to one server as one caller. It is safe for concurrent use.
type Client struct {
	server string // scheme and host
	// authorize sets the token. It is a function so that nothing that prints a
	// Client, by reflection too, can print the token.
	authorize func(http.Header)
	http      *http.Client
	userAgent string
	tries     int
	plain     bool
}

// Option changes how a Client works.
type Option func(*Client)

// WithHTTPClient sends requests with h, for a proxy, certificates or a timeout of
// its own. Redirects are not followed, whatever h does with them.
func WithHTTPClient(h *http.Client) Option {
	return func(c *Client) { c.http = h }
}

// WithUserAgent names the program in the server's log.
func WithUserAgent(name string) Option {
	return func(c *Client) { c.userAgent = name }
}

// WithTries sets how often a request is sent at most; 1 never repeats. Only
// requests that cannot do something twice are repeated: those that read, and
// creates with an Idempotency-Key.
func WithTries(n int) Option {
	return func(c *Client) { c.tries = max(1, n) }
}

// WithPlainHTTP allows http to a server on another machine. The token and every
// secret then cross the network in clear: use it only where the network is safe.
func WithPlainHTTP() Option {
	return func(c *Client) { c.plain = true }
}

// New returns a Client for the server at an address such as
// https://claviger.example.com, which is its issuer. token is a management
// access token. No request is made.
func New(server, token string, options ...Option) (*Client, error) {
	c := &Client{
		http: &http.Client{Timeout: defaultTimeout}, userAgent: "claviger-go", tries: defaultTries,
		authorize: func(h http.Header) { h.Set("Authorization", "Bearer "+token) },
	}
	for _, option := range options {
		option(c)
	}
	if err := checkToken(token); err != nil {
		return nil, err
	}
	var err error
	if c.server, err = c.checkServer(server); err != nil {
		return nil, err
	}
	own := *c.http // a copy: the caller's stays as it is
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &own
	return c, nil
}

// TokenURL is the address of the server's token endpoint, where a program trades
// client ID and client secret for an access token.
func (c *Client) TokenURL() string { return c.server + "/oauth2/token" }

// checkToken says nothing of the token's text.
func checkToken(token string) error {
	if token == "" {
		return errors.New("the access token is empty: make one with claviger token")
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("the access token holds a character that no token has: copy it whole and alone")
	}
	return nil
}

func (c *Client) checkServer(server string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", fmt.Errorf("the server %q is no http or https address: give it as https://claviger.example.com", server)
	}
	if u.User != nil || strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("the server's address has more than scheme, host and port: give it as https://claviger.example.com")
	}
	if u.Scheme == "http" && !c.plain && !loopback(u.Hostname()) {
		return "", fmt.Errorf("the token would go to %s in clear: use its https address", u.Host)
	}
	return u.Scheme + "://" + u.Host, nil
}

func loopback(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback()
	}
	// Not what ends in .localhost, too: browsers keep it on the machine, and Go asks
	// the DNS server of the network.
	return host == "localhost"
}

// UnreachableError is that no answer came, or only a part of one. Whether the
// server did what was asked is not known.
type UnreachableError struct {
	Server string
	cause  error
}

// Error says which server, and why.
func (e *UnreachableError) Error() string {
	var network *net.OpError
	if errors.As(e.cause, &network) && network.Op == "dial" {
		return fmt.Sprintf("the server %s cannot be reached: %v", e.Server, e.cause)
	}
	return fmt.Sprintf("the server %s did not answer: %v", e.Server, e.cause)
}

// Unwrap gives the cause.
func (e *UnreachableError) Unwrap() error { return e.cause }

func (c *Client) unreachable(err error) error {
	var inURL *url.Error // it would say the address again
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	return &UnreachableError{c.server, err}
}
