// Command clients gets access tokens with Go's OAuth client, golang.org/x/oauth2: one JSON object on standard
// input says from where, one JSON line on standard output a way tells what came (see foreign_client_test.go).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type asked struct {
	Issuer        string `json:"issuer"`
	TokenEndpoint string `json:"token_endpoint"`
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
	Scope         string `json:"scope"`
}

type told struct {
	Program     string `json:"program"`
	Way         string `json:"way"`
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	Scope       any    `json:"scope"`
	WrongSecret string `json:"wrong_secret"`
	WrongScope  string `json:"wrong_scope"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var a asked
	if err := json.NewDecoder(os.Stdin).Decode(&a); err != nil {
		return err
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: 10 * time.Second})
	provider, err := oidc.NewProvider(ctx, a.Issuer)
	if err != nil {
		return err
	}
	ways := []struct {
		name, tokenURL string
		style          oauth2.AuthStyle
	}{
		{"Basic", a.TokenEndpoint, oauth2.AuthStyleInHeader},
		{"body", a.TokenEndpoint, oauth2.AuthStyleInParams},
		{"go-oidc's discovery, auto-detect", provider.Endpoint().TokenURL, oauth2.AuthStyleAutoDetect},
	}
	out := json.NewEncoder(os.Stdout)
	for _, w := range ways {
		get := func(secret, scope string) (*oauth2.Token, error) {
			config := clientcredentials.Config{
				ClientID: a.ClientID, ClientSecret: secret, TokenURL: w.tokenURL, Scopes: []string{scope}, AuthStyle: w.style,
			}
			return config.Token(ctx)
		}
		token, err := get(a.ClientSecret, a.Scope)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		_, secretErr := get(otherThan(a.ClientSecret), a.Scope)
		_, scopeErr := get(a.ClientSecret, "no:such")
		if err := out.Encode(told{
			Program: "x/oauth2 " + version("golang.org/x/oauth2"), Way: w.name, AccessToken: token.AccessToken,
			TokenType: token.Type(), ExpiresIn: int64(time.Until(token.Expiry).Round(time.Minute).Seconds()), Scope: token.Extra("scope"),
			WrongSecret: errorCode(secretErr), WrongScope: errorCode(scopeErr),
		}); err != nil {
			return err
		}
	}
	return nil
}

func errorCode(err error) string {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return refused.ErrorCode
	}
	return fmt.Sprint(err)
}

// otherThan is the secret with another last character.
func otherThan(secret string) string {
	head := secret[:len(secret)-1]
	if strings.HasSuffix(secret, "0") {
		return head + "1"
	}
	return head + "0"
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
