package lifecycle

import (
	"context"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// SecretChange is an edit of a secret; nil members stay as they are.
type SecretChange struct {
	// CloseWhenQuiet ends the secret when nobody has used it for so long, 1 hour to
	// 90 days; zero takes that back.
	CloseWhenQuiet *time.Duration
	Faults         []apicred.FieldError // as NewCredential's
}

// EditSecret changes a secret and returns it. What is so already stays as it is.
// Whoever may rotate may do it; what may let a secret live longer is under the
// ceiling, as adding one is. Errors: not_found, forbidden, scope_not_grantable,
// conflict (a credential without secrets, a secret that has ended), invalid.
func (s *Service) EditSecret(ctx context.Context, actor apicred.Actor, clientID, secretID string, in SecretChange) (apicred.Secret, error) {
	var out apicred.Secret
	err := s.change(ctx, func(tx Tx) error {
		f, c, err := s.changeable(ctx, tx, &actor, clientID, ActionEdit, "secret.edit")
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
		if out, err = secretIn(secrets, secretID); err != nil {
			return err
		}
		asked := in.CloseWhenQuiet != nil && *in.CloseWhenQuiet != out.CloseWhenQuiet
		// A second wish may come true later than the first, even for less time.
		if asked && out.CloseWhenQuiet > 0 {
			if err := s.withinCeiling(&actor, &f, &c, "secret.edit"); err != nil {
				return err
			}
		}
		if err := checkSecretChange(&in, &out, f.account.MaxSecretAge, s.now()); err != nil {
			return err
		}
		if asked {
			closeWhenQuiet(&out, *in.CloseWhenQuiet, s.now())
			if err := tx.UpdateSecret(ctx, out); err != nil {
				return err
			}
			if err := s.recordSecretChange(ctx, tx, &actor, &c, "secret.edit", recordSecrets(secrets)); err != nil {
				return err
			}
		}
		if secrets, err = tx.Secrets(ctx, clientID); err != nil {
			return err
		}
		out, err = secretIn(counted(secrets, &c, f.account.MaxSecretAge, s.now()), secretID)
		return err
	})
	return out, err
}

func checkSecretChange(in *SecretChange, secret *apicred.Secret, maxAge time.Duration, now time.Time) error {
	v := memberCheck{faults: in.Faults}
	if in.CloseWhenQuiet != nil && *in.CloseWhenQuiet != 0 {
		v.quiet("body.close_when_quiet_hours", *in.CloseWhenQuiet)
	}
	if err := v.err(); err != nil {
		return err
	}
	if end := secret.EndUnder(maxAge); in.CloseWhenQuiet != nil && !end.IsZero() && !now.Before(end) {
		return apicred.Conflict("This secret has ended already, so there is nothing to close.")
	}
	return nil
}

// quiet judges for how long nobody must have used a secret that is closed for it.
func (v *memberCheck) quiet(location string, asked time.Duration) {
	if !v.faulty(location) && (asked < minQuiet || asked > maxQuiet || asked%time.Hour != 0) {
		v.fault(location, "Give a whole number of hours from 1 to 2,160 (90 days), or null not to close it.")
	}
}

// closeWhenQuiet asks for it anew, counted from now; zero takes it back.
func closeWhenQuiet(secret *apicred.Secret, quiet time.Duration, now time.Time) {
	secret.CloseWhenQuiet, secret.CloseCountedFrom = quiet, now
	if quiet == 0 {
		secret.CloseCountedFrom = time.Time{}
	}
}

// secretIn finds a secret by its ID. Error: not_found.
func secretIn(secrets []apicred.Secret, id string) (apicred.Secret, error) {
	for i := range secrets {
		if secrets[i].ID == id {
			return secrets[i], nil
		}
	}
	return apicred.Secret{}, apicred.NotFound()
}
