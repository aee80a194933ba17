package testserver

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/storetest"
)

func TestDatabaseURL_IsOfTheEngineUnderTest(t *testing.T) {
	t.Setenv(postgresDirectory, "")
	if url := DatabaseURL(t); !strings.HasPrefix(url, "sqlite:") {
		t.Errorf("without a server: %s", url)
	}
	of := storetest.Postgres(t) // postgres://postgres@/NAME?host=DIRECTORY
	_, directory, _ := strings.Cut(of, "host=")
	t.Setenv(postgresDirectory, strings.ReplaceAll(directory, "%2F", string(filepath.Separator)))
	url := DatabaseURL(t)
	if !strings.HasPrefix(url, "postgres:") || url == of {
		t.Errorf("with a server: %s", url)
	}
	OpenStore(t, url)
}
