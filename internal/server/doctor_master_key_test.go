package server

import (
	"encoding/base64"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/testserver"
)

// Whoever changes the master key learns when the old one may go.
func TestDoctor_TellsWhenAnOldMasterKeyIsNotNeededAnyMore(t *testing.T) {
	dir, url := t.TempDir(), testserver.DatabaseURL(t)
	key := func(first byte) string {
		bytes := make([]byte, 32)
		bytes[0] = first
		return base64.StdEncoding.EncodeToString(bytes)
	}
	load := func(current string, old ...string) config.Config {
		flags := map[string]string{"data_dir": dir, "database_url": url, "master_key": current}
		if len(old) > 0 {
			flags["master_keys_old"] = strings.Join(old, ",")
		}
		cfg, err := config.Load(config.Source{Flags: flags})
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	start := func(cfg config.Config) {
		core, err := OpenCore(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := core.Close(); err != nil {
			t.Fatal(err)
		}
	}
	found := func(cfg config.Config) (FindingStatus, string) {
		for _, f := range Doctor(t.Context(), cfg) {
			if f.Check == "master_keys_old" {
				return f.Status, f.Message
			}
		}
		return "", ""
	}
	start(load(key(1)))
	if status, message := found(load(key(1))); status != "" {
		t.Errorf("without an old key: %s %s", status, message)
	}
	rolled := load(key(2), key(1))
	if status, message := found(rolled); status != FindingWarning || !strings.Contains(message, "0 client secrets, 0 passwords, 2 signing keys") {
		t.Errorf("before the start: %s %s", status, message)
	}
	start(rolled)
	if status, message := found(rolled); status != FindingOK || !strings.Contains(message, "can be taken out") {
		t.Errorf("after the start: %s %s", status, message)
	}
}

// A log that was pruned under an old master key needs that key, and one whose
// beginning nobody signed was cut.
func TestDoctor_KeepsTheMasterKeyThatSignedTheBeginningOfTheAuditLog(t *testing.T) {
	store := testserver.NewStore(t)
	now, long := time.Now().UTC().Truncate(time.Microsecond), time.Now().AddDate(-1, 0, 0)
	err := store.Lifecycle().Change(t.Context(), func(tx lifecycle.Tx) error {
		return tx.Record(t.Context(), apicred.AuditEvent{EventID: "0192d3c0-0000-7000-8000-000000000001", At: long, ActorType: apicred.ActorSystem, Action: "some.act", Outcome: apicred.OutcomeDone})
	})
	if err != nil {
		t.Fatal(err)
	}
	older, newer := [32]byte{1}, [32]byte{2}
	notary := audit.NewNotary(store.Audit(), keyring.NewMaster(older), func() time.Time { return now }, slog.New(slog.DiscardHandler))
	cut, err := notary.Cut(t.Context(), now.AddDate(0, -1, 0), nil)
	if err == nil {
		_, err = notary.Prune(t.Context(), &cut)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		master *keyring.Master
		want   Finding
	}{
		"the same key":   {keyring.NewMaster(older), Finding{}},
		"an old key":     {keyring.NewMaster(newer, older), Finding{Check: "master_keys_old", Status: FindingWarning}},
		"an unknown key": {keyring.NewMaster(newer), Finding{Check: "audit", Status: FindingFailed}},
	} {
		d := &doctor{}
		d.oldMasterKeys(t.Context(), store, test.master, nil)
		var got Finding
		if len(d.findings) > 0 {
			got = Finding{Check: d.findings[0].Check, Status: d.findings[0].Status}
		}
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", name, d.findings, test.want)
		}
	}
}

// What has expired never works again: it keeps no old master key in the settings.
func TestStore_CountsNoExpiredSecretsUnderAMasterKey(t *testing.T) {
	url := testserver.DatabaseURL(t)
	cfg, err := config.Load(config.Source{Flags: map[string]string{
		"data_dir": t.TempDir(), "database_url": url, "master_key": base64.StdEncoding.EncodeToString(make([]byte, 32)),
	}})
	if err != nil {
		t.Fatal(err)
	}
	core, err := OpenCore(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = core.Close() })
	account, err := core.Lifecycle.EnsureOperatorAccount(t.Context(), apicred.Actor{Type: apicred.ActorSystem, Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(time.Hour).Truncate(time.Microsecond)
	err = core.Store.Lifecycle().Change(t.Context(), func(tx lifecycle.Tx) error {
		c := apicred.Credential{
			ClientID: "0195c000-0000-7000-8000-00000000000c", AccountID: account.ID, Name: "one", Level: apicred.LevelAccount,
			AuthenticationMethod: apicred.AuthenticationClientSecret, Generation: 1, CreatedAt: end, UpdatedAt: end, Version: 1,
		}
		if err := tx.InsertCredential(t.Context(), c); err != nil {
			return err
		}
		return tx.InsertSecret(t.Context(), apicred.Secret{
			ID: "0195c000-0000-7000-8000-00000000000d", ClientID: c.ClientID, Hash: []byte("hash"), PepperID: "p1", CreatedAt: end, ExpiresAt: end,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]int{end.Add(-time.Second): 1, end: 0} {
		counts, err := core.Store.SecretsByPepper(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		clients, err := core.Store.ClientsByPepper(t.Context(), "p1", at, 5)
		if err != nil || counts["p1"] != int64(want) || len(clients) != want {
			t.Errorf("at %v: %v, %v, %v, want %d", at, counts, clients, err, want)
		}
	}
}
