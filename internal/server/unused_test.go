package server

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/testserver"
)

func TestDisableUnused_SparesWhatWasUsedAMomentAgo(t *testing.T) {
	core := openTestCore(t)
	ctx, long := t.Context(), time.Now().AddDate(-1, 0, 0)
	ids := []string{"0192d3c0-0000-7000-8000-000000000001", "0192d3c0-0000-7000-8000-000000000002"}
	account, err := core.Lifecycle.FindAccount(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	document := apicred.Catalogue{
		APIs:   []apicred.API{{ID: "stats", Name: "stats", Audience: "urn:stats"}},
		Scopes: []apicred.Scope{{Value: "stats", Description: "stats", API: "stats", Roles: []apicred.Role{apicred.RoleAdmin}}},
	}
	if _, _, err := core.Lifecycle.ApplyCatalogue(ctx, testserver.Operator(), document, -1); err != nil {
		t.Fatal(err)
	}
	err = core.Store.Lifecycle().Change(ctx, func(tx lifecycle.Tx) error {
		account.UnusedDisableAfter, account.UnusedRuleAt = 90*24*time.Hour, long
		if err := tx.UpdateAccount(ctx, account); err != nil {
			return err
		}
		for n, id := range ids {
			c := apicred.Credential{
				ClientID: id, AccountID: account.ID, Name: "x", Level: apicred.LevelAccount, Scopes: []string{"stats"}, Generation: 1, Version: 1,
				AuthenticationMethod: apicred.AuthenticationClientSecret, CreatedAt: long, CreatedBy: "u", UpdatedAt: long,
			}
			if err := errors.Join(tx.InsertCredential(ctx, c), tx.Record(ctx, apicred.AuditEvent{
				EventID: fmt.Sprint(n), At: long, AccountID: account.ID, Action: "credential.create", TargetType: apicred.TargetCredential,
				TargetID: id, Outcome: apicred.OutcomeDone,
			})); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, core.Directory.CatchUp(ctx)); err != nil {
		t.Fatal(err)
	}
	used, found := core.Directory.Client(ids[1])
	if !found {
		t.Fatal("the credential is not in memory")
	}
	core.Directory.Count(&used, accesstoken.OutcomeAllowed, "stats", netip.Addr{}) // in memory alone
	core.disableUnusedOnce(ctx)
	for id, want := range map[string]apicred.Status{ids[0]: apicred.StatusDisabled, ids[1]: apicred.StatusActive} {
		c, _ := core.Directory.Client(id)
		if got := c.StatusAt(time.Now()); got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
}

// openTestCore opens an installation on a fresh database.
func openTestCore(t *testing.T) *Core {
	t.Helper()
	cfg, err := config.Load(config.Source{Flags: map[string]string{
		"data_dir": t.TempDir(), "database_url": testserver.DatabaseURL(t), "master_key": base64.StdEncoding.EncodeToString(make([]byte, 32)),
	}})
	if err != nil {
		t.Fatal(err)
	}
	core, err := OpenCore(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := core.Close(); err != nil {
			t.Error(err)
		}
	})
	return core
}
