package accesstoken_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

// maxAge sets how old the account's secrets may grow.
func (r *rig) maxAge(age time.Duration) {
	r.t.Helper()
	_, err := r.life.EditAccount(r.t.Context(), operator(), r.account.ID, lifecycle.AccountChange{MaxSecretAge: &age})
	must(r.t, err)
}

func TestAuthenticate_TakesNoSecretOlderThanTheAccountAllows(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:read")
	wants := func(when string, in bool) {
		t.Helper()
		if _, err := r.directory.Authenticate(t.Context(), c.auth()); (err == nil) != in {
			t.Errorf("%s: %v, want let in %t", when, err, in)
		}
	}
	r.clock.Advance(40 * 24 * time.Hour)
	wants("without a bound", true)
	r.maxAge(40*24*time.Hour + time.Second)
	wants("a second younger than the bound", true)
	r.maxAge(40 * 24 * time.Hour)
	wants("as old as the bound", false)
	r.maxAge(0)
	wants("without a bound again", true)
	r.follows = false // as on another node, which follows the feed
	r.maxAge(time.Minute)
	wants("on another node", true)
	must(t, r.directory.CatchUp(t.Context()))
	wants("on another node that has followed", false)
}

func TestSecretAge_TouchesNoTokenThatIsOut(t *testing.T) {
	r := newRig(t)
	c := r.credential("orders:read")
	r.clock.Advance(40 * 24 * time.Hour)
	token := r.token(c, "orders:read")
	r.maxAge(time.Minute)
	if _, err := r.verifier.VerifyAnyAudience(t.Context(), token, time.Time{}); err != nil {
		t.Errorf("the token died with its secret: %v", err)
	}
}

func TestUsage_TellsWhyARightSecretWasRefused(t *testing.T) {
	r := newRig(t)
	outcomes := func(id string) map[string]int64 {
		t.Helper()
		must(t, r.directory.Flush(t.Context()))
		usage, err := r.life.Usage(t.Context(), actorOf(r.admin), id, lifecycle.UsageRequest{})
		must(t, err)
		got := map[string]int64{}
		for _, d := range usage.Days {
			got[d.Outcome] += d.Calls
		}
		return got
	}
	for name, auth := range failures(r) {
		_, err := r.directory.Authenticate(t.Context(), auth)
		if !apicred.IsKind(err, apicred.KindUnauthenticated) {
			t.Fatalf("%s: %v", name, err)
		}
		if name == "unknown client" {
			continue
		}
		want := map[string]string{
			"disabled": "disabled", "expired": "expired", "expired secret": "secret_expired", "suspended": "suspended",
			"address not allowed": "address_not_allowed", "wrong secret": "",
		}[name]
		got := outcomes(auth.ClientID)
		if want == "" && len(got) != 0 || want != "" && (len(got) != 1 || got[want] != 1) {
			t.Errorf("%s is counted as %v", name, got)
		}
		if view, err := r.life.Credential(t.Context(), actorOf(r.admin), auth.ClientID); err != nil || !view.LastUsedAt.IsZero() {
			t.Errorf("%s counts as a use at %v (%v)", name, view.LastUsedAt, err)
		}
	}
	slow := r.create(r.admin, lifecycle.NewCredential{Scopes: []string{"reports"}, RequestsPerSecond: 1})
	for range 3 {
		_, _ = r.directory.Authenticate(t.Context(), slow.auth())
	}
	if got := outcomes(slow.id); got["rate_limited"] != 1 {
		t.Errorf("three calls at once of one a second are counted as %v", got)
	}
	client := r.client(r.credential("reports"))
	r.directory.Count(&client, "no_route", "reports", netip.Addr{})
	if got := outcomes(client.ID()); got["no_route"] != 1 {
		t.Errorf("a refusal of enforcement is counted as %v", got)
	}
}
