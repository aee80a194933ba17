package accesstoken_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
)

// waits counts the calls that a database far away makes long.
type waits struct {
	accesstoken.Store
	records, usage int
}

func (s *waits) CredentialRecords(ctx context.Context, clientIDs []string) (map[string]accesstoken.FoundCredential, error) {
	s.records++
	return s.Store.CredentialRecords(ctx, clientIDs)
}

func (s *waits) AddUsage(ctx context.Context, id apicred.BatchID, batch accesstoken.UsageBatch) error {
	s.usage++
	return s.Store.AddUsage(ctx, id, batch)
}

// Many changes at once must not be as many waits for a database in another
// region: the node would fall behind for good.
func TestDirectory_WaitsAsOftenForManyChangesAsForOne(t *testing.T) {
	const many = 20
	r := newRig(t)
	store := &waits{Store: r.store}
	d := accesstoken.NewDirectory(store, keyring.NewMaster([32]byte{1}).Hasher(), accesstoken.Options{Clock: r.clock.Now, MaxOffline: time.Hour})
	var all []credential
	for range many {
		all = append(all, r.credential("reports"))
	}
	must(t, d.Load(t.Context()))
	name := "renamed"
	for _, c := range all {
		must(t, edit(lifecycle.CredentialChange{Name: &name})(r, c))
	}
	must(t, d.CatchUp(t.Context()))
	if store.records != 1 {
		t.Errorf("%d credentials were read in %d reads, want 1", many, store.records)
	}
	for _, c := range all {
		client, err := d.Authenticate(t.Context(), c.auth())
		must(t, err)
		d.Count(&client, accesstoken.OutcomeAllowed, "reports", netip.Addr{})
	}
	must(t, d.Flush(t.Context()))
	if store.usage != 1 { // counts and last uses
		t.Errorf("the usage of %d credentials was written in %d batches, want 1", many, store.usage)
	}
}
