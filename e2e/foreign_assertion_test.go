package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// askedToSign is what a foreign client is told that signs its assertions.
type askedToSign struct {
	Issuer        string          `json:"issuer"`
	TokenEndpoint string          `json:"token_endpoint"`
	ClientID      string          `json:"client_id"`
	PrivateKeyPEM string          `json:"private_key_pem"`
	PrivateKey    jose.JSONWebKey `json:"private_key"`
}

// toldBySigner is what came of it.
type toldBySigner struct {
	Program     string `json:"program"`
	Way         string `json:"way"`
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	// Refused is the error code for an assertion with another audience.
	Refused string `json:"refused"`
}

// TestForeignClients_ProveThemselvesBySigning lets OAuth clients of two
// languages, as they are published, authenticate by private_key_jwt with the
// issuer as audience.
func TestForeignClients_ProveThemselvesBySigning(t *testing.T) {
	in := install(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	made := in.create(t, []string{"orders:read"}, map[string]any{
		"authentication_method": "private_key_jwt",
		"jwks":                  jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "ES256"}}},
	})
	asked := askedToSign{
		Issuer: in.address, TokenEndpoint: in.address + "/oauth2/token", ClientID: made.id,
		PrivateKeyPEM: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		PrivateKey:    jose.JSONWebKey{Key: key, KeyID: "one", Algorithm: "ES256"},
	}
	check := func(t *testing.T, lines []toldBySigner, ways ...string) {
		t.Helper()
		var got []string
		for _, told := range lines {
			library, version, _ := strings.Cut(told.Program, " ")
			t.Logf("%s %s: %s", library, version, told.Way)
			got = append(got, library+": "+told.Way)
			if told.Refused != "invalid_client" {
				t.Errorf("%s: an assertion for another audience is reported as %q", told.Way, told.Refused)
			}
			answer := call(t, "GET", in.address+"/forward-auth", "", "Authorization", "Bearer "+told.AccessToken, "X-Forwarded-Method", "GET",
				"X-Forwarded-Proto", "https", "X-Forwarded-Host", "orders.example.com", "X-Forwarded-Uri", "/orders/42")
			if answer.status != 200 || !strings.EqualFold(told.TokenType, "Bearer") {
				t.Errorf("%s: a %s token that is answered %d", told.Way, told.TokenType, answer.status)
			}
		}
		if !slices.Equal(got, ways) {
			t.Errorf("ways that were tried: %q, want %q", got, ways)
		}
	}
	t.Run("python", func(t *testing.T) {
		neededModule(t, debianPython, "import authlib, requests", "python3-authlib python3-requests")
		check(t, foreign[toldBySigner](t, asked, "python", debianPython, "signers.py"), "authlib: private_key_jwt, issuer as audience")
	})
	t.Run("node", func(t *testing.T) {
		nodeModules(t)
		check(t, foreign[toldBySigner](t, asked, "node", needed(t, "node", "nodejs"), "signers.mjs"), "openid-client: private_key_jwt")
	})
}
