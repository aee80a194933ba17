package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The floor must do the work that it is the floor of: check the secret, and sign so that others can verify.
func TestIssuance_ChecksTheSecretAndSignsTheToken(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tokens := &issuance{
		clientID: "id", digest: sha256.Sum256([]byte("secret")), key: key, issuer: "http://floor.test",
		header: encode([]byte(`{"alg":"ES256"}`)), lifetime: time.Hour,
	}
	ask := func(secret string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader("grant_type=client_credentials&scope=users:read"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("id", secret)
		w := httptest.NewRecorder()
		tokens.ServeHTTP(w, r)
		return w
	}
	if w := ask("Secret"); w.Code != http.StatusUnauthorized {
		t.Errorf("with a wrong secret: %d, want 401", w.Code)
	}

	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(ask("secret").Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(answer.AccessToken, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		t.Fatalf("a signature of %d bytes: %v", len(signature), err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(&key.PublicKey, digest[:], r, s) {
		t.Error("the signature does not verify")
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !json.Valid(claims) {
		t.Errorf("the claims are no JSON: %s, %v", claims, err)
	}
}

// A floor that let everything through would make all else look expensive.
func TestVerification_ChecksSignatureAndEnd(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tokens := &issuance{key: key, header: encode([]byte(`{"alg":"ES256","kid":"k","typ":"at+jwt"}`)), lifetime: time.Hour}
	good, err := tokens.sign("users:read", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	old, err := tokens.sign("users:read", time.Now().Add(-2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	v := &verification{keys: map[string]*ecdsa.PublicKey{"k": &key.PublicKey}}
	for name, test := range map[string]struct {
		token string
		want  int
	}{
		"good": {good, http.StatusOK}, "expired": {old, http.StatusUnauthorized}, "none": {"", http.StatusUnauthorized},
		"another's signature": {good[:strings.LastIndexByte(good, '.')] + old[strings.LastIndexByte(old, '.'):], http.StatusUnauthorized},
	} {
		asBearer := httptest.NewRequest(http.MethodGet, "/", nil)
		asBearer.Header.Set("Authorization", "Bearer "+test.token)
		asForm := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("token="+test.token))
		asForm.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		bearer, form := httptest.NewRecorder(), httptest.NewRecorder()
		v.ServeHTTP(bearer, asBearer)
		v.introspect(form, asForm)
		if bearer.Code != test.want || form.Code != test.want {
			t.Errorf("%s: %d and %d, want %d", name, bearer.Code, form.Code, test.want)
		}
	}
}
