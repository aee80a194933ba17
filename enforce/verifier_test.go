package enforce_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/enforce"
	"github.com/claviger/claviger/internal/accesstoken"
)

func TestNew_RefusesWhatWouldBelieveAnything(t *testing.T) {
	good := enforce.Config{Issuer: "https://login.example.com", Audience: "urn:orders"}
	if _, err := enforce.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*enforce.Config){
		"no issuer":              func(c *enforce.Config) { c.Issuer = "" },
		"issuer with a path":     func(c *enforce.Config) { c.Issuer += "/" },
		"issuer with a query":    func(c *enforce.Config) { c.Issuer += "?a" },
		"plain http elsewhere":   func(c *enforce.Config) { c.Issuer = "http://login.example.com" },
		"no audience":            func(c *enforce.Config) { c.Audience = "" },
		"ID without secret":      func(c *enforce.Config) { c.ClientID = "x" },
		"introspection by none":  func(c *enforce.Config) { c.WhenStale = enforce.StaleIntrospect },
		"staleness below zero":   func(c *enforce.Config) { c.MaxStaleness = -1 },
		"issuer with a password": func(c *enforce.Config) { c.Issuer = "https://a:b@login.example.com" },
	} {
		c := good
		change(&c)
		if _, err := enforce.New(c); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestVerify_TellsWhoCalls(t *testing.T) {
	i := install(t)
	v := i.verifier(nil)
	id, _ := i.credential("orders:read", "stats")
	claims, err := v.Verify(t.Context(), i.token(id, "orders:read"))
	must(t, err)
	if claims.ClientID != id || claims.AccountID != i.Account.ID || claims.Owner != i.admin.UserID || claims.JTI == "" ||
		!slices.Equal(claims.Scopes, []string{"orders:read"}) || !slices.Equal(claims.Audience, []string{audience}) ||
		claims.ExpiresAt.Sub(claims.IssuedAt) != time.Hour {
		t.Errorf("%+v", claims)
	}
	for range 10 {
		if _, err := v.Verify(t.Context(), i.token(id, "orders:read")); err != nil {
			t.Fatal(err)
		}
	}
	if n := i.asked["/.well-known/jwks.json"].Load(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

func TestVerify_RefusesEveryTokenThatIsNotThisAPIsOwn(t *testing.T) {
	i := install(t)
	var now time.Time
	v := i.verifier(func(c *enforce.Config) { c.Clock = func() time.Time { return now } })
	id, _ := i.credential("orders:read", "stats")
	good := i.token(id, "orders:read")
	person, err := i.Tokens.IssuePerson(t.Context(), accesstoken.PersonGrant{
		UserID: i.admin.UserID, AccountID: i.Account.ID, ClientID: accesstoken.ClientCLI, TTL: time.Hour, Generation: 1,
	})
	must(t, err)
	client, _ := i.Directory.Client(id)
	bound, err := i.Tokens.Issue(t.Context(), client, accesstoken.IssueRequest{Confirmation: accesstoken.Confirmation{Key: strings.Repeat("A", 43)}})
	must(t, err)
	header, rest, _ := strings.Cut(good, ".")
	cut := strings.LastIndexByte(good, '.')
	now = time.Now() // behind every iat, however slow the machine is
	for name, raw := range map[string]string{
		"empty":               "",
		"another audience":    i.token(id, "stats"),
		"a person's":          person.Raw,
		"bound to a key":      bound.Raw,
		"shortened":           good[:len(good)-1],
		"lengthened":          good + "A",
		"padded":              good + "=",
		"with a line break":   good[:cut] + "\r\n" + good[cut:],
		"a fourth part":       good + ".AAAA",
		"without signature":   good[:cut+1],
		"another signature":   good[:cut+1] + strings.Repeat("A", len(good)-cut-1),
		"a changed header":    "eyJhbGciOiJub25lIn0" + "." + rest,
		"two headers":         header + "." + good,
		"spare bits":          respelled(good),
		"longer than allowed": strings.Repeat("A", 9<<10),
	} {
		if claims, err := v.Verify(t.Context(), raw); !errors.Is(err, enforce.ErrInvalidToken) || claims != nil {
			t.Errorf("%s: %v, %v", name, claims, err)
		}
	}
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Error(err)
	}
	now = now.Add(2 * time.Hour)
	if _, err := v.Verify(t.Context(), good); !errors.Is(err, enforce.ErrInvalidToken) {
		t.Errorf("expired: %v", err)
	}
	now = now.Add(-3 * time.Hour)
	if _, err := v.Verify(t.Context(), good); !errors.Is(err, enforce.ErrInvalidToken) {
		t.Errorf("from the future: %v", err)
	}
}

// respelled is the token with other spare bits in its last character, which lax
// decoders read as the same.
func respelled(raw string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, raw[len(raw)-1])
	return raw[:len(raw)-1] + string(alphabet[last^1])
}

// A stranger who invents key IDs cannot make this process hammer the server.
func TestVerify_OfUnknownKeysAsksTheServerSeldom(t *testing.T) {
	i := install(t)
	now := time.Now()
	v := i.verifier(func(c *enforce.Config) { c.Clock = func() time.Time { return now } })
	id, _ := i.credential("orders:read")
	good := i.token(id)
	_, rest, _ := strings.Cut(good, ".")
	// {"alg":"ES256","kid":"x","typ":"at+jwt"}
	unknown := "eyJhbGciOiJFUzI1NiIsImtpZCI6IngiLCJ0eXAiOiJhdCtqd3QifQ." + rest
	for range 100 {
		if _, err := v.Verify(t.Context(), unknown); !errors.Is(err, enforce.ErrInvalidToken) {
			t.Fatal(err)
		}
		now = now.Add(50 * time.Millisecond)
	}
	if n := i.asked["/.well-known/jwks.json"].Load(); n != 1 {
		t.Errorf("within 5 seconds the keys were fetched %d times", n)
	}
	now = now.Add(time.Minute)
	_, _ = v.Verify(t.Context(), unknown)
	if n := i.asked["/.well-known/jwks.json"].Load(); n != 2 {
		t.Errorf("a minute later the keys had been fetched %d times", n)
	}
	// The server is away: keys that were fetched are believed for a while.
	i.down.Store(true)
	now = now.Add(30 * time.Minute)
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Error(err)
	}
	now = now.Add(31 * time.Minute)
	if _, err := v.Verify(t.Context(), good); !errors.Is(err, enforce.ErrUnavailable) && !errors.Is(err, enforce.ErrInvalidToken) {
		t.Errorf("after more than an hour: %v", err)
	}
}

func TestVerify_WithoutTheServerSaysNeitherYesNorNo(t *testing.T) {
	i := install(t)
	i.down.Store(true)
	id, _ := i.credential("orders:read")
	v := i.verifier(nil)
	if _, err := v.Verify(t.Context(), i.token(id)); !errors.Is(err, enforce.ErrUnavailable) {
		t.Error(err)
	}
	w := call(v, bearer(i.token(id)), "orders:read")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
