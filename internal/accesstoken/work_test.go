package accesstoken_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
)

// counting counts the hashes that an authentication costs.
type counting struct {
	*keyring.Hasher
	sums atomic.Int64
}

func (c *counting) Sum(i int, secret string) accesstoken.SecretSum {
	c.sums.Add(1)
	return c.Hasher.Sum(i, secret)
}

// S3: known and unknown clients must not be told apart by time. Equal work is
// what a test can prove on a busy machine: as many hashes, as many reads.
func TestAuthenticate_DoesTheSameWorkForEveryCause(t *testing.T) {
	r := newRig(t)
	hasher := &counting{Hasher: keyring.NewMaster([32]byte{1}, [32]byte{2}).Hasher()}
	d := accesstoken.NewDirectory(r.store, hasher, accesstoken.Options{Clock: r.clock.Now, MaxOffline: time.Hour})
	must(t, d.Load(t.Context()))
	attempts := failures(r)
	attempts["no ID"] = accesstoken.ClientAuth{Secret: "x"}
	attempts["no secret"] = accesstoken.ClientAuth{ClientID: attempts["disabled"].ClientID}
	must(t, d.CatchUp(t.Context()))
	costs := map[string]string{}
	for cause, auth := range attempts {
		sums, heads := hasher.sums.Load(), r.store.heads.Load()
		_, err := d.Authenticate(t.Context(), auth)
		wantKind(t, err, apicred.KindUnauthenticated, "")
		costs[fmt.Sprint(hasher.sums.Load()-sums, " hashes, ", r.store.heads.Load()-heads, " reads")] = cause
	}
	if len(costs) != 1 {
		t.Errorf("the work differs: %v", costs)
	}
}

func TestHotPath_IsSafeForConcurrentUse(t *testing.T) {
	r := newRig(t)
	stable, changing := r.credential("orders:read"), r.credential("orders:read", "reports")
	ctx, stopped := t.Context(), make(chan struct{})
	var background, callers sync.WaitGroup
	background.Go(func() {
		for on := true; ; on = !on {
			select {
			case <-stopped:
				return
			default:
			}
			turn := r.life.EnableCredential
			if on {
				turn = r.life.DisableCredential
			}
			if _, err := turn(ctx, actorOf(r.admin), changing.id); err != nil {
				t.Error(err)
			}
			must(t, r.directory.Flush(ctx))
		}
	})
	for range 8 {
		callers.Go(func() {
			for range 50 {
				client, err := r.directory.Authenticate(ctx, stable.auth())
				if err != nil {
					t.Errorf("the stable credential: %v", err)
					return
				}
				token, err := r.issuer.Issue(ctx, client, accesstoken.IssueRequest{})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := r.verifier.Verify(ctx, token.Raw, orders, time.Time{}); err != nil {
					t.Error(err)
				}
				if _, err := r.directory.Authenticate(ctx, changing.auth()); err != nil && !apicred.IsKind(err, apicred.KindUnauthenticated) && !apicred.IsKind(err, apicred.KindRateLimited) {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	close(stopped)
	background.Wait()
}

// Whatever is sent as a token, only what was issued is one.
func FuzzVerify(f *testing.F) {
	r := newRig(f)
	good := r.token(r.credential("orders:write"), "")
	f.Add(good)
	for _, bad := range badTokens(r) {
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := r.verifier.Verify(t.Context(), raw, orders, time.Time{})
		if err != nil && !apicred.IsKind(err, apicred.KindUnauthenticated) {
			t.Fatalf("%q: %v", raw, err)
		}
		if err == nil && raw != good {
			t.Fatalf("%q is accepted: %+v", raw, v)
		}
	})
}
