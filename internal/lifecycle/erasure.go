package lifecycle

import (
	"context"
	"strings"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// Erasure is what the erasing of a person came to.
type Erasure struct {
	UserID string
	At     time.Time // when it was done first
	// Again: it had been done before. What had come up since went, too.
	Again    bool
	Accounts int // of which they were a member
	// Credentials that they own, and labels of secrets of these: texts that people
	// typed, which stay.
	Credentials, Labels int
	Addresses           int64 // audit events whose address went
}

// EraseUser takes away, for good, what is known of a person: e-mail address,
// name, password, sessions, links, and the addresses of what they and their
// credentials did and of what was done to them. Their ID stays, and is nobody's:
// the e-mail address may be added again, as somebody else. They are removed from
// every account, and their credentials stop (R10). It is for the operator at the
// machine; each account that they were in has an audit event of it. Errors:
// not_found; conflict while they are active somewhere.
func (s *Service) EraseUser(ctx context.Context, actor apicred.Actor, idOrEmail string) (Erasure, error) {
	var out Erasure
	err := s.change(ctx, func(tx Tx) error {
		person, err := personNamed(ctx, tx, idOrEmail)
		if err != nil {
			return err
		}
		members, err := tx.Memberships(ctx, person.ID)
		if err != nil {
			return err
		}
		if err := inactiveEverywhere(ctx, tx, members); err != nil {
			return err
		}
		out = Erasure{UserID: person.ID, At: person.ErasedAt, Again: !person.ErasedAt.IsZero(), Accounts: len(members)}
		if !out.Again {
			out.At = s.now()
			if err := s.recordErasure(ctx, tx, &actor, person.ID, members); err != nil {
				return err
			}
		}
		if err := countTyped(ctx, tx, members, &out); err != nil {
			return err
		}
		out.Addresses, err = tx.ErasePerson(ctx, person.ID, out.At)
		return err
	})
	return out, err
}

// personNamed finds a person of any account; who was erased has an ID alone.
func personNamed(ctx context.Context, r Reader, idOrEmail string) (apicred.Person, error) {
	find := r.Person
	if strings.Contains(idOrEmail, "@") {
		find = r.PersonByEmail
	}
	person, err := find(ctx, idOrEmail)
	if apicred.IsKind(err, apicred.KindNotFound) {
		err = &apicred.Error{
			Kind:    apicred.KindNotFound,
			Message: "There is nobody known as " + quoted(idOrEmail) + ". List users with: claviger user list --account ACCOUNT. Who was erased is known by user ID alone.",
		}
	}
	return person, err
}

// inactiveEverywhere: nobody loses what they work with by a slip of the hand.
func inactiveEverywhere(ctx context.Context, r Reader, members []apicred.User) error {
	var active []string
	for i := range members {
		if members[i].Status != apicred.UserActive {
			continue
		}
		account, err := r.Account(ctx, members[i].AccountID)
		if err != nil {
			return err
		}
		active = append(active, "claviger user edit "+members[i].ID+" --status deactivated --account "+quoted(account.Name))
	}
	if len(active) == 0 {
		return nil
	}
	return apicred.Conflict("This person is active still. Only who has left everywhere is erased; first run: " + strings.Join(active, "; "))
}

// recordErasure ends the memberships, each with its event; who has none has one
// of no account.
func (s *Service) recordErasure(ctx context.Context, tx Tx, actor *apicred.Actor, userID string, members []apicred.User) error {
	event := recorded{action: "user.erase", target: apicred.TargetUser, id: userID}
	if len(members) == 0 {
		return s.record(ctx, tx, actor, event)
	}
	for _, before := range members {
		as, after := *actor, before
		as.AccountID = before.AccountID
		after.Status, after.InvitedEmail, after.InvitedName = apicred.UserRemoved, "", ""
		event.before, event.after = recordUser(&before), recordUser(&after)
		if err := s.saveMember(ctx, tx, &as, [2]*apicred.User{&before, &after}, event); err != nil {
			return err
		}
	}
	return nil
}

// countTyped counts what people named after whatever they liked.
func countTyped(ctx context.Context, r Reader, members []apicred.User, out *Erasure) error {
	for i := range members {
		owned, err := r.CredentialsOwned(ctx, members[i].AccountID, members[i].ID)
		if err != nil {
			return err
		}
		out.Credentials += len(owned)
		for j := range owned {
			secrets, err := r.Secrets(ctx, owned[j].ClientID)
			if err != nil {
				return err
			}
			for k := range secrets {
				if secrets[k].Label != "" {
					out.Labels++
				}
			}
		}
	}
	return nil
}
