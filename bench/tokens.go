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

// checked makes comparisons of everything that takes a token: one seen before, beside hello asked the same, and one at
// first sight, beside a check of the signature alone.
func (l *laboratory) checked(ctx context.Context, floor, claviger client) ([]comparison, error) {
	tokens, err := claviger.tokens(ctx, distinctTokens)
	if err != nil {
		return nil, err
	}
	bare, err := l.floor(ctx, "verification", "-verify", claviger.Issuer)
	if err != nil {
		return nil, err
	}
	asker, err := createCredential(ctx, claviger.Issuer, claviger.operator, "claviger:introspect", "claviger:feed")
	if err != nil {
		return nil, err
	}
	service, err := l.service(ctx, claviger, asker)
	if err != nil {
		return nil, err
	}
	first := func(of func(token string) target) target {
		t := of(tokens[0])
		for _, token := range tokens[1:] {
			t.request.More = append(t.request.More, of(token).request.Bytes)
		}
		t.request.Place = new(atomic.Int64)
		return t
	}
	door := func(c client, name, path string, headers func(string) []string) func(string) target {
		return func(token string) target { return c.get(name, path, headers(token)) }
	}
	asks := func(c client, name, path string) func(string) target {
		return func(token string) target { return c.introspection(name, path, asker, token) }
	}
	seen := tokens[len(tokens)-1]
	return []comparison{
		{"Forward-auth: GET /forward-auth with a Bearer token seen before; hello is net/http's least, asked the same", []target{
			door(floor, "hello", "/hello", checkHeaders)(seen), door(claviger, "claviger", "/forward-auth", checkHeaders)(seen),
			floor.get("hello, bare GET", "/hello", nil),
		}},
		{"Forward-auth: GET /forward-auth, each token for the first time; signature is a check of that alone", []target{
			first(door(bare, "signature", "/forward-auth", checkHeaders)), first(door(claviger, "claviger", "/forward-auth", checkHeaders)),
		}},
		{"Introspection: POST /oauth2/introspect of a token seen before, the asker by Basic; hello is asked the same", []target{
			asks(floor, "hello", "/hello")(seen), asks(claviger, "claviger", "/oauth2/introspect")(seen),
		}},
		{"Introspection: POST /oauth2/introspect, each token for the first time; signature answers after a check of that alone, whoever asks", []target{
			first(asks(bare, "signature", "/oauth2/introspect")), first(asks(claviger, "claviger", "/oauth2/introspect")),
		}},
		{"enforce: a service that says hello behind Require, a token seen before; hello says it to anybody", []target{
			door(floor, "hello", "/useradmin/users", callHeaders)(seen), door(service, "enforce", "/useradmin/users", callHeaders)(seen),
		}},
		{"enforce: the same service, each token for the first time; signature is a check of that alone", []target{
			first(door(bare, "signature", "/useradmin/users", callHeaders)), first(door(service, "enforce", "/useradmin/users", callHeaders)),
		}},
	}, nil
}

// service starts an API that protects itself with the package enforce.
func (l *laboratory) service(ctx context.Context, claviger, follower client) (client, error) {
	binary, err := l.build(ctx, "./bench/service")
	if err != nil {
		return client{}, err
	}
	cmd := exec.CommandContext(ctx, binary, "-issuer", claviger.Issuer, "-audience", benchAudience, "-scope", benchScope, "-client-id", follower.ClientID)
	cmd.Env = append(os.Environ(), "CLIENT_SECRET="+follower.ClientSecret)
	return l.start(ctx, "service", cmd)
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
