package lifecycle

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// CredentialChange is what an edit asks for; nil members stay as they are.
type CredentialChange struct {
	Name              *string
	Scopes            *[]string
	ExpiresAt         *time.Time // zero time: remove the end
	AllowedCIDRs      *[]netip.Prefix
	TokenLifetime     *time.Duration
	RequestsPerSecond *int
	KeySet            *[]byte // JWK Set as sent
	TLSClientSubject  *string // the name in its certificate
	API               *string // empty: none
	// Version the editor saw, from If-Match; 0: not given.
	Version int64
	Faults  []apicred.FieldError // as NewCredential's
}

// EditCredential changes name, scopes, end and limits. Errors: not_found,
// forbidden, scope_not_grantable, invalid, precondition (somebody saved in
// between).
func (s *Service) EditCredential(ctx context.Context, actor apicred.Actor, clientID string, in CredentialChange) (CredentialView, error) {
	var out CredentialView
	err := s.change(ctx, func(tx Tx) error {
		f, before, err := s.changeable(ctx, tx, &actor, clientID, ActionEdit, "credential.edit")
		if err != nil {
			return err
		}
		if err := s.editCeiling(&actor, &f, &before, &in); err != nil {
			return err
		}
		after, err := edited(&f, before, &in, s.now())
		if err != nil {
			return err
		}
		if in.Version != 0 && in.Version != before.Version {
			return apicred.Stale()
		}
		if err := s.saveCredential(ctx, tx, &actor, &f, credentialEdit{"credential.edit", before, after}); err != nil {
			return err
		}
		out, err = s.reread(ctx, tx, &actor, &f, clientID)
		return err
	})
	if err != nil {
		return CredentialView{}, err
	}
	return out, nil
}

// editCeiling applies the scope ceiling to edits that change scopes or loosen
// addresses, limits or expiry; a new name and what tightens need no ceiling.
func (s *Service) editCeiling(actor *apicred.Actor, f *facts, before *apicred.Credential, in *CredentialChange) error {
	if in.API != nil && *in.API != "" && *in.API != before.API {
		if rule, err := mayBind(actor); err != nil {
			s.refuse(actor, rule, recorded{action: "credential.edit", target: apicred.TargetCredential, id: before.ClientID})
			return err
		}
	}
	if in.Scopes == nil {
		if !loosens(before, in) {
			return nil
		}
		return s.withinCeiling(actor, f, before, "credential.edit")
	}
	attempt := recorded{action: "credential.edit", target: apicred.TargetCredential, id: before.ClientID}
	if err := ceiling(actor, f, before.Scopes, *in.Scopes); err != nil {
		s.refuse(actor, "scope_ceiling", attempt)
		return err
	}
	added := slices.DeleteFunc(slices.Clone(*in.Scopes), func(scope string) bool { return slices.Contains(before.Scopes, scope) })
	if loosens(before, in) {
		added = *in.Scopes
	}
	return s.needProof(actor, added, attempt)
}

func edited(f *facts, c apicred.Credential, in *CredentialChange, now time.Time) (apicred.Credential, error) {
	v := memberCheck{faults: in.Faults}
	if in.Name != nil {
		c.Name = v.name(*in.Name)
	}
	if in.Scopes != nil {
		c.Scopes = v.scopes(f, *in.Scopes, c.Scopes)
	}
	if in.ExpiresAt != nil {
		c.ExpiresAt = v.expiry(*in.ExpiresAt, now)
	}
	if in.AllowedCIDRs != nil {
		c.AllowedCIDRs = v.cidrs(*in.AllowedCIDRs)
	}
	if in.TokenLifetime != nil {
		c.TokenLifetime = v.tokenLifetime(*in.TokenLifetime, &f.account)
	}
	if in.RequestsPerSecond != nil {
		c.RequestsPerSecond = v.requestRate(*in.RequestsPerSecond)
	}
	if in.KeySet != nil {
		c.KeySet = v.keySet(c.AuthenticationMethod, *in.KeySet)
	}
	if in.TLSClientSubject != nil {
		c.TLSClientSubject = v.certificateSubject(c.AuthenticationMethod, *in.TLSClientSubject)
	}
	if in.API != nil {
		c.API = v.boundAPI(f, *in.API, c.API)
	}
	return c, v.err()
}

// credentialEdit is a credential before and after a change, and what the audit
// calls the change.
type credentialEdit struct {
	action        string
	before, after apicred.Credential
}

// saveCredential stores an edited credential, recomputes its suspension, and
// audits before and after. Nothing is written when nothing differs.
func (s *Service) saveCredential(ctx context.Context, tx Tx, actor *apicred.Actor, f *facts, edit credentialEdit) error {
	before, after := edit.before, edit.after
	owner, err := s.owner(ctx, tx, &after)
	if err != nil {
		return err
	}
	suspend(f, &after, &owner)
	if sameCredential(&before, &after) {
		return nil
	}
	after.UpdatedAt = s.now()
	if outlived(&before, &after, s.now()) {
		after.Generation++
	}
	if err := tx.UpdateCredential(ctx, after); err != nil {
		return err
	}
	return s.record(ctx, tx, actor, recorded{
		action: edit.action, target: apicred.TargetCredential, id: after.ClientID,
		before: recordCredential(&before), after: recordCredential(&after),
	})
}

// outlived tells whether a token already out could have an exp behind the
// credential's new end, which contract.md "Lifetime" rules out: the end moved nearer, and
// to within the longest lifetime a token can have.
func outlived(before, after *apicred.Credential, now time.Time) bool {
	nearer := !after.ExpiresAt.IsZero() && (before.ExpiresAt.IsZero() || after.ExpiresAt.Before(before.ExpiresAt))
	return nearer && after.ExpiresAt.Before(now.Add(maxTokenLifetime))
}

func sameCredential(a, b *apicred.Credential) bool {
	return a.Name == b.Name && slices.Equal(a.Scopes, b.Scopes) && a.ExpiresAt.Equal(b.ExpiresAt) &&
		slices.Equal(a.AllowedCIDRs, b.AllowedCIDRs) && a.TokenLifetime == b.TokenLifetime &&
		a.RequestsPerSecond == b.RequestsPerSecond && a.KeySet == b.KeySet && a.TLSClientSubject == b.TLSClientSubject && a.API == b.API && a.Suspension == b.Suspension &&
		a.DisabledAt.Equal(b.DisabledAt) && a.DisabledBy == b.DisabledBy && a.Generation == b.Generation
}

func (s *Service) reread(ctx context.Context, tx Tx, actor *apicred.Actor, f *facts, clientID string) (CredentialView, error) {
	c, err := tx.Credential(ctx, actor.AccountID, clientID)
	if err != nil {
		return CredentialView{}, err
	}
	return s.viewStored(ctx, tx, actor, f, c)
}

// DisableCredential switches a credential off and ends its tokens; disabling
// twice changes nothing, but that an admin's word replaces the owner's and the
// rule's for unused ones: else an owner could undo what the admin did. Errors:
// not_found, forbidden.
func (s *Service) DisableCredential(ctx context.Context, actor apicred.Actor, clientID string) (CredentialView, error) {
	return s.switchCredential(ctx, actor, clientID, ActionDisable, func(actor *apicred.Actor, c *apicred.Credential, _ *facts) error {
		by := actorPerson(actor)
		switch {
		case !c.Disabled():
			c.Generation++
		case by == c.OwnerID || c.DisabledBy != c.OwnerID && c.DisabledBy != apicred.DisabledUnused:
			return nil
		}
		c.DisabledAt, c.DisabledBy = s.now(), by
		return nil
	})
}

// EnableCredential switches a credential on again; tokens from before stay
// dead. Errors: not_found, forbidden, scope_not_grantable.
func (s *Service) EnableCredential(ctx context.Context, actor apicred.Actor, clientID string) (CredentialView, error) {
	return s.switchCredential(ctx, actor, clientID, ActionEnable, func(actor *apicred.Actor, c *apicred.Credential, f *facts) error {
		if err := s.withinCeiling(actor, f, c, "credential.enable"); err != nil {
			return err
		}
		if c.Disabled() {
			c.EnabledAt = s.now() // from here it counts as unused anew
		}
		c.DisabledAt, c.DisabledBy = time.Time{}, ""
		return nil
	})
}

// turn is what a switch does to a credential. It is handed the actor as the
// transaction knows them: the role that the surface believed may be gone.
type turn func(actor *apicred.Actor, c *apicred.Credential, f *facts) error

func (s *Service) switchCredential(ctx context.Context, actor apicred.Actor, clientID string, action Action, turn turn) (CredentialView, error) {
	var out CredentialView
	err := s.change(ctx, func(tx Tx) error {
		auditAction := "credential." + string(action)
		f, before, err := s.changeable(ctx, tx, &actor, clientID, action, auditAction)
		if err != nil {
			return err
		}
		after := before
		if err := turn(&actor, &after, &f); err != nil {
			return err
		}
		if err := s.saveCredential(ctx, tx, &actor, &f, credentialEdit{auditAction, before, after}); err != nil {
			return err
		}
		out, err = s.reread(ctx, tx, &actor, &f, clientID)
		return err
	})
	if err != nil {
		return CredentialView{}, err
	}
	return out, nil
}

// DeleteCredential removes a credential with its secrets; its tokens die with
// it. Its audit trail stays. Errors: not_found, forbidden.
func (s *Service) DeleteCredential(ctx context.Context, actor apicred.Actor, clientID string) error {
	return s.change(ctx, func(tx Tx) error {
		_, c, err := s.changeable(ctx, tx, &actor, clientID, ActionDelete, "credential.delete")
		if err != nil {
			return err
		}
		if err := tx.DeleteCredential(ctx, actor.AccountID, clientID); err != nil {
			return err
		}
		return s.record(ctx, tx, &actor, recorded{
			action: "credential.delete", target: apicred.TargetCredential, id: clientID, before: recordCredential(&c),
		})
	})
}

// actorPerson is who an act counts for: the person acted as, else the actor.
func actorPerson(actor *apicred.Actor) string {
	if actor.UserID != "" {
		return actor.UserID
	}
	return actor.ID
}
