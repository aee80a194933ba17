package accesstoken_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func TestAuthenticate_LetsInWhoeverHoldsASecret(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:read", "reports")
	client := r.client(c)
	if client.ID() != c.id || client.AccountID() != r.account.ID || client.OwnerID() != r.admin.ID || client.Level() != apicred.LevelUser {
		t.Errorf("the client is %s of %s, %s", client.ID(), client.OwnerID(), client.AccountID())
	}
	if diff := cmp.Diff([]string{"orders:read", "reports"}, client.EffectiveScopes()); diff != "" {
		t.Error(diff)
	}
	if !client.Holds("reports") || client.Holds("orders:write") {
		t.Error("Holds differs from the effective scopes")
	}
}

func TestAuthenticate_GivesEveryCauseTheSameAnswer(t *testing.T) {
	r := newRig(t)
	answers := map[string]bool{}
	for cause, auth := range failures(r) {
		_, err := r.directory.Authenticate(t.Context(), auth)
		wantKind(t, err, apicred.KindUnauthenticated, cause)
		e := apicred.AsError(err)
		answers[fmt.Sprintf("%s|%s|%s|%v|%v", e.Message, e.WireCode(), e.Kind, e.Fields, e.RetryAfter)] = true
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
}

// failures makes one failing authentication for each cause.
func failures(r *rig) map[string]accesstoken.ClientAuth {
	t, ctx := r.t, r.t.Context()
	good := r.credential("orders:read")
	with := func(change func(*accesstoken.ClientAuth)) accesstoken.ClientAuth {
		auth := good.auth()
		change(&auth)
		return auth
	}
	disabled := r.credential("orders:read")
	_, err := r.life.DisableCredential(ctx, actorOf(r.admin), disabled.id)
	must(t, err)
	expired := r.create(r.admin, lifecycle.NewCredential{Scopes: []string{"orders:read"}, ExpiresAt: r.clock.Now().Add(time.Hour)})
	rotated := r.credential("orders:read")
	_, err = r.life.AddSecret(ctx, actorOf(r.admin), rotated.id, lifecycle.NewSecret{RetireOthers: true, RetireAfter: time.Minute})
	must(t, err)
	local := r.create(r.admin, lifecycle.NewCredential{Scopes: []string{"orders:read"}, AllowedCIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	orphaned := r.create(r.second, lifecycle.NewCredential{Scopes: []string{"orders:read"}})
	gone := apicred.UserArchived
	_, err = r.life.EditUser(ctx, operator(), r.account.ID, r.second.ID, lifecycle.UserChange{Status: &gone})
	must(t, err)
	r.clock.Advance(2 * time.Hour)
	return map[string]accesstoken.ClientAuth{
		"unknown client":      with(func(a *accesstoken.ClientAuth) { a.ClientID = "0193f2f0-5f3c-7b1a-9a52-3c1f6d0e8b47" }),
		"wrong secret":        with(func(a *accesstoken.ClientAuth) { a.Secret += "x" }),
		"disabled":            disabled.auth(),
		"expired":             expired.auth(),
		"expired secret":      rotated.auth(),
		"address not allowed": local.auth(),
		"suspended":           orphaned.auth(),
	}
}

func TestAuthenticate_RefusesEveryOtherSpelling(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:read")
	s, id := c.secret, c.id
	for name, auth := range map[string]accesstoken.ClientAuth{
		"secret truncated":      {ClientID: id, Secret: s[:len(s)-1]},
		"secret extended":       {ClientID: id, Secret: s + "0"},
		"secret in upper case":  {ClientID: id, Secret: strings.ToUpper(s)},
		"secret with NUL":       {ClientID: id, Secret: s + "\x00"},
		"secret with newline":   {ClientID: id, Secret: s + "\n"},
		"secret in front":       {ClientID: id, Secret: " " + s},
		"secret twice":          {ClientID: id, Secret: s + s + s},
		"secret empty":          {ClientID: id},
		"client ID upper case":  {ClientID: strings.ToUpper(id), Secret: s},
		"client ID with braces": {ClientID: "{" + id + "}", Secret: s},
		"client ID without -":   {ClientID: strings.ReplaceAll(id, "-", ""), Secret: s},
		"client ID as URN":      {ClientID: "urn:uuid:" + id, Secret: s},
		"client ID empty":       {Secret: s},
		"client ID and newline": {ClientID: id + "\n", Secret: s},
	} {
		if auth == c.auth() {
			t.Fatalf("%s: nothing was changed", name)
		}
		_, err := r.directory.Authenticate(t.Context(), auth)
		if !apicred.IsKind(err, apicred.KindUnauthenticated) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAuthenticate_TakesAnyOfTheSecretsUntilItEnds(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:read")
	all := []credential{c}
	for range apicred.MaxSecrets - 1 {
		added, err := r.life.AddSecret(t.Context(), actorOf(r.admin), c.id, lifecycle.NewSecret{})
		must(t, err)
		all = append(all, credential{id: c.id, secret: added.Text.Reveal()})
	}
	for _, each := range all {
		r.client(each)
	}
	secrets, err := r.life.Secrets(t.Context(), actorOf(r.admin), c.id)
	must(t, err)
	must(t, r.life.DeleteSecret(t.Context(), actorOf(r.admin), c.id, secrets[2].ID, false))
	for i, each := range all {
		_, err := r.directory.Authenticate(t.Context(), each.auth())
		if (err == nil) != (i != 2) {
			t.Errorf("secret %d after the deletion of the third: %v", i, err)
		}
	}
}

func TestAuthenticate_AllowsOnlyTheAddressesOfTheCredential(t *testing.T) {
	r := newRig(t)
	c := r.create(r.admin, lifecycle.NewCredential{Scopes: []string{"orders:read"}, AllowedCIDRs: []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32"),
	}})
	for address, allowed := range map[string]bool{
		"192.0.2.1": true, "::ffff:192.0.2.1": true, "2001:db8::1": true, "192.0.3.1": false, "2001:db9::1": false, "127.0.0.1": false,
	} {
		auth := c.auth()
		auth.Address = netip.MustParseAddr(address)
		_, err := r.directory.Authenticate(t.Context(), auth)
		if (err == nil) != allowed {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// The node that did not make the change must not answer from its old view.
func TestAuthenticate_SaysNoOnlyOnAViewNewerThanTheRequest(t *testing.T) {
	r := newRig(t)
	r.follows = false
	c := r.credential("orders:read") // this node has not heard of it
	r.client(c)
	before := r.store.heads.Load()
	_, err := r.directory.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: c.id, Secret: "wrong"})
	wantKind(t, err, apicred.KindUnauthenticated, "wrong secret")
	if r.store.heads.Load() == before {
		t.Error("the no was said without asking the database")
	}
	before = r.store.heads.Load()
	r.client(c)
	if r.store.heads.Load() != before {
		t.Error("the yes cost a question to the database")
	}
}

func TestAuthenticate_SaysNeitherYesNorNoToStrangersWhileTheDatabaseIsAway(t *testing.T) {
	r := newRig(t)
	known := r.credential("orders:read")
	r.store.cut.Store(true)
	for name, auth := range map[string]accesstoken.ClientAuth{
		"unknown":      {ClientID: "0193f2f0-5f3c-7b1a-9a52-3c1f6d0e8b47", Secret: known.secret},
		"wrong secret": {ClientID: known.id, Secret: "wrong"},
	} {
		_, err := r.directory.Authenticate(t.Context(), auth)
		wantKind(t, err, apicred.KindUnavailable, "")
		if apicred.AsError(err).RetryAfter <= 0 {
			t.Errorf("%s: no Retry-After", name)
		}
	}
}

func TestAuthenticate_LimitsFailuresAndNeverTheRightSecret(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:read")
	for _, id := range []string{c.id, "0193f2f0-5f3c-7b1a-9a52-3c1f6d0e8b47", "no UUID at all"} {
		limited := 0
		for i := range 120 {
			_, err := r.directory.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: id, Secret: "wrong"})
			if apicred.IsKind(err, apicred.KindRateLimited) {
				if limited++; apicred.AsError(err).RetryAfter <= 0 {
					t.Fatal("no Retry-After")
				}
			} else if i >= 100 {
				t.Fatalf("failure %d: %v", i, err)
			}
		}
		if limited != 20 {
			t.Errorf("%s: %d of 120 failures were limited, want those after the hundredth", id, limited)
		}
	}
	r.client(c)
	r.clock.Advance(time.Second)
	_, err := r.directory.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: c.id, Secret: "wrong"})
	wantKind(t, err, apicred.KindUnauthenticated, "")
}

func TestAuthenticate_LimitsFailuresByNetwork(t *testing.T) {
	limited := func(addresses func(i int) string) (n int) {
		r := newRig(t) // a throttle of its own: the addresses of two tries may share a bucket
		for i := range 1010 {
			_, err := r.directory.Authenticate(t.Context(), accesstoken.ClientAuth{
				ClientID: fmt.Sprint("unknown ", i%20, i), Secret: "x", Address: netip.MustParseAddr(addresses(i)),
			})
			if apicred.IsKind(err, apicred.KindRateLimited) {
				n++
			}
		}
		return n
	}
	if n := limited(func(int) string { return "192.0.2.1" }); n != 10 {
		t.Errorf("one IPv4 address: %d of 1010 limited, want 10", n)
	}
	if n := limited(func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) }); n != 10 {
		t.Errorf("one IPv6 /64: %d of 1010 limited, want 10", n)
	}
	if n := limited(func(i int) string { return fmt.Sprintf("198.51.%d.%d", i/250, i%250) }); n != 0 {
		t.Errorf("different addresses: %d limited, want none", n)
	}
}

func TestAuthenticate_HoldsACredentialToItsOwnRate(t *testing.T) {
	r := newRig(t)
	c := r.create(r.admin, lifecycle.NewCredential{Scopes: []string{"orders:read"}, RequestsPerSecond: 3})
	take := func() (passed int) {
		for range 20 {
			_, err := r.directory.Authenticate(t.Context(), c.auth())
			if err == nil {
				passed++
			} else {
				wantKind(t, err, apicred.KindRateLimited, "")
			}
		}
		return passed
	}
	if n := take(); n != 6 {
		t.Errorf("%d passed at once, want twice the rate: 6", n)
	}
	r.clock.Advance(time.Second)
	if n := take(); n != 3 {
		t.Errorf("%d passed a second later, want 3", n)
	}
	name := "renamed"
	_, err := r.life.EditCredential(t.Context(), actorOf(r.admin), c.id, lifecycle.CredentialChange{Name: &name})
	must(t, err)
	if n := take(); n != 0 {
		t.Errorf("%d passed after an edit of something else, want none", n)
	}
}
