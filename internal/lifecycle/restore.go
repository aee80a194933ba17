package lifecycle

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// A backup knows nothing of what happened after it: a credential in it may have
// been deleted since, a secret closed as compromised, a person let go. So what a
// restore brings back does nothing until somebody who knows has said that it may
// (S40).

const (
	// confirmBatch is how many credentials one transaction confirms: others
	// wait for it, and wait a moment only.
	confirmBatch = 200
	// MaxConfirmed is how many client IDs one confirmation may name.
	MaxConfirmed = 1000
)

// RestoreTx is the transaction that has just filled an empty database from a
// backup.
type RestoreTx interface {
	Accounts(ctx context.Context) ([]apicred.Account, error)
	CountCredentialsByAccount(ctx context.Context) (map[string]int64, error)
	// SuspendRestored suspends every credential (SuspensionRestored) and raises
	// its generation to at least the one given, and by one at least.
	SuspendRestored(ctx context.Context, generation int64, at time.Time) error
	// RaiseUserGenerations does so with every membership, whose people-tokens
	// end with it.
	RaiseUserGenerations(ctx context.Context, generation int64) error
	Record(ctx context.Context, event apicred.AuditEvent) error
}

// Restoration is what a restore is told about the backup.
type Restoration struct {
	TakenAt  time.Time // zero: not known
	Sequence int64     // of the last audit event in it
	// Trusted: nothing can have happened since, as on a planned move. Nothing is
	// suspended, and tokens that are out stay alive.
	Trusted bool
}

// CompleteRestore does what the rules demand of restored rows, in their
// transaction, and audits it in every account. It returns how many credentials
// there are.
func (s *Service) CompleteRestore(ctx context.Context, tx RestoreTx, actor apicred.Actor, r Restoration) (int64, error) {
	if !r.Trusted {
		// What was issued between the backup and now had a generation that nobody
		// knows any more. Each raise takes more than a microsecond, so the time
		// in microseconds is above all of them, whichever backup comes back.
		generation := s.now().UnixMicro()
		if err := tx.SuspendRestored(ctx, generation, s.now()); err != nil {
			return 0, err
		}
		if err := tx.RaiseUserGenerations(ctx, generation); err != nil {
			return 0, err
		}
	}
	counts, err := tx.CountCredentialsByAccount(ctx)
	if err != nil {
		return 0, err
	}
	accounts, err := tx.Accounts(ctx)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for i := range accounts {
		count := counts[accounts[i].ID]
		total += count
		if err := s.recordRestore(ctx, tx, &actor, recordRestored(accounts[i].ID, &r, count)); err != nil {
			return 0, err
		}
	}
	return total, nil
}

type restoreRecord struct {
	BackupTakenAt  string `json:"backup_taken_at,omitempty"`
	BackupSequence int64  `json:"backup_sequence"`
	Suspended      int64  `json:"credentials_suspended"`
	Trusted        bool   `json:"trusted"`
}

func recordRestored(accountID string, r *Restoration, credentials int64) recorded {
	if r.Trusted {
		credentials = 0
	}
	return recorded{
		action: "installation.restore", target: apicred.TargetAccount, id: accountID,
		after: restoreRecord{auditTime(r.TakenAt), r.Sequence, credentials, r.Trusted},
	}
}

func (s *Service) recordRestore(ctx context.Context, tx RestoreTx, actor *apicred.Actor, c recorded) error {
	as := *actor
	as.AccountID = c.id
	e, err := s.event(&as, c.action, c.target, c.id)
	if err != nil {
		return err
	}
	if e.After, err = auditJSON(c.after); err != nil {
		return err
	}
	return tx.Record(ctx, e)
}

// RestoredCredentials lists credentials that wait for a confirmation, in every
// account, by client ID behind after.
func (s *Service) RestoredCredentials(ctx context.Context, after string, limit int) ([]apicred.Credential, error) {
	var out []apicred.Credential
	err := s.store.View(ctx, func(r Reader) (err error) {
		out, err = r.RestoredCredentials(ctx, after, limit)
		return err
	})
	return out, err
}

// ConfirmRestored takes the suspension of restored credentials off, for the
// operator at the machine: of those named, all or none; or, where none is named,
// of the first 200 that wait, so that nobody else waits long: call it until it
// confirms none. What else suspends them stays, and tokens from before stay dead.
// It returns those confirmed. Errors: invalid (a Field for each ID that names
// nothing, or nothing that waits).
func (s *Service) ConfirmRestored(ctx context.Context, actor apicred.Actor, clientIDs []string) ([]apicred.Credential, error) {
	if len(clientIDs) > 0 {
		return s.confirmNamed(ctx, &actor, clientIDs)
	}
	var done []apicred.Credential
	err := s.change(ctx, func(tx Tx) error {
		waiting, err := tx.RestoredCredentials(ctx, "", confirmBatch)
		if err != nil {
			return err
		}
		done, err = s.confirm(ctx, tx, &actor, waiting)
		return err
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

func (s *Service) confirmNamed(ctx context.Context, actor *apicred.Actor, clientIDs []string) ([]apicred.Credential, error) {
	if len(clientIDs) > MaxConfirmed {
		return nil, apicred.Invalid(apicred.FieldError{Location: "client_ids", Message: "At most 1,000 credentials are confirmed by ID at once. Name fewer, or confirm all."})
	}
	var done []apicred.Credential
	err := s.change(ctx, func(tx Tx) error {
		waiting, err := named(ctx, tx, clientIDs)
		if err != nil {
			return err
		}
		done, err = s.confirm(ctx, tx, actor, waiting)
		return err
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// named reads the credentials of clientIDs, each once, and refuses them all
// where one of them cannot be confirmed.
func named(ctx context.Context, tx Tx, clientIDs []string) ([]apicred.Credential, error) {
	var waiting []apicred.Credential
	var faults []apicred.FieldError
	seen := map[string]bool{}
	for _, id := range clientIDs {
		if seen[id] {
			continue
		}
		seen[id] = true
		c, err := tx.CredentialAnywhere(ctx, id)
		switch {
		case apicred.IsKind(err, apicred.KindNotFound):
			faults = append(faults, apicred.FieldError{Location: id, Message: "There is no credential with this client ID."})
		case err != nil:
			return nil, err
		case c.Suspension != apicred.SuspensionRestored:
			faults = append(faults, apicred.FieldError{Location: id, Message: "This credential does not wait for a confirmation. Leave it out."})
		default:
			waiting = append(waiting, c)
		}
	}
	if len(faults) > 0 {
		return nil, apicred.Invalid(faults...)
	}
	return waiting, nil
}

// confirm takes the suspension off and puts back what else suspends them now.
func (s *Service) confirm(ctx context.Context, tx Tx, actor *apicred.Actor, waiting []apicred.Credential) ([]apicred.Credential, error) {
	catalogue, err := s.catalogue(ctx, tx)
	if err != nil {
		return nil, err
	}
	accounts := map[string]apicred.Account{}
	var done []apicred.Credential
	for i := range waiting {
		before := &waiting[i]
		account, ok := accounts[before.AccountID]
		if !ok {
			if account, err = tx.Account(ctx, before.AccountID); err != nil {
				return nil, err
			}
			accounts[before.AccountID] = account
		}
		after, err := s.confirmed(ctx, tx, &facts{account: account, catalogue: catalogue}, before)
		if err != nil {
			return nil, err
		}
		if err := tx.UpdateCredential(ctx, after); err != nil {
			return nil, err
		}
		as := *actor
		as.AccountID = before.AccountID
		err = s.record(ctx, tx, &as, recorded{
			action: "credential.confirm", target: apicred.TargetCredential, id: before.ClientID,
			before: recordCredential(before), after: recordCredential(&after),
		})
		if err != nil {
			return nil, err
		}
		done = append(done, after)
	}
	return done, nil
}

func (s *Service) confirmed(ctx context.Context, tx Tx, f *facts, before *apicred.Credential) (apicred.Credential, error) {
	owner, err := s.owner(ctx, tx, before)
	if err != nil {
		return apicred.Credential{}, err
	}
	after := *before
	after.Suspension = apicred.SuspensionNone
	after.Generation++
	suspend(f, &after, &owner)
	after.UpdatedAt = s.now()
	return after, nil
}
