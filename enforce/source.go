package enforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// errUnavailable: neither yes nor no can be said.
var errUnavailable = errors.New("enforce: the Claviger server cannot be asked, or not be believed, right now")

// source is the Claviger server.
type source struct {
	issuer, audience       string
	clientID, clientSecret string
	http                   *http.Client
	log                    *slog.Logger
}

func newSource(c *Config) *source {
	return &source{
		issuer: c.Issuer, audience: c.Audience, clientID: c.ClientID, clientSecret: c.ClientSecret,
		http: c.HTTPClient, log: c.Logger,
	}
}

// keys fetches the JWK Set.
func (s *source) keys(ctx context.Context) (map[string]publicKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.issuer+"/.well-known/jwks.json", http.NoBody)
	if err != nil {
		return nil, err
	}
	status, body, err := s.ask(request)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("the JWK Set was answered with status %d", status)
	}
	return parseKeys(body)
}

// introspect asks what a token is worth now (RFC 7662). It returns the scopes
// that work, and false for a token that is not active.
func (s *source) introspect(ctx context.Context, raw string) (scopes []string, active bool, err error) {
	request, err := s.form(ctx, "/oauth2/introspect", url.Values{"token": {raw}})
	if err != nil {
		return nil, false, err
	}
	s.authenticate(request, s.clientID, s.clientSecret)
	status, body, err := s.ask(request)
	if err != nil {
		return nil, false, err
	}
	var answer struct {
		Active bool   `json:"active"`
		Scope  string `json:"scope"`
	}
	if status != http.StatusOK {
		return nil, false, fmt.Errorf("introspection was answered with status %d", status)
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, false, err
	}
	return strings.Fields(answer.Scope), answer.Active, nil
}

// exchange gets a token for client ID and secret of a program (RFC 6749 section
// 4.4), meant for this API. It returns "" for those who are refused.
func (s *source) exchange(ctx context.Context, clientID, secret string) (raw string, err error) {
	request, err := s.form(ctx, "/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "resource": {s.audience}})
	if err != nil {
		return "", err
	}
	s.authenticate(request, clientID, secret)
	status, body, err := s.ask(request)
	if err != nil {
		return "", err
	}
	switch {
	case status == http.StatusBadRequest, status == http.StatusUnauthorized:
		return "", nil
	case status != http.StatusOK:
		return "", fmt.Errorf("the token request was answered with status %d", status)
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	err = json.Unmarshal(body, &answer)
	return answer.AccessToken, err
}

func (s *source) form(ctx context.Context, path string, values url.Values) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.issuer+path, strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request, nil
}

// authenticate sends ID and secret form-encoded inside Basic (RFC 6749 section
// 2.3.1).
func (s *source) authenticate(r *http.Request, clientID, secret string) {
	r.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secret))
}

// ask sends a request and reads the whole answer.
func (s *source) ask(r *http.Request) (status int, body []byte, err error) {
	response, err := s.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return response.StatusCode, body, err
}

// feed opens the stream of revocations behind a cursor; empty: from a snapshot.
// The HTTP client's timeout would cut the stream, so it is left out.
func (s *source) feed(ctx context.Context, cursor string) (*http.Response, error) {
	address := s.issuer + "/revocations"
	if cursor != "" {
		address += "?after=" + url.QueryEscape(cursor)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/event-stream")
	s.authenticate(request, s.clientID, s.clientSecret)
	streaming := *s.http
	streaming.Timeout = 0
	return streaming.Do(request)
}
