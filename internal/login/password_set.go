package login

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

const purposePassword = "password"

// newPassword is a password on its way into the store.
type newPassword struct {
	userID, accountID string
	hash              passwordHash
	at                time.Time
	facts             *RequestFacts
	keep              string // ID of the session that goes on; empty: none
}

// setPassword writes a password and ends what others may hold: every session but
// the one that goes on, and every one-time link. One event tells it all; the
// password is in none of it.
func (s *Service) setPassword(ctx context.Context, tx Tx, n newPassword) error {
	_, err := tx.Password(ctx, n.userID)
	first := apicred.IsKind(err, apicred.KindNotFound)
	if err != nil && !first {
		return err
	}
	if err := tx.SetPassword(ctx, s.seal(n.userID, n.hash, n.at)); err != nil {
		return err
	}
	ended, err := tx.EndOtherSessions(ctx, n.userID, n.keep)
	if err != nil {
		return err
	}
	if err := tx.EndLinksOf(ctx, n.userID); err != nil {
		return err
	}
	event, err := s.event(n.at, n.accountID, n.facts.actor(apicred.ActorUser, n.userID))
	if err != nil {
		return err
	}
	event.Action, event.TargetType, event.TargetID = "user.password_set", apicred.TargetUser, n.userID
	event.After = jsonObject(map[string]any{"first": first, "sessions_ended": ended})
	return tx.Record(ctx, event)
}

// seal makes the stored form of a hash, bound to the person, so that one row
// cannot stand in for another.
func (s *Service) seal(userID string, hash passwordHash, changedAt time.Time) StoredPassword {
	return StoredPassword{
		UserID: userID, Sealed: s.sealer.Seal(purposePassword, hash.encode(), []byte(userID)),
		MasterKeyID: s.sealer.ID(), ChangedAt: changedAt,
	}
}

// unseal is the way back. It fails when the master key that sealed the hash is
// not configured any more.
func (s *Service) unseal(p StoredPassword) (passwordHash, error) {
	text, err := s.sealer.Open(purposePassword, p.Sealed, []byte(p.UserID))
	if err != nil {
		return passwordHash{}, err
	}
	return decodeHash(text)
}

// storedHash reads a person's password. What nobody set, and what does not open,
// is the zero hash: it fits nothing, and costs the same to find out.
func (s *Service) storedHash(ctx context.Context, userID string) (StoredPassword, passwordHash, error) {
	stored, err := s.store.Password(ctx, userID)
	if apicred.IsKind(err, apicred.KindNotFound) {
		return StoredPassword{}, passwordHash{}, nil
	}
	if err != nil {
		return StoredPassword{}, passwordHash{}, err
	}
	hash, err := s.unseal(stored)
	if err != nil {
		s.logger.ErrorContext(ctx, "a stored password does not open: is a master key missing from master_keys_old?", "user", userID, "error", err)
		return StoredPassword{}, passwordHash{}, nil
	}
	return stored, hash, nil
}

// renewed is the stored form of a right password under the present parameters
// and master key; false when it has them already. The time of change stays: the
// person changed nothing.
func (s *Service) renewed(ctx context.Context, who visitor, p Password, old StoredPassword, hash passwordHash) (StoredPassword, bool) {
	outdated := hash.argonParameters != presentParameters()
	if !outdated && old.MasterKeyID == s.sealer.ID() {
		return StoredPassword{}, false
	}
	if outdated {
		fresh, err := s.gate.hash(ctx, who, p, s.random)
		if err != nil { // next time, then
			return StoredPassword{}, false
		}
		hash = fresh
	}
	return s.seal(old.UserID, hash, old.ChangedAt), true
}

// knownAbout lists what anybody would try first for a person.
func (s *Service) knownAbout(ctx context.Context, userID string) ([]string, error) {
	person, err := s.store.Person(ctx, userID)
	if err != nil {
		return nil, err
	}
	memberships, err := s.store.Memberships(ctx, userID)
	if err != nil {
		return nil, err
	}
	about := []string{person.Email, person.Name}
	for _, m := range memberships {
		account, err := s.store.Account(ctx, m.AccountID)
		if err != nil {
			return nil, err
		}
		about = append(about, account.Name, m.InvitedEmail, m.InvitedName)
	}
	return about, nil
}
