package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// distinctTokens are more than Claviger or enforce remember (16,384), in every shard of theirs: who goes through them
	// in turn meets each for the first time, again and again.
	distinctTokens = 30_000
	// tokenFetchers get them side by side.
	tokenFetchers = 8

	benchAudience, benchScope = "urn:vcc:user-admin", "users:read"
)

// tokens gets access tokens for the client's scope, ahead of what is measured.
func (c client) tokens(ctx context.Context, n int) ([]string, error) {
	var fetchers sync.WaitGroup
	var next atomic.Int64
	out, faults := make([]string, n), make([]error, tokenFetchers)
	for f := range tokenFetchers {
		fetchers.Go(func() {
			for k := next.Add(1) - 1; k < int64(n) && faults[f] == nil; k = next.Add(1) - 1 {
				out[k], faults[f] = c.token(ctx)
			}
		})
	}
	fetchers.Wait()
	for _, err := range faults {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// subject is a build of Claviger on one engine that is measured, with what is asked of it.
type subject struct {
	client
	name    string
	all     []string
	asker   client // may introspect and follow
	service client // protects itself with the package enforce
}

// subject starts an installation, makes a credential as its supervisor, and gets its tokens.
func (l *laboratory) subject(ctx context.Context, i *installation) (s *subject, err error) {
	if err = l.install(ctx, i); err != nil {
		return nil, err
	}
	s = &subject{name: "claviger, " + i.engine}
	if i.name != "now" {
		s.name = "claviger " + i.name + ", " + i.engine
	}
	if s.client, err = createCredential(ctx, i.issuer, i.supervisor, benchScope); err != nil {
		return nil, err
	}
	s.Issuer, s.process, s.gatewayURL, s.operator = i.issuer, i.process, i.gateway, i.token
	if s.all, err = s.tokens(ctx, distinctTokens); err != nil {
		return nil, err
	}
	if s.asker, err = createCredential(ctx, s.Issuer, s.operator, "claviger:introspect", "claviger:feed"); err != nil {
		return nil, err
	}
	s.service, err = l.service(ctx, s, i)
	return s, err
}

// seen is a token that is asked about again and again.
func (s *subject) seen() string { return s.all[0] }

// first is a target that is asked about each token in turn, which are more than it remembers.
func (s *subject) first(of func(*subject, string) target) target {
	t := of(s, s.all[0])
	for _, token := range s.all[1:] {
		t.request.More = append(t.request.More, of(s, token).request.Bytes)
	}
	t.request.Place = new(atomic.Int64)
	return t
}

// checked makes comparisons of everything that takes a token: one seen before, beside hello asked the same, and one at
// first sight, beside a check of the signature alone.
func (l *laboratory) checked(ctx context.Context, floor client, subjects []*subject) ([]comparison, error) {
	bare, err := l.floor(ctx, "verification", "-verify", subjects[0].Issuer)
	if err != nil {
		return nil, err
	}
	var out []comparison
	for _, job := range []struct {
		title, path string
		of          func(c client, s *subject, name, path, token string) target
		service     bool // the subject is the service
	}{
		{title: "Forward-auth: GET /forward-auth with a Bearer token", path: "/forward-auth", of: func(c client, _ *subject, name, path, token string) target {
			return c.get(name, path, checkHeaders(token))
		}},
		{title: "Introspection: POST /oauth2/introspect, the asker by Basic", path: "/oauth2/introspect", of: func(c client, s *subject, name, path, token string) target {
			return c.introspection(name, path, s.asker, token)
		}},
		{title: "enforce: a service that says hello behind Require", path: "/useradmin/users", service: true, of: func(c client, _ *subject, name, path, token string) target {
			return c.get(name, path, callHeaders(token))
		}},
	} {
		seen := []target{job.of(floor, subjects[0], "hello", "/hello", subjects[0].seen())}
		first := []target{subjects[0].first(func(s *subject, token string) target { return job.of(bare, s, "signature", job.path, token) })}
		for _, s := range subjects {
			of := func(s *subject, token string) target {
				if job.service {
					return job.of(s.service, s, strings.Replace(s.name, "claviger", "enforce", 1), job.path, token)
				}
				return job.of(s.client, s, s.name, job.path, token)
			}
			seen, first = append(seen, of(s, s.seen())), append(first, s.first(of))
		}
		out = append(out,
			comparison{job.title + ", a token seen before; hello is net/http's least, asked the same", seen},
			comparison{job.title + ", each token for the first time; signature is a check of that alone", first})
	}
	out[0].targets = append(out[0].targets, floor.get("hello, bare GET", "/hello", nil))
	return out, nil
}

// service starts an API that protects itself with the package enforce.
func (l *laboratory) service(ctx context.Context, s *subject, i *installation) (client, error) {
	binary, err := l.build(ctx, i.source, "./bench/service", i.name)
	if err != nil {
		return client{}, err
	}
	cmd := exec.CommandContext(ctx, binary, "-issuer", s.Issuer, "-audience", benchAudience, "-scope", benchScope, "-client-id", s.asker.ClientID)
	cmd.Env = append(os.Environ(), "CLIENT_SECRET="+s.asker.ClientSecret)
	return l.start(ctx, "service of "+s.name, cmd)
}

// introspection is a question about a token.
func (c client) introspection(name, path string, asker client, token string) target {
	form := url.Values{"token": {token}}.Encode()
	return c.target(name, "POST "+path, []string{
		"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(asker.ClientID+":"+asker.ClientSecret)),
		"Content-Type: application/x-www-form-urlencoded",
		fmt.Sprintf("Content-Length: %d", len(form)),
	}, form)
}

// callHeaders are those of a program that calls an API.
func callHeaders(token string) []string {
	return []string{"Authorization: Bearer " + token, "Accept: application/json", "User-Agent: bench"}
}

// checkHeaders are what a proxy sends along when it asks about a call of the user list.
func checkHeaders(token string) []string {
	return strings.Split("Authorization: Bearer "+token+"\n"+"X-Forwarded-Method: GET\nX-Forwarded-Proto: https\n"+
		"X-Forwarded-Host: api.bench.test\nX-Forwarded-Uri: /useradmin/users\nX-Forwarded-For: 192.0.2.10", "\n")
}
