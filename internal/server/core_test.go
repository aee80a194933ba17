package server

import (
	"encoding/base64"
	"log/slog"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/testserver"
)

func TestOpenCore_AsksForTheMigrationThatItMustNotDo(t *testing.T) {
	flags := map[string]string{
		"data_dir": t.TempDir(), "database_url": testserver.DatabaseURL(t), "migrate_on_start": "off",
		"master_key": base64.StdEncoding.EncodeToString(make([]byte, 32)),
	}
	cfg, err := config.Load(config.Source{Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	core, err := OpenCore(t.Context(), cfg, log)
	if err == nil {
		t.Fatalf("the database without a schema was opened (%v)", core.Close())
	}
	if e := apicred.AsError(err); e.Kind != apicred.KindConflict || !strings.Contains(e.Message, "claviger migrate") {
		t.Errorf("got %s: %s; want the way out, claviger migrate", e.Kind, e.Message)
	}
	if err := Migrate(t.Context(), cfg, log); err != nil {
		t.Fatal(err)
	}
	core, err = OpenCore(t.Context(), cfg, log)
	if err != nil {
		t.Fatalf("after the migration: %v", err)
	}
	if err := core.Close(); err != nil {
		t.Error(err)
	}
}
