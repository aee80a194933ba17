package accesstoken_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
)

func (r *rig) revoke(c credential, raw string) error {
	r.t.Helper()
	return r.verifier.Revoke(r.t.Context(), r.client(c), accesstoken.RevokeRequest{Token: raw})
}

// R11: another node learns of it through the change feed.
func TestRevoke_ReachesANodeThatFollows(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	raw, other := r.token(c, "reports"), r.token(c, "reports")
	follower := accesstoken.NewDirectory(r.store, r.hasher(), accesstoken.Options{Issuer: issuer, Clock: r.clock.Now})
	must(t, follower.Load(t.Context()))
	verifier := accesstoken.NewVerifier(follower, r.ring)
	if _, err := verifier.VerifyAnyAudience(t.Context(), raw, time.Time{}); err != nil {
		t.Fatal(err)
	}
	must(t, r.revoke(c, raw))
	must(t, follower.CatchUp(t.Context()))
	_, err := verifier.VerifyAnyAudience(t.Context(), raw, time.Time{})
	wantKind(t, err, apicred.KindUnauthenticated, "token: it was revoked")
	if _, err := verifier.VerifyAnyAudience(t.Context(), other, time.Time{}); err != nil {
		t.Errorf("the token beside it: %v", err)
	}
}

// S12: what could not be kept is not said to be done.
func TestRevoke_ThatCannotBeKeptLeavesTheTokenAlive(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	raw := r.token(c, "reports")
	r.store.revocations = errCut
	wantKind(t, r.revoke(c, raw), apicred.KindUnavailable, "")
	if _, err := r.verifier.VerifyAnyAudience(t.Context(), raw, time.Time{}); err != nil {
		t.Errorf("the token is dead on this node alone: %v", err)
	}
	r.store.revocations = nil
	must(t, r.revoke(c, raw))
	_, err := r.verifier.VerifyAnyAudience(t.Context(), raw, time.Time{})
	wantKind(t, err, apicred.KindUnauthenticated, "token: it was revoked")
}

func TestRevoke_OfAnotherClientsOrAPersonsTokenIsRefused(t *testing.T) {
	r := newRig(t)
	c, other := r.credential("reports"), r.credential("reports")
	person, err := r.issuer.IssuePerson(t.Context(), accesstoken.PersonGrant{
		UserID: r.admin.ID, AccountID: r.account.ID, ClientID: accesstoken.ClientCLI, TTL: time.Hour, Generation: r.admin.Generation,
	})
	must(t, err)
	for name, raw := range map[string]string{"another client's": r.token(other, "reports"), "a person's": person.Raw} {
		if err := r.revoke(c, raw); !errors.Is(err, accesstoken.ErrForeignToken) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := r.verifier.VerifyAnyAudience(t.Context(), raw, time.Time{}); err != nil {
			t.Errorf("%s is dead: %v", name, err)
		}
	}
}

func TestRevoke_OfAnExpiredTokenWritesNothing(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	raw := r.token(c, "reports")
	r.clock.Advance(time.Hour + accesstoken.ClockSetBack + time.Minute)
	must(t, r.directory.CatchUp(t.Context()))
	r.store.revocations = errCut
	must(t, r.revoke(c, raw))
}

// revoking fails while it is told to.
func (s *cuttable) RevokeToken(ctx context.Context, t accesstoken.RevokedToken, event apicred.AuditEvent) error {
	if s.revocations != nil {
		return apicred.Unavailable(s.revocations)
	}
	return s.Store.RevokeToken(ctx, t, event)
}

// What came back does not come back to tokens from before, for followers either.
func TestFeed_SaysSinceWhenAScopeIsBack(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports", "orders:read")
	asker := accesstoken.Introspector{AccountID: r.account.ID}
	retired := testCatalogue()
	retired.Scopes[2].Retired = true
	for _, catalogue := range []apicred.Catalogue{retired, testCatalogue()} {
		r.clock.Advance(time.Hour)
		_, _, err := r.life.ApplyCatalogue(t.Context(), operator(), catalogue, -1)
		must(t, err)
	}
	page, err := r.verifier.Feed(t.Context(), asker, "", r.clock.Now())
	must(t, err)
	if len(page.Entries) != 1 || page.Entries[0].ClientID != c.id || len(page.Entries[0].Scopes) != 2 {
		t.Fatalf("told %+v", page.Entries)
	}
	since := page.Entries[0].Since
	if at := time.Unix(since["reports"], 0); len(since) != 1 || r.clock.Now().Sub(at) > time.Minute {
		t.Errorf("since %v", since)
	}
}

// The cursor is of a node that had applied the first of two changes only; this
// one applies both at once.
func TestFeed_TellsAFollowerOfAnotherNodeOfTheLaterOfTwoChanges(t *testing.T) {
	r := newRig(t)
	r.follows = false
	c := r.create(r.admin, lifecycle.NewCredential{Scopes: []string{"reports"}})
	must(t, r.directory.CatchUp(t.Context()))
	_, err := r.life.DisableCredential(t.Context(), actorOf(r.admin), c.id)
	must(t, err)
	between, err := r.store.Head(t.Context())
	must(t, err)
	_, err = r.life.EnableCredential(t.Context(), actorOf(r.admin), c.id)
	must(t, err)
	must(t, r.directory.CatchUp(t.Context()))
	asker := accesstoken.Introspector{AccountID: r.account.ID}
	page, err := r.verifier.Feed(t.Context(), asker, fmt.Sprintf("%s.%d", between.Epoch, between.Change), r.clock.Now())
	must(t, err)
	if len(page.Entries) != 1 || page.Entries[0].ClientID != c.id || len(page.Entries[0].Scopes) != 1 {
		t.Errorf("told %+v", page.Entries)
	}
}

// S34: each revocation is a durable row, so a program in a loop is slowed down.
func TestRevoke_InALoopIsSlowedDown(t *testing.T) {
	r := newRig(t)
	c := r.credential("reports")
	for range 200 {
		must(t, r.revoke(c, r.token(c, "reports")))
	}
	raw := r.token(c, "reports")
	err := r.revoke(c, raw)
	wantKind(t, err, apicred.KindRateLimited, "")
	if _, err := r.verifier.VerifyAnyAudience(t.Context(), raw, time.Time{}); err != nil {
		t.Errorf("the token that could not be revoked is dead: %v", err)
	}
	r.clock.Advance(time.Second)
	must(t, r.revoke(c, raw))
}
