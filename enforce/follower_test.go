package enforce_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/enforce"
	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/lifecycle"
)

func dead(t *testing.T, v *enforce.Verifier, raw string) func() bool {
	return func() bool {
		_, err := v.Verify(t.Context(), raw)
		return errors.Is(err, enforce.ErrInvalidToken)
	}
}

// R11: what ends a token at the server ends it here.
func TestFollower_HearsWhatEndsTokens(t *testing.T) {
	i := install(t)
	v := i.following(nil)
	revoked, _ := i.credential("orders:read")
	one, two := i.token(revoked), i.token(revoked)
	client, _ := i.Directory.Client(revoked)
	must(t, i.Verifier.Revoke(t.Context(), client, accesstoken.RevokeRequest{Token: one}))
	i.soon("a revoked token is dead", dead(t, v, one))
	if _, err := v.Verify(t.Context(), two); err != nil {
		t.Errorf("the token beside it: %v", err)
	}

	_, err := i.Lifecycle.DisableCredential(t.Context(), i.admin, revoked)
	must(t, err)
	i.soon("a disabled credential's token is dead", dead(t, v, two))
	_, err = i.Lifecycle.EnableCredential(t.Context(), i.admin, revoked)
	must(t, err)
	three := i.token(revoked)
	i.soon("a token from after it was enabled lives", func() bool { _, err := v.Verify(t.Context(), three); return err == nil })
	if !dead(t, v, two)() {
		t.Error("enabling revived a token")
	}
	must(t, i.Lifecycle.DeleteCredential(t.Context(), i.admin, revoked))
	i.soon("a deleted credential's token is dead", dead(t, v, three))

	reader, _ := i.credential("orders:read", "orders:write")
	four := i.token(reader)
	i.Apply(t, []byte(strings.Replace(catalogueFile, "description: Write orders, api: orders", "description: Write orders, api: orders, retired: true", 1)))
	i.soon("a retired scope works no more", func() bool {
		claims, err := v.Verify(t.Context(), four)
		return err == nil && slices.Equal(claims.Scopes, []string{"orders:read"})
	})
	if w := call(v, bearer(four), "orders:write"); w.Code != 403 {
		t.Errorf("a call that needs it: %d %s", w.Code, w.Body)
	}
	if w := call(v, bearer(four), "orders:read"); w.Code != 200 {
		t.Errorf("a call that does not: %d %s", w.Code, w.Body)
	}
}

// The feed breaks off and is opened again behind what was heard.
func TestFollower_ComesBackAfterTheServerWasAway(t *testing.T) {
	i := install(t)
	v := i.following(func(c *enforce.Config) { c.MaxStaleness = 3 * time.Second })
	id, _ := i.credential("orders:read")
	other, _ := i.credential("orders:read")
	raw, kept := i.token(id), i.token(other)
	i.down.Store(true)
	i.CloseConnections()
	_, err := i.Lifecycle.DisableCredential(t.Context(), i.admin, id)
	must(t, err)
	i.soon("it refuses what it cannot know", func() bool { _, err := v.Verify(t.Context(), kept); return errors.Is(err, enforce.ErrUnavailable) })
	i.down.Store(false)
	i.soon("it knows again", func() bool { _, err := v.Verify(t.Context(), kept); return err == nil })
	if !dead(t, v, raw)() {
		t.Error("a token that was ended meanwhile lives")
	}
}

func TestFollower_AsksAboutEachTokenWhileItIsBlind(t *testing.T) {
	i := install(t)
	id, secret := i.credential("claviger:introspect") // not claviger:feed: the feed stays silent
	v := i.verifier(func(c *enforce.Config) { c.ClientID, c.ClientSecret, c.WhenStale = id, secret, enforce.StaleIntrospect })
	caller, _ := i.credential("orders:read", "stats")
	raw := i.token(caller)
	claims, err := v.Verify(t.Context(), raw)
	must(t, err)
	if !slices.Equal(claims.Scopes, []string{"orders:read", "stats"}) {
		t.Errorf("scopes %v", claims.Scopes)
	}
	_, err = i.Lifecycle.EditCredential(t.Context(), i.admin, caller, lifecycle.CredentialChange{Scopes: &[]string{"stats"}})
	must(t, err)
	if claims, err := v.Verify(t.Context(), raw); err != nil || !slices.Equal(claims.Scopes, []string{"stats"}) {
		t.Errorf("%v, %v", claims, err)
	}
	_, err = i.Lifecycle.DisableCredential(t.Context(), i.admin, caller)
	must(t, err)
	if !dead(t, v, raw)() {
		t.Error("a token that is not active lives")
	}
	if n := i.asked["/oauth2/introspect"].Load(); n != 3 {
		t.Errorf("%d questions for three calls", n)
	}
}
