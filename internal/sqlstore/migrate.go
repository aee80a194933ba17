package sqlstore

import (
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"github.com/claviger/claviger/internal/apicred"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

type migrateOption func() (goose.ProviderOption, error)

// Migrate brings the schema to the version this program knows, and gives a new
// database its epoch. It may run on several nodes at once, and again. A newer
// schema that this program can work with stays as it is.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.refuseNewer(ctx); err != nil {
		return err
	}
	provider, err := s.provider()
	if err != nil {
		return apicred.Internal(err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return domainError(err)
	}
	// An epoch names this history: another database, or this one restored to an
	// earlier state, has another, so that no cursor is carried over.
	epoch, err := uuid.NewRandomFromReader(rand.Reader)
	if err != nil {
		return apicred.Internal(err)
	}
	return domainError(newReader(s.writer).q.InsertInstallation(ctx, epoch.String(), micros(time.Now())))
}

// CheckSchema returns an error unless this program can work with the schema: it
// has the version that this program knows, or is newer and has taken nothing away
// that it uses. It is for starts that must not migrate.
func (s *Store) CheckSchema(ctx context.Context) error {
	if err := s.refuseNewer(ctx); err != nil {
		return err
	}
	found, known, err := s.versions(ctx)
	if err != nil {
		return err
	}
	if found < known {
		return &apicred.Error{Kind: apicred.KindConflict, Message: fmt.Sprintf(
			"The database has schema version %d, this claviger needs %d. Run claviger migrate first.", found, known)}
	}
	return nil
}

// compatibilityTable says which programs can work with a schema that is newer
// than they know (migrations/*/00018).
const compatibilityTable = "schema_compatibility"

// refuseNewer keeps an older program from a schema that it cannot work with. One
// that is newer and only has more than this program knows is no reason: during an
// upgrade, and after going back from it, both releases use it (S41).
func (s *Store) refuseNewer(ctx context.Context) error {
	found, known, err := s.versions(ctx)
	if err != nil || found <= known {
		return err
	}
	since, err := s.compatibleSince(ctx)
	if err != nil || since <= known {
		return err
	}
	return tooNew(found, known)
}

// refuseOther is refuseNewer for what must know every table and column, else it
// would leave some behind: copies into and out of backups.
func (s *Store) refuseOther(ctx context.Context) error {
	found, known, err := s.versions(ctx)
	if err != nil || found <= known {
		return err
	}
	return tooNew(found, known)
}

func tooNew(found, known int64) error {
	return &apicred.Error{Kind: apicred.KindConflict, Message: fmt.Sprintf(
		"The database has schema version %d, this claviger knows up to %d. Start the newer claviger, or restore a backup from before the upgrade.", found, known)}
}

// versions are that of the schema and the one that this program knows.
func (s *Store) versions(ctx context.Context) (found, known int64, err error) {
	if found, err = s.schemaVersion(ctx); err != nil {
		return 0, 0, err
	}
	known, err = s.knownVersion()
	return found, known, err
}

// compatibleSince is the least version that a program must know to work with the
// schema; more than any where the schema does not say.
func (s *Store) compatibleSince(ctx context.Context) (since int64, err error) {
	var tables int64
	if err := s.readers.QueryRowContext(ctx, s.engine.hasTable, compatibilityTable).Scan(&tables); err != nil {
		return 0, domainError(err)
	}
	if tables == 0 {
		return math.MaxInt64, nil
	}
	err = s.readers.QueryRowContext(ctx, "SELECT since FROM "+compatibilityTable).Scan(&since)
	return since, domainError(err)
}

// schemaVersion reads goose's own table without making it; 0 for a database
// that was never migrated.
func (s *Store) schemaVersion(ctx context.Context) (int64, error) {
	var tables, version int64
	if err := s.readers.QueryRowContext(ctx, s.engine.hasTable, goose.DefaultTablename).Scan(&tables); err != nil {
		return 0, domainError(err)
	}
	if tables == 0 {
		return 0, nil
	}
	err := s.readers.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+goose.DefaultTablename).Scan(&version)
	return version, domainError(err)
}

// KnownSchema is the version of the schema that this program knows.
func (s *Store) KnownSchema() (int64, error) { return s.knownVersion() }

func (s *Store) knownVersion() (int64, error) {
	provider, err := s.provider()
	if err != nil {
		return 0, apicred.Internal(err)
	}
	var known int64
	for _, source := range provider.ListSources() {
		known = max(known, source.Version)
	}
	return known, nil
}

func (s *Store) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+s.engine.migrations)
	if err != nil {
		return nil, err
	}
	var options []goose.ProviderOption
	for _, newOption := range s.engine.options {
		option, err := newOption()
		if err != nil {
			return nil, err
		}
		options = append(options, option)
	}
	return goose.NewProvider(s.engine.dialect, s.writer.DB, files, options...)
}
