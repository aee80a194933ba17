package sqlstore

import (
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"github.com/claviger/claviger/internal/apicred"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

type migrateOption func() (goose.ProviderOption, error)

// Migrate brings the schema to the version this program knows, and gives a new
// database its epoch. It may run on several nodes at once, and again.
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

// CheckSchema returns an error unless the schema has exactly the version that
// this program knows. It is for starts that must not migrate.
func (s *Store) CheckSchema(ctx context.Context) error {
	if err := s.refuseNewer(ctx); err != nil {
		return err
	}
	found, err := s.schemaVersion(ctx)
	if err != nil {
		return err
	}
	known, err := s.knownVersion()
	if err != nil {
		return err
	}
	if found < known {
		return &apicred.Error{Kind: apicred.KindConflict, Message: fmt.Sprintf(
			"The database has schema version %d, this claviger needs %d. Run claviger migrate first.", found, known)}
	}
	return nil
}

// refuseNewer keeps an older program from writing to a schema it does not know.
func (s *Store) refuseNewer(ctx context.Context) error {
	found, err := s.schemaVersion(ctx)
	if err != nil {
		return err
	}
	known, err := s.knownVersion()
	if err != nil {
		return err
	}
	if found > known {
		return &apicred.Error{Kind: apicred.KindConflict, Message: fmt.Sprintf(
			"The database has schema version %d, this claviger knows up to %d. Start the newer claviger, or restore a backup from before the upgrade.", found, known)}
	}
	return nil
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
