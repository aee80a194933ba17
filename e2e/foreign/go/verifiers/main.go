// Command verifiers verifies access tokens with go-oidc and with jwx against the server's JWK Set: one JSON
// object on standard input, one JSON line a program on standard output (see foreign_verifier_test.go).
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

type asked struct {
	Issuer    string            `json:"issuer"`
	JWKSetURI string            `json:"jwks_uri"`
	Audience  string            `json:"audience"`
	Algorithm string            `json:"algorithm"`
	Tokens    map[string]string `json:"tokens"`
}

type verdict struct {
	ClientID string `json:"client_id,omitempty"`
	Refused  string `json:"refused,omitempty"`
}

// verifier returns the client ID of a token that it accepts.
type verifier func(ctx context.Context, token string) (string, error)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var a asked
	if err := json.NewDecoder(os.Stdin).Decode(&a); err != nil {
		return err
	}
	withJWX, err := a.jwx(ctx)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for _, v := range []struct {
		program, module string
		verify          verifier
	}{
		{"go-oidc", "github.com/coreos/go-oidc/v3", a.goOIDC(ctx)},
		{"jwx", "github.com/lestrrat-go/jwx/v3", withJWX},
	} {
		verdicts := map[string]verdict{}
		for name, token := range a.Tokens {
			clientID, err := v.verify(ctx, token)
			if err != nil {
				verdicts[name] = verdict{Refused: err.Error()}
			} else {
				verdicts[name] = verdict{ClientID: clientID}
			}
		}
		if err := out.Encode(map[string]any{"program": v.program + " " + version(v.module), "verdicts": verdicts}); err != nil {
			return err
		}
	}
	return nil
}

// goOIDC uses the part of go-oidc that is not about ID tokens alone: signature, issuer, audience, times.
func (a *asked) goOIDC(ctx context.Context) verifier {
	keys := oidc.NewRemoteKeySet(ctx, a.JWKSetURI)
	v := oidc.NewVerifier(a.Issuer, keys, &oidc.Config{ClientID: a.Audience, SupportedSigningAlgs: []string{a.Algorithm}})
	return func(ctx context.Context, token string) (string, error) {
		verified, err := v.Verify(ctx, token)
		if err != nil {
			return "", err
		}
		var claims struct {
			ClientID string `json:"client_id"`
		}
		err = verified.Claims(&claims)
		return claims.ClientID, err
	}
}

func (a *asked) jwx(ctx context.Context) (verifier, error) {
	keys, err := jwk.Fetch(ctx, a.JWKSetURI)
	if err != nil {
		return nil, err
	}
	return func(_ context.Context, token string) (string, error) {
		options := []jwt.ParseOption{jwt.WithKeySet(keys), jwt.WithIssuer(a.Issuer), jwt.WithAudience(a.Audience)}
		for _, claim := range []string{"exp", "sub", "client_id", "iat", "jti"} { // RFC 9068 section 2.2
			options = append(options, jwt.WithRequiredClaim(claim))
		}
		verified, err := jwt.Parse([]byte(token), options...)
		if err != nil {
			return "", err
		}
		var clientID string
		err = verified.Get("client_id", &clientID)
		return clientID, err
	}, nil
}

func version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == module {
			return m.Version
		}
	}
	return "unknown"
}
