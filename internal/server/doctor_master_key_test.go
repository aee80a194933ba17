package server

import (
	"encoding/base64"
	"log/slog"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/config"
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
