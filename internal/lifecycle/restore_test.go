package lifecycle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore"
	"github.com/claviger/claviger/internal/testserver"
)

// restored is the installation as it comes back from a backup taken now, an hour
// later; i itself goes on.
func (i *installation) restored(trusted bool) *installation {
	i.t.Helper()
	ctx := i.t.Context()
	path := filepath.Join(i.t.TempDir(), "backup.db")
	must(i.t, os.WriteFile(path, nil, 0o600))
	must(i.t, i.store.WriteBackup(ctx, path, sqlstore.BackupNote{TakenAt: i.clock}))
	backup, err := sqlstore.OpenBackup(ctx, path)
	must(i.t, err)
	defer func() { _ = backup.Close() }()
	other := *i
	other.clock = i.clock.Add(time.Hour)
	other.store = testserver.NewStore(i.t)
	other.service = other.restart()
	must(i.t, other.store.Restore(ctx, backup, sqlstore.RestoreOptions{}, func(tx lifecycle.RestoreTx) error {
		_, err := other.service.CompleteRestore(ctx, tx, operator(), lifecycle.Restoration{TakenAt: i.clock, Sequence: 7, Trusted: trusted})
		return err
	}))
	return &other
}

func TestRestore_SuspendsEveryCredentialAndOutdatesEveryToken(t *testing.T) {
	i := install(t)
	own, other := i.create(i.as("sue"), "orders:read"), i.createForAccount("stats")
	later := i.restored(false)
	for _, made := range []lifecycle.Created{own, other} {
		c := later.stored(made.ClientID)
		if c.Suspension != apicred.SuspensionRestored || c.Version != made.Version+1 || c.Generation != later.clock.UnixMicro() {
			t.Errorf("suspension %q, version %d, generation %d", c.Suspension, c.Version, c.Generation)
		}
		view, err := later.service.Credential(t.Context(), later.as("ada"), made.ClientID)
		must(t, err)
		if view.Status != apicred.StatusSuspended || view.StatusReason != "restored" {
			t.Errorf("seen as %s, %s", view.Status, view.StatusReason)
		}
	}
	// A second restore of an older backup ends what was issued after the first.
	if again := later.restored(false).stored(own.ClientID); again.Generation <= later.stored(own.ClientID).Generation {
		t.Errorf("generation %d after another restore", again.Generation)
	}
	for _, account := range []string{i.first.ID, i.second.ID} {
		e := later.events(account)[0]
		if e.Action != "installation.restore" || e.ActorType != apicred.ActorOperator || !strings.Contains(string(e.After), `"backup_sequence":7`) {
			t.Errorf("the newest event: %+v %s", e, e.After)
		}
	}
}

func TestRestore_TrustedLeavesEverythingAsItWas(t *testing.T) {
	i := install(t)
	made := i.create(i.as("sue"), "orders:read")
	later := i.restored(true)
	before, after := i.stored(made.ClientID), later.stored(made.ClientID)
	if after.Suspension != apicred.SuspensionNone || after.Generation != before.Generation || after.Version != before.Version {
		t.Errorf("the credential changed: %+v", after)
	}
	if e := later.events(i.first.ID)[0]; e.Action != "installation.restore" || !strings.Contains(string(e.After), `"trusted":true`) {
		t.Errorf("the newest event: %+v %s", e, e.After)
	}
}

func TestConfirmRestored_TakesOffThatSuspensionAloneAndRevivesNoToken(t *testing.T) {
	i := install(t)
	fine, orphan := i.create(i.as("sue"), "orders:read"), i.create(i.as("sam"), "orders:read")
	later := i.restored(false)
	later.setStatus("sam", apicred.UserDeactivated)
	if c := later.stored(orphan.ClientID); c.Suspension != apicred.SuspensionRestored {
		t.Errorf("deactivating the owner made it %q: then reactivating would confirm it", c.Suspension)
	}
	// Nothing else lifts it.
	name := "renamed"
	_, err := later.service.EditCredential(t.Context(), later.as("sue"), fine.ClientID, lifecycle.CredentialChange{Name: &name})
	must(t, err)
	_, err = later.service.DisableCredential(t.Context(), later.as("sue"), fine.ClientID)
	must(t, err)
	_, err = later.service.EnableCredential(t.Context(), later.as("sue"), fine.ClientID)
	must(t, err)
	before := later.stored(fine.ClientID)
	if before.Suspension != apicred.SuspensionRestored {
		t.Fatalf("an edit or enabling confirmed it: %q", before.Suspension)
	}

	done, err := later.service.ConfirmRestored(t.Context(), operator(), nil)
	must(t, err)
	if len(done) != 2 {
		t.Errorf("%d confirmed, want 2", len(done))
	}
	after := later.stored(fine.ClientID)
	if after.Suspension != apicred.SuspensionNone || after.Generation <= before.Generation {
		t.Errorf("confirmed: %q, generation %d of %d", after.Suspension, after.Generation, before.Generation)
	}
	if c := later.stored(orphan.ClientID); c.Suspension != apicred.SuspensionOwner {
		t.Errorf("without an owner it is %q", c.Suspension)
	}
	confirmed := 0
	for _, e := range later.events(i.first.ID) {
		if e.Action == "credential.confirm" && strings.Contains(string(e.Before), `"suspension":"restored"`) && !strings.Contains(string(e.After), "restored") {
			confirmed++
		}
	}
	if confirmed != 2 {
		t.Errorf("%d confirmations audited, want 2", confirmed)
	}
	done, err = later.service.ConfirmRestored(t.Context(), operator(), nil)
	must(t, err)
	if len(done) != 0 {
		t.Errorf("%d confirmed twice", len(done))
	}
}

func TestConfirmRestored_ConfirmsAllThatAreNamedOrNone(t *testing.T) {
	i := install(t)
	one, two := i.create(i.as("sue"), "orders:read"), i.create(i.as("sue"), "orders:read")
	later := i.restored(false)
	_, err := later.service.ConfirmRestored(t.Context(), operator(), []string{one.ClientID, "absent"})
	wantKind(t, "an absent one", err, apicred.KindInvalid)
	if c := later.stored(one.ClientID); c.Suspension != apicred.SuspensionRestored {
		t.Error("half of them were confirmed")
	}
	done, err := later.service.ConfirmRestored(t.Context(), operator(), []string{one.ClientID, one.ClientID})
	must(t, err)
	if len(done) != 1 || later.stored(two.ClientID).Suspension != apicred.SuspensionRestored {
		t.Errorf("%d confirmed, and the other is %q", len(done), later.stored(two.ClientID).Suspension)
	}
	_, err = later.service.ConfirmRestored(t.Context(), operator(), []string{one.ClientID})
	wantKind(t, "one that does not wait", err, apicred.KindInvalid)
	_, err = later.service.ConfirmRestored(t.Context(), operator(), make([]string, lifecycle.MaxConfirmed+1))
	wantKind(t, "too many", err, apicred.KindInvalid)
}
