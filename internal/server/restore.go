package server

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/accesstoken"
	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/audit"
	"github.com/claviger/claviger/internal/config"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore"
)

// RestoreRequest names a backup.
type RestoreRequest struct {
	File string
	// Trust: nothing can have happened since the backup. Its credentials are not
	// suspended, its tokens and signing keys stay good.
	Trust bool
}

// RestoreReport says what came back, and up to when.
type RestoreReport struct {
	// TakenAt is null for a plain copy of a database, which does not say.
	TakenAt *time.Time `json:"taken_at"`
	Release string     `json:"release,omitempty"` // that took it
	// LastSequence, LastHash and LastAt are where the audit log of the backup ends.
	LastSequence int64      `json:"last_sequence"`
	LastHash     string     `json:"last_hash"`
	LastAt       *time.Time `json:"last_at"` // null: no event
	// RestoredAt ends the gap: what was done between TakenAt (LastAt) and now is
	// lost.
	RestoredAt  time.Time `json:"restored_at"`
	Credentials int64     `json:"credentials"`
	Suspended   int64     `json:"suspended"`
	// SecretsWithoutKey counts client secrets that will not work: they are hashed
	// under a master key that is not configured.
	SecretsWithoutKey int64 `json:"secrets_without_key"`
}

// GapFrom is when what is lost begins.
func (r *RestoreReport) GapFrom() time.Time {
	switch {
	case r.TakenAt != nil:
		return *r.TakenAt
	case r.LastAt != nil:
		return *r.LastAt
	}
	return time.Time{}
}

// Restore fills the configured database, which must be empty, from a backup. The
// backup is copied and checked first (as a database, its schema, its audit
// chain, whether the master key opens it); nothing is written before all of that
// holds, and what is written commits at once or not at all. Errors are finished
// lines for the operator.
func Restore(ctx context.Context, cfg config.Config, log *slog.Logger, in RestoreRequest) (report RestoreReport, err error) {
	if _, err := os.Stat(in.File); err != nil {
		return report, fault(err, "The backup %s cannot be read: %s. Correct the path, or give this user access to it.", in.File, plainCause(err))
	}
	cfg.MigrateOnStart = true
	core, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, core.Close()) }()
	if empty, err := core.Store.Empty(ctx); err != nil {
		return report, err
	} else if !empty {
		return report, apicred.Conflict("The database is not empty. A backup is restored into an empty one only: name another data directory (--data-dir), or another database (--database-url), or move the present one away.")
	}
	backup, discard, err := core.stageBackup(ctx, in.File)
	if err != nil {
		return report, err
	}
	defer discard()
	master, err := core.checkBackup(ctx, backup, &report)
	if err != nil {
		return report, aboutBackup(in.File, err)
	}
	if err := core.restore(ctx, backup, in.Trust, &report); err != nil {
		return report, err
	}
	// New signing keys where the old ones were left behind.
	_, err = keyring.Open(ctx, core.ringOptions(master))
	return report, err
}

// stageBackup copies the backup to a place of our own, since checking migrates
// it, and opens the copy.
func (c *Core) stageBackup(ctx context.Context, path string) (backup *sqlstore.Store, discard func(), err error) {
	near := "" // the system's directory for temporary files
	if _, sqlite := c.Config.SQLitePath(); sqlite {
		near = c.Config.DataDir
	}
	private, err := os.MkdirTemp(near, ".restore-") // mode 0700
	if err != nil {
		return nil, nil, fault(err, "The backup cannot be unpacked: %s. Make room where temporary files go (TMPDIR) or in the data directory.", plainCause(err))
	}
	copied := filepath.Join(private, "backup.db")
	if err := copyFile(path, copied); err != nil {
		return nil, nil, errors.Join(fault(err, "The backup %s cannot be copied to be checked: %s. Make room, or give this user access to it.", path, plainCause(err)), os.RemoveAll(private))
	}
	backup, err = sqlstore.OpenBackup(ctx, copied)
	if err != nil {
		return nil, nil, errors.Join(aboutBackup(path, err), os.RemoveAll(private))
	}
	return backup, func() { _ = errors.Join(backup.Close(), os.RemoveAll(private)) }, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// checkBackup demands that the backup is whole, its audit chain holds, and the
// configured master key opens what it sealed.
func (c *Core) checkBackup(ctx context.Context, backup *sqlstore.Store, report *RestoreReport) (*keyring.Master, error) {
	note, err := backup.Note(ctx)
	if err != nil {
		return nil, err
	}
	if err := backup.CheckBackup(ctx); err != nil {
		return nil, err
	}
	chain, err := audit.Verify(ctx, backup.Audit(), audit.Expected{})
	if err != nil {
		return nil, err
	}
	report.TakenAt, report.Release = moment(note.TakenAt), note.Release
	report.LastSequence, report.LastHash, report.LastAt = chain.LastSequence, chain.LastHash, moment(chain.At)
	keys, err := c.Config.OpenMasterKeys(nil)
	if err != nil {
		return nil, masterKeyFirst(err, c.Config.DataDir)
	}
	master := keyring.NewMaster(keys.Current(), keys.Old()...)
	if err := keyring.Check(ctx, backup.Keyring(), master); err != nil {
		return nil, err
	}
	report.SecretsWithoutKey, err = secretsWithoutKey(ctx, backup, master)
	return master, err
}

// masterKeyFirst: a missing key is named with its place, and anything else wrong
// with it by its own sentence.
func masterKeyFirst(err error, dataDir string) error {
	place := filepath.Join(dataDir, "master.key")
	if _, gone := os.Stat(place); errors.Is(gone, fs.ErrNotExist) {
		return fault(err, "A backup does not hold the master key, and there is none at %s. Put the one of the time of the backup there first (mode 0600), or set master_key.", place)
	}
	return masterKeyFault(err)
}

// masterKeyFault makes a finished line of what the configuration says of the key.
func masterKeyFault(err error) error {
	return fault(err, "%s.", strings.TrimSuffix(strings.ToUpper(err.Error()[:1])+err.Error()[1:], "."))
}

// secretsWithoutKey counts client secrets whose pepper is of no configured
// master key.
func secretsWithoutKey(ctx context.Context, store *sqlstore.Store, master *keyring.Master) (int64, error) {
	counts, err := store.SecretsByPepper(ctx, time.Now())
	lost := int64(0)
	for pepper, secrets := range counts {
		if _, ok := master.PepperByID(pepper); !ok {
			lost += secrets
		}
	}
	return lost, err
}

func (c *Core) restore(ctx context.Context, backup *sqlstore.Store, trust bool, report *RestoreReport) error {
	service := lifecycle.New(lifecycle.Options{
		Store: c.Store.Lifecycle(), Clock: time.Now, Random: rand.Reader,
		ManagementAudience: accesstoken.ManagementAudience(c.Config.IssuerAt(c.Config.Listen)),
	})
	report.RestoredAt = time.Now().UTC().Truncate(time.Microsecond)
	actor := apicred.Actor{Type: apicred.ActorOperator, Unlimited: true}
	err := c.Store.Restore(ctx, backup, sqlstore.RestoreOptions{DropSigningKeys: !trust}, func(tx lifecycle.RestoreTx) (err error) {
		report.Credentials, err = service.CompleteRestore(ctx, tx, actor, lifecycle.Restoration{
			TakenAt: report.GapFrom(), Sequence: report.LastSequence, Trusted: trust,
		})
		return err
	})
	if err == nil && !trust {
		report.Suspended = report.Credentials
	}
	return err
}

// aboutBackup says of which file an error speaks. Damage has a cause that only
// the operator reads, and the operator is who reads it here.
func aboutBackup(path string, err error) error {
	e := *apicred.AsError(err)
	why := e.Message
	var chain *audit.Fault
	switch {
	case errors.As(err, &chain):
		why = chain.Error()
	case e.Kind == apicred.KindInternal && e.Unwrap() != nil:
		why = "It is damaged (" + e.Unwrap().Error() + ")."
	case errors.Is(err, keyring.ErrMasterKey):
		why = "The configured master key does not open it. Configure the master key of the time of the backup (master_key, or master.key in data_dir), or add it to master_keys_old."
	}
	return fault(err, "The backup %s was not restored, and nothing was written. %s", path, why)
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
