package lifecycle

import (
	"context"
	"net/netip"
	"time"

	"github.com/claviger/claviger/internal/apicred"
)

// CredentialView is a credential as the actor may see it.
type CredentialView struct {
	apicred.Credential
	OwnerEmail      string
	EffectiveScopes []string
	Status          apicred.Status
	StatusReason    string
	// Secrets end where the account's greatest age ends them, if that is sooner; see
	// counted.
	Secrets    []apicred.Secret
	DailyCalls [14]int64 // filled by ListCredentials only
	// Actions the actor may do with it now, decided by the permission table.
	Actions []Action
}

// NewCredential is what a create asks for.
type NewCredential struct {
	Name              string
	Scopes            []string
	Level             apicred.Level // empty: user
	ExpiresAt         time.Time     // zero: never
	AllowedCIDRs      []netip.Prefix
	TokenLifetime     time.Duration                // 0: the server's
	RequestsPerSecond int                          // 0: no limit
	Method            apicred.AuthenticationMethod // empty: client_secret
	KeySet            []byte                       // JWK Set as sent; empty: none
	TLSClientSubject  string                       // the name in its certificate; empty: none
	API               string                       // ID of the API it introspects for; empty: none
	// Faults are members the surface could not read; they are answered only
	// after the right to create is established (contract.md "Order of refusals").
	Faults []apicred.FieldError
	// IdempotencyKey of the request, empty for none; BodyHash is the SHA-256 of
	// the request body's meaning.
	IdempotencyKey string
	BodyHash       []byte
}

// Created is a new credential with its secret, which exists only here; empty for
// credentials that prove themselves by a key of their own.
type Created struct {
	CredentialView
	Secret apicred.SecretText
}

// idempotencyLifetime is how long an Idempotency-Key is remembered.
const idempotencyLifetime = 24 * time.Hour

// CreateCredential makes a credential with one secret, or with the public keys
// that were sent instead, owned by the actor or, where the policy allows it, by
// the account. The secret is in the answer and nowhere else. Errors: not_found (no access to the area), forbidden,
// scope_not_grantable, invalid, conflict (the Idempotency-Key was used: ClientID
// names what it made).
func (s *Service) CreateCredential(ctx context.Context, actor apicred.Actor, in NewCredential) (Created, error) {
	if in.Level == "" {
		in.Level = apicred.LevelUser
	}
	var out Created
	err := s.change(ctx, func(tx Tx) error {
		f, err := s.areaFacts(ctx, tx, &actor, createAttempt())
		if err != nil {
			return err
		}
		if err := s.mayCreate(&actor, &f, &in); err != nil {
			return err
		}
		if err := s.replayed(ctx, tx, &actor, &in); err != nil {
			return err
		}
		c, err := s.draft(&actor, &f, &in)
		if err != nil {
			return err
		}
		out, err = s.insertCredential(ctx, tx, &actor, &f, c)
		if err != nil || in.IdempotencyKey == "" {
			return err
		}
		return tx.InsertIdempotency(ctx, idempotencyKey(&actor, in.IdempotencyKey),
			IdempotencyRecord{BodyHash: in.BodyHash, ClientID: c.ClientID, CreatedAt: s.now()})
	})
	if err != nil {
		return Created{}, err
	}
	return out, nil
}

func (s *Service) mayCreate(actor *apicred.Actor, f *facts, in *NewCredential) error {
	rule, err := permit(actor, &f.account, ActionCreate, in.Level, nil)
	if scopeErr := requireScope(actor, apicred.ScopeCredentialsWrite); scopeErr != nil {
		rule, err = "token_scope", scopeErr
	}
	if err == nil {
		rule, err = "scope_ceiling", ceiling(actor, f, nil, in.Scopes)
	}
	if err == nil && in.API != "" {
		rule, err = mayBind(actor)
	}
	if err != nil {
		s.refuse(actor, rule, createAttempt())
		return err
	}
	return s.needProof(actor, in.Scopes, createAttempt())
}

func createAttempt() recorded {
	return recorded{action: "credential.create", target: apicred.TargetCredential}
}

// replayed refuses the second use of an Idempotency-Key: the first secret was
// shown once and is not shown again.
func (s *Service) replayed(ctx context.Context, tx Tx, actor *apicred.Actor, in *NewCredential) error {
	if in.IdempotencyKey == "" || len(in.Faults) > 0 {
		return nil
	}
	before, err := tx.Idempotency(ctx, idempotencyKey(actor, in.IdempotencyKey), s.now().Add(-idempotencyLifetime))
	switch {
	case apicred.IsKind(err, apicred.KindNotFound):
		return nil
	case err != nil:
		return err
	case string(before.BodyHash) != string(in.BodyHash):
		return apicred.Invalid(apicred.FieldError{Location: "header.Idempotency-Key", Message: "This Idempotency-Key was used for another request. Use a new key for a new request."})
	}
	e := apicred.Conflict("This Idempotency-Key has already created an API credential. Its secret was shown then and cannot be shown again; rotate the secret if it was lost.")
	e.ClientID = before.ClientID
	return e
}

func idempotencyKey(actor *apicred.Actor, key string) IdempotencyKey {
	return IdempotencyKey{AccountID: actor.AccountID, ActorID: actor.ID, Key: key}
}

// draft validates every member and returns the credential to insert.
func (s *Service) draft(actor *apicred.Actor, f *facts, in *NewCredential) (apicred.Credential, error) {
	v := memberCheck{faults: in.Faults}
	now := s.now()
	id, err := s.newID()
	if err != nil {
		return apicred.Credential{}, err
	}
	c := apicred.Credential{
		ClientID: id, AccountID: actor.AccountID, Level: in.Level, AuthenticationMethod: v.method(in.Method),
		Name: v.name(in.Name), Scopes: v.scopes(f, in.Scopes, nil), ExpiresAt: v.expiry(in.ExpiresAt, now),
		AllowedCIDRs: v.cidrs(in.AllowedCIDRs), TokenLifetime: v.tokenLifetime(in.TokenLifetime, &f.account),
		RequestsPerSecond: v.requestRate(in.RequestsPerSecond), API: v.boundAPI(f, in.API, ""),
		Generation: 1, Version: 1, CreatedAt: now, CreatedBy: actor.ID, UpdatedAt: now,
	}
	c.KeySet = v.keySet(c.AuthenticationMethod, in.KeySet)
	c.TLSClientSubject = v.certificateSubject(c.AuthenticationMethod, in.TLSClientSubject)
	if !in.Level.Valid() {
		v.fault("body.level", "The level is user or account.")
	}
	if in.Level == apicred.LevelUser {
		c.OwnerID = actor.UserID
	}
	return c, v.err()
}

func (s *Service) insertCredential(ctx context.Context, tx Tx, actor *apicred.Actor, f *facts, c apicred.Credential) (Created, error) {
	if err := tx.InsertCredential(ctx, c); err != nil {
		return Created{}, err
	}
	text, secrets, err := s.firstSecret(ctx, tx, &c)
	if err != nil {
		return Created{}, err
	}
	err = s.record(ctx, tx, actor, recorded{
		action: "credential.create", target: apicred.TargetCredential, id: c.ClientID, after: recordCredential(&c),
	})
	if err != nil {
		return Created{}, err
	}
	view, err := s.view(ctx, tx, actor, f, c, secrets)
	return Created{view, text}, err
}

// firstSecret makes the secret of a new credential, if it has one.
func (s *Service) firstSecret(ctx context.Context, tx Tx, c *apicred.Credential) (apicred.SecretText, []apicred.Secret, error) {
	if c.AuthenticationMethod != apicred.AuthenticationClientSecret {
		return apicred.SecretText{}, nil, nil
	}
	text, secret, err := s.newSecret(c.ClientID, "", time.Time{})
	if err != nil {
		return apicred.SecretText{}, nil, err
	}
	return text, []apicred.Secret{secret}, tx.InsertSecret(ctx, secret)
}

// Credential reads one. Errors: not_found, forbidden (token scope).
func (s *Service) Credential(ctx context.Context, actor apicred.Actor, clientID string) (CredentialView, error) {
	var out CredentialView
	attempt := recorded{action: "credential.view", target: apicred.TargetCredential, id: clientID}
	err := s.store.View(ctx, func(r Reader) error {
		f, c, err := s.seen(ctx, r, &actor, attempt)
		if err != nil {
			return err
		}
		if err := s.needScope(&actor, apicred.ScopeCredentialsRead, attempt); err != nil {
			return err
		}
		out, err = s.viewStored(ctx, r, &actor, &f, c)
		return err
	})
	return out, err
}

// seen reads the credential that attempt is about if the actor may view it,
// else not_found.
func (s *Service) seen(ctx context.Context, r Reader, actor *apicred.Actor, attempt recorded) (facts, apicred.Credential, error) {
	f, err := s.areaFacts(ctx, r, actor, attempt)
	if err != nil {
		return facts{}, apicred.Credential{}, err
	}
	c, err := r.Credential(ctx, actor.AccountID, attempt.id)
	if err != nil {
		return facts{}, apicred.Credential{}, err
	}
	rule, err := permit(actor, &f.account, ActionView, c.Level, &c)
	if err != nil {
		s.refuse(actor, rule, attempt)
	}
	return f, c, err
}

// changeable reads a credential for a change: seen, then token scope, then the
// right itself. Refusals are audited.
func (s *Service) changeable(ctx context.Context, tx Tx, actor *apicred.Actor, clientID string, action Action, auditAction string) (facts, apicred.Credential, error) {
	attempt := recorded{action: auditAction, target: apicred.TargetCredential, id: clientID}
	f, c, err := s.seen(ctx, tx, actor, attempt)
	if err == nil {
		err = s.needScope(actor, apicred.ScopeCredentialsWrite, attempt)
	}
	if err != nil {
		return f, c, err
	}
	rule, err := permit(actor, &f.account, action, c.Level, &c)
	if err != nil {
		s.refuse(actor, rule, attempt)
	}
	return f, c, err
}

func (s *Service) viewStored(ctx context.Context, r Reader, actor *apicred.Actor, f *facts, c apicred.Credential) (CredentialView, error) {
	secrets, err := r.Secrets(ctx, c.ClientID)
	if err != nil {
		return CredentialView{}, err
	}
	return s.view(ctx, r, actor, f, c, secrets)
}

func (s *Service) view(ctx context.Context, r Reader, actor *apicred.Actor, f *facts, c apicred.Credential, secrets []apicred.Secret) (CredentialView, error) {
	owner, err := s.owner(ctx, r, &c)
	if err != nil {
		return CredentialView{}, err
	}
	return s.render(actor, f, c, secrets, owner), nil
}

// owner of a user-level credential; the zero User for account-level ones and
// for owners who are no longer members.
func (s *Service) owner(ctx context.Context, r Reader, c *apicred.Credential) (apicred.User, error) {
	if c.Level == apicred.LevelAccount {
		return apicred.User{}, nil
	}
	u, err := r.User(ctx, c.AccountID, c.OwnerID)
	if apicred.IsKind(err, apicred.KindNotFound) {
		return apicred.User{}, nil
	}
	return u, err
}

func (s *Service) render(actor *apicred.Actor, f *facts, c apicred.Credential, secrets []apicred.Secret, owner apicred.User) CredentialView {
	v := CredentialView{
		Credential: c, OwnerEmail: owner.Email, Secrets: secrets, Status: c.StatusAt(s.now()),
		EffectiveScopes: effectiveScopes(f, &c, &owner),
	}
	v.StatusReason = statusReason(&c, v.Status)
	v.Secrets = counted(v.Secrets, &c, f.account.MaxSecretAge, s.now())
	for _, action := range Actions()[1:] {
		if action == ActionEnable && !c.Disabled() || action == ActionDisable && c.Disabled() {
			continue
		}
		if _, err := permit(actor, &f.account, action, c.Level, &c); err == nil {
			v.Actions = append(v.Actions, action)
		}
	}
	return v
}

// effectiveScopes is R10: what works now. Nothing for a disabled owner.
func effectiveScopes(f *facts, c *apicred.Credential, owner *apicred.User) []string {
	role := apicred.RoleAdmin
	if c.Level == apicred.LevelUser {
		if owner.Status != apicred.UserActive {
			return []string{}
		}
		role = owner.Role
	}
	return f.catalogue.EffectiveScopes(c.Scopes, role, &f.account)
}

func statusReason(c *apicred.Credential, status apicred.Status) string {
	switch {
	case status == apicred.StatusSuspended:
		return string(c.Suspension)
	case status == apicred.StatusDisabled && c.DisabledBy == apicred.DisabledUnused:
		return apicred.DisabledUnused
	case status == apicred.StatusDisabled && c.Level == apicred.LevelUser && c.DisabledBy == c.OwnerID:
		return "disabled_by_owner"
	case status == apicred.StatusDisabled:
		return "disabled_by_admin"
	}
	return ""
}
