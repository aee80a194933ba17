package accesstoken_test

import (
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
)

// A clock that runs ahead for an hour (a wrong time server, a machine that woke)
// and is set right under a running server: who may gets tokens all the time, nobody
// waits for the hour that was taken back, and what was ended stays so.
func TestClock_SetForwardAndBackNeitherBlocksNorRevives(t *testing.T) {
	r := newRig(t)
	c, off := r.credential("reports"), r.credential("reports")
	ended, dead, live := r.token(c, "reports"), r.token(off, "reports"), r.token(c, "reports")
	must(t, r.revoke(c, ended))
	if _, err := r.life.DisableCredential(t.Context(), actorOf(r.admin), off.id); err != nil {
		t.Fatal(err)
	}
	must(t, r.directory.CatchUp(t.Context()))

	wrong := accesstoken.ClientAuth{ClientID: c.id, Secret: "wrong"}
	fail := func(times int) (limited int) {
		for range times {
			if _, err := r.directory.Authenticate(t.Context(), wrong); apicred.IsKind(err, apicred.KindRateLimited) {
				limited++
			}
		}
		return limited
	}
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		r.clock.Advance(by)
		must(t, r.directory.CatchUp(t.Context()))
		if state := r.directory.State(); state != accesstoken.StateNormal {
			t.Errorf("%v: the view is %s", by, state)
		}
		if n := fail(120); n != 20 {
			t.Errorf("%v: %d of 120 failures were limited, want 20", by, n)
		}
		fresh := r.token(c, "reports")
		if _, err := r.verifier.VerifyAnyAudience(t.Context(), fresh, time.Time{}); err != nil {
			t.Errorf("%v: a token issued now: %v", by, err)
		}
		for name, raw := range map[string]string{"revoked": ended, "of a disabled credential": dead} {
			if _, err := r.verifier.VerifyAnyAudience(t.Context(), raw, time.Time{}); !apicred.IsKind(err, apicred.KindUnauthenticated) {
				t.Errorf("%v: a token %s: %v", by, name, err)
			}
		}
		_, err := r.directory.Authenticate(t.Context(), accesstoken.ClientAuth{ClientID: off.id, Secret: off.secret})
		if err == nil {
			t.Errorf("%v: a disabled credential was let in", by)
		}
	}
	if _, err := r.verifier.VerifyAnyAudience(t.Context(), live, time.Time{}); err != nil {
		t.Errorf("a token from before: %v", err)
	}
}

// What a token of another node is not yet, by a clock that is behind, it will be:
// its revocation must be kept, not answered as done (S12).
func TestClock_BehindKeepsTheRevocationOfATokenThatIsOfNoTimeYet(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	raw := r.token(c, "reports")
	r.clock.Advance(-time.Hour)
	must(t, r.directory.CatchUp(t.Context()))
	must(t, r.revoke(c, raw))
	r.clock.Advance(time.Hour)
	must(t, r.directory.CatchUp(t.Context()))
	_, err := r.verifier.VerifyAnyAudience(t.Context(), raw, time.Time{})
	wantKind(t, err, apicred.KindUnauthenticated, "token: it was revoked")
}

// As much for one that has expired by a clock that is ahead.
func TestClock_AheadKeepsTheRevocationOfATokenThatHasExpired(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	raw, other := r.token(c, "reports"), r.token(c, "reports")
	must(t, r.revoke(c, other))
	r.clock.Advance(90 * time.Minute)
	must(t, r.directory.CatchUp(t.Context()))
	must(t, r.revoke(c, raw)) // and those whose end has come make room
	r.clock.Advance(-90 * time.Minute)
	again := accesstoken.NewDirectory(r.store, r.hasher(), accesstoken.Options{Issuer: issuer, Clock: r.clock.Now})
	must(t, again.Load(t.Context()))
	for name, token := range map[string]string{"before": other, "while it was ahead": raw} {
		_, err := accesstoken.NewVerifier(again, r.ring).VerifyAnyAudience(t.Context(), token, time.Time{})
		if !apicred.IsKind(err, apicred.KindUnauthenticated) {
			t.Errorf("revoked %s: %v", name, err)
		}
	}
}
