package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/keyring"
	"github.com/claviger/claviger/internal/sqlstore"
)

// oldMasterKeys tells what still stands under the keys of master_keys_old, and so
// when they may be taken out.
func (d *doctor) oldMasterKeys(ctx context.Context, store *sqlstore.Store, master *keyring.Master, records []apicred.SigningKey) {
	current := master.ID()
	secrets, err := store.SecretsByPepper(ctx, time.Now())
	if err != nil {
		d.found(FindingFailed, "master_keys_old", "The client secrets cannot be counted.", causeOf(err))
		return
	}
	passwords, err := store.PasswordsByMasterKey(ctx)
	if err != nil {
		d.found(FindingFailed, "master_keys_old", "The passwords cannot be counted.", causeOf(err))
		return
	}
	var underOld struct{ secrets, passwords, signing, lost int64 }
	for id, n := range secrets {
		if _, known := master.PepperByID(id); known && id != current {
			underOld.secrets += n
		}
	}
	for id, n := range passwords {
		if _, known := master.PepperByID(id); !known {
			underOld.lost += n
		} else if id != current {
			underOld.passwords += n
		}
	}
	for i := range records {
		if records[i].Status != apicred.SigningKeyRetired && records[i].MasterKeyID != current {
			underOld.signing++
		}
	}
	if underOld.lost > 0 {
		d.found(FindingWarning, "master_key", fmt.Sprintf("Sealed under a master key that is not configured, and of no use: %d passwords.", underOld.lost),
			"Add that key to master_keys_old, or make sign-in links: claviger user set-up-link.")
	}
	base, err := store.AuditBase(ctx)
	if err != nil {
		d.found(FindingFailed, "audit", "Where the audit log begins cannot be read.", causeOf(err))
		return
	}
	keys := master.CheckpointKeys()
	if base != nil && !base.SignedBy(keys) {
		d.found(FindingFailed, "audit", fmt.Sprintf("The audit log begins behind event %d, and no configured master key has signed that.", base.Sequence),
			"If it was pruned under an earlier master key, add that to master_keys_old. Else keep the database as evidence: the beginning was cut off.")
	}
	switch {
	case underOld.secrets+underOld.passwords+underOld.signing > 0:
		d.found(FindingWarning, "master_keys_old",
			fmt.Sprintf("Still under a key of master_keys_old: %d client secrets, %d passwords, %d signing keys.", underOld.secrets, underOld.passwords, underOld.signing),
			"Leave it in master_keys_old. A secret changes over at its next use, passwords and signing keys when a server starts with the new key; have what nobody uses rotated or deleted."+d.clientsUnderOld(ctx, store, master, secrets))
	case base != nil && base.SignedBy(keys[1:]):
		d.found(FindingWarning, "master_keys_old", "The beginning of the pruned audit log is signed under a key of master_keys_old.",
			"Leave it in master_keys_old until the log was pruned anew (claviger audit prune), which signs under the new one.")
	case master.Old() > 0:
		// The key that is to come stands there, too, while nodes are started anew.
		d.ok("master_keys_old", "Nothing stands under a key of master_keys_old: it can be taken out, unless it is the new one that is to become master_key.")
	}
}

// clientsNamed is how many credentials the doctor names; the next ones come when
// these are dealt with.
const clientsNamed = 20

// clientsUnderOld names credentials that have secrets under an old master key, the
// least used first; empty when there are none.
func (d *doctor) clientsUnderOld(ctx context.Context, store *sqlstore.Store, master *keyring.Master, secrets map[string]int64) string {
	var named []string
	for id := range secrets {
		if _, known := master.PepperByID(id); !known || id == master.ID() {
			continue
		}
		some, err := store.ClientsByPepper(ctx, id, time.Now(), clientsNamed)
		if err != nil {
			return "" // they were counted at least
		}
		named = append(named, some...)
	}
	if len(named) == 0 {
		return ""
	}
	named = named[:min(len(named), clientsNamed)]
	return fmt.Sprintf(" Used last longest ago (%d at most): %s.", clientsNamed, strings.Join(named, ", "))
}
