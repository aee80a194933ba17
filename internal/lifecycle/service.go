package lifecycle

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/claviger/claviger/internal/apicred"
	"github.com/claviger/claviger/internal/spool"
)

// Hasher turns a client secret into what is stored (internal/keyring).
type Hasher interface {
	HashSecret(text string) (hash []byte, pepperID string)
}

// Sealer encrypts and authenticates small values bound to aad (internal/keyring).
type Sealer interface {
	Seal(purpose string, plaintext, aad []byte) []byte
	Open(purpose string, sealed, aad []byte) ([]byte, error)
}

// Options are what a Service works with. Every member but Shelf, Logger and
// Changed is required.
type Options struct {
	Store  Store
	Hasher Hasher
	Sealer Sealer
	Keys   KeyRing
	Clock  func() time.Time
	Random io.Reader // crypto/rand.Reader outside tests
	// ManagementAudience is "<issuer>/api/v1".
	ManagementAudience string
	// Shelf keeps refusals that cannot be written, over the end of this process;
	// nil keeps them in memory alone.
	Shelf  spool.Shelf
	Logger *slog.Logger // nil discards
	// Changed is called after every commit, so that caches on this node are
	// current before the caller is answered (R11).
	Changed func(context.Context)
}

// Service is the use cases of the management side.
type Service struct {
	store    Store
	hasher   Hasher
	sealer   Sealer
	keys     KeyRing
	clock    func() time.Time
	random   io.Reader
	audience string
	changed  func(context.Context)
	refusals *refusalLog
	// unwritten has refusals on their way to the database.
	unwritten *spool.Queue[[]apicred.AuditEvent]
	compiled  atomic.Pointer[apicred.CompiledCatalogue] // of the version seen last
}

// New returns a Service. Run must be running for refusals to be audited.
func New(o Options) *Service {
	if o.Changed == nil {
		o.Changed = func(context.Context) {}
	}
	return &Service{
		store: o.Store, hasher: o.Hasher, sealer: o.Sealer, keys: o.Keys, clock: o.Clock, random: o.Random,
		audience: o.ManagementAudience, changed: o.Changed, refusals: newRefusalLog(o.Clock),
		unwritten: spool.New(spool.Options[[]apicred.AuditEvent]{
			Kind: "refusals", Stream: rand.Text(), Shelf: o.Shelf, Early: true, Clock: o.Clock, Write: o.Store.RecordOnce, Logger: o.Logger,
		}),
	}
}

// change runs fn in a transaction and, once it is durable, brings this node's
// caches up to date before returning.
func (s *Service) change(ctx context.Context, fn func(Tx) error) error {
	if err := s.store.Change(ctx, fn); err != nil {
		return err
	}
	s.changed(context.WithoutCancel(ctx))
	return nil
}

// facts are what every decision needs, read in the transaction that decides.
type facts struct {
	account   apicred.Account
	catalogue *apicred.CompiledCatalogue
	// held are the effective scopes of a credential that acts.
	held []string
}

// facts reads account and catalogue, and replaces the actor's role by the one
// the person has in this very transaction: a demotion that committed before
// wins over what the surface believed.
func (s *Service) facts(ctx context.Context, r Reader, actor *apicred.Actor) (facts, error) {
	account, err := r.Account(ctx, actor.AccountID)
	if err != nil {
		return facts{}, err
	}
	catalogue, err := s.catalogue(ctx, r)
	if err != nil {
		return facts{}, err
	}
	actor.OperatorAccount = account.Operator
	if actor.UserID != "" {
		user, err := r.User(ctx, actor.AccountID, actor.UserID)
		if err != nil {
			return facts{}, err
		}
		if user.Status != apicred.UserActive {
			return facts{}, apicred.NotFound()
		}
		actor.Role = user.Role
	}
	f := facts{account: account, catalogue: catalogue}
	if actor.Type == apicred.ActorCredential {
		f.held, err = s.actingScopes(ctx, r, actor, &f)
	}
	return f, err
}

// actingScopes judges the credential that acts as this very transaction knows it,
// and returns its effective scopes: what was disabled, deleted or edited since
// the surface looked acts no more, or without the scopes that it lost. The error
// is unauthenticated, as for any token that is not alive.
func (s *Service) actingScopes(ctx context.Context, r Reader, actor *apicred.Actor, f *facts) ([]string, error) {
	self, err := r.Credential(ctx, actor.AccountID, actor.ID)
	if err != nil && !apicred.IsKind(err, apicred.KindNotFound) {
		return nil, err
	}
	if err != nil || self.StatusAt(s.now()) != apicred.StatusActive || self.Generation != actor.Generation ||
		self.Level != actor.Level || self.OwnerID != actor.UserID {
		return nil, apicred.Unauthenticated("The access token is invalid or has expired. Request a new one.")
	}
	role := apicred.RoleAdmin
	if self.Level == apicred.LevelUser {
		role = actor.Role
	}
	held := f.catalogue.EffectiveScopes(self.Scopes, role, &f.account)
	actor.Scopes = slices.DeleteFunc(slices.Clone(actor.Scopes), func(scope string) bool { return !slices.Contains(held, scope) })
	return held, nil
}

// areaFacts is facts for the API Credentials area: not found for agents and
// where the operator has not enabled the area (R1). attempt is what the actor
// wants there, for the audit of a refusal.
func (s *Service) areaFacts(ctx context.Context, r Reader, actor *apicred.Actor, attempt recorded) (facts, error) {
	f, err := s.facts(ctx, r, actor)
	if err != nil {
		return facts{}, err
	}
	seesArea := accountActor(actor) || actor.Role == apicred.RoleAdmin || actor.Role == apicred.RoleSupervisor
	if !f.account.APICredentialsEnabled || !seesArea {
		s.refuse(actor, "area", attempt)
		return facts{}, apicred.NotFound()
	}
	return f, nil
}

// catalogue compiles the stored catalogue, once a version.
func (s *Service) catalogue(ctx context.Context, r Reader) (*apicred.CompiledCatalogue, error) {
	document, version, err := r.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	if c := s.compiled.Load(); c != nil && c.Version() == version {
		return c, nil
	}
	c := apicred.Compile(document, s.audience, version)
	s.compiled.Store(c)
	return c, nil
}

// needScope ends the decision about a right: requireScope, and then, for risky
// acts of a session whose proof is old, the wish for a fresh one (S21). Ask it
// last, when the role allows the act, so that nobody is asked for their password
// in vain. Refusals are audited.
func (s *Service) needScope(actor *apicred.Actor, scope string, attempt recorded) error {
	if err := requireScope(actor, scope); err != nil {
		s.refuse(actor, "token_scope", attempt)
		return err
	}
	if actor.MustReauthenticate {
		s.refuse(actor, "reauthentication", attempt)
		return apicred.ReauthenticationRequired()
	}
	return nil
}

// requireScope refuses an acting token that lacks a scope of the management API.
func requireScope(actor *apicred.Actor, scope string) error {
	if actor.Holds(scope) {
		return nil
	}
	return &apicred.Error{
		Kind: apicred.KindForbidden, Code: "insufficient_scope",
		Message: "The access token lacks the scope " + scope + ". Use a credential or token that has it.",
	}
}

// newID returns a UUID of version 7: time-ordered, never reused (S31).
func (s *Service) newID() (string, error) {
	id, err := uuid.NewV7FromReader(s.random)
	if err != nil {
		return "", apicred.Internal(err)
	}
	return id.String(), nil
}

// now is the present moment in the precision that is stored: microseconds, UTC.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// event starts an audit event of a change that is done.
func (s *Service) event(actor *apicred.Actor, action string, target apicred.TargetType, id string) (apicred.AuditEvent, error) {
	eventID, err := s.newID()
	if err != nil {
		return apicred.AuditEvent{}, err
	}
	e := apicred.AuditEvent{
		EventID: eventID, At: s.now(), AccountID: actor.AccountID, ActorType: actor.Type, ActorID: actor.ID,
		Action: action, TargetType: target, TargetID: id, Outcome: apicred.OutcomeDone, Count: 1,
		Address: actor.Address, RequestID: actor.RequestID,
	}
	if actor.UserID != actor.ID {
		e.ActingAs = actor.UserID
	}
	return e, nil
}

// record appends an audit event with before and after to the transaction.
func (s *Service) record(ctx context.Context, tx Tx, actor *apicred.Actor, c recorded) error {
	e, err := s.event(actor, c.action, c.target, c.id)
	if err != nil {
		return err
	}
	if e.Before, err = auditJSON(c.before); err != nil {
		return err
	}
	if e.After, err = auditJSON(c.after); err != nil {
		return err
	}
	return tx.Record(ctx, e)
}

// recorded is what an audit event says of a change.
type recorded struct {
	action        string
	target        apicred.TargetType
	id            string
	before, after any // nil: absent
}
