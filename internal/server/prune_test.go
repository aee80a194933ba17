package server

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claviger/claviger/internal/apicred"
)

// TestArchiveAfter_KeepsWhatMayBeAllThatIsLeft: a commit that nobody confirmed may
// have removed the events that the archive holds.
func TestArchiveAfter_KeepsWhatMayBeAllThatIsLeft(t *testing.T) {
	unconfirmed := apicred.Unavailable(errors.New("the connection was lost in COMMIT"))
	refused := apicred.Conflict("This database role may not remove events.")
	for name, test := range map[string]struct {
		gone int64
		err  error
		kept bool
	}{
		"pruned":                     {gone: 5, kept: true},
		"refused at the first step":  {err: refused},
		"refused at a later step":    {gone: 2000, err: refused, kept: true},
		"not confirmed at the first": {err: unconfirmed, kept: true},
		"not confirmed later":        {gone: 2000, err: unconfirmed, kept: true},
	} {
		archive := filepath.Join(t.TempDir(), "old.archive")
		if err := os.WriteFile(archive, []byte("events"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := archiveAfter(test.gone, test.err, archive)
		if (err == nil) != (test.err == nil) || test.err != nil && apicred.AsError(err).Kind != apicred.AsError(test.err).Kind {
			t.Errorf("%s: %v, want %v", name, err, test.err)
		}
		if _, err := os.Lstat(archive); (err == nil) != test.kept {
			t.Errorf("%s: %v, want it kept: %v", name, err, test.kept)
		}
		if test.gone == 0 && test.kept && !strings.Contains(err.Error(), "Keep the archive "+archive) {
			t.Errorf("%s: %v, want the archive named", name, err)
		}
	}
}
