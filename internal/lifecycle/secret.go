package lifecycle

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// maxRetirement is the longest a retired secret may still work (R8: 90 days).
const maxRetirement = 90 * 24 * time.Hour

// NewSecret is what adding a secret asks for.
type NewSecret struct {
	Label     string    // optional, as a name
	ExpiresAt time.Time // zero: never
	// RetireOthers gives every other secret an end RetireAfter from now, unless
	// it ends sooner anyhow. This is rotation (R8).
	RetireOthers bool
	RetireAfter  time.Duration
	// CloseOthersWhenQuiet ends every other secret when nobody has used it for so
	// long, 1 hour to 90 days; zero leaves them as they are.
	CloseOthersWhenQuiet time.Duration
	Faults               []apicred.FieldError // as NewCredential's
}

// AddedSecret is a new secret with its text, which exists only here.
type AddedSecret struct {
	apicred.Secret
	Text apicred.SecretText
}

// Secrets lists a credential's secrets, oldest first, without their text.
func (s *Service) Secrets(ctx context.Context, actor apicred.Actor, clientID string) ([]apicred.Secret, error) {
	view, err := s.Credential(ctx, actor, clientID)
	return view.Secrets, err
}

// AddSecret adds a secret and, on request, gives the others an end. Errors:
// not_found, forbidden, scope_not_grantable, invalid, conflict (a sixth secret).
func (s *Service) AddSecret(ctx context.Context, actor apicred.Actor, clientID string, in NewSecret) (AddedSecret, error) {
	var out AddedSecret
	err := s.change(ctx, func(tx Tx) error {
		f, c, err := s.changeable(ctx, tx, &actor, clientID, ActionEdit, "secret.create")
		if err != nil {
			return err
		}
		if err := s.withinCeiling(&actor, &f, &c, "secret.create"); err != nil {
			return err
		}
		if err := hasSecrets(&c); err != nil {
			return err
		}
		if err := checkNewSecret(&in, &f.account, s.now()); err != nil {
			return err
		}
		secrets, err := tx.Secrets(ctx, clientID)
		if err != nil {
			return err
		}
		live, err := s.dropExpiredSecrets(ctx, tx, f.account.MaxSecretAge, secrets)
		if err != nil {
			return err
		}
		if len(live) >= apicred.MaxSecrets {
			return apicred.Conflict("The API credential already has 5 secrets. Delete one that is no longer used, then add the new one.")
		}
		out, err = s.addSecret(ctx, tx, clientID, live, &in)
		if err != nil {
			return err
		}
		out.ExpiresAt = out.EndUnder(f.account.MaxSecretAge)
		return s.recordSecretChange(ctx, tx, &actor, &c, "secret.create", recordSecrets(secrets))
	})
	if err != nil {
		return AddedSecret{}, err
	}
	return out, nil
}

// hasSecrets refuses changes of secrets for a credential that proves itself by
// something else.
func hasSecrets(c *apicred.Credential) error {
	if c.AuthenticationMethod == apicred.AuthenticationClientSecret {
		return nil
	}
	instead := "Change its keys (jwks) instead."
	if c.AuthenticationMethod == apicred.AuthenticationTLSClientAuth {
		instead = "Change the name in its certificate (tls_client_subject) instead."
	}
	return apicred.Conflict("This API credential authenticates by " + string(c.AuthenticationMethod) + " and has no secrets. " + instead)
}

// withinCeiling applies the scope ceiling to a credential as it stands, for
// changes that add power to it: secrets, enabling, loosened limits.
func (s *Service) withinCeiling(actor *apicred.Actor, f *facts, c *apicred.Credential, auditAction string) error {
	attempt := recorded{action: auditAction, target: apicred.TargetCredential, id: c.ClientID}
	err := ceiling(actor, f, c.Scopes, c.Scopes)
	if err == nil {
		return s.needProof(actor, c.Scopes, attempt)
	}
	s.refuse(actor, "scope_ceiling", attempt)
	return apicred.ScopeNotGrantable(err.Error()) // no member of the request names the scope
}

func checkNewSecret(in *NewSecret, account *apicred.Account, now time.Time) error {
	v := memberCheck{faults: in.Faults}
	if in.Label != "" {
		label, err := apicred.CheckName("body.label", in.Label)
		if err != nil {
			v.faults = append(v.faults, apicred.AsError(err).Fields...)
		}
		in.Label = label
	}
	in.ExpiresAt = v.expiry(in.ExpiresAt, now)
	if age := account.MaxSecretAge; age > 0 && in.ExpiresAt.After(now.Add(age)) {
		v.fault("body.expires_at", fmt.Sprintf("Secrets of this account end after %d seconds, on %s. Give an earlier end, or none for that one.", int64(age/time.Second), now.Add(age).Format(time.RFC3339)))
	}
	if in.RetireOthers && (in.RetireAfter < 0 || in.RetireAfter > maxRetirement) {
		v.fault("body.retire_others_after_seconds", "The other secrets can end 0 to 7,776,000 seconds (90 days) from now.")
	}
	if in.CloseOthersWhenQuiet != 0 {
		v.quiet("body.close_others_when_quiet_hours", in.CloseOthersWhenQuiet)
	}
	return v.err()
}

// dropExpiredSecrets makes room: an expired secret no longer works and does not
// count against the five.
func (s *Service) dropExpiredSecrets(ctx context.Context, tx Tx, maxAge time.Duration, secrets []apicred.Secret) ([]apicred.Secret, error) {
	if len(secrets) < apicred.MaxSecrets {
		return secrets, nil
	}
	live, now := make([]apicred.Secret, 0, len(secrets)), s.now()
	for _, secret := range secrets {
		if end := secret.EndUnder(maxAge); end.IsZero() || now.Before(end) {
			live = append(live, secret)
			continue
		}
		if err := tx.DeleteSecret(ctx, secret.ClientID, secret.ID); err != nil {
			return nil, err
		}
	}
	return live, nil
}

func (s *Service) addSecret(ctx context.Context, tx Tx, clientID string, others []apicred.Secret, in *NewSecret) (AddedSecret, error) {
	text, secret, err := s.newSecret(clientID, in.Label, in.ExpiresAt)
	if err != nil {
		return AddedSecret{}, err
	}
	if err := tx.InsertSecret(ctx, secret); err != nil {
		return AddedSecret{}, err
	}
	for _, other := range others {
		if !retire(&other, in, s.now()) {
			continue
		}
		if err := tx.UpdateSecret(ctx, other); err != nil {
			return AddedSecret{}, err
		}
	}
	return AddedSecret{secret, text}, nil
}

// retire gives a secret beside a new one the ends that were asked for; false when
// that changes nothing.
func retire(other *apicred.Secret, in *NewSecret, now time.Time) (changed bool) {
	end := now.Add(in.RetireAfter)
	if in.RetireOthers && (other.ExpiresAt.IsZero() || !other.ExpiresAt.Before(end)) {
		other.ExpiresAt, changed = end, true
	}
	if in.CloseOthersWhenQuiet > 0 && !other.Expired(now) {
		closeWhenQuiet(other, in.CloseOthersWhenQuiet, now)
		changed = true
	}
	return changed
}

// DeleteSecret removes a secret at once. Its tokens live on unless the secret is
// deleted as compromised, which ends every token of the credential. Errors:
// not_found, forbidden, conflict (the last secret).
func (s *Service) DeleteSecret(ctx context.Context, actor apicred.Actor, clientID, secretID string, compromised bool) error {
	return s.change(ctx, func(tx Tx) error {
		_, c, err := s.changeable(ctx, tx, &actor, clientID, ActionEdit, "secret.delete")
		if err == nil {
			err = hasSecrets(&c)
		}
		if err != nil {
			return err
		}
		secrets, err := tx.Secrets(ctx, clientID)
		if err != nil {
			return err
		}
		if _, err := secretIn(secrets, secretID); err != nil {
			return err
		}
		if len(secrets) == 1 {
			return apicred.Conflict("This is the last secret. Add a new one first, or disable or delete the API credential.")
		}
		if err := tx.DeleteSecret(ctx, clientID, secretID); err != nil {
			return err
		}
		if compromised {
			c.Generation++
			c.UpdatedAt = s.now()
			if err := tx.UpdateCredential(ctx, c); err != nil {
				return err
			}
			return s.recordSecretChange(ctx, tx, &actor, &c, "secret.revoke", recordSecrets(secrets))
		}
		return s.recordSecretChange(ctx, tx, &actor, &c, "secret.delete", recordSecrets(secrets))
	})
}

// recordSecretChange audits a change of a credential's secrets; the credential
// is the target, so that caches read it again.
func (s *Service) recordSecretChange(ctx context.Context, tx Tx, actor *apicred.Actor, c *apicred.Credential, action string, before []secretRecord) error {
	after, err := tx.Secrets(ctx, c.ClientID)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, actor, recorded{
		action: action, target: apicred.TargetCredential, id: c.ClientID, before: secretsRecord{before}, after: secretsRecord{recordSecrets(after)},
	})
}

type secretsRecord struct {
	Secrets []secretRecord `json:"secrets"`
}

// newSecret makes 256 random bits into a secret and what is stored of it.
func (s *Service) newSecret(clientID, label string, expiresAt time.Time) (apicred.SecretText, apicred.Secret, error) {
	var random [32]byte
	if _, err := io.ReadFull(s.random, random[:]); err != nil {
		return apicred.SecretText{}, apicred.Secret{}, apicred.Internal(err)
	}
	id, err := s.newID()
	if err != nil {
		return apicred.SecretText{}, apicred.Secret{}, err
	}
	text := apicred.NewSecretText(random)
	hash, pepperID := s.hasher.HashSecret(text.Reveal())
	return text, apicred.Secret{
		ID: id, ClientID: clientID, Label: label, Hint: text.Hint(), Hash: hash, PepperID: pepperID,
		CreatedAt: s.now(), ExpiresAt: expiresAt,
	}, nil
}
