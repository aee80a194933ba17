package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/lifecycle"
	"github.com/claviger/claviger/internal/sqlstore"
)

const (
	// skewSeen and skewHarmful are how far the clocks of nodes and database may
	// differ before times in tokens, locks and the audit log tell nonsense.
	skewSeen    = 2 * time.Second
	skewHarmful = 30 * time.Second
	// oldKey is three times the usual life of a signing key.
	oldKey = 90 * 24 * time.Hour
)

const clockRemedy = "Let the clocks of all machines follow a time server (NTP)."

func (d *doctor) database(ctx context.Context) {
	if path, sqlite := d.cfg.SQLitePath(); sqlite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			d.found(FindingWarning, "database", "There is no database at "+path+" yet.", "The first start makes it (claviger serve). If there was one, correct data_dir or database_url, or restore a backup.")
			return
		}
	}
	store, err := openExisting(ctx, d.cfg)
	if err != nil {
		d.found(FindingFailed, "database", "The database cannot be opened.", apicred.AsError(err).Message)
		return
	}
	defer func() { _ = store.Close() }() // nothing was written
	facts, err := store.Examine(ctx)
	if err != nil {
		d.found(FindingFailed, "database", "The database cannot be read.", causeOf(err))
		return
	}
	d.damage(&facts)
	if !d.schema(&facts) {
		return
	}
	d.replication(&facts)
	d.rights(&facts)
	d.clocks(&facts)
	d.audit(&facts)
	d.keys(ctx, store)
	d.contents(ctx, store)
}

// causeOf is for the operator, who has the database: the cause itself.
func causeOf(err error) string {
	e := apicred.AsError(err)
	if cause := e.Unwrap(); cause != nil {
		return e.Message + " (" + cause.Error() + ")"
	}
	return e.Message
}

func (d *doctor) damage(f *sqlstore.Examination) {
	if f.Damage != "" {
		d.found(FindingFailed, "database", "The database is damaged: "+f.Damage, "Stop the server, keep the file, and restore the last backup (claviger restore).")
	} else {
		of := "The database"
		if f.Version != "" {
			of = "PostgreSQL " + f.Version
		}
		d.ok("database", "%s answers and holds together.", of)
	}
	for _, w := range f.Unsafe {
		d.found(FindingWarning, "database_settings", w, "Set it right in the database server: else what was acknowledged can be lost.")
	}
}

// schema reports whether the rest can be read by this program.
func (d *doctor) schema(f *sqlstore.Examination) bool {
	switch message := fmt.Sprintf("The schema has version %d, this program needs %d.", f.Schema, f.KnownSchema); {
	case f.Schema == f.KnownSchema:
		d.ok("schema", "The schema has version %d, as this program needs.", f.Schema)
		return true
	case f.Usable:
		d.found(FindingWarning, "schema", fmt.Sprintf("The schema has version %d, of a newer release; this program knows %d and can work with it.", f.Schema, f.KnownSchema),
			"Finish the upgrade, or finish going back (docs/operate.md, Upgrade). Take backups with the newer release.")
		return true
	case f.Schema == 0 && d.cfg.MigrateOnStart:
		d.found(FindingWarning, "schema", "The database is empty.", "The first start fills it (claviger serve), or restore a backup (claviger restore).")
	case f.Schema == 0:
		d.found(FindingWarning, "schema", "The database is empty, and migrate_on_start is off.", "Run claviger migrate, or restore a backup (claviger restore).")
	case d.cfg.MigrateOnStart:
		d.found(FindingWarning, "schema", message, "Take a backup; the next start brings it up to date.")
	default:
		d.found(FindingFailed, "schema", message, "Take a backup, then run: claviger migrate")
	}
	return false
}

func (d *doctor) clocks(f *sqlstore.Examination) {
	const remedy = clockRemedy
	skew := f.ClockSkew.Abs()
	ahead := f.LastEvent.Sub(f.At)
	switch {
	case skew > skewHarmful || ahead > skewHarmful:
		d.found(FindingFailed, "clock", fmt.Sprintf("This machine's clock differs from the database's by %s; its last audit event is %s ahead.", skew, max(0, ahead)), remedy)
	case skew > skewSeen || ahead > skewSeen:
		d.found(FindingWarning, "clock", fmt.Sprintf("This machine's clock differs from the database's by %s; its last audit event is %s ahead.", skew, max(0, ahead)), remedy)
	default:
		d.ok("clock", "The clock is not behind what the database has recorded.")
	}
}

func (d *doctor) audit(f *sqlstore.Examination) {
	if !f.HeadHolds {
		d.found(FindingFailed, "audit", fmt.Sprintf("The audit log does not end where the head row says (event %d).", f.Sequence), "Keep the database as evidence and run: claviger audit verify")
		return
	}
	d.ok("audit", "The audit log ends with event %d, as the head row says.", f.Sequence)
}

// keys looks at the master key and what it must open.
func (d *doctor) keys(ctx context.Context, store *sqlstore.Store) {
	records, err := store.Keyring().SigningKeys(ctx)
	if err != nil {
		d.found(FindingFailed, "signing_keys", "The signing keys cannot be read.", causeOf(err))
		return
	}
	if len(records) == 0 {
		return // before the first start
	}
	keys, err := d.cfg.OpenMasterKeys(nil)
	if err != nil {
		d.found(FindingFailed, "master_key", "The master key cannot be used.", err.Error()+".")
		return
	}
	master := keyring.NewMaster(keys.Current(), keys.Old()...)
	if err := keyring.Check(ctx, store.Keyring(), master); err != nil {
		d.found(FindingFailed, "master_key", "The master key does not open the signing keys of this database.", causeOf(err))
		return
	}
	d.ok("master_key", "The master key opens what is stored.")
	if lost, err := secretsWithoutKey(ctx, store, master); err == nil && lost > 0 {
		d.found(FindingWarning, "master_key", fmt.Sprintf("Hashed under a master key that is not configured, and of no use: %d client secrets.", lost), "Add that key to master_keys_old, or let their owners rotate.")
	}
	d.oldMasterKeys(ctx, store, master, records)
	d.signingKeys(records)
}

func (d *doctor) signingKeys(records []apicred.SigningKey) {
	limit := max(oldKey, 2*d.cfg.SigningKeyRotation)
	has := map[apicred.SigningKeyStatus]bool{}
	rotation := "Nothing rotates it by itself (signing_key_rotation)."
	signing := time.Duration(0)
	for i := range records {
		r := &records[i]
		has[r.Status] = true
		if r.Status == apicred.SigningKeyActive {
			signing = time.Since(r.NotBefore)
			if d.cfg.SigningKeyRotation > 0 {
				rotation = "The next one takes over at " + r.NotBefore.Add(d.cfg.SigningKeyRotation).UTC().Format(time.RFC3339) + "."
			}
		}
		if age := time.Since(r.NotBefore); r.Status == apicred.SigningKeyActive && age > limit {
			d.found(FindingWarning, "signing_keys", fmt.Sprintf("The signing key %s has been signing for %d days.", r.KID, int(age.Hours()/24)), "Run: claviger key rotate, or set signing_key_rotation.")
		}
	}
	if !has[apicred.SigningKeyActive] || !has[apicred.SigningKeyNext] {
		d.found(FindingFailed, "signing_keys", "There is no active signing key, or no next one.", "Restart the server, which makes what is missing.")
		return
	}
	d.ok("signing_keys", "The active signing key has been signing for %d days. %s", int(signing.Hours()/24), rotation)
}

// contents looks at what people put into the installation.
func (d *doctor) contents(ctx context.Context, store *sqlstore.Store) {
	catalogue, _, err := store.AccessToken().Catalogue(ctx)
	if err != nil {
		d.found(FindingFailed, "catalogue", "The catalogue cannot be read.", causeOf(err))
		return
	}
	d.catalogue(&catalogue)
	var waiting []apicred.Credential
	admins := int64(0)
	err = store.Lifecycle().View(ctx, func(r lifecycle.Reader) error {
		accounts, err := r.Accounts(ctx)
		if err != nil {
			return err
		}
		for i := range accounts {
			n, err := r.CountActiveAdmins(ctx, accounts[i].ID)
			if err != nil {
				return err
			}
			admins += n
		}
		waiting, err = r.RestoredCredentials(ctx, "", 1)
		return err
	})
	if err != nil {
		d.found(FindingFailed, "database", "The database cannot be read.", causeOf(err))
		return
	}
	if admins == 0 {
		d.found(FindingWarning, "users", "There is no active admin.", "Use the set-up link that the server prints at its start, or run: claviger user create --role admin --email EMAIL")
	}
	if len(waiting) > 0 {
		d.found(FindingWarning, "restore", "Restored credentials wait for a confirmation and get no tokens.", "Look through them (claviger restore --waiting), then run: claviger restore --confirm")
	}
}

func (d *doctor) catalogue(c *apicred.Catalogue) {
	live := map[string]bool{}
	for _, s := range c.Scopes {
		live[s.Value] = !s.Retired
	}
	fine, upstreams := true, false
	for i := range c.APIs {
		api := &c.APIs[i]
		upstreams = upstreams || api.Upstream != ""
		if api.Retired {
			continue
		}
		for _, route := range api.Routes {
			if !anyLive(route.Scopes, live) {
				fine = false
				d.found(FindingWarning, "catalogue", fmt.Sprintf("No scope in force opens %s of the API %s: every call is refused.", route.Path, api.ID), "Name a scope at the route, or remove the route.")
			}
		}
	}
	switch {
	case len(c.APIs) == 0:
		d.found(FindingWarning, "catalogue", "The catalogue has no API: credentials can be given no scope.", "Apply one: claviger catalogue apply FILE")
	case d.cfg.GatewayListen != "" && !upstreams:
		d.found(FindingWarning, "gateway_listen", "The gateway listens, and no API of the catalogue has an upstream.", "Give the APIs an upstream, or turn gateway_listen off.")
	case fine:
		d.ok("catalogue", "Each route of the catalogue is opened by a scope.")
	}
}

func anyLive(scopes []string, live map[string]bool) bool {
	for _, s := range scopes {
		if live[s] {
			return true
		}
	}
	return false
}
