package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/claviger/claviger/bench/load"
)

// signer is a client that proves itself by assertions (private_key_jwt).
type signer struct {
	clientID, audience string
	jose               jose.Signer
}

// newSigner makes one with a key of its own.
func (i *installation) newSigner(ctx context.Context) (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{
		"name": "signer", "level": "user", "scopes": []string{benchScope}, "authentication_method": "private_key_jwt",
		"jwks": jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: string(jose.ES256)}}},
	})
	if err != nil {
		return nil, err
	}
	var made client
	if err := ask(i.manage(ctx, http.MethodPost, "/credentials", string(body)), http.StatusCreated, &made); err != nil {
		return nil, err
	}
	signs, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "one"))
	return &signer{made.ClientID, i.issuer, signs}, err
}

// request is a token request with a fresh assertion.
func (s *signer) request(ctx context.Context, at string) (*http.Request, error) {
	claims, err := json.Marshal(map[string]any{
		"iss": s.clientID, "sub": s.clientID, "aud": s.audience, "jti": rand.Text(), "exp": time.Now().Add(time.Minute).Unix(),
	})
	if err != nil {
		return nil, err
	}
	signed, err := s.jose.Sign(claims)
	if err != nil {
		return nil, err
	}
	assertion, err := signed.CompactSerialize()
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {benchScope}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request, nil
}

// proofs asks what tokens cost whose client proves itself by something that works once: a row each.
func (s *site) proofs(ctx context.Context) error {
	by, err := s.near.newSigner(ctx)
	if err != nil {
		return err
	}
	if err := s.near.knows(ctx, s.far); err != nil {
		return err
	}
	var rows [][]any
	measure := func(label string, node *installation, callers int) (result load.Result, cost expense, err error) {
		caller := newCaller()
		defer caller.CloseIdleConnections()
		cost, err = s.during(ctx, node, func() (err error) {
			result, err = crowd(ctx, callers, s.length, func(ctx context.Context, _, _ int) error {
				request, err := by.request(ctx, node.issuer)
				if err != nil {
					return err
				}
				return do(caller, request, http.StatusOK)
			})
			return err
		})
		n := float64(max(result.Requests, 1))
		rows = append(rows, []any{
			label, callers, result.Rate(), milliseconds(result.P50), milliseconds(result.P99),
			milliseconds(cost.node) / n, milliseconds(cost.database) / n, float64(cost.wal) / n, float64(cost.trips) / n,
		})
		return result, cost, err
	}
	for _, callers := range []int{1, 8, 32} {
		result, cost, err := measure("PostgreSQL, beside it", s.near, callers)
		if err != nil {
			return err
		}
		n := float64(result.Requests)
		s.noteAt(callers, 32, "proof_cpu_node", milliseconds(cost.node)/n, "CPU of the node for a token by private_key_jwt, ms")
		s.noteAt(callers, 32, "proof_cpu_database", milliseconds(cost.database)/n, "CPU of PostgreSQL for its row, ms")
		s.noteAt(callers, 32, "proof_wal", float64(cost.wal)/n, "WAL of that row, bytes")
	}
	for _, d := range distances()[1:] {
		s.wire.SetRoundTrip(d)
		result, cost, err := measure(fmt.Sprintf("PostgreSQL, %v away", d), s.far, mostCallers)
		if err != nil {
			return err
		}
		s.noteAt(int(d.Milliseconds()), 80, "proof_rate_far", result.Rate(), "such tokens a second of a node 80 ms from the primary, 32 callers")
		s.noteAt(int(d.Milliseconds()), 80, "proof_trips", float64(cost.trips)/float64(result.Requests), "round trips of one, polls included")
	}
	s.wire.SetRoundTrip(0)
	return s.table("Tokens by private_key_jwt: POST /oauth2/token; costs are of one token",
		"node and database | callers | tokens/s | p50 ms | p99 ms | node CPU ms | database CPU ms | WAL bytes | round trips",
		rows, "%s", "%d", "%.0f", "%.1f", "%.1f", "%.3f", "%.3f", "%.0f", "%.1f")
}

// knows waits until another node has followed every change that this one acknowledged.
func (i *installation) knows(ctx context.Context, other *installation) error {
	made, err := createCredential(ctx, i.issuer, i.token, benchScope)
	if err != nil {
		return err
	}
	made.Issuer = other.issuer // which looks at the database before it would refuse
	_, err = made.token(ctx)
	return err
}
